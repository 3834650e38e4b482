"""Every check of the preflight: passing, warning, failing, and left open for want of a fact."""

from typing import Any

import pytest

from tests.vpn.preflights import NAT, VPC, WHY, check, facts
from tui.actions import ACTIONS
from tui.vpn.eligibility import Address
from tui.vpn.overlaps import Kind, Neighbour
from tui.vpn.ports import Forwarding, IngressRule
from tui.vpn.preflight import alike, by_state, preflight
from tui.vpn.preflight_facts import WAITING, Check, Right, Trace, Zone
from tui.vpn.preflight_place import left_behind

NAMES = [
    "server.version",
    "role.commands",
    "zone.advanced",
    "network.type",
    "network.routed",
    "offering.vpn",
    "offering.conserve-mode",
    "network.implemented",
    "address.source-nat",
    "vpn.none-yet",
    "sources.form",
    "ports.forwarding",
    "ports.load-balancing",
    "ports.static-nat",
    "ports.wide-rules",
    "ports.narrow-rules",
    "ports.wider-rules",
    "range.form",
    "range.private",
    "range.empty",
    "range.size",
    "range.own-address",
    "range.overlap.own-network",
    "range.overlap.own-peer",
    "range.overlap.networks",
    "range.overlap.vpcs",
    "range.overlap.peers",
    "range.overlap.vpns",
    "range.home",
    "router.running",
    "router.version",
    "router.forwarding",
    "router.interfaces",
    "router.clock",
    "router.disk",
    "router.memory",
    "router.stale-daemons",
    "router.stale-key",
    "router.stale-range",
    "router.stale-users",
    "users.names",
    "users.taken",
    "users.confusion",
    "users.limit",
    "addresses.limit",
    "addresses.free",
    "account.stopped-router",
]


def test_the_names_are_stable_and_each_is_there_once() -> None:
    assert [each.name for each in preflight(facts())] == NAMES


def test_where_everything_is_right_everything_passes() -> None:
    wrong = [(each.name, each.says) for each in preflight(facts()) if each.state != "pass"]
    assert wrong == []
    assert [each.name for each in preflight(facts()) if each.remedy or each.action] == []


def test_a_vpc_where_everything_is_right() -> None:
    checks = preflight(facts(place=VPC))
    assert [each.name for each in checks] == NAMES
    assert {each.state for each in checks} == {"pass"}


PLACES: list[tuple[str, dict[str, Any], str, str]] = [
    ("server.version", {"server_version": "4.9.3"}, "warn", "older than 4.11"),
    ("server.version", {"server_version": ""}, "unknown", "does not say"),
    ("server.version", {"server_version": "unreadable"}, "unknown", "does not say"),
    ("server.version", {"server_version": WHY}, "unknown", WHY.why),
    ("role.commands", {"rights": (Right("addVpnUser", False),)}, "fail", "may not use addVpnUser"),
    ("role.commands", {"rights": (Right("addVpnUser", None, "no link"),)}, "unknown", "no link"),
    ("zone.advanced", {"zone": Zone("dc2", "Basic")}, "fail", "dc2 is Basic"),
    ("zone.advanced", {"zone": Zone("dc2", "")}, "unknown", "does not say"),
    ("zone.advanced", {"zone": WHY}, "unknown", WHY.why),
    ("network.type", {"network": {"type": "Shared"}}, "fail", "is a shared network"),
    ("network.type", {"network": {"type": "L2"}}, "fail", "is a layer 2 network"),
    ("network.type", {"network": {"vpc_name": "acme-vpc"}}, "fail", "tier of the VPC acme-vpc"),
    ("offering.vpn", {"network": {"type": "L2"}}, "unknown", "Of no meaning"),
    ("network.routed", {"network": {"routed": True}}, "fail", "is routed"),
    ("offering.vpn", {"network": {"services": ("Dhcp",)}}, "fail", "does not have the Vpn"),
    ("offering.conserve-mode", {"network": {"conserve_mode": False}}, "fail", "without conserve"),
    ("offering.conserve-mode", {"network": {"conserve_mode": None}}, "unknown", "does not say"),
    ("network.implemented", {"network": {"state": "Allocated"}}, "warn", "No VM has used"),
    ("network.implemented", {"network": {"state": "Implementing"}}, "warn", "not in use"),
    ("network.implemented", {"network": {"state": "Shutdown"}}, "fail", "not in use"),
    ("network.implemented", {"network": {"state": ""}}, "unknown", "does not say"),
    ("network.implemented", {"network": {"type": "Shared"}}, "unknown", "Of no meaning"),
    ("address.source-nat", {"address": None}, "fail", "is not listed"),
    (
        "address.source-nat",
        {"address": Address("a", "203.0.113.10", True, state="Allocating")},
        "fail",
        "is allocating",
    ),
    ("address.source-nat", {"eligibility": WHY}, "unknown", WHY.why),
    ("address.source-nat", {"network": {"type": "L2"}}, "unknown", "Of no meaning"),
    (
        "address.source-nat",
        {"network": {"state": "Allocated"}, "address": None},
        "pass",
        "becomes its source NAT",
    ),
]


