"""The checks on the routers and on the account, in every state."""

from typing import Any

import msgspec
import pytest

from tests.vpn.preflights import ROUTER, VPC, WHY, check, facts, said
from tui.actions import ACTIONS
from tui.vpn.eligibility import Address
from tui.vpn.findings import Finding
from tui.vpn.preflight import preflight
from tui.vpn.preflight_account import limit_finding
from tui.vpn.preflight_facts import Disk, Memory, OtherVpn
from tui.vpn.preflight_router import ASKED, strangers

STOPPED = msgspec.structs.replace(ROUTER, name="r-43-VM", state="Stopped", said=WHY)
OLD = msgspec.structs.replace(ROUTER, needs_upgrade=True)
UNTOLD = msgspec.structs.replace(ROUTER, version="")
DUMB = msgspec.structs.replace(ROUTER, addresses=())

ROUTERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("router.running", {"routers": (ROUTER, STOPPED)}, "fail", "r-43-VM is stopped"),
    ("router.running", {"routers": WHY}, "unknown", WHY.why),
    ("router.running", {"routers": ()}, "unknown", "No router of it is listed"),
    ("router.version", {"routers": (OLD,)}, "fail", "needs an upgrade"),
    ("router.version", {"routers": (UNTOLD,)}, "unknown", "which version"),
    ("router.forwarding", {"routers": (said(forwards=False),)}, "fail", "does not forward"),
    ("router.interfaces", {"routers": (said(addresses=("10.1.1.1",)),)}, "fail", "203.0.113.10 (p"),
    ("router.interfaces", {"routers": (DUMB,)}, "unknown", "does not say"),
    ("router.clock", {"routers": (said(clock_ahead=61.0),)}, "warn", "61 s ahead"),
    ("router.clock", {"routers": (said(clock_ahead=-5.1),)}, "warn", "5 s behind"),
    ("router.clock", {"routers": (said(clock_ahead=-5.0),)}, "pass", "within 5 s"),
    ("router.disk", {"routers": (said(disks=(Disk("/", 100, 9),)),)}, "warn", "9% of the disk /"),
    ("router.disk", {"routers": (said(disks=(Disk("/", 100, 1),)),)}, "fail", "1% of the disk"),
    ("router.disk", {"routers": (said(disks=()),)}, "unknown", "named no disk"),
    ("router.memory", {"routers": (said(memory=Memory(100, 9)),)}, "warn", "9% of the memory"),
    ("router.memory", {"routers": (said(memory=Memory(100, 2)),)}, "fail", "2% of the memory"),
    ("router.memory", {"routers": (said(memory=Memory(0, 0)),)}, "unknown", "named no memory"),
    ("router.stale-daemons", {"routers": (said(daemons=("xl2tpd",)),)}, "warn", "still runs on"),
    ("router.stale-daemons", {"routers": (said(daemons=("charon",)),)}, "warn", "charon of an"),
    ("router.stale-key", {"routers": (said(has_key=True),)}, "warn", "the key of an earlier VPN"),
    ("router.stale-range", {"routers": (said(range="10.1.2.2-10.1.2.8"),)}, "warn", "10.1.2.2-"),
    ("router.stale-users", {"routers": (said(logins=("alice", "carol")),)}, "warn", "carol may"),
    ("router.stale-users", {"routers": (said(logins=("alice",)),)}, "pass", "lets nobody in"),
    ("router.stale-users", {"users": WHY}, "unknown", WHY.why),
]


@pytest.mark.parametrize(("name", "changes", "state", "says"), ROUTERS)
def test_routers(name: str, changes: dict[str, Any], state: str, says: str) -> None:
    found = check(name, **changes)
    assert (found.state, says in found.says) == (state, True), found
    assert bool(found.remedy) == (state in ("warn", "fail"))
    assert found.evidence or state == "unknown"


FACTS = {
    "router.forwarding": "forwards",
    "router.interfaces": "addresses",
    "router.clock": "clock_ahead",
    "router.disk": "disks",
    "router.memory": "memory",
    "router.stale-daemons": "daemons",
    "router.stale-key": "has_key",
    "router.stale-range": "range",
    "router.stale-users": "logins",
}


