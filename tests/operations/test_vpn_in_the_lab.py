"""Rotate, change the range, repair, restart and clean up in the lab: the cloud and its routers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.consoles import lab_session
from tests.operations.worlds import events, told
from tui.cloud.listings import FIREWALL_RULES, VPN_USERS, VPNS
from tui.lab.lab import Lab, open_lab
from tui.lab.state import LabSession, RouterState
from tui.operations.change_range import ChangeRange
from tui.operations.clean_up import CleanUp, clean_up_plan
from tui.operations.disable import DisableVpn
from tui.operations.reach import Reach
from tui.operations.repair import RepairVpn
from tui.operations.restart import Restart, RestartPlan, Way
from tui.operations.rotate import RotateKey
from tui.operations.steps import Operation
from tui.safety.audit import AuditTrail, AuditUnwritable
from tui.session import verifying
from tui.session.disabling import disabling
from tui.session.inventory import Kind
from tui.session.key_ages import KeyAges
from tui.session.reaching import reaching
from tui.session.remaking import judge_range, look_before, plan_of
from tui.session.repairing import examine, repair_plan
from tui.session.restarting import restart_plan
from tui.session.session import Session
from tui.session.verifying import verifier
from tui.session.views import NetworkRow, network_rows
from tui.vpn.psk_policy import TAG
from tui.vpn.ranges import parse_range

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab("demo", tmp_path, speed=50.0, story=False) as opened:
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's daemons come up at once, so nobody has to wait for them."""
    monkeypatch.setattr(verifying, "PATIENCE", 2.0)


@pytest.fixture
async def session(lab: Lab) -> AsyncIterator[Session]:
    opened = lab_session(lab)
    await opened.open(["listRouters"])
    try:
        yield opened
    finally:
        await opened.aclose()


async def row_of(session: Session, name: str) -> NetworkRow:
    await session.inventory.refresh(kind for kind in Kind if session.may_list(kind))
    return next(row for row in network_rows(session.inventory) if row.name == name)


def state_of(lab: Lab, name: str) -> RouterState:
    return next(each for each in lab.cloud.routers.states.values() if each.name == name)


async def fails_next(session: Session, command: str) -> None:
    await session.client.call("configureSimulator", name=command, value="result:fail", count="1")


async def rotation(
    session: Session, name: str, kind: type[RotateKey | ChangeRange] = RotateKey, text: str = ""
) -> RotateKey | ChangeRange:
    found = await look_before(session, (await row_of(session, name)).key)
    assert found is not None and not found.reason
    wanted = parse_range(text) if text else None
    plan = plan_of(
        session, found, TODAY, new_range=wanted, restart_xl2tpd=bool(text), restart_ipsec=False
    )
    verify = verifier(session, found.row.key)
    return kind(session.client, plan, verify=verify, reach=reaching(session))


async def test_rotate_on_a_redundant_pair(lab: Lab, session: Session) -> None:
    operation = await rotation(session, "umbrella-ha")
    before = operation.wanted.key_before
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    result = operation.result
    assert result is not None and result.preshared_key is not None
    assert result.preshared_key.sha256() != before
    assert str(result.client_range) == "10.3.7.1-10.3.7.8"
    says = next(event.says for event in reported if event.step.name == "router")
    assert "r-56-VM: IKE listens" in says and "r-57-VM (stands by): pre-shared key match" in says
    users = await session.client.fetch(VPN_USERS, listall="true")
    mine = [user for user in users if user.owner == "umbrella"]
    assert len(mine) == 8 and {user.state for user in mine} == {"Active"}
    row = await row_of(session, "umbrella-ha")
    assert row.address is not None
    assert {tag.key: tag.value for tag in row.address.tags} == {TAG: TODAY.isoformat()}
    ages = KeyAges(session)
    age = ages.age(row.address)
    assert (age.state, age.days, age.source) == ("fresh", 0, "tag")

    # Once more on the same day: the tag is there already.
    again = await events(await rotation(session, "umbrella-ha"))
    assert told(again)["tag off"] == "done" and told(again)["tag"] == "done"


