"""Changes that go back by themselves."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.operations.firewalls import Gate
from tests.operations.test_in_the_lab import Bench
from tests.operations.test_sources import BRANCH, opened
from tests.operations.worlds import ANYWHERE, OFFICE, events, told
from tui.lab.lab import open_lab
from tui.operations.ledger import Ledger
from tui.operations.steps import StepEvent
from tui.operations.timed import TimedSources, TimedWanted
from tui.vpn.sources import Mode


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with open_lab("contract", tmp_path, routers=False) as lab:
        gate = Gate(lab)
        try:
            yield gate
        finally:
            await gate.aclose()


async def timed(gate: Gate, *cidrs: str, seconds: float = 60, mode: Mode = "add") -> TimedWanted:
    return TimedWanted(change=await gate.wish(*cidrs, mode=mode), until=time.time() + seconds)


async def test_it_goes_back_when_the_time_has_come(gate: Gate) -> None:
    gate.put(opened(OFFICE))
    before = await gate.rules()
    reported = await events(TimedSources(gate.client, await timed(gate, BRANCH, seconds=0.3)))
    assert {event.state for event in reported} == {"done"}
    assert reported[-1].says.startswith(f"IKE (UDP 500) from {OFFICE}; ")
    # What was only added to is the very rule that it was.
    assert set(await gate.rules()) == set(before)


@pytest.mark.parametrize("kept", [True, False])
async def test_somebody_answers_before(gate: Gate, kept: bool) -> None:
    gate.put(opened(ANYWHERE))
    operation = TimedSources(gate.client, await timed(gate, OFFICE, mode="set"))
    reported = {}
    async for event in operation.run():
        reported[event.step.name] = event.state
        if event.step.name == "wait" and event.state == "running":
            assert 50 < operation.seconds_left <= 60 and operation.must_finish
            asyncio.get_running_loop().call_soon(operation.keep if kept else operation.stop)
    left = {cidrs for _, cidrs in await gate.texts()}
    assert left == {frozenset({OFFICE if kept else ANYWHERE})}
    assert operation.phase == ("kept" if kept else "returned") and not operation.must_finish
    assert (reported["delete new 1"] == "skipped") == kept
    assert operation.keep() is kept


async def test_a_change_that_fails_half_way_goes_back_at_once(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    bench = Bench(gate.lab)
    await bench.root.call(
        "configureSimulator", name="SetFirewallRulesCommand", value="result:fail", count="1"
    )
    operation = TimedSources(gate.client, await timed(gate, OFFICE, seconds=60, mode="set"))
    reported = told(await events(operation))
    await bench.aclose()
    assert reported["new 1"] == "failed" and reported["new 2"] == "skipped"
    assert reported["wait"] == "skipped"
    assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({ANYWHERE})}


async def test_a_console_that_is_killed_while_it_waits(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    wanted = await timed(gate, OFFICE, seconds=1.0, mode="set")
    ledger = Ledger()

    applied = asyncio.Event()

    async def first() -> None:
        async for event in TimedSources(gate.client, wanted).run(ledger):
            if event.step.name == "wait":
                applied.set()

    running = asyncio.create_task(first())
    async with asyncio.timeout(10):
        await applied.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    # Finding out what became of it does not wait, and puts nothing back.
    settle = TimedSources(gate.client, wanted)
    seen = [event.step.name async for event in settle.run(ledger, may_send=False)]
    assert seen[-1] == "wait"
    assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({OFFICE})}
    await asyncio.sleep(max(0.0, wanted.until - time.time()))
    began = time.monotonic()
    resumed = TimedSources(gate.client, wanted)
    assert {event.state async for event in resumed.run(ledger)} == {"running", "done"}
    assert time.monotonic() - began < 5
    assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({ANYWHERE})}


async def test_a_way_back_that_needs_a_gap_is_told_before(gate: Gate) -> None:
    gate.put(opened("203.0.113.7/32", BRANCH))
    wanted = await timed(gate, "203.0.113.7/32", OFFICE, mode="set")
    assert "gap" in [finding.code for finding in wanted.findings()]
    with pytest.raises(ValueError, match="findings"):
        TimedSources(gate.client, wanted)


async def test_one_that_was_killed_half_way_and_resumed_too_late(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    wanted = await timed(gate, OFFICE, seconds=60, mode="set")
    ledger = Ledger()
    run = TimedSources(gate.client, wanted).run(ledger)
    async for event in run:
        if event.state == "done":
            break
    await run.aclose()  # type: ignore[attr-defined]
    assert (500, frozenset({OFFICE})) in await gate.texts()
    late = msgspec.structs.replace(wanted, until=time.time() - 1)
    reported = told(await events_of(TimedSources(gate.client, late), ledger))
    assert (reported["new 1"], reported["new 2"]) == ("done", "skipped")
    assert reported["delete new 1"] == "done" and reported["delete new 2"] == "skipped"
    assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({ANYWHERE})}
    assert len(await gate.rules()) == 3


async def events_of(operation: TimedSources, ledger: Ledger) -> list[StepEvent]:
    """What a run that goes on reports, without the beginnings of steps."""
    return [event async for event in operation.run(ledger) if event.state != "running"]
