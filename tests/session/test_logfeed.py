"""Several routers in one feed: each goes on by itself, and none hides what another says."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.consoles import lab_path, lab_session
from tests.screens.stage import quick_lab, quiet_routers
from tui.lab.lab import Lab
from tui.lab.router.logfiles import RouterLogs
from tui.logs.line import LogLine
from tui.logs.store import LogStore
from tui.router.commands import DATE
from tui.router.connection import RouterConnection, host_keys_of
from tui.router.errors import HostKeyUnknown
from tui.router.follow import Backoff
from tui.session.inventory import Kind
from tui.session.logfeed import (
    ClockOffset,
    FeedEvent,
    LinesArrived,
    LinkNews,
    LogFeed,
    RouterFailed,
)
from tui.session.session import Session

OFFICE, LABS = "r-47-VM", "r-48-VM"


@pytest.fixture
async def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    """A lab on whose routers nothing happens by itself."""
    quiet_routers(monkeypatch)
    monkeypatch.setattr("tui.router.follow.Backoff", lambda: Backoff(first=0.01, longest=0.05))
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab


@asynccontextmanager
async def feed_of(
    lab: Lab, names: Sequence[str], sources: Sequence[str] = ("auth",), **profile: object
) -> AsyncIterator[LogFeed]:
    session: Session = lab_session(lab, **profile)  # type: ignore[arg-type]
    await session.inventory.refresh([Kind.ROUTERS])
    rows = {router.name: router for router in session.inventory.routers.rows.values()}
    try:
        yield LogFeed(session, [(rows[name], sources) for name in names])
    finally:
        await session.aclose()


def logs_of(lab: Lab, router: str = OFFICE) -> RouterLogs:
    assert lab.routers is not None
    return lab.routers.logs(router)


def write(lab: Lab, router: str, text: str, when: float | None = None) -> None:
    logs_of(lab, router).syslog("auth", when or time.time(), "test", 7, text)


def texts(event: FeedEvent) -> list[str]:
    """What the test has written; the story of the lab has written before."""
    lines = event.lines if isinstance(event, LinesArrived) else ()
    return [line.text for line in lines if line.tag == "test"]


def written(store: LogStore) -> list[LogLine]:
    return [kept.line for kept in store if kept.line.tag == "test"]


async def taken(
    events: AsyncGenerator[FeedEvent, None], wanted: int, into: list[FeedEvent]
) -> list[str]:
    """Take events until `wanted` lines have come; their texts."""
    found: list[str] = []
    while len(found) < wanted:
        event = await anext(events)
        into.append(event)
        found += texts(event)
    return found


async def test_lines_say_which_router_they_are_of(lab: Lab) -> None:
    write(lab, OFFICE, "one")
    write(lab, LABS, "two")
    seen: list[FeedEvent] = []
    async with feed_of(lab, [OFFICE, LABS]) as feed, aclosing(feed.events()) as events:
        assert sorted(await taken(events, 2, seen)) == ["one", "two"]
        write(lab, LABS, "three")
        assert await taken(events, 1, seen) == ["three"]
    arrived = [event for event in seen if isinstance(event, LinesArrived)]
    told = {(event.router, text) for event in arrived for text in texts(event)}
    assert told == {(OFFICE, "one"), (LABS, "two"), (LABS, "three")}
    assert {event.router for event in seen if isinstance(event, LinkNews)} == {OFFICE, LABS}
    offsets = [event for event in seen if isinstance(event, ClockOffset)]
    assert {event.router for event in offsets} == {OFFICE, LABS}
    assert all(event.seconds == 0 for event in offsets)
    before, after = (event.block for event in arrived if event.router == LABS)
    assert (before.first, after.first) == (1, 1 + len(before.lines))


async def test_started_again_it_goes_on_with_what_was_not_taken(lab: Lab) -> None:
    async with feed_of(lab, [OFFICE, LABS]) as feed:
        seen: list[FeedEvent] = []
        for first in range(0, 60, 3):
            for number in range(first, first + 3):
                write(lab, OFFICE, f"line {number}")
                write(lab, LABS, f"line {number}")
            async with aclosing(feed.events()) as events:
                await taken(events, 1, seen)
        async with aclosing(feed.events()) as events:
            while sum(len(texts(event)) for event in seen) < 120:
                seen.append(await anext(events))
    for router in (OFFICE, LABS):
        arrived = [e for e in seen if isinstance(e, LinesArrived) and e.router == router]
        assert [text for e in arrived for text in texts(e)] == [f"line {n}" for n in range(60)]
        numbers = [e.block.first + n for e in arrived for n in range(len(e.lines))]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_one_router_that_fails_does_not_stop_the_others(lab: Lab, tmp_path: Path) -> None:
    """Its reason is told; once its key is accepted it is followed like the others."""
    assert lab.routers is not None
    known = tmp_path / "known_hosts"
    every = lab.routers.known_hosts.read_text().splitlines()
    (office,) = [end for end in lab.routers.endpoints if end.name == OFFICE]
    (of_office,) = [line for line in every if f":{office.port}," in line]
    known.write_text(f"{of_office}\n")
    write(lab, OFFICE, "from the office")
    write(lab, LABS, "from the lab")
    seen: list[FeedEvent] = []
    zones = {"*": lab_path(lab, str(known))}
    async with (
        feed_of(lab, [OFFICE, LABS], zones=zones) as feed,
        aclosing(feed.events()) as events,
    ):
        failed = None
        lines: list[str] = []
        while failed is None or not lines:
            event = await anext(events)
            lines += texts(event)
            if isinstance(event, RouterFailed):
                failed = event
        assert lines == ["from the office"] and failed.router.name == LABS
        assert isinstance(failed.error, HostKeyUnknown)
        host_keys_of(zones["*"]).learn(failed.error)
        feed.retry(failed.router)
        feed.retry(failed.router)
        assert await taken(events, 1, seen) == ["from the lab"]


async def test_when_all_have_failed_it_ends(lab: Lab, tmp_path: Path) -> None:
    zones = {"*": lab_path(lab, str(tmp_path / "nobody"))}
    async with feed_of(lab, [OFFICE, LABS], zones=zones) as feed:
        events = [event async for event in feed.events()]
        failed = {event.router.name for event in events if isinstance(event, RouterFailed)}
        assert failed == {OFFICE, LABS}
        again = [event async for event in feed.events()]
        assert sum(isinstance(event, RouterFailed) for event in again) == 2
    async with feed_of(lab, [OFFICE], zones={}) as feed:
        last = [event async for event in feed.events()][-1]
        assert isinstance(last, RouterFailed) and "does not say how to reach" in last.error.what


async def test_a_fault_of_our_own_is_not_taken_for_the_end(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(RouterConnection, "run", fail)
    async with feed_of(lab, [OFFICE, LABS]) as feed:
        with pytest.raises(ZeroDivisionError):
            async for _ in feed.events():
                pass


async def test_the_clock_of_a_router_is_compared(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is an hour ahead is told once, and its lines stand where they belong."""
    real = RouterConnection.run
    ahead = 3600.0

    async def run(self: RouterConnection, command: Any) -> Any:
        told = await real(self, command)
        return told + ahead if command is DATE and self.target.name == LABS else told

    monkeypatch.setattr(RouterConnection, "run", run)
    now = time.time()
    write(lab, OFFICE, "first", now - 30)
    write(lab, LABS, "second", now - 20 + ahead)
    write(lab, OFFICE, "third", now - 10)
    store = LogStore()
    offsets: dict[str, list[float]] = {OFFICE: [], LABS: []}
    async with feed_of(lab, [OFFICE, LABS]) as feed, aclosing(feed.events()) as events:
        resumed = False
        while len(written(store)) < 4:
            event = await anext(events)
            if isinstance(event, ClockOffset):
                offsets[event.router].append(event.seconds)
            elif isinstance(event, LinesArrived):
                store.add(event.block)
            elif isinstance(event, LinkNews) and "link is back" in event.says:
                write(lab, LABS, "fourth", time.time() + ahead)
            if len(written(store)) == 3 and not resumed and lab.routers is not None:
                resumed = True
                ahead += 7200
                lab.routers.drop_connections(LABS)
    lines = written(store)
    assert [line.text for line in lines] == ["first", "second", "third", "fourth"]
    assert offsets[OFFICE] == [0.0]
    assert offsets[LABS] == pytest.approx([3600, 10_800], abs=1)
    moment = lines[1].time
    assert moment is not None and moment.timestamp() == pytest.approx(now - 20, abs=2)