async def test_narrow_rules_survive_a_rotation(lab: Lab, session: Session) -> None:
    """acme-lab has IKE open only; nothing else may be open afterwards."""
    row = await row_of(session, "acme-lab")
    assert row.address is not None
    reported = await events(await rotation(session, "acme-lab"))
    assert told(reported)["keep 500 0.0.0.0/0"] == "done"
    rules = await session.client.fetch(FIREWALL_RULES, ipaddressid=row.address.id, listall="true")
    assert [(rule.start_port, rule.cidr_list) for rule in rules] == [(500, "0.0.0.0/0")]
    assert told(reported)["router"] == "failed"  # the gate was closed before, and is closed still


async def test_a_creation_that_the_router_refuses_is_finished_from_the_ledger(
    lab: Lab, session: Session
) -> None:
    operation = await rotation(session, "acme-office")
    run = operation.run()
    seen: list[str] = []
    async for event in run:
        if event.state == "running" and event.step.name == "vpn":
            await fails_next(session, "RemoteAccessVpnCfgCommand")
        if event.state != "running":
            seen.append(f"{event.step.name} {event.state}")
    assert "vpn failed" in seen and operation.must_finish.startswith("THE VPN IS DOWN")
    assert (
        await session.client.fetch(VPNS, publicipid=operation.wanted.address_id, listall="true")
        == []
    )

    reach = Reach(client=session.client, verifier=lambda key: verifier(session, key))
    again = RotateKey.rebuild(operation.wanted, reach)
    reported = [e async for e in again.run(operation.ledger) if e.state != "running"]
    assert "failed" not in {e.state for e in reported if e.step.name != "router"}
    assert again.must_finish == "" and again.result is not None
    (listed,) = await session.client.fetch(
        VPNS, publicipid=operation.wanted.address_id, listall="true"
    )
    assert listed.preshared_key is not None
    assert listed.preshared_key.sha256() != operation.wanted.key_before


async def test_another_range_is_loaded_by_a_restart_of_xl2tpd(lab: Lab, session: Session) -> None:
    operation = await rotation(session, "umbrella-ha", ChangeRange, "10.77.0.1-10.77.0.30")
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert "restart_xl2tpd r-56-VM" in told(reported)
    assert "restart_xl2tpd r-57-VM" not in told(reported)
    assert state_of(lab, "r-56-VM").loaded_pool == "10.77.0.2-10.77.0.30"
    says = next(event.says for event in reported if event.step.name == "router")
    assert "range 10.77.0.2-10.77.0.30 loaded" in says
    assert "range 10.77.0.2-10.77.0.30 ready for when it takes over" in says


async def test_without_the_restart_the_old_range_stays_loaded(lab: Lab, session: Session) -> None:
    found = await look_before(session, (await row_of(session, "umbrella-ha")).key)
    assert found is not None
    wanted = parse_range("10.77.0.1-10.77.0.30")
    plan = plan_of(session, found, TODAY, new_range=wanted)
    operation = ChangeRange(session.client, plan, verify=verifier(session, found.row.key))
    await asyncio.sleep(2.1)  # a file that is a moment newer than its daemon is no sign
    for state in lab.cloud.routers.states.values():
        state.started -= 60
    reported = await events(operation)
    assert state_of(lab, "r-56-VM").loaded_pool == "10.3.7.2-10.3.7.8"
    assert told(reported)["router"] == "failed"


