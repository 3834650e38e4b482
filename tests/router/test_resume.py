"""A link that breaks fifty times while ten thousand lines are written and their file is rotated."""

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from tests.router.labs import connection_to, lab_of, router_state
from tests.router.log_writer import LogWriter, Rotation
from tui.router.follow import Backoff, follow
from tui.router.log_events import LogChunk, LogGap, SourceMissing

QUICK = Backoff(first=0.01, longest=0.05)
LINES = 10_000
DROPS = 50
BEFORE = b"the line before"


@pytest.mark.parametrize("rotation", ["rename", "compress", "copytruncate"])
async def test_no_line_is_lost_and_none_comes_twice(tmp_path: Path, rotation: Rotation) -> None:
    chance = random.Random(11)
    got: list[bytes] = []
    drops = 0
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        logs.append("daemon", BEFORE + b"\n")
        writer = LogWriter(logs.path("daemon"), LINES, rotation)
        writer.read = lambda: len(got)
        writer.ring = lambda: logs.append("haproxy", b"")  # rings for every log of the router
        begun = False

        async def break_links() -> None:
            """The link breaks anywhere: while a portion is on its way, or is opened again."""
            nonlocal drops
            for number in range(DROPS):
                while len(got) < number * (LINES // (DROPS + 2)):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
                await asyncio.sleep(chance.uniform(0, 0.03))
                router.drop()
                drops += 1

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
                        del got[:-1]  # what the lab has written by itself
                        beside.create_task(writer.run())
                        beside.create_task(break_links())
                if got[-1:] == [writer.line(LINES - 1)]:
                    break
    assert got == [BEFORE, *(writer.line(number) for number in range(LINES))]
    assert drops == DROPS and writer.rotations >= 3


async def test_what_is_rotated_away_while_nobody_reads_is_told(tmp_path: Path) -> None:
    """More generations than the router keeps: the gap is said, and reading goes on."""
    got: list[bytes] = []
    gaps = 0
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        logs.append("daemon", BEFORE + b"\n")
        position = None
        async with asyncio.timeout(60), contextlib.aclosing(follow(router, ["daemon"])) as events:
            first = await anext(events)
            assert isinstance(first, LogChunk) and first.lines[-1] == BEFORE
            position = first.position
        for number in range(13):
            logs.append("daemon", b"generation %d\n" % number)
            logs.rotate("daemon")
        logs.append("daemon", b"newest\n")
        async with (
            asyncio.timeout(60),
            contextlib.aclosing(follow(router, ["daemon"], {"daemon": position})) as events,
        ):
            async for event in events:
                gaps += isinstance(event, LogGap)
                if isinstance(event, LogChunk):
                    got += event.lines
                    break
    assert gaps == 1 and got == [b"newest"]


async def test_a_log_that_was_rotated_while_it_was_empty(tmp_path: Path) -> None:
    """logrotate does that too; nothing is lost, nothing waits for what will never be written."""
    got: list[bytes] = []
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        logs.append("daemon", BEFORE + b"\n")
        async with (
            asyncio.timeout(60),
            contextlib.aclosing(follow(router, ["daemon"], backoff=QUICK)) as events,
        ):
            async for event in events:
                assert not isinstance(event, LogGap | SourceMissing), event
                if not isinstance(event, LogChunk):
                    continue
                got += event.lines
                if got[-1] == BEFORE:
                    router.drop()
                    logs.append("daemon", b"of the first\n")
                    for _ in range(3):
                        logs.rotate("daemon")
                    logs.append("daemon", b"of the last\n")
                elif got[-1] == b"of the last":
                    break
    assert got[-3:] == [BEFORE, b"of the first", b"of the last"]
