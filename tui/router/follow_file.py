"""Following one log file without losing or repeating a line.

A generation is one life of the file between two rotations, known by its first bytes: inode numbers
are used again. Within a generation the offset says all. When it has ended (renamed, or copied and
truncated) its rest is read from the rotated copy, then every newer generation in order.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import msgspec

from tui.router.connection import LogStream, RouterConnection
from tui.router.errors import CommandFailed, ConnectionDropped
from tui.router.log_commands import (
    LOG_FOLLOW,
    LOG_GENERATIONS,
    LOG_REST,
    LogSource,
    Position,
)
from tui.router.log_events import FollowEvent, LogBegan, LogChunk, LogGap, SourceMissing
from tui.safety.lines import LineCutter

Emit = Callable[[FollowEvent], Awaitable[None]]

_SETTLE_SECONDS: Final = 0.3
_MISSING_SECONDS: Final = 2.0


class Generation(msgspec.Struct, frozen=True):
    """One row of `LOG_GENERATIONS`."""

    suffix: str
    """Empty for the file itself, else `.1`, `.2.gz`…"""
    inode: int
    size: int
    """On disk: of a compressed copy this is not the number of its bytes."""
    asked_digest: str
    head: int
    digest: str

    @property
    def start(self) -> Position:
        """Its beginning."""
        return Position(inode=self.inode, offset=0, head=self.head, digest=self.digest)

    def holds(self, position: Position) -> bool:
        """True if `position` is in this generation."""
        # A copy may be shorter than what was read before its original was truncated.
        if not self.suffix and self.size < position.offset:
            return False
        if position.head:
            return self.asked_digest == position.digest
        return self.inode == position.inode


class FileFollower:
    """Follows `source` from `position`; `backlog` bytes before the end where that is fresh."""

    def __init__(self, source: LogSource, position: Position, backlog: int, emit: Emit) -> None:
        self.name = source.name
        self.position = position
        self._source = source
        self._backlog = backlog
        self._emit = emit
        self._cutter = LineCutter()
        self._partial_start = False
        self._doubtful: bytes | None = None
        """Bytes read after the last marker of a file that then was truncated."""
        self._missing = False

    async def follow(self, connection: RouterConnection) -> None:
        """Until the link breaks: raises `ConnectionDropped`, `LinkError` or `CommandFailed`."""
        self._restart_line()
        while True:
            rows = await self._generations(connection)
            current = rows[0] if rows and not rows[0].suffix else None
            if self.position.is_fresh:
                if current is None:
                    await self._wait_for_file()
                    continue
                await self._begin(current)
            elif not rows or not rows[-1].holds(self.position):
                await self._skip_gap(current)
                continue
            self._missing = False
            if rows[-1] is current:
                self._doubtful = None
                self._stay_in(current)
                await self._live(connection)
            else:
                await self._finish(connection, rows[-1], _next_written(rows))

    def _stay_in(self, current: Generation) -> None:
        """A file that was empty gets its fingerprint now; an inode may differ after a restore."""
        if self.position.head == 0:
            self.position = current.start
        self.position = msgspec.structs.replace(self.position, inode=current.inode)

    def _restart_line(self) -> None:
        self._cutter = LineCutter()
        if self._partial_start:
            self._cutter.skip_to_next_line()

    async def _begin(self, current: Generation) -> None:
        # One byte earlier, so that a line that begins exactly there is not thrown away.
        offset = max(0, current.size - self._backlog - 1)
        self.position = msgspec.structs.replace(current.start, offset=offset)
        self._partial_start = offset > 0
        self._restart_line()
        if current.size == 0:
            await self._emit(LogBegan(self._source.name, self.position))

    async def _wait_for_file(self) -> None:
        if not self._missing:
            self._missing = True
            reason = f"{self._source.path} is not there"
            await self._emit(SourceMissing(self._source.name, reason))
        # What appears now is new: all of it is wanted.
        self._backlog = 1 << 62
        await asyncio.sleep(_MISSING_SECONDS)

    async def _skip_gap(self, current: Generation | None) -> None:
        """The generation we were in is gone. What is there now is read from its beginning."""
        if current is None:
            await asyncio.sleep(_SETTLE_SECONDS)
            return
        reason = f"{self._source.path} was replaced and its older part is gone"
        await self._emit(LogGap(self._source.name, reason))
        self._start_generation(current)

    def _start_generation(self, row: Generation) -> None:
        self.position = row.start
        self._partial_start = False
        self._doubtful = None
        self._restart_line()

    async def _generations(self, connection: RouterConnection) -> list[Generation]:
        """Newest first, ending with the one of our position if it is found."""
        where = self.position
        rows = []
        async with connection.stream(LOG_GENERATIONS, *self._where(self._source.path)) as stream:
            raw = b"".join([portion async for portion in _portions(stream)])
        base = self._source.path.rpartition("/")[2]
        for line in raw.decode("utf-8", "replace").splitlines():
            words = line.split(" ")
            if len(words) != 6:
                raise CommandFailed(LOG_GENERATIONS.name, None, f"unreadable: {line!r}")
            name, inode, size, asked, head, digest = words
            suffix = name.removeprefix(base)
            rows.append(Generation(suffix, int(inode), int(size), asked, int(head), digest))
        return rows[:1] if where.is_fresh else rows

    def _where(self, path: str, *more: str) -> tuple[str, ...]:
        at = self.position
        return (path, str(at.inode), str(at.offset), str(at.head), at.digest or "-", *more)

    async def _live(self, connection: RouterConnection) -> None:
        """Read the file as it grows, until it has been rotated or truncated."""
        marker = secrets.token_hex(16)
        async with connection.stream(LOG_FOLLOW, *self._where(self._source.path, marker)) as stream:
            unproven: list[bytes] = []
            heard = False
            async for before, words in marked(stream, marker):
                unproven.append(before)
                if not words:
                    continue
                heard = True
                content = b"".join(unproven)
                unproven = []
                if words[0] == "=":
                    await self._hand_on(content, int(words[1]), int(words[2]), words[3])
                    continue
                await self._ended(words[0], content)
                return
            if not heard:
                raise CommandFailed(LOG_FOLLOW.name, None, await stream.complaint())
        raise ConnectionDropped(connection.target.name)

    async def _ended(self, how: str, content: bytes) -> None:
        """The generation is over, or was never the one we thought."""
        if how == "truncated":
            line = self._cutter.unfinished
            if line is not None and not self._cutter.is_skipping:
                self._doubtful = line + content
            self._restart_line()
        elif how == "rotated":
            await self._flush()
        else:
            await asyncio.sleep(_SETTLE_SECONDS)

    async def _hand_on(self, content: bytes, offset: int, head: int, digest: str) -> None:
        """`content` ends at `offset` and is proven."""
        begins = self.position
        if self._cutter.is_skipping:
            skipped = content.find(b"\n") + 1
            begins = msgspec.structs.replace(begins, offset=offset - len(content) + skipped)
        text = self._cutter.feed(content)
        if not self._cutter.is_skipping:
            self._partial_start = False
            offset -= self._cutter.pending
        at = self.position
        self.position = Position(at.inode, offset, head, digest if head else "")
        if text:
            await self._emit(LogChunk(self._source.name, self.position, text, begins))

    async def _finish(
        self, connection: RouterConnection, row: Generation, newer: Generation | None
    ) -> None:
        """Read the rest of a rotated generation, and step into the next one.

        A renamed file is final only when its successor has content.
        """
        rest = await self._read_rest(connection, row)
        if rest is None:
            await asyncio.sleep(_SETTLE_SECONDS)
            return
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is not None and doubtful.startswith(rest):
            # Lines written between the copying and the truncating are in no file: we have them.
            rest = doubtful
        self._restart_line()
        content_end = self.position.offset + len(rest)
        await self._hand_on(rest, content_end, self.position.head, self.position.digest)
        if newer is None or newer.head == 0:
            await asyncio.sleep(_SETTLE_SECONDS)
            return
        await self._flush()
        self._start_generation(newer)

    async def _flush(self) -> None:
        begins, pending = self.position, self._cutter.pending
        text = self._cutter.flush()
        if text:
            offset = self.position.offset + pending
            self.position = msgspec.structs.replace(self.position, offset=offset)
            await self._emit(LogChunk(self._source.name, self.position, text, begins))

    async def _read_rest(self, connection: RouterConnection, row: Generation) -> bytes | None:
        """What `row` has after our position, or None if it is not there any more."""
        marker = secrets.token_hex(16)
        path = f"{self._source.path}{row.suffix}"
        where = self._where(path, marker)
        where = (where[0], str(row.inode), *where[2:])
        async with connection.stream(LOG_REST, *where) as stream:
            portions = []
            async for before, words in marked(stream, marker):
                portions.append(before)
                if words:
                    return b"".join(portions) if words[0] == "end" else None
        raise ConnectionDropped(connection.target.name)


def _next_written(rows: list[Generation]) -> Generation | None:
    """The generation after the last of `rows`. A rotated one that is empty will stay so, and has no
    first bytes by which it could be known again: it is passed over."""
    for row in reversed(rows[:-1]):
        if row.head or not row.suffix:
            return row
    return None


async def _portions(stream: LogStream) -> AsyncIterator[bytes]:
    while portion := await stream.read():
        yield portion


async def marked(stream: LogStream, marker: str) -> AsyncIterator[tuple[bytes, list[str]]]:
    """Bytes up to a marker line with the words of that line, or bytes alone while it is not there.

    Bytes that may be the beginning of a marker are held back.
    """
    sign = marker.encode() + b" "
    held = b""
    async for portion in _portions(stream):
        # A flood is handed on as it came: copying it here would cost as much as decrypting it.
        held = held + portion if held else portion
        while (at := held.find(sign)) >= 0 and (end := held.find(b"\n", at)) >= 0:
            words = held[at + len(sign) : end].decode("ascii", "replace").split(" ")
            yield held[:at], words
            held = held[end + 1 :]
        keep = _begins(held, sign) if at < 0 else at
        if keep > 0:
            yield held[:keep], []
            held = held[keep:]


def _begins(content: bytes, sign: bytes) -> int:
    """Where `content` may begin with `sign`, which is not in it as a whole; its length if not."""
    at = max(0, len(content) - len(sign) + 1)
    while (at := content.find(sign[:1], at)) >= 0:
        if sign.startswith(content[at:]):
            return at
        at += 1
    return len(content)
