"""The lines that are kept: bounded, in order of time, counted."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final

import msgspec

from tui.logs.copies import CopyWatch
from tui.logs.filter import Filter
from tui.logs.merge import BEGINNING, KeptLine, LogBlock, order_of, placed, placed_before

_SAME_MOMENT: Final = 2.0
"""Seconds. Syslog has whole ones and the journal microseconds: lines this close are kept as they
came."""
_raw_of: Final = attrgetter("raw")
_source_of: Final = attrgetter("origin.source")
MOST_LINES: Final = 500_000
MOST_BYTES: Final = 128 * 1024 * 1024


class Added(msgspec.Struct, frozen=True):
    """What adding lines did to the store."""

    appended: Sequence[KeptLine]
    """Lines at the end, in order."""
    inserted: int
    """Lines that went in before the end: a view has to be drawn anew."""
    dropped: int
    """Oldest lines that had to go."""


class LogStore:
    """At most `most_lines` lines of `most_bytes` bytes together; the oldest go first, and are
    counted."""

    def __init__(self, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES) -> None:
        if most_lines < 1 or most_bytes < 1:
            raise ValueError("a store holds at least one line")
        self._most_lines = most_lines
        self._most_bytes = most_bytes
        self._lines: list[KeptLine] = []
        self._bytes = 0
        self._sources: Counter[str] = Counter()
        self._ends: dict[tuple[str, str], float] = {}
        """Place of the last line of each log."""
        self._starts: dict[tuple[str, str], float] = {}
        """Place of the first."""
        self._dropped = 0
        self._copies = CopyWatch()

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[KeptLine]:
        return iter(self._lines)

    def __getitem__(self, position: int) -> KeptLine:
        return self._lines[position]

    @property
    def bytes(self) -> int:
        """Bytes of the kept lines, as they came."""
        return self._bytes

    @property
    def dropped(self) -> int:
        """Lines that had to go since the store was made."""
        return self._dropped

    @property
    def is_full(self) -> bool:
        """Whether older lines have no room any more."""
        return len(self._lines) >= self._most_lines or self._bytes >= self._most_bytes

    def source_counts(self) -> dict[str, int]:
        """How many kept lines each source has."""
        return dict(+self._sources)

    def portion(self, start: int, count: int) -> Sequence[KeptLine]:
        """Kept lines in order, `count` from the position `start` on: to go through them a little
        at a time."""
        return self._lines[start : start + count]

    def position(self, line: KeptLine) -> int | None:
        """Where `line` stands now; None when it had to go."""
        at = bisect_right(self._lines, line.at, key=order_of) - 1
        while at >= 0 and self._lines[at].at == line.at:
            if self._lines[at] is line:
                return at
            at -= 1
        return None

    def position_at(self, moment: float) -> int:
        """Position of the first line that is not before `moment` (seconds since the epoch); the
        number of lines when all are."""
        return bisect_left(self._lines, moment, key=order_of)

    def lines(self, wanted: Filter | None = None) -> Sequence[KeptLine]:
        """Kept lines in order, those that `wanted` lets through. Takes its time for many lines:
        see `filter.Sieve`."""
        if wanted is None:
            return tuple(self._lines)
        return tuple(line for line in self._lines if wanted.passes(line))

    def add(self, block: LogBlock) -> Added:
        """Keep lines that were written after those that are kept of the same log."""
        log = block.origin.log
        kept = placed(block, self._ends.get(log, BEGINNING))
        if not kept:
            return Added((), 0, 0)
        self._copies.note(kept, self._lines)
        self._ends[log] = kept[-1].at
        self._starts.setdefault(log, kept[0].at)
        last = self._lines[-1].at if self._lines else BEGINNING
        if kept[0].at >= last - _SAME_MOMENT:
            for line in islice(kept, bisect_left(kept, last, key=order_of)):
                line.at = last
            self._lines += kept
            appended: Sequence[KeptLine] = kept
        else:
            appended = self._merge(kept, earlier=False)
        return self._counted(kept, appended)

    def add_earlier(self, block: LogBlock) -> Added:
        """Keep lines that were written just before those that are kept of the same log."""
        log = block.origin.log
        kept = placed_before(block, self._starts.get(log, float("inf")))
        if not kept:
            return Added((), 0, 0)
        self._copies.note(kept, self._lines)
        self._starts[log] = kept[0].at
        self._ends.setdefault(log, kept[-1].at)
        return self._counted(kept, self._merge(kept, earlier=True))

    def _merge(self, kept: list[KeptLine], *, earlier: bool) -> Sequence[KeptLine]:
        """Put `kept` among the lines; those of them that stand at the end."""
        first = kept[0].at
        at = self.position_at(first) if earlier else bisect_right(self._lines, first, key=order_of)
        tail = self._lines[at:]
        last = tail[-1].at if tail else BEGINNING
        both = kept + tail if earlier else tail + kept
        both.sort(key=order_of)  # two ordered runs: one pass
        self._lines[at:] = both
        return () if earlier and tail else kept[bisect_left(kept, last, key=order_of) :]

    def _counted(self, kept: Sequence[KeptLine], appended: Sequence[KeptLine]) -> Added:
        self._sources[kept[0].origin.source] += len(kept)
        self._bytes += sum(map(len, map(_raw_of, kept)))
        dropped = self._drop_oldest()
        return Added(appended[-len(self._lines) :], len(kept) - len(appended), dropped)

    def clear(self) -> None:
        """Forget all lines; they do not count as dropped."""
        self._lines = []
        self._bytes = 0
        self._sources.clear()
        self._ends.clear()
        self._starts.clear()
        self._copies = CopyWatch()

    def _drop_oldest(self) -> int:
        excess = max(0, len(self._lines) - self._most_lines)
        size = self._bytes - sum(map(len, map(_raw_of, self._lines[:excess])))
        while size > self._most_bytes and excess < len(self._lines) - 1:
            size -= len(self._lines[excess].raw)
            excess += 1
        if excess:
            self._sources.subtract(map(_source_of, self._lines[:excess]))
            del self._lines[:excess]
            self._bytes = size
            self._dropped += excess
        return excess
