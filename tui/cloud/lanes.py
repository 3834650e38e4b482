"""How many calls are under way at a time: never more than allowed, fewer where the server suffers.

Every call of a client takes a lane. Who waits for an answer now goes before who fills a list in the
background. When the server says that it is too much, half of the lanes are closed at once; when it
takes more than twice as long for the same as it did, a third of them. They open again by a fifth of
a lane for each answer that is as quick as usual.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

from tui.cloud.clock import Clock

SLOW: Final = 2.0
"""How many times as long as usual is slow: two lanes at work on one thing at a time are not."""
_WORTH_A_LOOK: Final = 0.25
"""Seconds below which an answer is never slow: what differs then is the link, not the server."""
_FEW_ROWS: Final = 10
"""With fewer rows, what an answer takes says nothing about a row."""
_DRIFT: Final = 0.02
"""How far what is usual goes towards a slower answer: a server that stays slow is not punished."""
_STEP: Final = 0.2
_WHEN_REFUSED: Final = 0.5
_WHEN_SLOW: Final = 0.67
LONGEST_PAUSE: Final = 60.0
"""Seconds that are waited at the most, whatever the server asks for."""


class _Pace:
    """What the server takes for one row of one list, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._usual = seconds
        self._lately = seconds

    def is_slow(self, seconds: float) -> bool:
        """Take in an answer, and say whether the last ones were slow."""
        self._lately += (seconds - self._lately) / 4  # one that is slow may be an accident
        if seconds < self._usual:
            self._usual = seconds
        else:
            self._usual += _DRIFT * (seconds - self._usual)
        if self._lately <= SLOW * self._usual:
            return False
        self._lately = self._usual
        return True


class Lanes:
    """The lanes of one client."""

    def __init__(self, most: int, clock: Clock) -> None:
        self.most = max(1, most)
        self._clock = clock
        self._open = float(self.most)
        self._running = 0
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()
        self._not_before = 0.0
        self._paces: dict[str, _Pace] = {}
        self._of_before = 0
        """Answers that are still to come to calls from before lanes were closed: what they say of
        the server, it is known already."""

    @property
    def open(self) -> int:
        """How many calls may run now: from 1 to `most`."""
        return max(1, int(self._open))

    @property
    def running(self) -> int:
        """How many lanes are taken."""
        return self._running

    @asynccontextmanager
    async def lane(self, *, urgent: bool = True) -> AsyncGenerator[None, None]:
        """Hold a lane; `urgent` ones go before the others."""
        await self._enter(self._urgent if urgent else self._patient)
        try:
            await self._wait_out()
            yield
        finally:
            self._leave()

    def refused(self, pause: float) -> None:
        """The server has said that it is too much, and asks for `pause` seconds of rest."""
        until = self._clock.monotonic() + min(pause, LONGEST_PAUSE)
        self._not_before = max(self._not_before, until)
        self._close(_WHEN_REFUSED)

    def learn(self, command: str, seconds: float, rows: int) -> None:
        """An answer of `rows` rows took `seconds`."""
        if rows < _FEW_ROWS:
            return
        pace = self._paces.setdefault(command, _Pace(seconds / rows))
        if pace.is_slow(seconds / rows) and seconds > _WORTH_A_LOOK:
            self._close(_WHEN_SLOW)
        elif self._of_before > 0:
            self._of_before -= 1
        else:
            self._open = min(float(self.most), self._open + _STEP)
            self._wake()

    def _close(self, part: float) -> None:
        if self._of_before > 0:
            self._of_before -= 1
        else:
            self._open = max(1.0, self._open * part)
            self._of_before = max(0, self._running - 1)

    async def _enter(self, queue: deque[asyncio.Future[None]]) -> None:
        if self._running < self.open:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # it came in the same moment
            else:
                with suppress(ValueError):  # passed over already
                    queue.remove(turn)
            raise

    async def _wait_out(self) -> None:
        while (pause := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(pause)

    def _leave(self) -> None:
        self._running -= 1
        self._wake()

    def _wake(self) -> None:
        while self._running < self.open and (queue := self._urgent or self._patient):
            turn = queue.popleft()
            if not turn.done():
                self._running += 1
                turn.set_result(None)
