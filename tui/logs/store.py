"""The lines that are kept: bounded, in order of time, counted.

They lie in segments, as the bytes that came. Keeping a block costs next to nothing: its lines are
counted and nothing is done for each of them, as long as there is one log. With several, each line
has its time read, and blocks that do not go to the end are woven in.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, overload

import msgspec

from tui.logs.budget import Budget, fit
from tui.logs.copies import CopyWatch
from tui.logs.filter import Filter
from tui.logs.merge import BEGINNING, LogBlock, places
from tui.logs.segment import Segment, StoredLine
from tui.logs.weaving import SMALL, Piece, interleaved, joined, segments_of

_SAME_MOMENT: Final = 2.0
"""Seconds. Syslog has whole ones and the journal microseconds: lines this close are kept as they
came."""
Counted = tuple[str, int, int]
"""What came: its router, its lines, their bytes."""
MOST_LINES: Final = 4_000_000
MOST_BYTES: Final = 128 * 1024 * 1024
_LOOKED_BACK: Final = 100_000
"""Lines that copies are looked for in when a second log is there."""


class Lines(Sequence[StoredLine]):
    """Lines in order, made as they are looked at."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        """Where they lie; the store may have woven them into other segments since."""

    def __len__(self) -> int:
        return sum(high - low for _, low, high in self.pieces)

    def __iter__(self) -> Iterator[StoredLine]:
        for segment, low, high in self.pieces:
            for index in range(low, high):
                yield StoredLine(segment, index)

    @overload
    def __getitem__(self, index: int) -> StoredLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StoredLine]: ...
    def __getitem__(self, index: int | slice) -> StoredLine | Sequence[StoredLine]:
        if isinstance(index, slice):
            return tuple(self)[index]
        left = index if index >= 0 else index + len(self)
        for segment, low, high in self.pieces:
            if 0 <= left < high - low:
                return StoredLine(segment, low + left)
            left -= high - low
        raise IndexError(index)


class Added(msgspec.Struct, frozen=True):
    """What adding lines did to the store."""

    appended: Sequence[StoredLine]
    """Lines at the end, in order."""
    inserted: int
    """Lines that went in before the end: a view has to be drawn anew."""
    dropped: int
    """Oldest lines that had to go."""
    is_anew: bool = False
    """Whether lines went in, or had to go, elsewhere than at the ends: numbers mean other lines."""


class LogStore:
    """At most `most_lines` lines, and `most_bytes` bytes of each router; the oldest go first, and
    are counted.

    Positions count from the oldest line that is kept. Numbers, from `first` to just before `end`,
    stay with their lines until `Added.is_anew` says otherwise.
    """

    def __init__(self, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES) -> None:
        if most_lines < 1 or most_bytes < 1:
            raise ValueError("a store holds at least one line")
        self._budget = Budget(most_lines, most_bytes)
        self._dropped = 0
        self.clear()

    def clear(self) -> None:
        """Forget all lines; they do not count as dropped."""
        self.segments: list[Segment] = []
        """The lines, in order. Not to be changed by others."""
        self._logs: set[tuple[str, str]] = set()
        self._timed = 0
        """Segments at the beginning whose lines all have a time."""
        self._ends: dict[tuple[str, str], float] = {}
        """Place of the last line of each log, of those that have a time."""
        self._starts: dict[tuple[str, str], float] = {}
        """Place of the first."""
        self._bytes: Counter[str] = Counter()
        """By router."""
        self._copies = CopyWatch()

    # Looking at them.

    @property
    def first(self) -> int:
        """The number of the oldest line."""
        return self.segments[0].offset + self.segments[0].skip if self.segments else 0

    @property
    def end(self) -> int:
        """The number after that of the newest line."""
        return self.segments[-1].offset + self.segments[-1].count if self.segments else 0

    def __len__(self) -> int:
        return self.end - self.first

    def __iter__(self) -> Iterator[StoredLine]:
        return iter(self._between(self.first, self.end))

    def __getitem__(self, position: int) -> StoredLine:
        segment, index = self.place(self.first + position if position >= 0 else self.end + position)
        return StoredLine(segment, index)

    def place(self, number: int) -> tuple[Segment, int]:
        """The segment that has the line `number`, and its index there. Raises `IndexError`."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        segment = self.segments[self.segment_of(number)]
        return segment, number - segment.offset

    def segment_of(self, number: int) -> int:
        """Which of the segments has the line `number`."""
        return bisect_right(self.segments, number, key=_first_of) - 1

    def _between(self, low: int, high: int) -> Lines:
        pieces = []
        while low < high:
            segment, index = self.place(low)
            end = min(segment.count, high - segment.offset)
            pieces.append((segment, index, end))
            low = segment.offset + end
        return Lines(pieces)

    @property
    def bytes(self) -> int:
        """Bytes of the kept lines, as they came."""
        return self._bytes.total()

    @property
    def memory(self) -> int:
        """Bytes that they take here, about: cold ones are packed."""
        return sum(segment.memory for segment in self.segments)

    @property
    def dropped(self) -> int:
        """Lines that had to go since the store was made."""
        return self._dropped

    @property
    def is_full(self) -> bool:
        """Whether older lines have no room any more."""
        return self._budget.is_full(len(self), self._bytes)

    def source_counts(self) -> dict[str, int]:
        """How many kept lines each source has."""
        counts: Counter[str] = Counter()
        for segment in self.segments:
            for low, high, origin in segment.parts(segment.skip, segment.count):
                counts[origin.source] += high - low
        return dict(counts)

    def portion(self, start: int, count: int) -> Sequence[StoredLine]:
        """Kept lines in order, `count` from the position `start` on: to go through them a little
        at a time."""
        low = self.first + start
        return self._between(low, min(self.end, low + count))

    def number_of(self, line: StoredLine) -> int | None:
        """The number of `line` now; None when it had to go."""
        segment = line.segment
        found = self.segment_of(segment.offset + line.index) if self.segments else -1
        if found >= 0 and self.segments[found] is segment:
            return segment.offset + line.index if line.index >= segment.skip else None
        log, number = line.origin.log, line.number
        for each in self.segments:
            index = each.find(log, number)
            if index is not None:
                return each.offset + index
        return None

    def position(self, line: StoredLine) -> int | None:
        """Where `line` stands now; None when it had to go."""
        number = self.number_of(line)
        return None if number is None else number - self.first

    def position_at(self, moment: float) -> int:
        """Position of the first line that is not before `moment` (seconds since the epoch); the
        number of lines when all are."""
        self._find_times()
        at = bisect_left(self.segments, moment, key=_last_time)
        if at == len(self.segments):
            return len(self)
        segment = self.segments[at]
        return segment.offset + bisect_left(segment.times, moment, segment.skip) - self.first

    def lines(self, wanted: Filter | None = None) -> Sequence[StoredLine]:
        """Kept lines in order, those that `wanted` lets through. Takes its time for many lines:
        see `sifter.Sifter`."""
        if wanted is None:
            return tuple(self)
        return tuple(line for line in self if wanted.passes(line))

    # Adding.

    def add(self, block: LogBlock) -> Added:
        """Keep lines that were written after those that are kept of the same log."""
        new = segments_of(block)
        if not new:
            return Added((), 0, 0)
        log, counted = block.origin.log, _counted(new)
        if not self._logs or self._logs == {log}:
            self._logs.add(log)
            self._copies.saw(block.origin)
            return self._kept(counted, self._appended(new))
        self._logs.add(log)
        self._find_times()
        self._find_places(new, self._ends.get(log, BEGINNING))
        self._ends[log] = new[-1].times[-1]
        self._starts.setdefault(log, new[0].times[0])
        self._find_copies(new)
        last = self.segments[-1].times[-1] if self.segments else BEGINNING
        if new[0].times[0] >= last - _SAME_MOMENT:
            for segment in new:
                if segment.times[0] < last:
                    segment.not_before(last)
            pieces = self._appended(new)
            self._timed = len(self.segments)
            return self._kept(counted, pieces)
        return self._kept(counted, self._woven(new, earlier=False), is_woven=True)

    def add_earlier(self, block: LogBlock) -> Added:
        """Keep lines that were written just before those that are kept of the same log."""
        new = segments_of(block)
        if not new:
            return Added((), 0, 0)
        log, counted = block.origin.log, _counted(new)
        self._logs.add(log)
        self._find_times()
        self._find_places(new, BEGINNING)
        before = self._starts.get(log, float("inf"))
        for segment in new:
            if segment.times[-1] > before:
                segment.not_after(before)
        self._find_copies(new)
        self._starts[log] = new[0].times[0]
        self._ends.setdefault(log, new[-1].times[-1])
        return self._kept(counted, self._woven(new, earlier=True), is_woven=True)

    def _kept(self, new: Counted, appended: list[Piece], *, is_woven: bool = False) -> Added:
        """Count the lines of a block; `appended` are those at the end."""
        router, count, size = new
        self._bytes[router] += size
        lines = Lines(appended)
        inserted = count - len(lines) if is_woven else 0
        fitted = fit(self, self._budget, self._bytes)
        self._dropped += fitted.dropped
        if fitted.is_anew:
            self._timed = len(self.segments)
            self.renumber()
        low = max(self.first, self.end - len(lines))
        is_anew = fitted.is_anew or inserted > 0
        return Added(self._between(low, self.end), inserted, fitted.dropped, is_anew)

    def drop_first(self) -> None:
        """Let the first segment go."""
        if not self._timed:
            self.find_times(1)
        first = self.segments.pop(0)
        first.skip = first.count
        self._timed -= 1

    def _appended(self, new: list[Segment]) -> list[Piece]:
        """Put segments at the end, joining small ones; where their lines lie now."""
        pieces: list[Piece] = []
        for segment in new:
            last = self.segments[-1] if self.segments else None
            if last is not None and last.length + segment.length <= SMALL:
                pieces.append((last, last.count, last.count + segment.count))
                last.extend(segment)
                self._timed = min(self._timed, len(self.segments) - 1)
                continue
            segment.offset = self.end
            segment.timing = self._find_times
            self.segments.append(segment)
            pieces.append((segment, 0, segment.count))
        return pieces

    def _woven(self, new: list[Segment], *, earlier: bool) -> list[Piece]:
        """Put segments among the others; those of their lines that stand at the end."""
        segments, first = self.segments, new[0].times[0]
        find = bisect_left if earlier else bisect_right
        at = find(segments, first, key=_last_time)
        tail = segments[at:]
        last = tail[-1].times[-1] if tail else BEGINNING
        for segment in new:
            segment.timing = self._find_times
        segments[at:] = joined(interleaved(tail, new, earlier=earlier))
        self._timed = len(segments)
        self.renumber()
        if earlier and tail:
            return []
        at_end = sum(each.count - bisect_left(each.times, last) for each in new)
        return list(self._between(self.end - at_end, self.end).pieces)

    def renumber(self) -> None:
        """Give all lines new numbers, from 0 on."""
        end = 0
        for segment in self.segments:
            segment.offset = end - segment.skip
            end += segment.count - segment.skip

    # Times.

    def _find_times(self) -> None:
        """Find out the times of all lines. Only lines of one log wait for that."""
        self.find_times(len(self.segments))

    def find_times(self, most: int) -> bool:
        """Find out the times of the lines in a few segments; whether that was all of them."""
        for segment in self.segments[self._timed : self._timed + most]:
            if segment.timed < segment.count:
                log = segment.origins[-1].log
                end = segment.place(self._ends.get(log, BEGINNING))
                self._ends[log] = end
                self._starts.setdefault(log, segment.times[0])
            self._timed += 1
        return self._timed >= len(self.segments)

    def _find_places(self, new: list[Segment], after: float) -> None:
        """The times of new segments of one log; see `merge.places`."""
        raw_lines = [line for segment in new for line in segment.raw_lines(0, segment.count)]
        times = places(raw_lines, new[0].origins[0], after)
        begin = 0
        for segment in new:
            segment.set_times(times[begin : begin + segment.count])
            begin += segment.count

    def _recent(self) -> Iterator[StoredLine]:
        """The lines that another log may have too."""
        yield from self.portion(max(0, len(self) - _LOOKED_BACK), _LOOKED_BACK)

    def _find_copies(self, new: list[Segment]) -> None:
        lines = Lines([(segment, 0, segment.count) for segment in new])
        starts = array("q", [0])
        for segment in new:
            starts.append(starts[-1] + segment.count)
        for place in self._copies.note(lines, self._recent()):
            at = bisect_right(starts, place) - 1
            new[at].copies.add(place - starts[at])


def _counted(new: Sequence[Segment]) -> Counted:
    count = sum(segment.count for segment in new)
    return new[0].origins[0].router, count, sum(segment.length for segment in new) - count


def _last_time(segment: Segment) -> float:
    return segment.times[-1]


def _first_of(segment: Segment) -> int:
    return segment.offset + segment.skip
