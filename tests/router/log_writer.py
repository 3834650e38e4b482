"""Writes numbered log lines and rotates their file as logrotate does on a router."""

import asyncio
import contextlib
import gzip
import os
import random
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Literal

Rotation = Literal["none", "rename", "compress", "copytruncate"]
"""`rename` leaves the newest copy plain until the next rotation, `compress` packs it at once, as
`copytruncate` does here."""


class LogWriter:
    """Appends `count` lines to `path`, rotating now and then."""

    def __init__(self, path: Path, count: int, rotation: Rotation, seed: int = 1) -> None:
        self.path = path
        self.count = count
        self.rotation = rotation
        self.rotations = 0
        self.finished = False
        self.read: Callable[[], int] | None = None
        """How many lines the reader has: the writer waits when it is far ahead, so that what
        happens to the reader is spread over all lines however slow the machine is."""
        self.ring: Callable[[], None] = lambda: None
        """Called after each write."""
        self._chance = random.Random(seed)

    def line(self, number: int) -> bytes:
        """Line `number`, without its line feed: unique in its first bytes, of varied length."""
        filler = b"x" * (number * 7919 % 120)
        return f"Nov 23 00:00:00 r-42-VM charon: {number:06d} ".encode() + filler

    async def run(self) -> None:
        """Write all lines, in bursts, with rotations in between."""
        file = FileIO(self.path, "ab")
        try:
            number = 0
            while number < self.count:
                burst = min(self._chance.randrange(1, 60), self.count - number)
                text = b"".join(self.line(number + i) + b"\n" for i in range(burst))
                cut = self._chance.randrange(len(text))  # lines also come in two pieces
                file.write(text[:cut])
                if self._chance.random() < 0.3:
                    self.ring()
                    await asyncio.sleep(0.001)
                file.write(text[cut:])
                self.ring()
                number += burst
                await asyncio.sleep(0.002)
                await self._wait_for_reader(number)
                if self.rotation != "none" and self._chance.random() < 0.02:
                    file, number = await self._rotate(file, number)
        finally:
            file.close()
            self.finished = True

    async def _wait_for_reader(self, number: int) -> None:
        while self.read is not None and self.read() < number - 400:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def rotate_once(self) -> None:
        """Rotate without writing."""
        file, _ = await self._rotate(FileIO(self.path, "ab"), self.count)
        file.close()

    async def _rotate(self, file: FileIO, number: int) -> tuple[FileIO, int]:
        self.rotations += 1
        self._shift()
        first = self.path.with_name(f"{self.path.name}.1")
        if self.rotation == "copytruncate":
            shutil.copyfile(self.path, first)
            await asyncio.sleep(0)
            os.truncate(self.path, 0)
        else:
            self.path.rename(first)
            self.path.touch()
            # rsyslog goes on writing to the old file until it is told.
            for _ in range(3):
                if number < self.count:
                    file.write(self.line(number) + b"\n")
                    number += 1
                    await asyncio.sleep(0.01)
            file.close()
            file = FileIO(self.path, "ab")
        if number < self.count:
            file.write(self.line(number) + b"\n")
            number += 1
        self.ring()
        await asyncio.sleep(0.05)
        if self.rotation != "rename":
            _compress(first)
        return file, number

    def _shift(self) -> None:
        for number in range(9, 0, -1):
            plain = self.path.with_name(f"{self.path.name}.{number}")
            older = self.path.with_name(f"{self.path.name}.{number + 1}")
            packed = plain.with_name(f"{plain.name}.gz")
            if packed.exists():
                packed.rename(older.with_name(f"{older.name}.gz"))
            elif plain.exists():
                plain.rename(older)
                if number == 1:
                    _compress(older)


def _compress(plain: Path) -> None:
    with plain.open("rb") as source, gzip.open(f"{plain}.gz", "wb") as target:
        shutil.copyfileobj(source, target)
    with contextlib.suppress(FileNotFoundError):
        plain.unlink()
