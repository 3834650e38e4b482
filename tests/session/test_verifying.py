"""What the lab's routers say about VPNs that CloudStack calls running."""

from pathlib import Path

import pytest

from tests.consoles import lab_path, lab_session
from tui.cloud.models import Router
from tui.lab.lab import Lab
from tui.operations.reach import RouterWord
from tui.router.errors import HopFailed, HostKeyChanged, HostKeyUnknown, PathUnknown
from tui.router.facts import RouterVerdict
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.verifying import (
    RouterReport,
    ask_router,
    expected_of,
    verifier,
    word_of,
    word_of_all,
)
from tui.session.views import NetworkRow, network_rows

ROUTER = Router(id="r", name="r-1-VM")


async def _rows(session: Session) -> dict[str, NetworkRow]:
    await session.open(["listRouters"])
    await session.inventory.refresh(kind for kind in Kind if session.may_list(kind))
    return {row.name: row for row in network_rows(session.inventory)}


async def _report(session: Session, row: NetworkRow) -> RouterReport:
    expected = expected_of(session, row)
    assert expected is not None
    return await ask_router(session, row.routers[0], expected)


def _failed(report: RouterReport) -> set[str]:
    assert report.verdict is not None
    return {check.name for check in report.verdict.failed}


async def test_what_cloudstack_expects(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    office = expected_of(session, rows["acme-office"])
    assert office is not None
    vpn = rows["acme-office"].vpn
    assert vpn is not None
    assert vpn.preshared_key is not None
    assert office.public_ip == "203.0.113.15"
    assert office.psk_sha256 == vpn.preshared_key.sha256()
    assert office.pool == "10.1.2.2-10.1.2.8"
    assert set(office.users or ()) == {"alice", "bob", "carol", "dave", "erin"}
    assert not office.is_vpc
    cloud = expected_of(session, rows["globex-vpc"])
    assert cloud is not None
    assert cloud.is_vpc
    assert cloud.users == ()  # those of globex are not on the routers: they wait
    assert expected_of(session, rows["acme-prod"]) is None
    assert expected_of(session, rows["initech-new"]) is None
    await session.aclose()


@pytest.mark.parametrize(
    ("network", "failed"),
    [
        ("acme-office", {"users_match"}),  # walter has left, and can still log in
        ("acme-lab", {"gate_open"}),
        ("acme-staging", {"gate_open"}),
        ("acme-grown", {"range_loaded"}),
        ("umbrella-labs", {"l2tp_listens", "range_loaded"}),
        ("umbrella-ha", set()),
    ],
)
async def test_what_the_routers_of_the_demo_say(
    demo_lab: Lab, network: str, failed: set[str]
) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    report = await _report(session, rows[network])
    assert report.error is None
    assert _failed(report) == failed
    word = word_of(report)
    assert word.ok is (not failed)
    assert word.says.startswith(rows[network].routers[0].name)
    await session.aclose()


async def test_a_stopped_router_cannot_be_asked(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    report = await _report(session, rows["umbrella-west"])
    assert report.verdict is None
    assert report.error is not None
    assert report.unknown_key is None
    word = word_of(report)
    assert word.ok is None
    assert "r-54-VM could not be asked" in word.says
    await session.aclose()


async def test_an_unknown_host_key_is_part_of_the_report(demo_lab: Lab, tmp_path: Path) -> None:
    path = lab_path(demo_lab, str(tmp_path / "nobody" / "known_hosts"))
    session = lab_session(demo_lab, zones={"*": path})
    rows = await _rows(session)
    report = await _report(session, rows["acme-office"])
    assert report.unknown_key is not None
    assert report.unknown_key.fingerprint in word_of(report).says
    session.routers.learn(report.router, report.unknown_key)
    assert (await _report(session, rows["acme-office"])).verdict is not None
    await session.aclose()


def test_keys_behind_a_hop() -> None:
    unknown = HostKeyUnknown("jump", "jump", "ssh-ed25519 AAAA", "SHA256:a")
    changed = HostKeyChanged("jump", "jump", "ssh-ed25519 AAAA", "SHA256:a", ("SHA256:b",))
    report = RouterReport(router=ROUTER, error=HopFailed("jump host jump", unknown))
    assert report.unknown_key is unknown
    assert report.changed_key is None
    report = RouterReport(router=ROUTER, error=HopFailed("jump host jump", changed))
    assert report.changed_key is changed
    assert RouterReport(router=ROUTER, error=PathUnknown("x", "y")).unknown_key is None
    assert RouterReport(router=ROUTER).changed_key is None


async def test_every_round_is_told(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    row = rows["umbrella-ha"]
    expected = expected_of(session, row)
    assert expected is not None
    rounds: list[RouterVerdict] = []
    report = await ask_router(session, row.routers[0], expected, on_round=rounds.append)
    assert rounds == [report.verdict]
    await session.aclose()


async def test_the_word_at_the_end_of_enabling(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    word = await verifier(session, rows["umbrella-ha"].key)()
    assert word.ok is True
    assert "IKE listens" in word.says
    assert "L2TP listens" in word.says
    assert "r-57-VM (stands by): pre-shared key matches" in word.says
    word = await verifier(session, rows["initech-early"].key)()
    assert (word.ok, word.says) == (None, "No router is known that could be asked.")
    for gone in (rows["acme-prod"].key, "no-such-network"):
        word = await verifier(session, gone)()
        assert word.ok is None
        assert "not in the lists any more" in word.says
    await session.aclose()


async def test_a_session_that_has_asked_for_nothing_yet(demo_lab: Lab) -> None:
    known = lab_session(demo_lab)
    key = (await _rows(known))["umbrella-ha"].key
    await known.aclose()
    fresh = lab_session(demo_lab)
    word = await verifier(fresh, key)()
    assert word.ok is True and "r-56-VM: IKE listens" in word.says
    await fresh.aclose()


async def test_a_role_that_may_not_see_routers(demo_lab: Lab) -> None:
    session = lab_session(demo_lab, "user")
    rows = await _rows(session)
    word = await verifier(session, rows["acme-office"].key)()
    assert word.ok is None
    assert "may not see routers" in word.says
    await session.aclose()


async def test_a_profile_without_a_path(demo_lab: Lab) -> None:
    session = lab_session(demo_lab, zones={})
    rows = await _rows(session)
    report = await _report(session, rows["acme-office"])
    assert isinstance(report.error, PathUnknown)
    assert word_of(report).ok is None
    await session.aclose()


async def test_a_standby_with_another_key_is_found(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    rows = await _rows(session)
    state = next(s for s in demo_lab.cloud.routers.states.values() if s.name == "r-57-VM")
    assert state.vpn is not None
    state.vpn.preshared_key = "AnotherKey2345678"
    word = await verifier(session, rows["umbrella-ha"].key)()
    assert word.ok is False
    assert word.says.startswith("r-57-VM (stands by): the router has another pre-shared key")
    assert "r-56-VM: IKE listens" in word.says
    await session.aclose()


def test_the_words_of_several_routers() -> None:
    yes, no, unknown = (
        RouterWord(True, "a: fine"),
        RouterWord(False, "b: bad"),
        RouterWord(None, "c could not be asked"),
    )
    assert word_of_all([yes, no, unknown]) == RouterWord(
        False, "b: bad. c could not be asked. a: fine"
    )
    assert word_of_all([yes, unknown]).ok is None
    assert word_of_all([yes, yes]).ok is True
