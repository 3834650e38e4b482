"""What a log says before a position, over a real OpenSSH server and with real files."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.router.log_writer import LogWriter, Rotation
from tests.router.real_router import BEFORE, NEEDS_SSHD, log_in, real_router
from tui.router.connection import RouterConnection
from tui.router.follow import follow
from tui.router.history import earlier
from tui.router.log_commands import Position
from tui.router.log_events import LogChunk

pytestmark = NEEDS_SSHD


@pytest.fixture
async def router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RouterConnection]:
    async with real_router(tmp_path, monkeypatch) as connection:
        yield connection


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return log_in(tmp_path, monkeypatch)


def replace(log: Path, content: bytes) -> None:
    """Put another file in the place of the log."""
    log.unlink()
    log.write_bytes(content)


async def end_of(router: RouterConnection, backlog: int) -> LogChunk:
    """The last lines of the log, and where they begin."""
    async with contextlib.aclosing(follow(router, ["daemon"], backlog_bytes=backlog)) as events:
        event = await anext(events)
    assert isinstance(event, LogChunk)
    return event


async def back(router: RouterConnection, begins: Position, portion: int) -> tuple[list[bytes], str]:
    """All that is before `begins`, and why there is nothing more."""
    found: list[bytes] = []
    while True:
        part = await earlier(router, "daemon", begins, portion=portion)
        if not part.text:
            return found, part.why_none
        found = part.text.splitlines() + found
        begins = part.begins


@pytest.mark.parametrize("rotation", ["none", "rename", "compress", "copytruncate"])
async def test_all_that_was_written_is_found_once(
    router: RouterConnection, log: Path, rotation: Rotation
) -> None:
    """In portions that end anywhere, while the log is rotated once more in between."""
    writer = LogWriter(log, 2_000, rotation)
    await writer.run()
    async with asyncio.timeout(60):
        end = await end_of(router, 1000)
        first = await earlier(router, "daemon", end.begins, portion=5000)
        if rotation != "none":
            await writer.rotate_once()
        rest, why = await back(router, first.begins, 20_000)
    found = [*rest, *first.text.splitlines(), *end.lines]
    assert found == [BEFORE, *(writer.line(number) for number in range(writer.count))]
    assert "oldest line" in why
    assert writer.rotations >= (0 if rotation == "none" else 2)


async def test_a_line_that_is_longer_than_a_portion(router: RouterConnection, log: Path) -> None:
    long = b"y" * 50_000
    replace(log, BEFORE + b"\n" + long + b"\nlast\n")
    end = await end_of(router, 5)
    assert end.lines == [b"last"]
    found, _ = await back(router, end.begins, 1000)
    assert found == [BEFORE, long]


async def test_a_log_that_is_gone_is_told(router: RouterConnection, log: Path) -> None:
    replace(log, b"".join(b"line %d\n" % number for number in range(100)))
    end = await end_of(router, 50)
    replace(log, b"another file\n")
    found, why = await back(router, end.begins, 1000)
    assert found == [] and "gone" in why


async def test_a_whole_file_has_nothing_before_it(router: RouterConnection, log: Path) -> None:
    end = await end_of(router, 1 << 20)
    assert end.lines == [BEFORE]
    assert (await back(router, end.begins, 1000))[0] == []