@pytest.mark.parametrize("name", ASKED)
def test_a_command_that_failed_leaves_its_check_open_and_no_other(name: str) -> None:
    checks = preflight(facts(routers=(said(**{FACTS[name]: WHY}),)))
    assert [each.name for each in checks if each.state == "unknown"] == [name]


@pytest.mark.parametrize("name", ASKED)
def test_the_worse_router_of_a_pair_decides(name: str) -> None:
    assert check(name, routers=(ROUTER, msgspec.structs.replace(ROUTER, said=WHY))).says == WHY.why
    assert check(name, routers=(ROUTER, ROUTER)).state == "pass"


def test_the_router_that_stands_by_has_no_public_address() -> None:
    standby = msgspec.structs.replace(said(addresses=("10.1.1.1",)), stands_by=True)
    assert check("router.interfaces", routers=(ROUTER, standby)).state == "pass"


def test_charon_of_a_site_to_site_vpn_is_not_stale() -> None:
    routers = (said(daemons=("charon",)),)
    assert check("router.stale-daemons", place=VPC, routers=routers).state == "warn"
    with_peer = check("router.stale-daemons", place=VPC, routers=routers, site_to_site=True)
    assert with_peer.state == "pass"


@pytest.mark.parametrize("state", ["Running", "Added", "Removed"])
def test_what_belongs_to_a_vpn_is_not_stale(state: str) -> None:
    busy = said(daemons=("charon", "xl2tpd"), has_key=True, range="10.1.2.2-10.1.2.8")
    address = Address("a", "203.0.113.10", True, vpn_state=state)
    checks = preflight(facts(routers=(busy,), address=address))
    assert not [e for e in checks if e.name.startswith("router.stale") and e.state != "pass"]


def test_a_network_without_a_router_yet() -> None:
    found = check("router.running", network={"state": "Allocated"}, address=None, routers=())
    assert (found.state, "first VM" in found.says) == ("unknown", True)


def wanted(*names: str, findings: tuple[Finding, ...] = ()) -> dict[str, Any]:
    return {"about_users": tuple((name, findings) for name in names)}


def finding(code: str, severity: str = "error") -> Finding:
    return Finding(severity, code, f"about {code}")  # type: ignore[arg-type]


EIGHT = tuple(f"user{number}" for number in range(8))
HIDDEN = (said(logins=("alice", "bob", "ivan")),)
VPC_DOWN = OtherVpn("acme-vpc", True, ("r-51-VM is stopped",))
NET_DOWN = OtherVpn("acme-lab", False, ("r-48-VM is stopped",))
ACQUIRING: dict[str, Any] = {"network": {"state": "Allocated"}, "address": None}

ACCOUNTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("users.names", wanted("a b", findings=(finding("user-name"),)), "fail", "about user-name"),
    ("users.names", wanted("zoe", findings=(finding("user-password"),)), "fail", "password"),
    ("users.taken", wanted("bob", findings=(finding("user-taken"),)), "fail", "user-taken"),
    ("users.taken", wanted("Bob", findings=(finding("user-case", "warning"),)), "warn", "case"),
    ("users.taken", wanted("zoe") | {"users": WHY}, "unknown", WHY.why),
    (
        "users.confusion",
        wanted("bobby", findings=(finding("user-substring", "warning"),)),
        "warn",
        "user-substring",
    ),
    ("users.limit", wanted("zoe") | {"users": EIGHT}, "fail", "so none is left"),
    ("users.limit", {"users": EIGHT}, "warn", "none can be added"),
    ("users.limit", {"users": WHY}, "unknown", WHY.why),
    ("users.limit", {"limit": WHY}, "unknown", "usually 8"),
    ("users.limit", wanted("zoe") | {"users": EIGHT, "limit": WHY}, "warn", "left"),
    ("users.limit", wanted("zoe"), "pass", "3 of 8 VPN users then"),
    ("users.limit", wanted("a1", "b2") | {"routers": HIDDEN, "limit": 4}, "warn", "ivan may be"),
    ("users.limit", wanted("a1") | {"routers": HIDDEN, "limit": 4}, "pass", "3 of 4"),
    ("addresses.limit", {"address_limit": WHY}, "pass", "No address has to be acquired"),
    ("addresses.limit", ACQUIRING | {"address_limit": WHY}, "unknown", WHY.why),
    ("addresses.limit", ACQUIRING | {"addresses_used": 20}, "fail", "20 of 20"),
    ("addresses.limit", ACQUIRING | {"addresses_used": 19}, "pass", "19 of 20"),
    ("addresses.limit", ACQUIRING | {"address_limit": -1}, "pass", "no limit"),
    ("addresses.free", ACQUIRING | {"addresses_free": 0}, "fail", "no free public address"),
    ("addresses.free", ACQUIRING | {"addresses_free": 1}, "pass", "1 free public address."),
    ("addresses.free", ACQUIRING | {"addresses_free": WHY}, "unknown", WHY.why),
    ("account.stopped-router", {"other_vpns": (VPC_DOWN,)}, "warn", "added or removed anywhere"),
    (
        "account.stopped-router",
        wanted("zoe") | {"other_vpns": (VPC_DOWN, NET_DOWN)},
        "fail",
        "A router of acme-vpc does not run",
    ),
    (
        "account.stopped-router",
        wanted("zoe") | {"other_vpns": (NET_DOWN,)},
        "warn",
        "learns of new users when it starts",
    ),
    ("account.stopped-router", {"other_vpns": WHY}, "unknown", WHY.why),
    (
        "account.stopped-router",
        {"other_vpns": (OtherVpn("acme-lab", False, ()),)},
        "pass",
        "its 1 other VPN run",
    ),
]


@pytest.mark.parametrize(("name", "changes", "state", "says"), ACCOUNTS)
def test_accounts(name: str, changes: dict[str, Any], state: str, says: str) -> None:
    found = check(name, **changes)
    assert (found.state, says in found.says) == (state, True), found
    assert bool(found.remedy) == (state in ("warn", "fail"))


def test_a_name_on_a_router_counts_as_a_user_that_may_be_half_removed() -> None:
    known = facts(routers=HIDDEN)
    assert strangers(known) == ("ivan",)
    evidence = check("users.limit", routers=HIDDEN).evidence
    assert "chap-secrets: ivan, in no list" in evidence
    assert strangers(facts(routers=WHY)) == strangers(facts(users=WHY)) == ()


def test_the_limit_stands_in_the_way_only_where_both_numbers_were_told() -> None:
    told = limit_finding(facts(**wanted("zoe"), users=EIGHT))
    guessed = limit_finding(facts(**wanted("zoe"), users=EIGHT, limit=WHY))
    assert told is not None and told.severity == "error"
    assert guessed is not None and guessed.severity == "warning"
    assert limit_finding(facts(users=EIGHT)) is None
    assert limit_finding(facts(**wanted("zoe"), users=WHY)) is None


def test_what_can_be_done_can_be_named() -> None:
    known = {action.name for action in ACTIONS}
    found = [check(name, **changes) for name, changes, _, _ in (*ROUTERS, *ACCOUNTS)]
    actions = {each.action for each in found if each.action}
    assert {"remove_user", "release", "cmk start router id=r", "cmk reboot router id=r"} <= actions
    assert all(each in known or each.startswith("cmk ") for each in actions)


def test_nothing_that_could_not_be_asked_passes_or_stands_in_the_way() -> None:
    checks = preflight(
        facts(
            server_version=WHY,
            zone=WHY,
            eligibility=WHY,
            traces=WHY,
            rules=WHY,
            forwardings=WHY,
            balancers=WHY,
            static_nat=WHY,
            range_text=WHY,
            routers=WHY,
            users=WHY,
            limit=WHY,
            other_vpns=WHY,
            needs_address=False,
        )
    )
    of_no_fact = {"role.commands", "sources.form", "users.names", "users.taken", "users.confusion"}
    of_no_fact |= {"addresses.limit", "addresses.free", "network.type", "network.routed"}
    of_no_fact |= {"offering.vpn", "offering.conserve-mode", "network.implemented"}
    open_ones = {each.name for each in checks if each.state == "unknown"}
    assert open_ones == {each.name for each in checks} - of_no_fact
    assert not [each for each in checks if each.state == "fail"]