async def test_ranges_are_judged_before(session: Session) -> None:
    found = await look_before(session, (await row_of(session, "acme-office")).key)
    assert found is not None
    assert judge_range(session, found, "10.66.0.1-10.66.0.20").usable
    for text, code in (
        ("10.1.2.1-10.1.2.8", "range-same"),
        ("10.2.1.5-10.2.1.9", "range-overlap"),
        ("8.8.8.1-8.8.8.9", "range-public"),
        ("nonsense", "range-form"),
    ):
        wish = judge_range(session, found, text)
        assert not wish.usable and code in {each.code for each in wish.findings}
    half = await look_before(session, (await row_of(session, "globex-core")).key)
    assert half is not None and "no VPN that runs" in half.reason


async def test_disable_says_what_is_left_and_cleaning_takes_it(lab: Lab, session: Session) -> None:
    state = state_of(lab, "r-47-VM")
    state.sessions.append(
        LabSession("alice", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, state.started)
    )
    row = await row_of(session, "acme-office")
    plan = await disabling(session, row)
    assert plan is not None and plan.names == ("alice",)
    operation = DisableVpn(session.client, plan, reach=reaching(session))
    reported = await events(operation)
    left = next(event for event in reported if event.step.name == "left")
    assert left.warning
    for part in ("alice is still connected", "xl2tpd and strongSwan go on", "old pre-shared key"):
        assert part in left.says
    cleaning = clean_up_plan(plan.place, plan.address_id, plan.public_ip, operation.left)
    assert not cleaning.empty and cleaning.sessions == ()
    after = CleanUp(session.client, cleaning, reach=reaching(session))
    reported = await events(after)
    assert {event.state for event in reported} == {"done"}
    assert not state.charon_running and not state.xl2tpd_running and state.sessions == []
    assert after.left[0].left is not None and not after.left[0].left.has_key
    trail = (session.state / "audit.jsonl").read_text()
    recorded = [msgspec.json.decode(line) for line in trail.splitlines()]
    told_of = [(each["action"], each["target"]["name"], each["result"]) for each in recorded]
    assert told_of == [
        ("router.stop_daemons", "r-47-VM", "sent"),
        ("router.stop_daemons", "r-47-VM", "done"),
        ("router.remove_key", "r-47-VM", "sent"),
        ("router.remove_key", "r-47-VM", "done"),
    ]

    one_by_one = clean_up_plan(
        plan.place, plan.address_id, plan.public_ip, operation.left, stop_daemons=False
    )
    assert [each.user for each in one_by_one.sessions] == ["alice"]


async def mended(session: Session, name: str, kinds: set[str]) -> Operation:
    """Examine, cure everything, and see that nothing is left of it."""
    row = await row_of(session, name)
    found = await examine(session, row.key)
    assert found is not None
    assert {trouble.kind for trouble in found.troubles} == kinds
    plan = repair_plan(found, found.troubles)
    operation = RepairVpn(
        session.client, plan, verify=verifier(session, row.key), reach=reaching(session)
    )
    reported = await events(operation)
    assert "failed" not in {event.state for event in reported}, told(reported)
    after = await examine(session, row.key)
    assert after is not None
    assert after.troubles == ()
    return operation


async def test_a_vpn_that_is_half_made(lab: Lab, session: Session) -> None:
    """Everybody of globex waits too: one repair for all."""
    await mended(session, "globex-core", {"half-made", "users-waiting"})
    networks = lab.world.networks
    (vpn,) = [
        each
        for each in lab.world.vpns.values()
        if each.network and networks[each.network].name == "globex-core"
    ]
    assert vpn.state == "Running"


async def test_a_vpn_that_is_half_removed(session: Session) -> None:
    row = await row_of(session, "globex-edge")
    found = await examine(session, row.key)
    assert found is not None
    half = [each for each in found.troubles if each.kind == "half-removed"]
    assert len(half) == 1
    operation = RepairVpn(session.client, repair_plan(found, half))
    assert told(await events(operation)) == {"delete": "done"}
    again = await examine(session, row.key)
    assert again is not None
    assert "half-removed" not in {each.kind for each in again.troubles}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("acme-grown", {"range-not-loaded"}),
        ("umbrella-labs", {"l2tp-dead"}),
        ("acme-office", {"surplus-login"}),
        ("globex-vpc", {"surplus-login", "users-waiting"}),
    ],
)
async def test_what_a_router_has_wrong_is_cured(
    session: Session, name: str, kinds: set[str]
) -> None:
    await mended(session, name, kinds)


