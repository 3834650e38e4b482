"""Following the lab router's logs: the lab does what the scripts do on a real one."""

import asyncio
import contextlib
import json
import random
from pathlib import Path

import asyncssh
import pytest

from tests.router.labs import connection_to, lab_of, router_state
from tui.lab.router.logfiles import RouterLogs
from tui.router.errors import ConnectionDropped, HostKeyUnknown, NotAllowed
from tui.router.follow import Backoff, follow
from tui.router.log_commands import JOURNAL_LAST, SOURCES, Position
from tui.router.log_events import LogChunk, LogGap, Reconnecting, SourceMissing

QUICK = Backoff(first=0.01, longest=0.05)
COUNT = 3_000


def numbered(number: int) -> bytes:
    return f"{number:06d} line".encode() + b" x" * (number % 40)


async def write_all(logs: RouterLogs, got: dict[str, list[bytes]]) -> None:
    """Write numbered lines to a renamed and a truncated file and to the journal.

    A file is rotated again only when what it held before the last rotation was read: a router
    rotates once an hour, and a reader that is further behind may rightly report a gap.
    """
    chance = random.Random(3)
    rotated = dict.fromkeys(("daemon", "cloud"), b"")

    async def rotate(source: str, number: int) -> None:
        while got[source][-1][:6] < rotated[source]:  # noqa: ASYNC110 - a list signals nothing
            await asyncio.sleep(0.005)
        logs.rotate(source)
        rotated[source] = b"%06d" % number
        await asyncio.sleep(0.02)

    for number in range(COUNT):
        logs.append("daemon", numbered(number) + b"\n")
        logs.append("cloud", numbered(number) + b"\n")
        logs.journal(1_800_000_000 + number, "pppd", 7, numbered(number).decode())
        if number % 20 == 0:
            await asyncio.sleep(0.002)
        for source in ("daemon", "cloud"):
            if chance.random() < 0.004:
                await rotate(source, number)


async def test_fifty_drops_lose_and_repeat_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    got: dict[str, list[bytes]] = {"daemon": [], "cloud": [], "journal": []}
    drops = 0
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")

        async def break_links() -> None:
            nonlocal drops
            while drops < 50:
                await asyncio.sleep(chance.uniform(0.005, 0.03))
                drops += lab.drop_connections("r-42-VM")

        first = {"daemon": Position(), "cloud": Position(), "journal": Position()}
        tasks: list[asyncio.Task[None]] = []
        async with (
            asyncio.timeout(60),
            contextlib.aclosing(follow(router, list(first), backoff=QUICK)) as events,
        ):
            async for event in events:
                assert not isinstance(event, LogGap | SourceMissing), event
                if isinstance(event, LogChunk):
                    got[event.source] += event.lines
                if not tasks and got["daemon"] and got["cloud"]:
                    tasks = [
                        asyncio.create_task(write_all(logs, got)),
                        asyncio.create_task(break_links()),
                    ]
                if all(task.done() for task in tasks) and all(
                    lines and numbered(COUNT - 1) in lines[-1] for lines in got.values()
                ):
                    break
        await asyncio.gather(*tasks)
    wanted = [numbered(number) for number in range(COUNT)]
    assert drops >= 50
    for source in ("daemon", "cloud"):
        start = got[source].index(wanted[0])
        assert got[source][start:] == wanted, source
    messages = [json.loads(line)["MESSAGE"].encode() for line in got["journal"]]
    assert messages == wanted