@pytest.mark.parametrize(("name", "changes", "state", "says"), PLACES)
def test_places(name: str, changes: dict[str, Any], state: str, says: str) -> None:
    found = check(name, **changes)
    assert (found.state, says in found.says) == (state, True), found
    assert bool(found.remedy) == (state in ("warn", "fail"))


def with_vpn(state: str | None) -> dict[str, Any]:
    return {"address": Address("a", "203.0.113.10", True, vpn_state=state)}


FAILED = Trace(creates=True, failed=True, when="2026-11-23T03:27:34+0000")


@pytest.mark.parametrize(
    ("changes", "state", "says", "action"),
    [
        (with_vpn(None), "pass", "no VPN on it", ""),
        (with_vpn("Running"), "fail", "runs on 203.0.113.10", ""),
        (with_vpn("Added"), "warn", "half-made", "enable"),
        (with_vpn("Removed"), "fail", "half-removed", "disable"),
        ({"lists": (("VPNs", "no link"),)}, "unknown", "no link", ""),
        ({"traces": WHY}, "unknown", "half-made or half-removed one is in no list", ""),
        ({"traces": WHY, "has_rules": False}, "pass", "no VPN on it", ""),
        ({"eligibility": WHY}, "unknown", WHY.why, ""),
    ],
)
def test_a_vpn_that_is_there(changes: dict[str, Any], state: str, says: str, action: str) -> None:
    found = check("vpn.none-yet", **changes)
    assert (found.state, found.action) == (state, action)
    assert says in found.says


def test_the_evidence_for_a_half_made_vpn_is_its_last_events() -> None:
    found = check("vpn.none-yet", **with_vpn("Added"), traces=(FAILED,))
    assert found.evidence == (f"listEvents: VPN.REMOTE.ACCESS.CREATE failed {FAILED.when}",)


@pytest.mark.parametrize(
    ("story", "left"),
    [
        ("", None),
        ("C", None),  # it runs, and is listed
        ("c", "Added"),
        ("cc", "Added"),
        ("cC", None),
        ("CD", None),
        ("Cd", "Removed"),
        ("Cdc", "Removed"),  # enabling is refused while it is half-removed
        ("CdD", None),
        ("cd", "Removed"),
        ("cD", None),
        ("CDc", "Added"),
    ],
)
def test_what_events_tell_of_a_vpn_that_no_list_shows(story: str, left: str | None) -> None:
    """C and D: enabled, disabled; c and d: that failed."""
    traces = [Trace(letter in "cC", letter in "cd", "") for letter in story]
    assert left_behind(traces) == left


def rule(start: int, end: int, *cidrs: str) -> IngressRule:
    return IngressRule("rule", "udp", start, end, cidrs or ("0.0.0.0/0",))


