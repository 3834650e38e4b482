"""The logs of routers as lines, with what happens to their links in between."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tui.cloud.models import Router
from tui.logs.line import LogLine
from tui.logs.merge import LogBlock, Origin
from tui.logs.stamps import EXACT, Clock
from tui.router.commands import DATE
from tui.router.errors import CommandFailed, CommandTimeout, RouterError
from tui.router.log_commands import Position
from tui.router.log_events import (
    LogBegan,
    LogChunk,
    LogGap,
    Reconnecting,
    Resumed,
    SourceMissing,
)
from tui.session.session import Session

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

DEFAULT_SOURCES = ("journal", "cloud")
"""The journal has charon, xl2tpd and pppd with all they say; `cloud` what CloudStack programs."""

SOURCE_WORDS = {
    "journal": "charon, xl2tpd and pppd, with errors and user names",
    "daemon": "/var/log/daemon.log: charon and xl2tpd",
    "messages": "/var/log/messages: pppd and the kernel",
    "cloud": "/var/log/cloud.log: what CloudStack programs",
    "auth": "/var/log/auth.log: logins and IKE audit lines",
    "haproxy": "/var/log/haproxy.log: one line per client up and down",
}

_WAITING_EVENTS: Final = 16
"""Events that may wait to be taken; each holds at most 4 MB. Beyond that the routers wait."""
_EXACT_ENOUGH: Final = 0.05
"""Seconds beside half the round trip by which a measured clock may be wrong."""
_SAME_CLOCK: Final = 1.0
"""Seconds by which a clock has to be off its last measurement to count as changed."""


class LinesArrived(msgspec.Struct, frozen=True):
    """Complete lines of one log of one router, in order."""

    block: LogBlock

    @property
    def router(self) -> str:
        """Name of the router."""
        return self.block.origin.router

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """The lines, read in full; a flood is better kept as the block that it is."""
        return self.block.lines


class LinkNews(msgspec.Struct, frozen=True):
    """Something happened to the link or to a source."""

    says: str
    good: bool
    gap: bool = False
    """Lines are lost at this place."""
    router: str = ""
    """Name of the router."""
    source: str = ""
    """The log that it is about; empty for the link."""
    error: RouterError | None = None
    """Why there is no link."""


class ClockOffset(msgspec.Struct, frozen=True):
    """How far the clock of a router is off this machine's. The lines that follow are corrected."""

    router: str
    """Name of the router."""
    seconds: float
    """How much it is ahead; negative when it is behind; 0 where no difference can be told."""


class RouterFailed(msgspec.Struct, frozen=True):
    """A router cannot be followed, and waiting does not cure it; the others go on.

    `LogFeed.retry` tries it again: after a host key was accepted, for instance.
    """

    router: Router
    error: RouterError


class EarlierArrived(msgspec.Struct, frozen=True):
    """Lines from before those that were read; for `LogStore.add_earlier`."""

    block: LogBlock | None
    """None when there are none."""
    why_none: str = ""
    """Why there are none, in words."""


class Backlog(msgspec.Struct, frozen=True):
    """How much is read of what was written before the start."""

    bytes: int = 65536
    """Of each file."""
    entries: int = 200
    """Of the journal."""


BACKLOG: Final = Backlog()
FeedEvent = LinesArrived | LinkNews | ClockOffset | RouterFailed
Choice = tuple[Router, Sequence[str]]
"""A router, and which of its logs."""


class LogFeed:
    """Follows routers; started again, it goes on where it was, in each log of each router."""

    def __init__(
        self, session: Session, choices: Sequence[Choice], backlog: Backlog = BACKLOG
    ) -> None:
        self.choices: tuple[tuple[Router, tuple[str, ...]], ...] = tuple(
            (router, tuple(sources)) for router, sources in choices
        )
        self._followed = {
            router.id: _FollowedRouter(session, router, sources, backlog)
            for router, sources in self.choices
        }
        self._events: asyncio.Queue[_Waiting] = asyncio.Queue(_WAITING_EVENTS)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def routers(self) -> tuple[Router, ...]:
        """The routers that were chosen."""
        return tuple(router for router, _ in self.choices)

    async def events(self) -> AsyncGenerator[FeedEvent, None]:
        """Lines and news of all routers until closed, or until every router has failed.

        Who takes them slowly makes the routers wait; nothing is dropped.
        """
        events = self._events = asyncio.Queue(_WAITING_EVENTS)
        tasks = self._tasks = {}
        for router in self.routers:
            self.retry(router)
        try:
            while not (events.empty() and all(task.done() for task in tasks.values())):
                waiting = await events.get()
                if isinstance(waiting, _Portion):
                    # Only what is handed on counts as read: the rest is read again.
                    yield waiting.taken()
                elif waiting is not None:
                    yield waiting
                for task in tasks.values():
                    if task.done():
                        task.result()  # a fault of our own is not a router's failure
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    def retry(self, router: Router) -> None:
        """Follow a router again that has failed; one that is followed goes on as it is."""
        running = self._tasks.get(router.id)
        if running is None or running.done():
            events = self._events
            task = asyncio.create_task(self._followed[router.id].run(events))
            task.add_done_callback(lambda task: _wake(events))
            self._tasks[router.id] = task

    async def earlier(self, router: Router, source: str) -> EarlierArrived:
        """The lines just before the earliest that was read of a log; each call goes further back.

        Raises `RouterError`, and then the same call may be made again.
        """
        return await self._followed[router.id].earlier(source)


