"""The logs of one router as lines, with what happens to the link in between."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import msgspec

from tui.cloud.models import Router
from tui.logs.line import LogLine, read_lines
from tui.router.log_commands import Position
from tui.router.log_events import (
    FollowEvent,
    LogChunk,
    LogGap,
    Reconnecting,
    Resumed,
)
from tui.session.session import Session

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


class LinesArrived(msgspec.Struct, frozen=True):
    """Complete lines of one source, in order."""

    lines: tuple[LogLine, ...]


class LinkNews(msgspec.Struct, frozen=True):
    """Something happened to the link or to a source."""

    says: str
    good: bool
    gap: bool = False
    """Lines are lost at this place."""


class LogFeed:
    """Follows one router; started again, it goes on where it was."""

    def __init__(self, session: Session, router: Router, sources: Sequence[str]) -> None:
        self.router = router
        self.sources = tuple(sources)
        self._session = session
        self._positions: dict[str, Position] = {}

    async def events(self) -> AsyncGenerator[LinesArrived | LinkNews, None]:
        """Lines and news until closed. Raises `RouterError` for what waiting does not cure."""
        from tui.router.follow import follow

        connection = await self._session.routers.connection(self.router)
        yield LinkNews(f"connecting to {self.router.name} …", good=True)
        async with aclosing(follow(connection, self.sources, self._positions)) as stream:
            async for event in stream:
                yield self._told(event)

    def _told(self, event: FollowEvent) -> LinesArrived | LinkNews:
        if isinstance(event, LogChunk):
            self._positions[event.source] = event.position
            lines = read_lines(
                event.source, event.lines, router=self.router.name, now=datetime.now(UTC)
            )
            return LinesArrived(tuple(lines))
        if isinstance(event, Reconnecting):
            return LinkNews(
                f"no link: {event.reason.what}; trying again in {event.wait:.0f} s", good=False
            )
        if isinstance(event, Resumed):
            return LinkNews("link is back; no line lost or repeated", good=True)
        if isinstance(event, LogGap):
            return LinkNews(f"lines of {event.source} are lost here: {event.reason}", False, True)
        return LinkNews(f"{event.source} cannot be read: {event.reason}", good=False)