async def test_the_journal_goes_on_after_its_cursor(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        for number in range(10):
            logs.journal(1_800_000_000 + number, "pppd", 7, f"entry {number}")
        logs.journal(1_800_000_100, "ipsec", 7, "13[NET] a duplicate that is not asked for")
        seen: list[str] = []
        position = Position()
        for wanted in (3, 1):
            async with (
                asyncio.timeout(20),
                contextlib.aclosing(
                    follow(router, ["journal"], {"journal": position}, backlog_entries=3)
                ) as events,
            ):
                count = 0
                async for event in events:
                    assert isinstance(event, LogChunk)
                    position = event.position
                    seen += [json.loads(line)["MESSAGE"] for line in event.lines]
                    count += len(event.lines)
                    if count >= wanted:
                        break
            logs.journal(1_800_000_200, "xl2tpd", 8, "entry 10")
        assert seen == ["entry 7", "entry 8", "entry 9", "entry 10"]


async def test_a_short_backlog_begins_with_a_whole_line(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        for number in range(100):
            logs.append("messages", numbered(number) + b"\n")
        async with (
            asyncio.timeout(20),
            contextlib.aclosing(follow(router, ["messages"], backlog_bytes=500)) as events,
        ):
            event = await anext(events)
        assert isinstance(event, LogChunk) and len(event.text) <= 500
        assert event.lines == [numbered(number) for number in range(100)][-len(event.lines) :]


async def test_a_router_that_stops_and_starts(tmp_path: Path) -> None:
    state = router_state()
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        logs = lab.logs("r-42-VM")
        kinds: list[str] = []
        async with (
            asyncio.timeout(20),
            contextlib.aclosing(follow(router, ["auth"], backoff=QUICK)) as events,
        ):
            logs.append("auth", b"one\n")
            async for event in events:
                kinds.append(type(event).__name__)
                if kinds == ["LogChunk"]:
                    state.running = False
                    state.pushed("stop")
                elif isinstance(event, Reconnecting) and event.attempt == 3:
                    assert "refuses" in event.reason.what
                    state.running = True
                    state.pushed("start")
                    logs.append("auth", b"two\n")
                elif isinstance(event, LogChunk):
                    assert event.lines == [b"two"]
                    break
        assert kinds.count("Resumed") == 1 and kinds[-2:] == ["Resumed", "LogChunk"]


async def test_what_waiting_does_not_cure_is_raised(tmp_path: Path) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        router = connection_to(lab, known_hosts=str(tmp_path / "none"))
        with pytest.raises(HostKeyUnknown):
            async with contextlib.aclosing(follow(router, ["daemon"])) as events:
                await anext(events)
        with pytest.raises(NotAllowed, match="shadow"):
            await anext(follow(router, ["/etc/shadow"]))


def test_every_source_is_a_log() -> None:
    for source in SOURCES.values():
        assert source.is_journal or source.path.startswith("/var/log/")


@pytest.mark.parametrize("attempt", range(1, 40))
def test_waiting_doubles_up_to_its_limit(attempt: int) -> None:
    wait = Backoff().wait(attempt)
    full = min(30.0, 2.0 ** (attempt - 1))
    assert full / 2 <= wait <= full


async def test_a_link_that_ends_as_a_command_is_accepted_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The router says yes, the link ends, and only then does the waiting task hear of the yes."""
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        ask = asyncssh.SSHClientChannel._make_request
        cuts = 3

        async def cut_after(
            channel: asyncssh.SSHClientChannel[bytes], request: bytes, *values: bytes
        ) -> bool | None:
            nonlocal cuts
            accepted = await ask(channel, request, *values)
            if cuts and router.is_connected:
                cuts -= 1
                router.drop()
                for _ in range(3):
                    await asyncio.sleep(0)
            return accepted

        monkeypatch.setattr(asyncssh.SSHClientChannel, "_make_request", cut_after)
        lab.logs("r-42-VM").append("daemon", b"here\n")
        kinds: list[str] = []
        async with (
            asyncio.timeout(20),
            contextlib.aclosing(follow(router, ["daemon"], backoff=QUICK)) as events,
        ):
            async for event in events:
                kinds.append(type(event).__name__)
                if isinstance(event, LogChunk):
                    break
        assert kinds.count("Reconnecting") == 3 and set(kinds) == {
            "Reconnecting",
            "Resumed",
            "LogChunk",
        }


async def test_a_link_that_is_abandoned_is_no_end_of_a_command(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        with pytest.raises(ConnectionDropped):
            async with asyncio.timeout(10), router.stream(JOURNAL_LAST, "1") as stream:
                router.drop()
                while await stream.read():
                    pass


async def test_a_fault_of_our_own_is_raised_to_whoever_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        monkeypatch.setattr(router, "connect", fail)
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(10):
                await anext(follow(router, ["daemon"]))
