"""Lines that lie one after the other in one piece of bytes, with an index of where they begin.

A segment costs little more than its text: where its lines begin, where they stand in the order and
what they mean is found out for all of them at once, when somebody asks. Small ones are joined, so
that a line now and then from each of several logs makes no segment of its own; then the segment has
parts, each of one log. A cold one is packed; it is unpacked for whoever looks at it.
"""

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from typing import Final

from tui.logs.doubts import odd_lines, secretive_lines
from tui.logs.line import LogLine, read_line
from tui.logs.merge import BEGINNING, Origin, places

_SAME_TIME: Final = 3600
"""Seconds by which what `Origin.now` says may be old: it only tells the year."""
_WARM: Final = 8
"""Packed segments that were looked at last and stay unpacked."""


class Segment:
    """Adjoining lines in their final order. Lines are meant by their index, from 0 on; those below
    `skip` are kept no longer."""

    __slots__ = (
        "_doubtful", "_newest", "_odd", "_packed", "_starts", "_text", "_times", "copies", "count",
        "levels", "offset", "once", "origins", "part_at", "part_number", "part_origin",
        "skip", "timing",
    )  # fmt: skip

    def __init__(self, text: bytes, origin: Origin, number: int) -> None:
        """`text` are whole lines, each with its line feed; `number` is that of the first in its
        log."""
        self._text: bytes | None = text
        self._packed = b""
        self._starts: array[int] | None = None
        self._times = array("d")
        self._newest: dict[tuple[str, str], int] = {origin.log: 0}
        """The newest of the origins of each log."""
        self._odd: tuple[int, frozenset[int]] = (0, frozenset())
        self._doubtful: tuple[int, frozenset[int]] = (0, frozenset())
        self.count = text.count(b"\n")
        self.skip = 0
        self.offset = 0
        """The number of line 0 among all lines of the store; see `LogStore.first`."""
        self.origins = [origin]
        self.part_at = array("I", (0,))
        """Index of the first line of each part."""
        self.part_origin = array("I", (0,))
        """Which of the origins each part has."""
        self.part_number = array("q", (number,))
        """What is added to the index for the number of a line in its log."""
        self.copies: set[int] = set()
        """Lines that another log of the router has too; see `copies`."""
        self.levels = bytearray()
        """How important the lines are, as far as that is known; see `levels`."""
        self.once = bytearray()
        """Whether lines are said for the first time, as far as that is known; see `levels`."""
        self.timing: Callable[[], None] | None = None
        """Finds out the times of all lines of the store that nobody has asked for yet."""

    # Bytes.

    @property
    def text(self) -> bytes:
        """The lines, each with its line feed."""
        text = self._text
        return _unpacked(self._packed) if text is None else text

    @property
    def lowered(self) -> bytes:
        """The text in lower case."""
        return self.text.lower()

    @property
    def size(self) -> int:
        """Bytes of the lines that are kept, without their line feeds."""
        return self.size_of(self.skip, self.count)

    def size_of(self, low: int, high: int) -> int:
        """The same of some lines."""
        if low == 0 and high == self.count:
            return self.length - self.count
        return self.starts[high] - self.starts[low] - (high - low)

    def lines_of(self, low: int, high: int, size: int) -> int:
        """The fewest lines from `low` on that have `size` bytes; all to `high` if they have not."""
        if self.size_of(low, high) <= size:
            return high - low
        starts = self.starts
        begin = starts[low] - low
        return bisect_left(range(low, high), size, key=lambda line: starts[line] - line - begin)

    @property
    def length(self) -> int:
        """Bytes of the text."""
        return len(self._text) if self._text is not None else self.starts[-1]

    @property
    def memory(self) -> int:
        """Bytes that it takes, about."""
        index = 0 if self._starts is None else 4 * len(self._starts)
        text = len(self._packed) if self._text is None else len(self._text)
        return (
            text
            + index
            + 8 * len(self._times)
            + len(self.levels)
            + len(self.once)
            + 14 * len(self.part_at)
        )

    @property
    def is_packed(self) -> bool:
        """Whether it is cold."""
        return self._text is None

    def packed(self) -> bytes:
        """What `pack` takes. Takes a few milliseconds, in which other threads go on."""
        return zlib.compress(self.text, 1)

    def pack(self, packed: bytes, length: int) -> None:
        """Keep `packed` instead of the text, unless lines were added since it had `length`."""
        if self._text is not None and len(self._text) == length:
            _ = self.starts
            self._packed, self._text = packed, None

    # Lines.

    @property
    def starts(self) -> "array[int]":
        """Where each line begins, and at last where the text ends."""
        starts = self._starts
        if starts is None:
            ends = accumulate(map(len, BytesIO(self.text)), initial=0)
            starts = self._starts = array("I", ends)
        return starts

    def raw(self, index: int) -> bytes:
        """A line without its line feed."""
        starts = self.starts
        return self.text[starts[index] : starts[index + 1] - 1]

    def raw_lines(self, low: int, high: int) -> list[bytes]:
        """The lines from `low` to just before `high`."""
        lines = self.part(low, high).split(b"\n")
        del lines[-1:]
        return lines

    def part(self, low: int, high: int) -> bytes:
        """The lines from `low` to just before `high`, each with its line feed."""
        return self.text[self.starts[low] : self.starts[high]]

    def line_at(self, place: int) -> int:
        """The line that has the byte `place` of the text."""
        return bisect_right(self.starts, place) - 1

    def read(self, index: int) -> LogLine:
        """A line, read in full, cleaned and redacted."""
        origin = self.origin(index)
        return read_line(origin.router, origin.source, self.raw(index), origin.now, origin.clock)

    # Logs.

    def _part(self, index: int) -> int:
        return bisect_right(self.part_at, index) - 1 if len(self.part_at) > 1 else 0

    def origin(self, index: int) -> Origin:
        """Where a line is from."""
        return self.origins[self.part_origin[self._part(index)]]

    def number(self, index: int) -> int:
        """The number of a line in its log."""
        return self.part_number[self._part(index)] + index

    def parts(self, low: int, high: int) -> Iterator[tuple[int, int, Origin]]:
        """(first line, line after the last, where they are from) of each part between two lines."""
        part = self._part(low)
        while low < high:
            part += 1
            end = min(high, self.part_at[part]) if part < len(self.part_at) else high
            yield low, end, self.origins[self.part_origin[part - 1]]
            low = end

    @property
    def routers(self) -> set[str]:
        """The routers that it has lines of."""
        return {origin.router for origin in self.origins}

    def find(self, log: tuple[str, str], number: int) -> int | None:
        """The line of a log with that number; None where it is not here."""
        if log not in self._newest:
            return None
        for part, at in enumerate(self.part_at):
            index = number - self.part_number[part]
            end = self.part_at[part + 1] if part + 1 < len(self.part_at) else self.count
            is_here = max(at, self.skip) <= index < end
            if is_here and self.origins[self.part_origin[part]].log == log:
                return index
        return None

    # Times.

    @property
    def times(self) -> Sequence[float]:
        """Where each line stands in the order: seconds since the epoch."""
        if len(self._times) < self.count and self.timing is not None:
            self.timing()
        if len(self._times) < self.count:  # it has left the store that knew what was before
            self.place(BEGINNING)
        return self._times

    @property
    def timed(self) -> int:
        """How many lines have a time as yet."""
        return len(self._times)

    def set_times(self, times: "array[float]") -> None:
        """Say where the lines stand."""
        self._times = times

    def not_before(self, least: float) -> None:
        """Put lines that stand before `least` there."""
        low = bisect_left(self._times, least)
        self._times[:low] = array("d", [least]) * low

    def not_after(self, most: float) -> None:
        """Put lines that stand after `most` there."""
        low = bisect_right(self._times, most)
        self._times[low:] = array("d", [most]) * (self.count - low)

    def place(self, after: float) -> float:
        """Find out the times of the lines that have none; all are of one log, whose line before
        them stands at `after`. Returns where the last one stands."""
        for low, high, origin in self.parts(len(self._times), self.count):
            self._times.extend(places(self.raw_lines(low, high), origin, after))
            after = self._times[-1]
        return self._times[-1]

    # Growing.

    def extend(self, other: "Segment") -> None:
        """Add the lines of another segment at the end."""
        self.take(other, other.skip, other.count)

    def take(self, other: "Segment", low: int, high: int) -> None:
        """Add some lines of another segment at the end."""
        begin, end = other.starts[low], other.starts[high]
        length = self.length
        starts = self._starts
        if starts is not None:
            del starts[-1]
            starts.extend(array("I", [at - begin + length for at in other.starts[low : high + 1]]))
        if len(self._times) == self.count:
            self._times.extend(other._times[low:high])
        self.copies.update(n - low + self.count for n in other.copies if low <= n < high)
        for at, _, origin in other.parts(low, high):
            self._add_part(at - low + self.count, origin, other.number(at))
        self._text = self.text + other.text[begin:end]
        self._packed = b""
        self.count += high - low

    def _add_part(self, at: int, origin: Origin, number: int) -> None:
        known = self._newest.get(origin.log)
        if known is None or not _alike(self.origins[known], origin):
            known = self._newest[origin.log] = len(self.origins)
            self.origins.append(origin)
        if self.part_origin[-1] != known or self.part_number[-1] != number - at:
            self.part_at.append(at)
            self.part_origin.append(known)
            self.part_number.append(number - at)

    # What the words of a line surely are.

    @property
    def odd(self) -> frozenset[int]:
        """Lines that may show words which do not stand in them; see `doubts`."""
        count, found = self._odd
        if count != self.count:
            found = found | odd_lines(self, count, self.count)
            self._odd = (self.count, found)
        return found

    @property
    def doubtful(self) -> frozenset[int]:
        """Lines that may show other words than stand in them; see `doubts`."""
        count, found = self._doubtful
        if count != self.count:
            found = found | self.odd | secretive_lines(self, count, self.count)
            self._doubtful = (self.count, found)
        return found