def _wake(events: "asyncio.Queue[_Waiting]") -> None:
    """Let who waits see that a router is not followed any more. Nobody waits at a full queue."""
    if not events.full():
        events.put_nowait(None)


class _FollowedRouter:
    """One router of a feed, and where each of its logs stands."""

    def __init__(
        self, session: Session, router: Router, sources: tuple[str, ...], backlog: Backlog
    ) -> None:
        self.router = router
        self._backlog = backlog
        self._session = session
        self._sources = sources
        self._positions: dict[str, Position] = {}
        self._numbers: dict[str, int] = {}
        """Number of the next line of each log."""
        self._earliest: dict[str, tuple[Position, int]] = {}
        """Where the first line that was read of each log stands, and its number."""
        self._looking_back = asyncio.Lock()
        self._clock: Clock | None = None

    async def run(self, events: "asyncio.Queue[_Waiting]") -> None:
        """Put lines and news into `events` until cancelled, or until the router has failed."""
        try:
            await events.put(
                LinkNews(f"connecting to {self.router.name} …", True, router=self.router.name)
            )
            connection = await self._session.routers.connection(self.router)
            await self._follow(connection, events)
        except RouterError as error:
            await events.put(RouterFailed(self.router, error))

    async def _follow(
        self, connection: "RouterConnection", events: "asyncio.Queue[_Waiting]"
    ) -> None:
        from tui.router.follow import follow

        for each in await self._compare_clocks(connection):
            await events.put(each)
        following = follow(
            connection,
            self._sources,
            self._positions,
            backlog_bytes=self._backlog.bytes,
            backlog_entries=self._backlog.entries,
        )
        async with aclosing(following) as stream:
            async for event in stream:
                if isinstance(event, Resumed):
                    for each in await self._compare_clocks(connection):
                        await events.put(each)
                if isinstance(event, LogBegan):
                    self._earliest.setdefault(event.source, (event.begins, 1))
                elif isinstance(event, LogChunk):
                    await events.put(_Portion(self, event, self._clock or EXACT))
                else:
                    await events.put(self._told(event))

    async def _compare_clocks(
        self, connection: "RouterConnection"
    ) -> tuple[ClockOffset | LinkNews, ...]:
        """What there is to tell. A link that breaks meanwhile is left to `follow`."""
        from tui.router.follow import may_pass
        from tui.router.history import zone_of

        try:
            await connection.connect()
            told = await connection.run(DATE)
            half = (connection.round_trip or 0.0) / 2
            offset = told - (time.time() - half)
            zone = await zone_of(connection)
        except (CommandFailed, CommandTimeout):
            return ()
        except RouterError as error:
            if not may_pass(error):
                raise
            says = f"no link: {error.what}; trying again"
            return (LinkNews(says, False, router=self.router.name, error=error),)
        if abs(offset) <= half + _EXACT_ENOUGH:
            offset = 0.0
        known = self._clock
        if known is not None and abs(known.offset - offset) < _SAME_CLOCK and known.zone == zone:
            return ()
        self._clock = Clock(offset, zone)
        return (ClockOffset(self.router.name, offset),)

    def _told(self, event: Reconnecting | Resumed | LogGap | SourceMissing) -> LinkNews:
        name = self.router.name
        if isinstance(event, Reconnecting):
            says = f"no link: {event.reason.what}; trying again in {event.wait:.0f} s"
            return LinkNews(says, False, router=name, error=event.reason)
        if isinstance(event, Resumed):
            return LinkNews("link is back; no line lost or repeated", True, router=name)
        if isinstance(event, LogGap):
            says = f"lines of {event.source} are lost here: {event.reason}"
            return LinkNews(says, False, True, name, event.source)
        says = f"{event.source} cannot be read: {event.reason}"
        return LinkNews(says, False, router=name, source=event.source)

    def arrived(self, chunk: LogChunk, clock: Clock) -> LinesArrived:
        """The lines of `chunk`, which count as read from here on."""
        source = chunk.source
        self._positions[source] = chunk.position
        first = self._numbers.get(source, 1)
        self._earliest.setdefault(source, (chunk.begins, first))
        self._numbers[source] = first + chunk.text.count(b"\n")
        return LinesArrived(LogBlock(self._origin(source, clock), chunk.text, first))

    def _origin(self, source: str, clock: Clock) -> Origin:
        return Origin(self.router.name, source, datetime.now(UTC), clock)

    async def earlier(self, source: str) -> EarlierArrived:
        """The lines before the earliest one."""
        from tui.router.history import earlier

        async with self._looking_back:
            if source not in self._earliest:
                return EarlierArrived(None, "nothing of it was read yet")
            begins, first = self._earliest[source]
            connection = await self._session.routers.connection(self.router)
            found = await earlier(connection, source, begins)
            if not found.text:
                return EarlierArrived(None, found.why_none)
            first -= found.text.count(b"\n")
            self._earliest[source] = (found.begins, first)
        origin = self._origin(source, self._clock or EXACT)
        return EarlierArrived(LogBlock(origin, found.text, first))


class _Portion(NamedTuple):
    """Lines that wait to be handed on, and the clock that they were written by."""

    followed: _FollowedRouter
    chunk: LogChunk
    clock: Clock

    def taken(self) -> LinesArrived:
        return self.followed.arrived(self.chunk, self.clock)


_Waiting = FeedEvent | _Portion | None
