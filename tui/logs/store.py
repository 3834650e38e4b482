"""The lines that are kept: bounded, in order of time, counted."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tui.logs.filter import Filter
from tui.logs.line import Level, LogLine

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SAME_MOMENT: Final = timedelta(seconds=2)
"""Syslog has whole seconds and the journal microseconds: lines this close are kept as they came."""


class Added(msgspec.Struct, frozen=True):
    """What adding lines did to the store."""

    appended: tuple[LogLine, ...]
    """Lines at the end, in order."""
    inserted: int
    """Lines that went in before the end: a view has to be drawn anew."""
    dropped: int
    """Oldest lines that had to go."""


class LogStore:
    """At most `capacity` lines; the oldest go first."""

    def __init__(self, capacity: int = 100_000) -> None:
        if capacity < 1:
            raise ValueError("a store holds at least one line")
        self._capacity = capacity
        self._lines: list[LogLine] = []
        self._times: list[datetime] = []
        self._levels: Counter[Level] = Counter()
        self._sources: Counter[str] = Counter()
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    @property
    def dropped(self) -> int:
        """Lines that had to go since the store was made."""
        return self._dropped

    def level_counts(self) -> dict[Level, int]:
        """How many kept lines are of each level."""
        return dict(+self._levels)

    def source_counts(self) -> dict[str, int]:
        """How many kept lines each source has."""
        return dict(+self._sources)

    def lines(self, wanted: Filter | None = None) -> Sequence[LogLine]:
        """Kept lines in order of time, those that `wanted` lets through."""
        if wanted is None:
            return tuple(self._lines)
        return tuple(line for line in self._lines if wanted.matches(line))

    def add(self, lines: Iterable[LogLine]) -> Added:
        """Keep `lines`. One without a time counts as written with the one before it."""
        appended: list[LogLine] = []
        inserted = 0
        previous: datetime | None = None
        for line in lines:
            last = self._times[-1] if self._times else _BEGINNING
            moment = line.time or previous or last
            previous = moment
            if moment >= last - _SAME_MOMENT:
                self._lines.append(line)
                self._times.append(max(moment, last))
                appended.append(line)
            else:
                at = bisect_right(self._times, moment)
                self._lines.insert(at, line)
                self._times.insert(at, moment)
                inserted += 1
            self._levels[line.level] += 1
            self._sources[line.source] += 1
        dropped = self._drop_oldest()
        return Added(tuple(appended[-len(self._lines) :]), inserted, dropped)

    def clear(self) -> None:
        """Forget all lines; they do not count as dropped."""
        self._lines, self._times = [], []
        self._levels.clear()
        self._sources.clear()

    def _drop_oldest(self) -> int:
        excess = len(self._lines) - self._capacity
        if excess <= 0:
            return 0
        for line in self._lines[:excess]:
            self._levels[line.level] -= 1
            self._sources[line.source] -= 1
        del self._lines[:excess], self._times[:excess]
        self._dropped += excess
        return excess