async def test_a_link_that_breaks_is_told_and_comes_back(lab: Lab) -> None:
    write(lab, OFFICE, "before")
    says: list[str] = []
    async with feed_of(lab, [OFFICE]) as feed, aclosing(feed.events()) as events:
        await taken(events, 1, [])
        assert lab.routers is not None
        lab.routers.drop_connections(OFFICE)
        while "link is back; no line lost or repeated" not in says:
            event = await anext(events)
            if isinstance(event, LinkNews):
                says.append(event.says)
        write(lab, OFFICE, "after")
        assert await taken(events, 1, []) == ["after"]
    assert says[0].startswith("no link: ")


async def test_a_router_that_is_down_is_told_at_once(lab: Lab) -> None:
    assert lab.routers is not None
    (end,) = [end for end in lab.routers.endpoints if end.name == OFFICE]
    elsewhere = {"*": lab_path(lab)}
    elsewhere["*"].addresses[end.name] = f"{end.host}:1"
    async with feed_of(lab, [OFFICE], zones=elsewhere) as feed, aclosing(feed.events()) as events:
        news = [await anext(events) for _ in range(3)]
    told = [event.says for event in news if isinstance(event, LinkNews) and not event.good]
    assert len(told) == 2 and all("refuses the connection" in says for says in told)


