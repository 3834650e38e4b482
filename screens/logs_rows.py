"""The rows of the Logs section: which lines of which segments are shown, and words between them.

A run is some lines of one segment. Where all lines are shown it costs nothing for each of them,
else four bytes. Rows are added at the end and at the beginning; each keeps its number.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from tui.logs.segment import Segment, StoredLine
from tui.logs.sieve import Shown
from tui.logs.store import LogStore

SKIPPED: Final = "┄" * 8
_MATCH, _CONTEXT, _SKIPPED = 0, 1, 2
_number_of: Final = attrgetter("first")


class Entry(NamedTuple):
    """One row: a line of a log, or words of our own at its place."""

    kept: StoredLine
    is_context: bool = False
    words: str = ""
    """A gap in a log, or lines that are not shown; the line only says where."""
    is_gap: bool = False


class Run:
    """Rows that adjoin, of one segment."""

    __slots__ = ("first", "kinds", "lines", "segment", "words")

    def __init__(self, segment: Segment, lines: "range | array[int]", words: str = "") -> None:
        self.first = 0
        """The number of the first row."""
        self.segment = segment
        self.lines = lines
        self.kinds = bytearray()
        """What each row is; empty where all are lines that match."""
        self.words = words
        """What the only row says: a gap."""

    def __len__(self) -> int:
        return len(self.lines)

    def entry(self, index: int) -> Entry:
        """One of the rows."""
        kept = StoredLine(self.segment, self.lines[index])
        if self.words:
            return Entry(kept, words=self.words, is_gap=True)
        kind = self.kinds[index] if self.kinds else _MATCH
        return Entry(kept, kind != _MATCH, SKIPPED if kind == _SKIPPED else "")

    def is_skipped(self, index: int) -> bool:
        """Whether a row only says that lines are not shown."""
        return bool(self.kinds) and self.kinds[index] == _SKIPPED

    @property
    def place(self) -> int:
        """The number of its first line in the store."""
        return self.segment.offset + self.lines[0]

    def extend(self, lines: Sequence[int]) -> None:
        """More lines at the end."""
        ours = self.lines
        if isinstance(ours, range):
            if isinstance(lines, range) and ours.stop == lines.start:
                self.lines = range(ours.start, lines.stop)
                return
            self.lines = ours = array("I", ours)
        ours.extend(lines)

    def copy(self) -> "Run":
        """The same rows, which stay as they are."""
        same = Run(self.segment, self.lines[:], self.words)
        same.first, same.kinds = self.first, self.kinds[:]
        return same

    def drop(self, count: int) -> None:
        """Let the first rows go."""
        self.lines = self.lines[count:]
        del self.kinds[:count]
        self.first += count


class Rows:
    """Runs in order, numbered as `LogLines` wants it."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._runs: list[Run] = []
        self._first = self._end = 0
        self._held: int | None = None

    @property
    def first(self) -> int:
        """Number of the oldest row."""
        return self._first

    @property
    def end(self) -> int:
        """Number after that of the newest row that is shown."""
        return self._end if self._held is None else max(self._first, min(self._held, self._end))

    def hold(self) -> None:
        """Show nothing of what is added at the end from here on."""
        self._held = self._end

    def release(self) -> None:
        """Show everything again."""
        self._held = None

    # Rows that come and go.

    def add(self, segment: Segment, lines: Sequence[int]) -> None:
        """Lines at the end."""
        if not lines:
            return
        last = self._runs[-1] if self._runs else None
        if last is not None and last.segment is segment and not last.words and not last.kinds:
            last.extend(lines)
            self._end += len(lines)
        else:
            self._append(Run(segment, _kept_as(lines)))

    def add_before(self, segment: Segment, lines: Sequence[int]) -> None:
        """Lines at the beginning."""
        if lines:
            self._prepend(Run(segment, _kept_as(lines)))

    def add_shown(self, shown: Sequence[Shown]) -> None:
        """Lines at the end, with context."""
        for kept, is_context, follows_gap in shown:
            if not isinstance(kept, StoredLine):
                raise TypeError("only lines of a store have rows")
            last = self._runs[-1] if self._runs else None
            if last is None or last.segment is not kept.segment or not last.kinds:
                last = Run(kept.segment, array("I"))
                self._append(last)
            kinds = [_SKIPPED] if follows_gap else []
            kinds.append(_CONTEXT if is_context else _MATCH)
            last.extend([kept.index] * len(kinds))
            last.kinds += bytes(kinds)
            self._end += len(kinds)

    def add_gap(self, segment: Segment, line: int, words: str, *, before: bool) -> None:
        """Say after a line that others are lost: at the beginning with `before`, or at the end."""
        run = Run(segment, range(line, line + 1), words)
        if before:
            self._prepend(run)
        else:
            self._append(run)

    def _append(self, run: Run) -> None:
        run.first = self._end
        self._runs.append(run)
        self._end += len(run)

    def _prepend(self, run: Run) -> None:
        self._first -= len(run)
        run.first = self._first
        self._runs.insert(0, run)

    def forget(self) -> None:
        """Let rows go whose lines are kept no longer."""
        while self._runs:
            run = self._runs[0]
            gone = bisect_left(run.lines, run.segment.skip)
            if gone < len(run):
                if gone:
                    run.drop(gone)
                break
            self._runs.pop(0)
        self._first = self._runs[0].first if self._runs else self._end

    # Looking at them.

    def run_of(self, number: int) -> int:
        """Which of the runs has a row."""
        return bisect_right(self._runs, number, key=_number_of) - 1

    def runs(self) -> Sequence[Run]:
        """The runs, in order. Not to be changed by others."""
        return self._runs

    def entry(self, number: int) -> Entry:
        """The row `number`. Raises `IndexError`."""
        if not self._first <= number < self._end:
            raise IndexError(number)
        run = self._runs[self.run_of(number)]
        return run.entry(number - run.first)

    def entries(self) -> Iterator[Entry]:
        """All of them, as they are now; another thread may go through them."""
        runs = [run.copy() for run in self._runs]
        return (run.entry(index) for run in runs for index in range(len(run)))

    @property
    def line_count(self) -> int:
        """How many rows are lines of logs."""
        return sum(len(run) - run.kinds.count(_SKIPPED) for run in self._runs if not run.words)

    def number_of(self, kept: StoredLine) -> int | None:
        """The number of a line; None where it is not shown."""
        place = self._store.number_of(kept)
        if place is None:
            return None
        at = bisect_right(self._runs, place, key=_place_of) - 1
        while at >= 0:
            run = self._runs[at]
            index = place - run.segment.offset
            found = bisect_left(run.lines, index)
            if found < len(run) and run.kinds and run.kinds[found] == _SKIPPED:
                found += 1
            if not run.words and found < len(run) and run.lines[found] == index:
                return run.first + found
            if run.place < place:
                return None
            at -= 1
        return None

    def number_at(self, moment: float) -> int | None:
        """The number of the first row not before `moment` (seconds since the epoch), or of the
        last one; None where there are none."""
        return self._at_or_after(self._store.first + self._store.position_at(moment))

    def _at_or_after(self, place: int) -> int | None:
        if not self._runs:
            return None
        at = max(0, bisect_right(self._runs, place, key=_place_of) - 1)
        run = self._runs[at]
        found = bisect_left(run.lines, place - run.segment.offset)
        return min(run.first + found, self._end - 1)

    def nearest(self, kept: StoredLine) -> int | None:
        """The number of a line, or of the next one that is shown."""
        place = self._store.number_of(kept)
        if place is None:
            return self.number_at(kept.at)
        number = self.number_of(kept)
        return self._at_or_after(place) if number is None else number


def _kept_as(lines: Sequence[int]) -> "range | array[int]":
    return lines if isinstance(lines, range) else array("I", lines)


def _place_of(run: Run) -> int:
    return run.place
