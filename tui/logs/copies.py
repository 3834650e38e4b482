"""Lines that stand in several logs of one router, shown once.

pppd writes to `messages` and to the journal, charon what matters to `auth.log` too, and both to the
journal. One of the copies is shown: where they are looked at together that of the journal, whose
time is exact, and that of `auth.log` last; else the one that came first. (What charon's starter
passes on late is known by its form: `line.is_late_copy`.)
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from tui.logs.line import tag_and_text
from tui.logs.merge import KeptLine, Origin, PlacedLine

_CLOSE: Final = 2.5
"""Seconds. Files have whole ones, and each log takes its time."""
_MOST_REMEMBERED: Final = 100_000
_STAMP: Final = 16
"""Length of syslog's `Nov 22 23:17:26 `."""

_Said = tuple[str, bytes, bytes]
"""Router, program, words."""


class _Seen(msgspec.Struct, eq=False):
    """A line that is shown, and the logs that have it."""

    kept: PlacedLine
    sources: set[str]


class CopyFinder:
    """Marks copies (`PlacedLine.is_copy`) among the lines that it is shown."""

    def __init__(self, *, prefer_best: bool = False) -> None:
        """`prefer_best`: a line that was not marked may be, when a better log has it too."""
        self._prefer_best = prefer_best
        self._seen: dict[_Said, list[_Seen]] = {}
        self._noted = 0

    def note(self, kept: PlacedLine) -> None:
        """Take the next line; it, or one before, is marked when they are the same."""
        said = _said(kept)
        source = kept.origin.source
        close = [seen for seen in self._seen.get(said, ()) if abs(seen.kept.at - kept.at) <= _CLOSE]
        for seen in close:
            if source in seen.sources:
                continue
            seen.sources.add(source)
            if self._prefer_best and rank_of(source) < rank_of(seen.kept.origin.source):
                seen.kept.is_copy, seen.kept = True, kept
            else:
                kept.is_copy = True
            return
        close.append(_Seen(kept, {source}))
        self._seen[said] = close
        self._noted += 1
        if self._noted > _MOST_REMEMBERED:
            self._forget(kept.at)

    def _forget(self, now: float) -> None:
        """Forget what was said longest ago; all if that is not enough."""
        fresh = {
            said: seen for said, seen in self._seen.items() if seen[-1].kept.at > now - 60 * _CLOSE
        }
        self._seen = fresh if len(fresh) < _MOST_REMEMBERED // 2 else {}
        self._noted = len(self._seen)


def rank_of(source: str) -> int:
    """Smaller is better: the journal tells times exactly, `auth.log` has charon's lines without
    those around them."""
    return 0 if "journal" in source else 2 if "auth" in source else 1


def _said(kept: PlacedLine) -> _Said:
    raw = kept.raw
    if raw[:1].isalpha():
        _, _, rest = raw[_STAMP:].partition(b" ")
        tag, _, text = rest.partition(b": ")
        return kept.origin.router, tag.partition(b"[")[0], text.rstrip()
    program, words = tag_and_text(kept.origin.source, raw)
    return kept.origin.router, program.encode(), words.encode().rstrip()


def without_copies(lines: Iterable[PlacedLine]) -> Iterator[PlacedLine]:
    """`lines`, which are in order of time; copies are marked before they are handed on."""
    finder = CopyFinder(prefer_best=True)
    waiting: deque[PlacedLine] = deque()
    for kept in lines:
        finder.note(kept)
        waiting.append(kept)
        while waiting[0].at < kept.at - _CLOSE:
            yield waiting.popleft()
    yield from waiting


class CopyWatch:
    """Looks for copies only once a router has two logs that can have the same lines."""

    OVERLAPPING: Final = frozenset({"journal", "daemon", "messages", "auth"})

    def __init__(self) -> None:
        self._sources: dict[str, set[str]] = {}
        self._finders: dict[str, CopyFinder] = {}

    def saw(self, origin: Origin) -> bool:
        """Take note of a log; whether another of its router can have the same lines."""
        if origin.source not in self.OVERLAPPING:
            return False
        sources = self._sources.setdefault(origin.router, set())
        sources.add(origin.source)
        return len(sources) > 1

    def note(self, kept: Sequence[KeptLine], known: Iterable[KeptLine]) -> list[int]:
        """Which of `kept`, new lines of one log, are copies, by their place in it; `known` are the
        lines there were."""
        origin = kept[0].origin
        if not self.saw(origin):
            return []
        sources = self._sources[origin.router]
        finder = self._finders.get(origin.router)
        if finder is None:
            finder = self._finders[origin.router] = CopyFinder()
            for line in known:
                if line.origin.router == origin.router and line.origin.source in sources:
                    finder.note(_by_itself(line))
        noted = [_by_itself(line) for line in kept]
        for line in noted:
            finder.note(line)
        return [index for index, line in enumerate(noted) if line.is_copy]


def _by_itself(line: KeptLine) -> PlacedLine:
    return PlacedLine(line.raw, line.origin, line.at, line.number)