NARROW = rule(500, 500, "198.51.100.0/24")
PORTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("sources.form", {"typed": "nonsense", "sources_given": True}, "fail", "is not a network"),
    ("sources.form", {"typed": "10.0.0.1/8", "sources_given": True}, "warn", "10.0.0.0/8"),
    ("sources.form", {"typed": "10.0.0.0/8", "sources_given": True}, "pass", "10.0.0.0/8"),
    (
        "sources.form",
        {"place": VPC, "typed": "10.0.0.0/8", "sources_given": True},
        "warn",
        "cannot narrow",
    ),
    (
        "ports.forwarding",
        {"forwardings": (Forwarding("f", "udp", 4500, 4500, "pbx"),)},
        "fail",
        "forwarded to pbx",
    ),
    ("ports.forwarding", {"forwardings": (Forwarding("f", "tcp", 1, 9999, "web"),)}, "pass", "No"),
    ("ports.forwarding", {"forwardings": WHY}, "unknown", WHY.why),
    (
        "ports.load-balancing",
        {"balancers": (Forwarding("l", "udp", 500, 500, "spread"),)},
        "fail",
        "IKE (UDP 500) is taken by load balancing (spread)",
    ),
    ("ports.load-balancing", {"balancers": WAITING}, "unknown", "on its way"),
    ("ports.static-nat", {"static_nat": "web-1"}, "fail", "mapped to web-1"),
    ("ports.static-nat", {"static_nat": WHY}, "unknown", WHY.why),
    ("ports.wide-rules", {"rules": (rule(1, 65535),)}, "warn", "and L2TP (UDP 1701) are already"),
    ("ports.wide-rules", {"rules": (rule(400, 600),)}, "warn", "IKE (UDP 500) is already open"),
    ("ports.wide-rules", {"rules": WHY}, "unknown", WHY.why),
    ("ports.narrow-rules", {"rules": (NARROW,)}, "warn", "from 198.51.100.0/24 only"),
    ("ports.narrow-rules", {"rules": WHY}, "unknown", WHY.why),
    (
        "ports.narrow-rules",
        {"rules": (NARROW,), "typed": "10.0.0.0/8", "sources_given": True},
        "pass",
        "No rule stays narrow",
    ),
    (
        "ports.wider-rules",
        {"rules": (rule(500, 500),), "typed": "10.0.0.0/8", "sources_given": True},
        "warn",
        "stays open to more",
    ),
    ("ports.wider-rules", {"rules": WHY}, "unknown", WHY.why),
]


@pytest.mark.parametrize(("name", "changes", "state", "says"), PORTS)
def test_ports(name: str, changes: dict[str, Any], state: str, says: str) -> None:
    found = check(name, **changes)
    assert (found.state, says in found.says) == (state, True), found


OWN_PEER = Neighbour(Kind.OWN_PEER, "own-branch", "10.50.0.0/24")
RANGES: list[tuple[str, str, str]] = [
    ("range.form", "nonsense", "fail"),
    ("range.private", "nonsense", "unknown"),
    ("range.private", "8.8.8.1-8.8.8.9", "fail"),
    ("range.private", "100.64.0.1-100.64.0.9", "warn"),
    ("range.empty", "10.201.0.1-10.201.0.1", "fail"),
    ("range.size", "10.201.0.1-10.201.0.2", "warn"),
    ("range.size", "10.201.0.1-10.203.0.1", "fail"),
    ("range.own-address", "10.201.0.1-10.201.0.9", "pass"),
    ("range.overlap.own-network", "10.1.1.5-10.1.1.9", "fail"),
    ("range.overlap.own-peer", "10.50.0.1-10.50.0.9", "fail"),
    ("range.overlap.networks", "10.2.1.1-10.2.1.9", "warn"),
    ("range.overlap.vpcs", "10.9.1.1-10.9.1.9", "warn"),
    ("range.overlap.peers", "192.168.50.1-192.168.50.9", "warn"),
    ("range.overlap.vpns", "10.3.2.1-10.3.2.9", "warn"),
    ("range.home", "192.168.178.1-192.168.178.9", "warn"),
]


