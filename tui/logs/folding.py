"""The attempts of several routers, folded while their lines come in."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Final

from tui.logs.attempts import Attempt
from tui.logs.belonging import LinesOfAttempts
from tui.logs.fold import Folder
from tui.logs.merge import KeptLine, LogBlock, Origin

MOST_ATTEMPTS: Final = 5_000
"""Attempts of one router that are kept."""
_origin_of = attrgetter("origin")


class Folding:
    """One folder a router."""

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}

    def feed(self, block: LogBlock) -> None:
        """Take lines that were written after those before of the same log."""
        self._feed(block.origin, block.text)

    def clear(self) -> None:
        """Forget all that was fed."""
        self._folders.clear()

    def begin_again(self, lines: Iterable[KeptLine]) -> None:
        """Fold `lines` instead of all that was fed; they are in order."""
        self._folders.clear()
        for origin, run in groupby(lines, key=_origin_of):
            self._feed(origin, b"".join(line.raw + b"\n" for line in run))

    def _feed(self, origin: Origin, text: bytes) -> None:
        folder = self._folders.get(origin.router)
        if folder is None:
            # In the router's own clock: its lines are read as it wrote them.
            now = origin.now.timestamp() + origin.clock.offset
            folder = Folder(origin.router, now, MOST_ATTEMPTS)
            self._folders[origin.router] = folder
        folder.feed(origin.source, text)

    def attempts(self) -> list[Attempt]:
        """All of them, the newest first."""
        found = [attempt for folder in self._folders.values() for attempt in folder.attempts]
        return sorted(found, key=lambda each: (each.started or 0.0, each.number), reverse=True)

    def lines(self) -> LinesOfAttempts:
        """Tells which lines belong to which attempts, as far as is known."""
        return LinesOfAttempts(self.attempts())