def _alike(known: Origin, origin: Origin) -> bool:
    """Whether lines of one can be read as lines of the other."""
    age = (origin.now - known.now).total_seconds()
    return known.clock == origin.clock and 0 <= age < _SAME_TIME


@lru_cache(_WARM)
def _unpacked(packed: bytes) -> bytes:
    return zlib.decompress(packed)


class StoredLine:
    """A line of a segment: a `KeptLine`. Two of them are the same if they are the same line of the
    same log, wherever it lies by now."""

    __slots__ = ("index", "segment")

    def __init__(self, segment: Segment, index: int) -> None:
        self.segment = segment
        self.index = index

    @property
    def raw(self) -> bytes:
        """Without line feed; neither cleaned nor redacted."""
        return self.segment.raw(self.index)

    @property
    def origin(self) -> Origin:
        """Where it is from."""
        return self.segment.origin(self.index)

    @property
    def at(self) -> float:
        """Its place in the order: seconds since the epoch by this machine's clock."""
        return self.segment.times[self.index]

    @property
    def number(self) -> int:
        """Number of the line in its log."""
        return self.segment.number(self.index)

    @property
    def is_copy(self) -> bool:
        """Another log of the router has the same line, which is shown."""
        return self.index in self.segment.copies

    @property
    def line(self) -> LogLine:
        """The line, read in full, cleaned and redacted."""
        return self.segment.read(self.index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StoredLine):
            return NotImplemented
        if self.segment is other.segment:
            return self.index == other.index
        return self.number == other.number and self.origin.log == other.origin.log

    def __hash__(self) -> int:
        return hash((self.origin.log, self.number))
