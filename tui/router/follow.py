"""Following several logs of one router over a link that may break.

    async for event in follow(connection, ("daemon", "messages"), positions):

Each source goes on exactly where it was: positions move only with whole lines handed on.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping, Sequence

import msgspec

from tui.router.connection import RouterConnection
from tui.router.errors import (
    CommandFailed,
    CommandTimeout,
    ConnectionDropped,
    ConnectTimeout,
    HopFailed,
    NotAllowed,
    Refused,
    RouterError,
    Unreachable,
)
from tui.router.follow_file import FileFollower
from tui.router.follow_journal import JournalFollower
from tui.router.log_commands import SOURCES, Position
from tui.router.log_events import (
    FollowEvent,
    LogChunk,
    LogGap,
    Reconnecting,
    Resumed,
    SourceMissing,
)

__all__ = [
    "Backoff",
    "FollowEvent",
    "LogChunk",
    "LogGap",
    "Reconnecting",
    "Resumed",
    "follow",
    "may_pass",
]

_WAITING_EVENTS = 64


class Backoff(msgspec.Struct, frozen=True):
    """How long to wait before opening a broken link again, in seconds."""

    first: float = 1.0
    longest: float = 30.0

    def wait(self, attempt: int) -> float:
        """Doubles with each attempt (from 1); up to a half is taken off at random, so that many
        consoles do not come back at the same moment."""
        # A random float is no secret here.
        spread = 1 - random.random() / 2  # noqa: S311
        return float(min(self.longest, self.first * 2 ** min(attempt - 1, 16))) * spread


async def follow(
    connection: RouterConnection,
    sources: Sequence[str],
    positions: Mapping[str, Position] | None = None,
    *,
    backlog_bytes: int = 65536,
    backlog_entries: int = 200,
    backoff: Backoff | None = None,
) -> AsyncGenerator[FollowEvent, None]:
    """Follow `sources` (names of `SOURCES`) until closed; a broken link is opened again.

    A source without a position starts `backlog_bytes` (the journal: `backlog_entries`) before its
    end. Raises the errors that waiting does not cure: host keys, logins, a wrong router. Close
    the generator (`aclosing`) to stop.
    """
    for name in sources:
        if name not in SOURCES:
            raise NotAllowed(f"{name!r} is not a log source", f"choose from {', '.join(SOURCES)}")
    queue: asyncio.Queue[FollowEvent | Exception] = asyncio.Queue(_WAITING_EVENTS)
    known = positions or {}
    followers: list[FileFollower | JournalFollower] = []
    for name in dict.fromkeys(sources):
        source, at = SOURCES[name], known.get(name, Position())
        if source.is_journal:
            followers.append(JournalFollower(source, at, backlog_entries, queue.put))
        else:
            followers.append(FileFollower(source, at, backlog_bytes, queue.put))
    runner = _Runner(connection, followers, queue, backoff or Backoff())
    task = asyncio.create_task(runner.run())
    try:
        while True:
            event = await queue.get()
            if isinstance(event, Exception):
                raise event
            if isinstance(event, LogChunk):
                runner.attempt = 0
            yield event
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Runner:
    """Keeps the followers of one router going."""

    def __init__(
        self,
        connection: RouterConnection,
        followers: list[FileFollower | JournalFollower],
        queue: asyncio.Queue[FollowEvent | Exception],
        backoff: Backoff,
    ) -> None:
        self.attempt = 0
        self._connection = connection
        self._followers = followers
        self._queue = queue
        self._backoff = backoff

    async def run(self) -> None:
        """Until cancelled, or until an error that waiting does not cure is in the queue."""
        try:
            await self._run()
        except Exception as error:
            # Whoever waits for the next event would wait for ever.
            await self._queue.put(error)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._connection.connect()
                if self.attempt:
                    await self._queue.put(Resumed())
                await self._follow_all()
            except RouterError as error:
                if not may_pass(error):
                    raise
                if loop.time() - began > self._backoff.longest:
                    self.attempt = 0
                self.attempt += 1
                wait = self._backoff.wait(self.attempt)
                await self._queue.put(Reconnecting(self.attempt, wait, error))
                await asyncio.sleep(wait)

    async def _follow_all(self) -> None:
        """Run all followers; the first link error ends them all and is raised alone."""
        tasks = [asyncio.create_task(self._one(follower)) for follower in self._followers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, follower: FileFollower | JournalFollower) -> None:
        """A command that fails is a matter of this source; the others go on."""
        attempt = 0
        while True:
            try:
                await follower.follow(self._connection)
            except (CommandFailed, CommandTimeout) as error:
                attempt += 1
                if attempt == 1:
                    await self._queue.put(SourceMissing(follower.name, error.what))
                await asyncio.sleep(self._backoff.wait(attempt))


def may_pass(error: RouterError) -> bool:
    """True if the same may work later."""
    if isinstance(error, HopFailed):
        return may_pass(error.reason)
    return isinstance(error, ConnectionDropped | ConnectTimeout | Refused | Unreachable)
