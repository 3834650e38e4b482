"""Lines of several routers and logs in one order.

A line is kept as the bytes that came, with where it is from and when it was written; it is read in
full (`KeptLine.line`) only when somebody looks at it, so that a flood costs next to nothing.

The order is that of the corrected times: each router's clock offset is taken off. Within one log
the order of writing stays, whatever its clock says: a clock that is set back, or a line without a
time, does not carry lines elsewhere.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge as merge_sorted
from itertools import accumulate
from operator import attrgetter
from typing import Final, Protocol

import msgspec

from tui.logs.line import LogLine, read_line
from tui.logs.stamps import EXACT, GRACE, Clock, StampReader

BEGINNING: Final = 0.0
"""The time of a line before which no line says any."""
order_of: Final = attrgetter("at")


class Origin(msgspec.Struct, frozen=True):
    """Where lines come from."""

    router: str
    """Name of the router; empty where it is not known."""
    source: str
    """Name of the log: `journal`, `daemon`… or of the file."""
    now: datetime
    """The latest time at which the lines can have been written: puts the year right."""
    clock: Clock = EXACT

    @property
    def log(self) -> tuple[str, str]:
        """What tells one log from another."""
        return self.router, self.source


class LogBlock(msgspec.Struct, frozen=True):
    """Complete lines of one log, one after the other, as they came."""

    origin: Origin
    text: bytes
    """Each line ends in a line feed."""
    first: int = 1
    """Number of its first line in the log, counted from where reading began; lines from before
    that have zero and negative numbers."""

    @property
    def raw_lines(self) -> list[bytes]:
        """The lines without their line feeds."""
        lines = self.text.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """All lines, read in full."""
        read, origin = read_line, self.origin
        return tuple(
            read(origin.router, origin.source, raw, origin.now, origin.clock)
            for raw in self.raw_lines
        )


class KeptLine(Protocol):
    """One line that is kept, by whomever."""

    @property
    def raw(self) -> bytes:
        """Without line feed; neither cleaned nor redacted."""
        ...

    @property
    def origin(self) -> Origin:
        """Where it is from."""
        ...

    @property
    def at(self) -> float:
        """Its place in the order: seconds since the epoch by this machine's clock."""
        ...

    @property
    def number(self) -> int:
        """Number of the line in its log; see `LogBlock.first`."""
        ...

    @property
    def is_copy(self) -> bool:
        """Another log of the router has the same line, which is shown; see `copies`."""
        ...

    @property
    def line(self) -> LogLine:
        """The line, read in full, cleaned and redacted."""
        ...


class PlacedLine(msgspec.Struct, eq=False, gc=False):
    """A line by itself, as commands go through whole logs. Two of them are the same only if they
    are one object. See `KeptLine` for what the fields are."""

    raw: bytes
    origin: Origin
    at: float
    number: int
    is_copy: bool = False

    @property
    def line(self) -> LogLine:
        """The line, read in full, cleaned and redacted."""
        origin = self.origin
        return read_line(origin.router, origin.source, self.raw, origin.now, origin.clock)


def places(raw_lines: Sequence[bytes], origin: Origin, after: float = BEGINNING) -> "array[float]":
    """Where lines that adjoin stand in the order, none before `after`, which is the place of the
    line before them. Lines at the beginning of a log that say no time go with the first that
    does."""
    latest = (origin.now + GRACE).timestamp()
    moments = StampReader(origin.now, origin.clock).read_all(raw_lines)
    said = [moment if moment is not None and moment <= latest else BEGINNING for moment in moments]
    found = array("d", accumulate(said, max, initial=after))
    del found[0]
    if found and found[0] == BEGINNING:
        begun = next((number for number, at in enumerate(found) if at != BEGINNING), 0)
        found[:begun] = array("d", [found[begun]]) * begun
    return found


def placed(block: LogBlock, after: float = BEGINNING) -> list[PlacedLine]:
    """The lines of `block` with their places, none before `after`: the last line of its log."""
    origin, raw_lines = block.origin, block.raw_lines
    at = places(raw_lines, origin, after)
    return [
        PlacedLine(raw, origin, at[index], block.first + index)
        for index, raw in enumerate(raw_lines)
    ]


def merged(logs: Iterable[Iterable[PlacedLine]]) -> Iterator[PlacedLine]:
    """Lines of several logs, each in its order, as one; they are taken only as they are needed."""
    return merge_sorted(*logs, key=order_of)


def block_of(
    raw_lines: Iterable[bytes], source: str, *, router: str = "", now: datetime | None = None
) -> LogBlock:
    """A block of lines that are at hand."""
    text = b"".join(raw + b"\n" for raw in raw_lines)
    return LogBlock(Origin(router, source, now or datetime.now(UTC)), text)
