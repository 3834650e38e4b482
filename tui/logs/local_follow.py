"""Following logs on this machine: files that grow and are rotated, and standard input.

A generation is known by its first bytes, as on a router (`tui.router.follow_file`); here its file
stays open, so that what is written to a renamed one is read too.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from tui.logs.files import LocalLog, LogFileProblem
from tui.logs.merge import LogBlock, Origin
from tui.safety.lines import LineCutter

PULSE_SECONDS: Final = 0.25
_PORTION: Final = 1024 * 1024
_HEAD: Final = 256
_SETTLED: Final = 2
"""Looks at a renamed file that bring nothing more before the next one is read: syslog goes on
writing to it until it is told."""


class LocalGap(LogFileProblem):
    """Lines are lost at this place; reading goes on."""


async def follow_local(log: LocalLog) -> AsyncGenerator[LogBlock | LocalGap, None]:
    """Lines of `log` that are written from now on, until closed; of standard input all, until its
    end. Raises `LogFileProblem` when the file cannot be opened."""
    first = 1
    pieces = _of_input() if log.is_input else _OpenLog(log.generations[-1]).pieces()
    async for piece in pieces:
        if isinstance(piece, LocalGap):
            yield piece
            continue
        origin = Origin(log.router, log.source, datetime.now(UTC), log.clock)
        yield LogBlock(origin, piece, first)
        first += piece.count(b"\n")


async def _of_input() -> AsyncGenerator[bytes | LocalGap, None]:
    cutter = LineCutter()
    while content := await asyncio.to_thread(os.read, sys.stdin.fileno(), _PORTION):
        text = cutter.feed(content)
        if text:
            yield text
    text = cutter.flush()
    if text:
        yield text


class _OpenLog:
    """A file that is followed over its rotations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._opened(path)
        self._file.seek(0, os.SEEK_END)
        self._head = self._beginning()
        self._cutter = LineCutter()

    def _opened(self, path: Path) -> BinaryIO:
        try:
            return path.open("rb", buffering=0)
        except OSError as error:
            raise LogFileProblem(
                f"{path} cannot be read: {error.strerror}", "check the path and its permissions"
            ) from error

    def _beginning(self) -> bytes:
        return os.pread(self._file.fileno(), _HEAD, 0)

    async def pieces(self) -> AsyncGenerator[bytes | LocalGap, None]:
        """Complete lines as they are written, and gaps."""
        try:
            quiet = 0
            while True:
                text = b""
                truncated = self._is_truncated()
                if not truncated:
                    content = self._file.read(_PORTION)
                    quiet = 0 if content else quiet + 1
                    text = self._cutter.feed(content)
                    self._note_head()
                elif (rest := self._rest_of_copy()) is None:
                    yield LocalGap(f"{self._path} was cut off", "lines before this may be lost")
                else:
                    text = self._cutter.feed(rest) + self._cutter.flush()
                if text:
                    yield text
                if truncated:
                    self._file.seek(0)
                    self._head = b""
                elif quiet:
                    if quiet > _SETTLED and self._is_renamed():
                        last = self._cutter.flush()
                        if last:
                            yield last
                        self._file.close()
                        self._file = self._opened(self._path)
                        self._head = b""
                    else:
                        await asyncio.sleep(PULSE_SECONDS)
        finally:
            self._file.close()

    def _note_head(self) -> None:
        if len(self._head) < _HEAD and len(self._head) < self._file.tell():
            self._head = self._beginning()[: self._file.tell()]

    def _is_truncated(self) -> bool:
        size = os.fstat(self._file.fileno()).st_size
        return size < self._file.tell() or self._beginning()[: len(self._head)] != self._head

    def _rest_of_copy(self) -> bytes | None:
        """What the copy that was made before truncating has after our place; None without one."""
        copy = self._path.with_name(f"{self._path.name}.1")
        try:
            with copy.open("rb") as file:
                if file.read(len(self._head)) != self._head:
                    return None
                file.seek(self._file.tell())
                return file.read()
        except OSError:
            return None

    def _is_renamed(self) -> bool:
        """True if another file with content stands in its place."""
        try:
            status = self._path.stat()
        except OSError:
            return False
        mine = os.fstat(self._file.fileno())
        return (status.st_ino, status.st_dev) != (mine.st_ino, mine.st_dev) and status.st_size > 0
