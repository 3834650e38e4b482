"""Following logs over a real OpenSSH server, with real files, rotation and broken links."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.router.log_writer import LogWriter, Rotation
from tests.router.real_router import BEFORE, NEEDS_SSHD, QUICK, log_in, real_router
from tui.router.connection import RouterConnection
from tui.router.follow import follow
from tui.router.log_commands import SOURCES, LogSource, Position
from tui.router.log_events import LogChunk, LogGap, Reconnecting, SourceMissing

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


def append(path: Path, content: bytes) -> None:
    """Write at the end of a log."""
    with path.open("ab") as file:
        file.write(content)


def remove(path: Path) -> None:
    """Take a log away."""
    path.unlink()


@pytest.mark.parametrize("rotation", ["none", "rename", "compress", "copytruncate"])
async def test_no_line_is_lost_or_repeated(
    router: RouterConnection, log: Path, rotation: Rotation
) -> None:
    """The link breaks often, at any moment; `test_resume` has more of it without a real sshd."""
    drops, lines = 12, 4_000
    chance = random.Random(7)
    got: list[bytes] = []
    writer = LogWriter(log, lines, rotation)
    writer.read = lambda: len(got)

    async def break_links() -> None:
        for number in range(drops):
            while len(got) < number * (lines // (drops + 2)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0, 0.1))
            router.drop()

    begun = False
    async with (
        asyncio.timeout(120),
        asyncio.TaskGroup() as beside,  # a writer that fails ends the reading
        contextlib.aclosing(follow(router, ["daemon"], backoff=QUICK)) as events,
    ):
        async for event in events:
            assert not isinstance(event, LogGap | SourceMissing), event
            if isinstance(event, LogChunk):
                got += event.lines
                if not begun:
                    begun = True
                    beside.create_task(writer.run())
                    beside.create_task(break_links())
            if got and got[-1] == writer.line(writer.count - 1):
                break
    assert got == [BEFORE, *(writer.line(number) for number in range(writer.count))]
    assert writer.rotations >= (0 if rotation == "none" else 2)


async def test_another_run_goes_on_where_the_last_one_stopped(
    router: RouterConnection, log: Path
) -> None:
    position: Position | None = None
    async with asyncio.timeout(20), contextlib.aclosing(follow(router, ["daemon"])) as events:
        async for event in events:
            assert isinstance(event, LogChunk) and event.lines == [BEFORE]
            position = event.position
            break
    assert position is not None
    # While nobody looks, the log is rotated twice: plain, then compressed.
    for number in range(2):
        append(log, b"written in generation %d\n" % number)
        await LogWriter(log, 0, "compress").rotate_once()
    append(log, b"written now\n")
    got: list[bytes] = []
    async with (
        asyncio.timeout(20),
        contextlib.aclosing(follow(router, ["daemon"], {"daemon": position})) as events,
    ):
        async for event in events:
            assert isinstance(event, LogChunk), event
            got += event.lines
            if len(got) == 3:
                break
    assert got == [b"written in generation 0", b"written in generation 1", b"written now"]


async def test_hostile_lines_pass_as_they_are(router: RouterConnection, log: Path) -> None:
    evil = [b"\xff\xfe\x00nul and bad utf-8", b"\x1b]52;c;aGk=\x07", b"y" * 1_000_000, b"", b"end"]
    got: list[bytes] = []
    async with asyncio.timeout(20), contextlib.aclosing(follow(router, ["daemon"])) as events:
        async for event in events:
            assert isinstance(event, LogChunk)
            if not got:
                append(log, b"".join(line + b"\n" for line in evil))
            got += event.lines
            if got[-1] == b"end":
                break
    assert got[1:3] == evil[:2]
    assert got[3] == b"y" * 65536 + "…[+934464 bytes]".encode()
    assert got[4:] == evil[3:]


async def test_a_file_that_appears_later_and_one_that_never_does(
    router: RouterConnection, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.router.follow_file._MISSING_SECONDS", 0.05)
    monkeypatch.setitem(SOURCES, "auth", LogSource("auth", str(log.parent / "never.log")))
    remove(log)
    missing: set[str] = set()
    got: list[bytes] = []
    sources = ["daemon", "auth"]
    async with asyncio.timeout(20), contextlib.aclosing(follow(router, sources)) as events:
        async for event in events:
            if isinstance(event, SourceMissing):
                missing.add(event.source)
                if missing == set(sources):
                    append(log, b"first\nsecond\n")
            elif isinstance(event, LogChunk):
                got += event.lines
                if len(got) == 2:
                    break
    assert missing == set(sources) and got == [b"first", b"second"]


async def test_a_log_that_was_replaced_is_told(router: RouterConnection, log: Path) -> None:
    gap = False
    async with asyncio.timeout(20), contextlib.aclosing(follow(router, ["daemon"])) as events:
        async for event in events:
            if isinstance(event, LogChunk) and event.lines == [BEFORE]:
                remove(log)
                append(log, b"new\n")
            gap = gap or isinstance(event, LogGap)
            if isinstance(event, LogChunk) and event.lines == [b"new"]:
                break
    assert gap


async def test_the_link_that_is_gone_is_told(router: RouterConnection, log: Path) -> None:
    async with (
        asyncio.timeout(20),
        contextlib.aclosing(follow(router, ["daemon"], backoff=QUICK)) as events,
    ):
        kinds: list[str] = []
        async for event in events:
            kinds.append(type(event).__name__)
            if len(kinds) == 1:
                router.drop()
            if isinstance(event, Reconnecting):
                assert event.attempt == 1 and event.wait <= 0.02
            if kinds[-1] == "Resumed":
                break
    assert kinds == ["LogChunk", "Reconnecting", "Resumed"]


async def test_nothing_is_left_running(router: RouterConnection, log: Path) -> None:
    async with asyncio.timeout(20), contextlib.aclosing(follow(router, ["daemon"])) as events:
        await anext(events)
    await router.aclose()
    for _ in range(150):
        listing = await asyncio.create_subprocess_exec(
            "pgrep", "-f", f"csvpn-follow {log}", stdout=asyncio.subprocess.PIPE
        )
        found, _ = await listing.communicate()
        if not found:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"still running: {found.decode()}")
