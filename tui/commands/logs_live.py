"""Reading logs of routers for `csvpn logs`: what is there now, or every new line."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from tui.cloud.models import Router
from tui.commands.host_keys import learn_accepted, unknown_of, with_remedy
from tui.commands.output import Exit, complain, tell
from tui.logs.files import kept_lines
from tui.logs.merge import LogBlock
from tui.router.errors import RouterError
from tui.router.log_commands import SOURCES
from tui.session.logfeed import (
    Backlog,
    ClockOffset,
    FeedEvent,
    LinesArrived,
    LinkNews,
    LogFeed,
    RouterFailed,
)
from tui.session.session import Session

_FILES: Final = Backlog(256 * 1024)
_LONG_ENTRIES: Final = 20_000
_MOST_LOOKED_BACK: Final = 64 * 1024 * 1024
"""Bytes that are looked back through of one log with `--since`."""
_QUIET: Final = 1.0
"""Seconds of silence after which a source is taken to have nothing more."""
_FIRST_CONTACT: Final = 40.0
"""Seconds that the way to a router may take before it counts as silent."""


class RouterReading:
    """One router: its lines, and how reading them ended."""

    def __init__(
        self, session: Session, router: Router, sources: Sequence[str], accept: Sequence[str]
    ) -> None:
        self.router = router
        self.code = Exit.FINE
        self.blocks: dict[str, list[LogBlock]] = {}
        """What was read of each log, in order."""
        self._session = session
        self._sources = tuple(sources)
        self._accept = accept

    async def read(self, lines: int, since: datetime | None) -> None:
        """Read what there is: about `lines` entries, or all since `since`. Never raises a
        `RouterError`: it is told on stderr, and makes the exit code."""
        try:
            while True:
                try:
                    await self._read(lines, since)
                    return
                except RouterError as error:
                    self._learn_accepted(error)
        except RouterError as error:
            self.code = complain(with_remedy(error))

    async def _read(self, lines: int, since: datetime | None) -> None:
        entries = _LONG_ENTRIES if since is not None else max(lines, 1)
        backlog = Backlog(_FILES.bytes, entries)
        self.blocks = {source: [] for source in self._sources}
        feed = LogFeed(self._session, [(self.router, self._sources)], backlog)
        async with aclosing(feed.events()) as events:
            await self._take_all(events)
        if since is not None:
            for source in self._sources:
                await self._look_back(feed, source, since)

    async def _take_all(self, events: AsyncGenerator[FeedEvent, None]) -> None:
        """What every source has at the beginning; one that stays silent has nothing."""
        waiting = set(self._sources)
        patience = _FIRST_CONTACT
        while waiting:
            try:
                event = await asyncio.wait_for(anext(events), patience)
            except (TimeoutError, StopAsyncIteration):
                return
            if isinstance(event, ClockOffset | LinesArrived):
                patience = _QUIET
            if isinstance(event, LinkNews) and event.error is not None:
                raise event.error
            source = self._take(event)
            # The journal comes in portions; a file's first one is all that was asked for.
            if source and not SOURCES[source].is_journal:
                waiting.discard(source)

    def _take(self, event: FeedEvent) -> str:
        """Keep the lines of an event, or tell what it says; the source that it is about."""
        if isinstance(event, LinesArrived):
            source = event.block.origin.source
            self.blocks[source].append(event.block)
            return source
        if isinstance(event, RouterFailed):
            raise event.error
        tell_news(event)
        return event.source if isinstance(event, LinkNews) else ""

    async def _look_back(self, feed: LogFeed, source: str, since: datetime) -> None:
        read = 0
        blocks = self.blocks[source]
        while read < _MOST_LOOKED_BACK:
            first = next((kept.at for kept in kept_lines(blocks[:1])), None)
            if first is not None and first < since.timestamp():
                return
            found = await feed.earlier(self.router, source)
            if found.block is None:
                return
            read += len(found.block.text)
            blocks.insert(0, found.block)

    async def follow(self) -> AsyncGenerator[LogBlock, None]:
        """Every new line until closed; errors that waiting does not cure end it."""
        feed = LogFeed(self._session, [(self.router, self._sources)], _FILES)
        async with aclosing(feed.events()) as events:
            async for event in events:
                if isinstance(event, LinesArrived):
                    yield event.block
                elif not isinstance(event, RouterFailed):
                    tell_news(event)
                elif not self._is_accepted(event.error):
                    self.code = complain(with_remedy(event.error))
                    return
                else:
                    self._learn_accepted(event.error)
                    feed.retry(self.router)

    def _is_accepted(self, error: RouterError) -> bool:
        unknown = unknown_of(error)
        return unknown is not None and unknown.fingerprint in self._accept

    def _learn_accepted(self, error: RouterError) -> None:
        learn_accepted(self._session, self.router, error, self._accept)


def tell_news(event: FeedEvent) -> None:
    """Say on stderr what happened to a link or a log, and how far a clock is off."""
    if isinstance(event, LinkNews) and not event.says.startswith("connecting "):
        tell(f"{event.router}: {event.says}")
    elif isinstance(event, ClockOffset) and event.seconds:
        way = "ahead" if event.seconds > 0 else "behind"
        seconds = f"{abs(event.seconds):.1f} s"
        tell(f"{event.router}: its clock is {seconds} {way}; the times are corrected")
