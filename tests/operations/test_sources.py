"""Editing sources against the embedded cloud, whose rules refuse as the server's do."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.firewalls import Gate
from tests.operations.test_in_the_lab import Bench
from tests.operations.worlds import ANYWHERE, OFFICE, events, told
from tests.vpn.test_moves import allowed
from tui.lab.lab import open_lab
from tui.operations.ledger import Ledger
from tui.operations.sources import EditSources
from tui.operations.steps import StepEvent
from tui.vpn.ports import IngressRule
from tui.vpn.slots import Slot, conflicting
from tui.vpn.sources import vpn_slots

IKE, NAT_T, L2TP = vpn_slots()
BRANCH = "192.0.2.0/24"
TEXTS = [
    ANYWHERE, "0.0.0.0/1", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/31", "10.0.0.0/32",
    "10.0.0.1/32", BRANCH, "192.0.2.7/32",
]  # fmt: skip


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with open_lab("contract", tmp_path, routers=False) as lab:
        gate = Gate(lab)
        try:
            yield gate
        finally:
            await gate.aclose()


def opened(*cidrs: str) -> list[IngressRule]:
    return [slot.rule("", cidrs) for slot in vpn_slots()]


async def test_narrowing_opens_before_it_closes(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    operation = EditSources(gate.client, await gate.wish(OFFICE, BRANCH))
    kinds = [step.call.command for step in operation.plan() if step.call]
    assert kinds == ["createFirewallRule"] * 3 + ["deleteFirewallRule"] * 3
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert reported[-1].says.startswith(f"IKE (UDP 500) from {BRANCH} and {OFFICE}; NAT-T")
    both = frozenset({OFFICE, BRANCH})
    assert await gate.texts() == {(500, both), (4500, both), (1701, both)}


async def test_a_source_that_stays_is_bridged(gate: Gate) -> None:
    gate.put(opened(OFFICE, BRANCH))
    operation = EditSources(gate.client, await gate.wish(OFFICE, slots=[IKE]))
    assert {event.state for event in await events(operation)} == {"done"}
    texts = await gate.texts()
    assert (500, frozenset({OFFICE})) in texts and len(texts) == 3


async def test_other_rules_stay(gate: Gate) -> None:
    wide = IngressRule("", "udp", 400, 600, ("10.0.0.0/8",))
    ssh = IngressRule("", "tcp", 22, 22, (ANYWHERE,))
    gate.put([*opened(ANYWHERE), wide, ssh])
    wish = await gate.wish(OFFICE)
    says = [finding.says for finding in wish.worked_out().findings]
    assert len(says) == 1 and "stays open from 10.0.0.0/8 through the rule UDP 400-600" in says[0]
    assert {event.state for event in await events(EditSources(gate.client, wish))} == {"done"}
    assert {(400, frozenset({"10.0.0.0/8"})), (22, frozenset({ANYWHERE}))} <= await gate.texts()


async def test_a_change_that_needs_a_gap_wants_it_allowed(gate: Gate) -> None:
    gate.put(opened("203.0.113.7/32", BRANCH))
    wish = await gate.wish("203.0.113.7/32")
    with pytest.raises(ValueError, match="findings"):
        EditSources(gate.client, wish)
    operation = EditSources(gate.client, await gate.wish("203.0.113.7/32", allow_gap=True))
    assert {event.state for event in await events(operation)} == {"done"}
    assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({"203.0.113.7/32"})}


async def test_a_router_that_refuses_leaves_the_old_rules(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    bench = Bench(gate.lab)
    await bench.fails_next("SetFirewallRulesCommand")
    reported = await events(EditSources(gate.client, await gate.wish(OFFICE)))
    await bench.aclose()
    assert reported[0].state == "failed"
    assert {event.state for event in reported[1:]} == {"skipped"}
    assert {(500, frozenset({ANYWHERE})), (4500, frozenset({ANYWHERE}))} <= await gate.texts()


async def test_somebody_else_changes_the_rules_meanwhile(gate: Gate) -> None:
    gate.put(opened(ANYWHERE))
    operation = EditSources(gate.client, await gate.wish(OFFICE))
    gate.put([*opened(OFFICE), IKE.rule("", ["10.9.9.9/32"])])
    reported = await events(operation)
    assert reported[-1].state == "failed"
    assert "IKE (UDP 500) from 10.9.9.9/32 is there too" in reported[-1].says
    assert told(reported)["new 1"] == "done!"


async def test_random_changes_are_never_refused(gate: Gate) -> None:
    """Plans run on the lab's own firewall code, each state looked at in between."""
    chance = random.Random(20261123)
    ran = 0
    for _ in range(60):
        rules: list[IngressRule] = []
        for number in range(chance.randint(0, 5)):
            slot = chance.choice([IKE, IKE, NAT_T, Slot("udp", 400, 600), Slot("udp", None, None)])
            cidrs = chance.sample(TEXTS, chance.randint(1, 3))
            rule = slot.rule(str(number), cidrs)
            if conflicting(rule, rules) is None:
                rules.append(rule)
        gate.put(rules)
        wish = await gate.wish(*chance.sample(TEXTS, chance.randint(1, 3)), slots=[IKE, NAT_T])
        if not wish.worked_out().can_run:
            continue
        ran += 1
        operation = EditSources(gate.client, wish)
        goal = allowed(operation.changes.after, only_active=True)
        start = allowed(wish.rules, only_active=True)
        async for event in operation.run():
            assert event.state in ("running", "done"), f"{wish}: {event.says}"
            now = allowed(await gate.rules(), only_active=True)
            assert start & goal <= now <= start | goal
        assert allowed(await gate.rules(), only_active=True) == goal
    assert ran > 25


async def test_a_run_that_was_killed_goes_on(gate: Gate) -> None:
    """After each event the process is gone; the next one is built from what was wanted."""
    gate.put(opened(OFFICE, BRANCH))
    wish = await gate.wish(OFFICE)
    whole = [event async for event in EditSources(gate.client, wish).run()]
    for stop_after in range(len(whole)):
        gate.put(opened(OFFICE, BRANCH))
        wish = await gate.wish(OFFICE)
        records: Ledger = Ledger()
        seen: list[StepEvent] = []
        first = EditSources(gate.client, wish)
        run = first.run(records)
        async for event in run:
            seen.append(event)
            if len(seen) > stop_after:
                break
        await run.aclose()  # type: ignore[attr-defined]
        again = [
            event async for event in EditSources(gate.client, wish).run(Ledger(records.records))
        ]
        assert {event.state for event in again} == {"running", "done"}
        assert {cidrs for _, cidrs in await gate.texts()} == {frozenset({OFFICE})}
        assert len(await gate.rules()) == 3
