"""What VPN clients reach through the ACL of a tier (recording 16)."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.acls import (
    AclChange,
    AclEntry,
    AclFacts,
    Opening,
    client_networks,
    judge_acl,
    plan_entry,
)
from tui.vpn.ranges import parse_range

CLIENTS = client_networks(parse_range("10.3.8.1-10.3.8.8"))
TEXTS = tuple(str(network) for network in CLIENTS)
EVERYONE = "0.0.0.0/0"


def entry(
    number: int,
    verdict: str = "allow",
    protocol: str = "all",
    port: int | None = None,
    *cidrs: str,
    ingress: bool = True,
    reason: str = "",
) -> AclEntry:
    return AclEntry(
        f"id-{number}", number, verdict == "allow", protocol, port, port, cidrs or (EVERYONE,),
        ingress, reason,
    )  # fmt: skip


def acl(*entries: AclEntry, default: bool = False) -> AclFacts:
    return AclFacts("acl", "web-only", default, entries)


def test_the_clients_are_all_but_the_router() -> None:
    assert TEXTS == ("10.3.8.2/31", "10.3.8.4/30", "10.3.8.8/32")
    assert client_networks(parse_range("10.3.8.1-10.3.8.1")) == ()


@pytest.mark.parametrize(
    ("entries", "reach", "says"),
    [
        ((entry(1),), "open", "VPN clients reach everything (ACL web-only)."),
        ((), "closed", "VPN clients reach nothing (ACL web-only: no entry lets them in)."),
        ((entry(1, ingress=False),), "closed", "no entry lets them in"),
        ((entry(5, "deny"), entry(10)), "closed", "entry 5 denies them"),
        ((entry(10), entry(5, "deny")), "closed", "entry 5 denies them"),
        (
            (entry(10, "allow", "tcp", 443), entry(100, "deny")),
            "limited",
            "VPN clients reach only TCP 443 (ACL web-only: entry 100 denies the rest).",
        ),
        ((entry(10, "allow", "tcp", 443),), "limited", "no entry lets the rest in"),
        ((entry(5, "deny", "tcp", 22), entry(10)), "limited", "everything but TCP 22"),
        ((entry(5, "allow", "all", None, "10.3.8.0/29"),), "limited", "Only some of the VPN cl"),
        ((entry(5, "deny", "all", None, "192.0.2.0/24"), entry(9)), "open", "everything"),
        ((entry(5, "allow", "all", None, *TEXTS), entry(6, "deny")), "open", "everything"),
        ((entry(5, "allow", "tcp", None), entry(6, "allow", "icmp")), "limited", "TCP and ICMP"),
    ],
)
def test_what_clients_reach(entries: tuple[AclEntry, ...], reach: str, says: str) -> None:
    verdict = judge_acl(acl(*entries), CLIENTS)
    assert (verdict.reach, says in verdict.says) == (reach, True), verdict.says
    assert bool(verdict.remedy) == (reach != "open")


def test_a_default_list_and_one_that_is_not_known() -> None:
    verdict = judge_acl(acl(entry(1, "deny"), default=True), CLIENTS)
    assert "cannot be changed" in verdict.remedy and "replaceNetworkACLList" in verdict.remedy
    assert judge_acl(None, CLIENTS).reach == "unknown"
    says = plan_entry(acl(entry(1, "deny"), default=True), CLIENTS, "vpc", Opening())
    assert isinstance(says, str) and "cannot be changed" in says


def test_the_entry_goes_before_the_first_that_denies() -> None:
    change = plan_entry(
        acl(entry(99), entry(100, "deny"), entry(10, "deny", "all", None, "192.0.2.0/24")),
        CLIENTS,
        "globex-vpc",
        Opening(),
    )
    assert change == AclChange(98, Opening(), TEXTS, "csvpn: VPN clients of globex-vpc", ())
    no_room = plan_entry(acl(entry(1), entry(2, "deny")), CLIENTS, "v", Opening())
    assert isinstance(no_room, str) and "No number is free before entry 2" in no_room
    last = plan_entry(acl(entry(7, "allow", "tcp", 443)), CLIENTS, "v", Opening("tcp", 22, 22))
    assert isinstance(last, AclChange) and last.number == 8


def test_an_entry_for_another_range_is_replaced() -> None:
    mine = entry(9, "allow", "all", None, "10.1.2.0/29", reason="csvpn: VPN clients of v")
    other = entry(8, "allow", "all", None, "10.1.2.0/29", reason="csvpn: VPN clients of w")
    change = plan_entry(acl(mine, other, entry(20, "deny")), CLIENTS, "v", Opening())
    assert isinstance(change, AclChange) and change.replaces == (mine,) and change.number == 19
    same = entry(19, "allow", "all", None, *TEXTS, reason="csvpn: VPN clients of v")
    says = plan_entry(acl(same, entry(20, "deny")), CLIENTS, "v", Opening())
    assert says == "Entry 19 of web-only lets the client range in already."


ENTRIES = st.builds(
    entry,
    st.integers(1, 30),
    st.sampled_from(["allow", "deny"]),
    st.sampled_from(["all", "all", "tcp"]),
    st.sampled_from([None]),
    st.sampled_from([EVERYONE, "10.3.8.0/29", "10.3.8.8/32", "10.3.8.4/30", "192.0.2.0/24"]),
)


def _decides(entries: list[AclEntry], address: IPv4Address, protocol: str) -> bool:
    """The plain reading of the list, packet by packet."""
    for one in sorted(entries, key=lambda each: each.number):
        if one.protocol in ("all", protocol) and any(address in n for n in one.networks):
            return one.allows
    return False


@given(st.lists(ENTRIES, max_size=6, unique_by=lambda each: each.number))
def test_the_verdict_is_that_of_every_packet(entries: list[AclEntry]) -> None:
    packets = {
        _decides(entries, address, protocol)
        for network in CLIENTS
        for address in IPv4Network(network)
        for protocol in ("tcp", "udp")
    }
    reach = judge_acl(acl(*entries), CLIENTS).reach
    if packets == {True}:
        assert reach in ("open", "limited")
    elif packets == {False}:
        assert reach in ("closed", "limited")
    else:
        assert reach == "limited"
    if reach == "open":
        assert packets == {True}
    if reach == "closed":
        assert packets == {False}


@given(st.lists(ENTRIES, max_size=6, unique_by=lambda each: each.number))
def test_an_entry_that_is_made_lets_everyone_in(entries: list[AclEntry]) -> None:
    change = plan_entry(acl(*entries), CLIENTS, "v", Opening())
    if isinstance(change, AclChange):
        made = entry(change.number, "allow", "all", None, *change.cidrs)
        assert change.number not in {each.number for each in entries}
        assert judge_acl(acl(*entries, made), CLIENTS).reach == "open"