async def test_what_was_before_the_start_adjoins_exactly(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over rotated and compressed generations, and in the journal, back to the oldest line."""
    monkeypatch.setattr("tui.router.history.PORTION", 3000)
    monkeypatch.setattr("tui.router.history._ENTRIES", 20)
    logs = logs_of(lab)
    for number in range(600):
        when = 1_795_000_000 + number // 7
        logs.syslog("messages", when, "test", 7, f"line {number:04d}")
        logs.journal(when, "pppd", 7, f"entry {number:04d}")
        if number in (150, 300, 420):
            logs.rotate("messages")
    store = LogStore()
    async with feed_of(lab, [OFFICE], ("messages", "journal")) as feed:
        (router,) = feed.routers
        assert (await feed.earlier(router, "messages")).block is None
        async with aclosing(feed.events()) as events:
            heard: set[str] = set()
            while heard != {"messages", "journal"}:
                event = await anext(events)
                if isinstance(event, LinesArrived):
                    heard.add(event.block.origin.source)
                    store.add(event.block)
        why = []
        for source in ("messages", "journal"):
            while True:
                found = await feed.earlier(router, source)
                if found.block is None:
                    why.append(found.why_none)
                    break
                store.add_earlier(found.block)
    for source, tag, word in (("messages", "test", "line"), ("journal", "pppd", "entry")):
        kept = [each for each in store if each.origin.source == source]
        numbers = [each.number for each in kept]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        texts = [each.line.text for each in kept if each.line.tag == tag]
        assert [t for t in texts if t.startswith(word)] == [f"{word} {n:04d}" for n in range(600)]
    assert "oldest line" in why[0] and "oldest entry" in why[1]