@pytest.mark.parametrize(("name", "text", "state"), RANGES)
def test_ranges(name: str, text: str, state: str) -> None:
    neighbours = (*facts().neighbours, OWN_PEER)
    found = check(name, range_text=text, neighbours=neighbours)
    assert found.state == state
    if state in ("warn", "fail"):
        assert found.remedy and found.action == "csvpn enable acme-prod --range auto"
        others = preflight(facts(range_text=text, neighbours=neighbours))
        ours = [each.name for each in others if each.name.startswith("range.") and each.remedy]
        assert name in ours and len(ours) <= 2, "one slip is not many findings"


def test_what_the_router_keeps_of_the_range() -> None:
    found = check("range.own-address")
    assert found.says == "10.201.0.1 is the router's own; clients get 10.201.0.2-10.201.0.8."
    assert found.evidence == ("typed: 10.201.0.1-10.201.0.8",)
    left = check("range.own-address", range_typed=False)
    assert left.evidence == ("listConfigurations: 10.201.0.1-10.201.0.8",)


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ("network", "range.overlap.networks"),
        ("vpc", "range.overlap.vpcs"),
        ("peer", "range.overlap.peers"),
        ("peer", "range.overlap.own-peer"),
        ("vpn", "range.overlap.vpns"),
    ],
)
def test_a_list_that_is_missing_leaves_its_comparison_open(missing: str, name: str) -> None:
    changes: dict[str, Any] = {"place": VPC, "unlisted": {missing: "no link"}}
    assert (check(name, **changes).state, check(name, **changes).says) == ("unknown", "no link")
    hit = Neighbour(Kind.OWN_PEER if "own" in name else kind_of(name), "x", "10.201.0.0/24")
    assert check(name, **changes, neighbours=(hit,)).state in ("warn", "fail"), "what is known"


def kind_of(name: str) -> Kind:
    kinds = {"networks": Kind.NETWORK, "vpcs": Kind.VPC, "peers": Kind.PEER, "vpns": Kind.VPN}
    return kinds[name.rpartition(".")[2]]


def test_a_range_that_nobody_may_read_is_left_open() -> None:
    found = [e for e in preflight(facts(range_text=WHY)) if e.name.startswith("range.")]
    assert {each.state for each in found} == {"unknown"}
    ((says, together),) = alike(found)
    assert says == WHY.why and len(together) == len(found) == 12


def test_the_size_needs_the_number_of_users() -> None:
    assert check("range.size", users=WHY).state == "unknown"
    assert check("range.empty", users=WHY, range_text="10.201.0.1-10.201.0.1").state == "fail"


def test_states_come_worst_first() -> None:
    checks = preflight(facts(zone=WHY, range_text="192.168.178.1-192.168.178.9", limit=2))
    grouped = by_state(checks)
    assert list(grouped) == ["fail", "warn", "unknown", "pass"]
    assert [each.name for each in grouped["unknown"]] == ["zone.advanced"]
    assert sum(map(len, grouped.values())) == len(checks)


def test_every_action_is_one_of_the_console_or_a_line_for_the_shell() -> None:
    known = {action.name for action in ACTIONS}
    found: list[Check] = []
    for name, changes, _, _ in (*PLACES, *PORTS):
        found.append(check(name, **changes))
    found += [check(name, range_text=text) for name, text, _ in RANGES]
    found += [check("vpn.none-yet", **with_vpn(state)) for state in ("Added", "Removed")]
    actions = {each.action for each in found if each.action}
    assert {"enable", "disable", "delete_rule"} <= actions
    assert all(each in known or each.startswith(("cmk ", "csvpn ")) for each in actions)


def test_the_address_of_the_facts_is_the_one_that_is_named() -> None:
    assert NAT.address in check("address.source-nat").says
