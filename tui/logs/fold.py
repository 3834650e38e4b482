"""Folding logs into attempts: every attempt of a client to connect becomes one object.

    folder = fold_logs({"vr.log": …, "vr.messages.log": …})
    for attempt in folder.attempts:
        …

Lines of any number of sources are fed in any portions and any order. What is kept grows with the
attempts, not with the lines.
"""

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from tui.logs.attempts import Attempt, LogRef
from tui.logs.fold_attempt import Sources, attempt_of, begin_of, once, reference
from tui.logs.fold_coverage import Coverage
from tui.logs.fold_join import Group, join
from tui.logs.fold_part import Mention, Part
from tui.logs.fold_reader import SourceReader
from tui.logs.fold_source import Source
from tui.logs.fold_time import Calendar

MOST_ATTEMPTS: Final = 50_000
"""Attempts that are kept unless said otherwise."""
MOST_ALIKE: Final = 100
"""Incidents of one signature that are kept."""
_SETTLED: Final = 300.0
"""Seconds after which no more lines are expected of an attempt that has ended."""
_PROBE: Final = 1 << 20
"""Bytes by which it is known what a log tells."""
_NOT_OF_THE_ROUTER: Final = ("client", "case")
"""Files of a recording that another machine wrote begin so."""


class Folder:
    """Folds the logs of one router. Never fails, whatever the lines are."""

    def __init__(
        self, router: str = "", now: float | None = None, most: int = MOST_ATTEMPTS
    ) -> None:
        """`now` is the time of reading in the router's clock, seconds since the epoch; without it
        the year is taken from lines that say it. `most` attempts are kept."""
        self.router = router
        self.dropped: Counter[str] = Counter()
        """Attempts that are kept no longer, by their end."""
        self._most = most
        self._calendar = Calendar(now)
        self._coverage = Coverage()
        self._sources = Sources((), ())
        self._readers: dict[str, SourceReader] = {}
        self._parts: list[Part] = []
        self._counted: Counter[str] = Counter()
        self._incidents: list[Mention] = []
        self._groups: list[Group] = []
        self._missed: list[Part] = []
        self._joined = -1
        self._fed = 0
        self._built: dict[int, tuple[tuple[object, ...], Attempt]] = {}
        self._limit = 8 * most

    def feed(self, source: str, text: bytes) -> None:
        """Take more whole lines of `source`; its order is that of its file."""
        if source.startswith(_NOT_OF_THE_ROUTER):
            return
        reader = self._readers.get(source)
        if reader is None:
            number = len(self._readers)
            reader = SourceReader(
                Source(source, number, self._calendar),
                self._coverage,
                self._parts.append,
                self._incidents.append,
                self._wants,
            )
            self._readers[source] = reader
        self._fed += 1
        with _without_collecting():
            reader.read(text)
        if len(self._parts) > self._limit:
            self._drop_oldest()

    def finish(self) -> None:
        """No more lines will come; attempts that are still open stay so."""
        self._join()

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All that are kept, in the order in which they began."""
        self._join()
        first = self.dropped.total() + 1
        return [self._attempt(group, number) for number, group in enumerate(self._groups, first)]

    @property
    def incidents(self) -> Sequence[LogRef]:
        """Lines that belong to no client: daemons that stop, bad configuration, full tables."""
        self._join()
        kills = [mark for part in self._missed for mark in part.marks]
        mentions = once((*self._incidents, *kills), self._sources)
        return [reference(mention, self._sources) for mention in mentions]

    @property
    def counted(self) -> Mapping[str, int]:
        """How many lines of each signature belong to no client, those that are not kept too; a line
        that stands in two sources counts twice."""
        return self._counted

    # --- inside

    def _wants(self, signature: str) -> bool:
        self._counted[signature] += 1
        return self._counted[signature] <= MOST_ALIKE

    def _join(self) -> None:
        if self._calendar.settle():
            self._retime()
        elif self._joined == self._fed:
            return
        sources = [reader.source for reader in self._readers.values()]
        # Sources that tell most come first, then by name: not as they were fed.
        ordered = sorted(
            sources,
            key=lambda source: (not source.has_packets, not source.has_debug, source.name),
        )
        ranks = tuple(ordered.index(source) for source in sources)
        if ranks != self._sources.ranks:
            self._sources = Sources(tuple(self._readers), ranks)
            self._built.clear()
        with _without_collecting():
            groups, self._missed = join(self._parts, lambda part: ranks[part.source])
            groups.sort(key=begin_of)
        self._groups = groups
        self._joined = self._fed

    def _retime(self) -> None:
        """Lines that say the year came after lines that do not."""
        sources = [reader.source for reader in self._readers.values()]
        again = self._calendar.again
        for source in sources:
            source.forget_time()
        for part in self._parts:
            if sources[part.source].is_yearless:
                part.retime(again)
        self._incidents[:] = [
            (again(mention[0]), *mention[1:]) if sources[mention[1]].is_yearless else mention
            for mention in self._incidents
        ]
        self._built.clear()

    def _attempt(self, group: Group, number: int) -> Attempt:
        key = id(group[0])
        version = (number, *((id(part), part.version) for part in group))
        known = self._built.get(key)
        if known is not None and known[0] == version:
            return known[1]
        attempt = attempt_of(group, number, self.router, self._sources)
        self._built[key] = (version, attempt)
        return attempt

    def _drop_oldest(self) -> None:
        """Count the oldest attempts that have ended by their end, and forget them."""
        attempts = self.attempts
        excess = len(attempts) - self._most
        gone: set[Part] = set()
        settled = max(part.last for part in self._parts) - _SETTLED
        for attempt, group in zip(attempts, self._groups, strict=True):
            if excess <= 0:
                break
            if attempt.end and max(part.last for part in group) < settled:
                self.dropped[attempt.end] += 1
                gone.update(group)
                self._built.pop(id(group[0]), None)
                excess -= 1
        self._parts[:] = [part for part in self._parts if part not in gone]
        for reader in self._readers.values():
            reader.tidy(gone)
        self._limit = max(8 * self._most, 2 * len(self._parts))
        self._joined = -1


def fold_logs(logs: Mapping[str, bytes], router: str = "", now: float | None = None) -> Folder:
    """Fold whole logs, by the names of their files or sources."""
    folder = Folder(router, now)
    for name in sorted(logs, key=lambda name: _tells_less(logs[name])):
        folder.feed(name, logs[name])
    folder.finish()
    return folder


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing that reading makes is circular; looking for it would take a tenth of the time."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


def _tells_less(text: bytes) -> int:
    """Logs that have all that a daemon says first: others then need not be read for it."""
    begin = text[:_PROBE]
    return 0 if b"rcvd [" in begin else 1 if b"[NET] received packet" in begin else 2