async def test_a_ghost_stays_when_it_is_only_added_and_removed(lab: Lab, session: Session) -> None:
    """The router finds the line by name and password, and the old password nobody has."""
    row = await row_of(session, "acme-office")
    owner = row.place.owner.parameters
    await session.client.run("addVpnUser", username="walter", password="Other2026x", **owner)
    await session.client.run("removeVpnUser", username="walter", **owner)
    assert "walter" in state_of(lab, "r-47-VM").ghost_users


async def test_a_stopped_vpc_router_that_holds_everybody(lab: Lab, session: Session) -> None:
    row = await row_of(session, "globex-vpc")
    router = row.routers[0]
    await session.client.run("stopRouter", id=router.id)
    row = await row_of(session, "globex-vpc")
    found = await examine(session, row.key)
    assert found is not None
    waiting = [each for each in found.troubles if each.kind == "users-waiting"]
    assert [cure.cure for cure in waiting[0].cures] == ["start-router", "push-users"]
    plan = repair_plan(found, waiting)
    reported = await events(RepairVpn(session.client, plan))
    assert "failed" not in {event.state for event in reported}, told(reported)
    users = await session.client.fetch(VPN_USERS, listall="true")
    mine = [user for user in users if user.owner == "globex"]
    assert {user.state for user in mine} == {"Active"}
    assert not any(user.user_name.startswith("csvpn-push") for user in mine)


async def restarting(session: Session, name: str, way: Way, router: str = "") -> RestartPlan:
    row = await row_of(session, name)
    plan = await restart_plan(session, row, way, router)
    assert isinstance(plan, RestartPlan)
    return plan


@pytest.mark.parametrize("way", ["router", "place", "place-cleanup"])
async def test_restarts(lab: Lab, session: Session, way: Way) -> None:
    plan = await restarting(session, "umbrella-labs", way)
    operation = Restart(session.client, plan)
    reported = await events(operation)
    assert told(reported) == {"restart": "done", "running": "done"}
    running = [
        each for each in lab.cloud.routers.states.values() if each.network == "umbrella-labs"
    ]
    assert [each.xl2tpd_running for each in running] == [way != "place"]


async def test_what_cannot_be_restarted(session: Session) -> None:
    for name, way, router, says in (
        ("umbrella-ha", "router", "", "name one of r-56-VM, r-57-VM"),
        ("umbrella-ha", "router", "r-1-VM", "has no router r-1-VM"),
        ("umbrella-west", "router", "", "is Stopped"),
        ("initech-early", "place", "", "Allocated"),
    ):
        row = await row_of(session, name)
        reason = await restart_plan(session, row, way, router)  # type: ignore[arg-type]
        assert isinstance(reason, str) and says in reason


async def test_what_cannot_be_recorded_is_not_sent_to_a_router(
    lab: Lab, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unwritable(*_: object, **__: object) -> None:
        raise AuditUnwritable("the disk is full")

    monkeypatch.setattr(AuditTrail, "arecord", unwritable)
    before = state_of(lab, "r-55-VM").xl2tpd_running
    row = await row_of(session, "umbrella-labs")
    found = await examine(session, row.key)
    assert found is not None
    plan = repair_plan(found, found.troubles)
    reported = await events(RepairVpn(session.client, plan, reach=reaching(session)))
    assert told(reported) == {"restart_xl2tpd r-55-VM": "failed"}
    assert "disk is full" in reported[0].says
    assert state_of(lab, "r-55-VM").xl2tpd_running is before is False
