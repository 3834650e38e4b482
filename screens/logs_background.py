"""What is done for kept lines when nobody is waiting: levels marked, times read, cold ones packed.

It goes on in slices between keys while lines rest, and ends by itself: where nothing comes, nothing
runs. What is not done yet when somebody asks for it is done then, for the lines they ask about.
"""

import asyncio
import time
from typing import Final

from textual import work

from screens.logs_attempts import AttemptsLogs
from tui.logs.chores import Chores
from tui.logs.merge import LogBlock
from tui.session.logfeed import LogFeed

_SLICE: Final = 0.005
"""Seconds that keys may wait for it."""
_PAUSE: Final = 0.01
_REST: Final = 0.05
"""The same while lines come: it takes a tenth of the time."""
_QUIET: Final = 0.3
"""Seconds after which lines rest."""


class TidyingLogs(AttemptsLogs):
    """Sees to the lines when they rest."""

    def __init__(self) -> None:
        super().__init__()
        self._chores = Chores(self.intake.store)
        self._came = 0.0
        self._is_tidying = False

    def start(self, feed: LogFeed) -> None:
        super().start(feed)
        self._chores = Chores(self.intake.store)

    def lines_came(self, block: LogBlock) -> None:
        super().lines_came(block)
        self._came = time.monotonic()
        if not self._is_tidying:
            self._is_tidying = True
            self._tidy()

    @work(group="tidy", exclusive=True, exit_on_error=False)
    async def _tidy(self) -> None:
        """Mark and pack until all is done that was kept when lines came last."""
        try:
            is_done = False
            while not is_done or self._lines_come():
                if self._chores.has_to_pack:
                    await self._pack()
                    is_done = False
                else:
                    is_done = not self._chores.mark(_SLICE)
                if is_done and self._lines_come():
                    await asyncio.sleep(_QUIET)
                else:
                    await asyncio.sleep(_REST if self._lines_come() else _PAUSE)
        finally:
            self._is_tidying = False

    def _lines_come(self) -> bool:
        return time.monotonic() < self._came + _QUIET or self.intake.waiting > 0

    async def _pack(self) -> None:
        """Pack one cold segment in a thread, where other things go on meanwhile."""
        segment = self._chores.next_to_pack()
        if segment is not None:
            length = segment.length
            packed = await asyncio.to_thread(segment.packed)
            segment.pack(packed, length)
