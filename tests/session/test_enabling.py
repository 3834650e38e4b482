"""What is known before a VPN is enabled, and the plan: on the demo's networks, as root."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.consoles import lab_session
from tests.session.clouds import HeldCloud, refusal
from tui.lab.lab import open_lab
from tui.operations.enable import EnableVpn
from tui.operations.users import NewUser
from tui.safety.secret import Secret
from tui.session.enabling import (
    Prepared,
    Wish,
    forwardings_of,
    judge,
    learn,
    neighbours_of,
    prepare,
    rules_of,
    suggested_range,
)
from tui.session.inventory import Kind
from tui.session.preflight import KINDS
from tui.session.session import Session
from tui.session.views import NetworkRow, network_rows
from tui.vpn.overlaps import Kind as Neighbourhood
from tui.vpn.preflight_facts import Unasked
from tui.vpn.ranges import DEFAULT_RANGE, parse_range

FREE = "10.201.7.1-10.201.7.8"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with open_lab("demo", tmp_path, routers=False, speed=100) as lab:
        opened = lab_session(lab)
        await opened.open()
        await opened.inventory.refresh(Kind)
        yield opened
        await opened.aclose()


async def learnt(session: Session, name: str) -> NetworkRow:
    key = next(row.key for row in network_rows(session.inventory) if row.name == name)
    row = await learn(session, key)
    assert row is not None
    return row


async def prepared(session: Session, name: str, **wish: object) -> Prepared:
    row = await learnt(session, name)
    return prepare(session.inventory, row, msgspec.convert(wish, Wish))


def state_of(checked: Prepared, name: str) -> str:
    (check,) = [each for each in checked.checks if each.name == name]
    return check.state


def codes(checked: Prepared) -> list[str]:
    return [f"{finding.severity} {finding.code}" for finding in checked.findings()]


async def test_the_usual_case(session: Session) -> None:
    checked = await prepared(session, "acme-prod")
    assert codes(checked) == []
    assert checked.can_run
    plan = checked.plan
    assert checked.row.address is not None
    assert (plan.address_id, plan.public_ip) == (checked.row.address.id, "203.0.113.10")
    assert plan.client_range is None
    assert plan.sources is None
    assert plan.server_opens
    (call,) = [s.call for s in EnableVpn(session.client, plan).plan() if s.call is not None]
    assert call.command == "createRemoteAccessVpn"
    assert dict(call.parameters)["publicipid"] == checked.row.address.id
    assert "iprange" not in dict(call.parameters)


async def test_a_whole_wish(session: Session) -> None:
    row = await learnt(session, "acme-prod")
    users = (NewUser.generate("zoe"), NewUser("yan", Secret("Winter2026x")))
    wish = Wish(range_text=FREE, sources_text="198.51.100.0/24, 192.0.2.7/32", users=users)
    checked = prepare(session.inventory, row, wish)
    # Two more ports than the one that is open already; UDP 500 is open to anyone and stays so.
    assert codes(checked) == ["warning port-wider"]
    assert checked.can_run
    assert checked.plan.client_range == parse_range(FREE)
    assert checked.plan.sources == ("198.51.100.0/24", "192.0.2.7/32")
    assert [name for name, _ in checked.users] == ["zoe", "yan"]
    opened = [str(opening.port) for opening in checked.plan.openings]
    assert opened == ["NAT-T (UDP 4500)", "L2TP (UDP 1701)"]
    calls = [s.call for s in EnableVpn(session.client, checked.plan).plan() if s.call]
    commands = [call.command for call in calls]
    assert commands.count("createFirewallRule") == 2
    assert commands[-2:] == ["addVpnUser", "addVpnUser"]
    assert all("Winter2026x" not in call.cloudmonkey() for call in calls)


async def test_blank_sources_are_no_sources(session: Session) -> None:
    checked = await prepared(session, "acme-prod", sources_text="   ")
    assert checked.plan.sources is None
    assert checked.sources.cidrs == ("0.0.0.0/0",)


@pytest.mark.parametrize(
    ("network", "code"),
    [
        ("acme-office", "error already-running"),
        ("office-shared", "error network-type"),
        ("acme-l2", "error network-type"),
        ("initech-novpn", "error no-vpn-service"),
        ("initech-strict", "error no-conserve-mode"),
        ("globex-vpc", "error already-running"),
    ],
)
async def test_networks_that_cannot(session: Session, network: str, code: str) -> None:
    checked = await prepared(session, network)
    assert code in codes(checked)
    assert not checked.can_run


async def test_a_stopped_router(session: Session) -> None:
    checked = await prepared(session, "umbrella-west")
    assert codes(checked) == ["error already-running", "error router-not-running"]


async def test_a_network_that_nobody_uses_yet(session: Session) -> None:
    checked = await prepared(session, "initech-new")
    assert codes(checked) == ["warning no-router-yet"]  # once, however many checks know it
    assert checked.can_run
    assert checked.eligibility.standing == "acquire"
    assert (checked.plan.address_id, checked.plan.public_ip) == ("", "")
    calls = [s.call.command for s in EnableVpn(session.client, checked.plan).plan() if s.call]
    assert calls[0] == "associateIpAddress"


async def test_what_looks_half_made_is_finished(session: Session) -> None:
    checked = await prepared(session, "globex-core")
    assert codes(checked) == ["warning half-made"]
    assert checked.can_run
    assert checked.eligibility.standing == "half-made"
    assert checked.row.address is not None
    assert checked.row.address.id in session.inventory.half_made, "so that it can be disabled too"


async def test_without_events_only_rules_that_no_list_shows_tell_of_it(session: Session) -> None:
    checked = await prepared(session, "globex-core")
    inventory, row = session.inventory, checked.row
    assert row.address is not None
    inventory.half_made.clear()
    gathered = inventory.gathered[row.key]
    inventory.gathered[row.key] = msgspec.structs.replace(gathered, traces=Unasked("no events"))
    checked = prepare(inventory, row, Wish())
    assert codes(checked) == []  # its rules are listed, so nothing tells it from another
    assert state_of(checked, "vpn.none-yet") == "unknown"
    assert checked.can_run
    inventory.rules[row.address.id].rows.clear()
    checked = prepare(inventory, row, Wish())
    assert codes(checked) == ["warning half-made"]
    assert state_of(checked, "vpn.none-yet") == "warn"


async def test_what_is_half_removed_has_to_be_disabled_first(session: Session) -> None:
    checked = await prepared(session, "globex-edge")
    assert codes(checked) == ["error half-removed"]
    assert not checked.can_run
    assert checked.eligibility.standing == "half-removed"
    (check,) = [each for each in checked.checks if each.name == "vpn.none-yet"]
    assert (check.state, check.action) == ("fail", "disable")
    assert any("DESTROY failed" in text for text in check.evidence)


async def test_a_vpc(session: Session) -> None:
    checked = await prepared(session, "acme-dev", sources_text="198.51.100.0/24")
    assert checked.can_run
    assert checked.plan.openings == ()
    assert checked.ports == ()
    assert checked.plan.rules == ()


async def test_ports_in_the_way(session: Session) -> None:
    forwarded = await prepared(session, "acme-voip")
    assert codes(forwarded) == ["error port-forwarded"]
    assert not forwarded.can_run
    assert len(forwardings_of(session.inventory, forwarded.row)) == 1
    wide = await prepared(session, "acme-open")
    assert set(codes(wide)) == {"warning port-wide-rule"}
    assert wide.can_run
    assert not wide.plan.server_opens
    assert len(rules_of(session.inventory, wide.row)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "error range-form"),
        ("10.1.1.5-10.1.1.20", "error range-overlap"),  # the network itself
        ("10.2.1.1-10.2.1.8", "warning range-overlap"),  # another network of the account
        ("10.9.1.1-10.9.1.8", "warning range-overlap"),  # a VPC
        ("10.3.2.1-10.3.2.8", "warning range-overlap"),  # another VPN
        ("192.168.50.1-192.168.50.8", "warning range-overlap"),  # a site-to-site peer
        ("192.168.1.1-192.168.1.8", "warning range-home"),
        ("8.8.8.1-8.8.8.8", "error range-public"),
        ("100.64.0.1-100.64.0.8", "warning range-carrier"),
        ("10.201.0.1-10.201.0.1", "error range-empty"),
        ("10.201.0.1-10.201.0.3", "warning range-small"),
        ("10.200.0.1-10.200.7.255", "warning range-large"),
        ("10.200.0.1-10.203.0.1", "error range-huge"),
    ],
)
async def test_ranges(session: Session, text: str, code: str) -> None:
    checked = await prepared(session, "acme-prod", range_text=text)
    assert code in codes(checked)
    assert checked.can_run is not any(each.startswith("error") for each in codes(checked))


async def test_a_peer_of_the_vpc_itself_breaks_its_vpn(session: Session) -> None:
    checked = await prepared(session, "acme-dev", range_text="192.168.50.1-192.168.50.8")
    assert "error range-overlap" in codes(checked)
    kinds = {each.name: each.kind for each in neighbours_of(session.inventory, checked.row)}
    assert kinds["branch-hamburg"] is Neighbourhood.OWN_PEER
    assert kinds["acme-dev"] is Neighbourhood.OWN_VPC
    other = await learnt(session, "globex-vpc")
    kinds = {each.name: each.kind for each in neighbours_of(session.inventory, other)}
    assert kinds["branch-hamburg"] is Neighbourhood.PEER


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "error cidr-form"),
        ("198.51.100.7", "error cidr-mask"),
        ("2001:db8::/32", "error cidr-ipv6"),
        ("198.51.100.7/24", "warning cidr-host-bits"),
        ("198.51.100.0/24 198.51.100.0/24", "warning cidr-twice"),
        ("198.51.100.0/24 198.51.100.0/25", "warning cidr-inside"),
    ],
)
async def test_sources(session: Session, text: str, code: str) -> None:
    assert code in codes(await prepared(session, "acme-prod", sources_text=text))


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["alice"], "error user-taken"),
        (["Alice"], "warning user-case"),
        (["ali"], "warning user-substring"),
        (["no good"], "error user-name"),
        (["zoe", "zoe"], "error user-taken"),
        (["v1", "w2", "x3", "y4"], "error user-limit"),
    ],
)
async def test_users(session: Session, names: list[str], code: str) -> None:
    row = await learnt(session, "acme-prod")
    wish = Wish(users=tuple(NewUser.generate(name) for name in names))
    checked = prepare(session.inventory, row, wish)
    assert code in codes(checked)
    assert codes(checked).count("error user-limit") <= 1


async def test_a_password_that_the_server_refuses(session: Session) -> None:
    row = await learnt(session, "acme-prod")
    checked = prepare(session.inventory, row, Wish(users=(NewUser("zoe", Secret("hunter two")),)))
    assert codes(checked) == ["error user-password"]
    assert "hunter" not in repr(checked.findings())


async def test_users_of_other_accounts_do_not_count(session: Session) -> None:
    row = await learnt(session, "initech-new")
    checked = prepare(session.inventory, row, Wish(users=(NewUser.generate("alice"),)))
    assert codes(checked) == ["warning no-router-yet"]


async def test_the_suggested_range_is_free(session: Session) -> None:
    for place in network_rows(session.inventory):
        text = suggested_range(session.inventory, place, place.users)
        row = await learnt(session, place.name)
        checked = prepare(session.inventory, row, Wish(range_text=text))
        assert checked.range is not None
        assert checked.range.findings == ()
        assert text != DEFAULT_RANGE  # a VPN of the demo has it already
    many = parse_range(suggested_range(session.inventory, place, 300))
    assert many.clients >= 300
    assert suggested_range(session.inventory, place, 10_000_000) == ""


async def test_a_network_that_is_gone(session: Session) -> None:
    assert await learn(session, "no-such-network") is None


async def test_a_list_that_cannot_be_had_is_no_obstacle() -> None:
    cloud = HeldCloud()
    cloud.rows["listNetworks"] = [{"id": "n", "name": "net", "type": "Isolated"}]
    for command in ("listVpnCustomerGateways", "listRouters", "listVpnUsers"):
        cloud.fails[command] = refusal(530, "broken")
    session = cloud.session()
    row = await learn(session, "n")
    assert row is not None
    assert session.inventory.gateways.error is not None
    assert all(session.inventory.shelf(kind).fetched for kind in (Kind.NETWORKS, Kind.VPCS))
    assert set(KINDS) >= {Kind.NETWORKS, Kind.GATEWAYS}
    assert not judge(session.inventory, row).can_enable
    await session.aclose()


async def test_lists_of_the_profile_can_be_named(session: Session) -> None:
    lists = {"office": ("198.51.100.0/24", "192.0.2.7/32")}
    named = await prepared(session, "acme-prod", sources_text="office", lists=lists)
    assert named.plan.sources == lists["office"] and named.can_run
    unknown = await prepared(session, "acme-prod", sources_text="home", lists=lists)
    assert not unknown.can_run
    assert any("office" in finding.says for finding in unknown.sources.findings)
