"""What firewall rules do to the three ports."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.cidrs import ANYWHERE, not_covered
from tui.vpn.ports import (
    IKE,
    L2TP,
    NAT_T,
    VPN_PORTS,
    Forwarding,
    IngressRule,
    analyse,
    conflicts,
    missing_openings,
    rule_sentence,
    wider_than,
)

OFFICE = "198.51.100.0/24"
OTHER = "192.0.2.0/24"


def udp(
    start: int | None, end: int | None = None, *cidrs: str, state: str = "Active"
) -> IngressRule:
    return IngressRule(f"rule-{start}", "udp", start, end if end else start, cidrs, state)


def opened_by_enabling() -> list[IngressRule]:
    return [udp(port.number, None, ANYWHERE) for port in VPN_PORTS]


def test_enabling_opens_all_three() -> None:
    report = analyse(opened_by_enabling())
    assert [one.access for one in report] == ["open"] * 3
    assert report[0].says == "IKE (UDP 500) from anywhere"
    assert str(report[0].mark) == "✔ open"


def test_nothing_open() -> None:
    report = analyse([])
    assert [one.access for one in report] == ["missing"] * 3
    assert report[1].says.startswith("NAT-T (UDP 4500) is closed: the encrypted traffic")


def test_an_exact_narrow_rule_stays_narrow() -> None:
    """Recording 07: enabling keeps it as it is and opens the other two."""
    rules = [udp(500, None, OFFICE), *opened_by_enabling()[1:]]
    report = analyse(rules)
    assert report[0].access == "limited"
    assert report[0].says == f"IKE (UDP 500) from {OFFICE}"
    assert missing_openings(rules) == ()
    assert conflicts(rules) == ()
    (wanted,) = missing_openings(rules, [ANYWHERE])
    assert (wanted.port, wanted.cidrs) == (IKE, (ANYWHERE,))


def test_a_wide_rule_open_to_all_makes_enabling_fail() -> None:
    """Recording 07: 537, the ports being open already."""
    wide = udp(1, 65535, ANYWHERE)
    found = conflicts([wide])
    assert [one.port for one in found] == list(VPN_PORTS)
    assert all(one.avoidable for one in found)
    assert found[0].finding.severity == "warning"
    assert "500-500" in found[0].finding.server_says
    assert "1-65535" in found[0].finding.server_says
    report = analyse([wide])
    assert report[0].says == "IKE (UDP 500) from anywhere, through the rule for UDP 1-65535"
    assert missing_openings([wide], [OFFICE]) == ()


def test_a_wide_rule_for_one_office_does_not_conflict() -> None:
    """The server compares the texts of the CIDRs."""
    wide = udp(1, 65535, OFFICE)
    assert conflicts([wide]) == ()
    assert missing_openings([wide]) == ()
    assert [one.access for one in analyse([wide])] == ["limited"] * 3


def test_an_exact_rule_beside_a_wide_one_is_reused() -> None:
    assert [one.port for one in conflicts([udp(500, None, OFFICE), udp(400, 600, ANYWHERE)])] == []


def test_a_rule_without_ports_opens_all_and_conflicts_with_none() -> None:
    every = udp(None, None)
    assert [one.access for one in analyse([every])] == ["open"] * 3
    assert conflicts([every]) == ()
    assert rule_sentence(every) == "every UDP port from anywhere (covers IKE, NAT-T, L2TP)"


def test_port_forwarding_stands_in_the_way() -> None:
    taken = Forwarding("pf", "udp", 4500, 4500, "web-1")
    (found,) = conflicts([], [taken, Forwarding("tcp", "tcp", 500, 500, "web-1")])
    assert found.port == NAT_T
    assert not found.avoidable
    assert found.finding.severity == "error"
    assert "web-1" in found.finding.says


def test_half_a_world_and_the_other_half_are_the_world() -> None:
    rules = [udp(500, None, "0.0.0.0/1"), udp(500, None, "128.0.0.0/1")]
    assert analyse(rules)[0].access == "open"


def test_ipv6_lets_nobody_in() -> None:
    assert analyse([udp(500, None, "2001:db8::/32")])[0].access == "missing"


def test_rules_that_are_not_on_the_router() -> None:
    waiting = udp(500, None, ANYWHERE, state="Add")
    leaving = udp(4500, None, ANYWHERE, state="Deleting")
    report = analyse([waiting, leaving])
    assert [one.access for one in report] == ["pending", "missing", "missing"]
    assert [one.port for one in missing_openings([waiting, leaving])] == [NAT_T, L2TP]


def test_rules_in_words() -> None:
    tcp = IngressRule("t", "tcp", 22, 22, (OFFICE, OTHER))
    assert rule_sentence(tcp) == f"TCP 22 from {OFFICE} and {OTHER}"
    assert rule_sentence(udp(400, 600)) == "UDP 400-600 from anywhere (covers IKE)"
    assert rule_sentence(IngressRule("i", "icmp", None, None, ())) == "ICMP from anywhere"
    assert rule_sentence(udp(1701, None, OFFICE)) == f"L2TP (UDP 1701) from {OFFICE}"
    assert not tcp.covers(IKE)


def test_narrowing_names_the_rules_in_the_way() -> None:
    wide = udp(500, None, ANYWHERE)
    assert wider_than([wide, udp(4500, None, OFFICE)], [OFFICE]) == ((IKE, wide),)


sources = st.lists(
    st.sampled_from([ANYWHERE, OFFICE, OTHER, "198.51.0.0/16"]), max_size=3, unique=True
)
port_numbers = st.sampled_from([1, 400, 500, 501, 1701, 4500, 65535])
rule_strategy = st.builds(
    lambda protocol, ends, cidrs, state: IngressRule(
        "r", protocol, min(ends), max(ends), tuple(cidrs), state
    ),
    st.sampled_from(["udp", "tcp", "UDP"]),
    st.tuples(port_numbers, port_numbers),
    sources,
    st.sampled_from(["Active", "Active", "Active", "Add", "Staged"]),
)


@given(st.lists(rule_strategy, max_size=5), st.none() | sources.filter(bool))
def test_openings_never_conflict_and_are_enough(
    rules: list[IngressRule], wanted: list[str] | None
) -> None:
    openings = missing_openings(rules, wanted)
    for opening, rule in product(openings, rules):
        # The server's own rule for two firewall rules (FirewallManagerImpl.detectRulesConflict).
        assert not (rule.covers(opening.port) and set(rule.sources) & set(opening.cidrs))
    after = rules + [udp(one.port.number, None, *one.cidrs) for one in openings]
    assert missing_openings(after, wanted) == ()
    on_the_router = [IngressRule(r.id, r.protocol, r.start, r.end, r.cidrs) for r in after]
    for access in analyse(on_the_router):
        assert access.access in ("open", "limited")
        assert not_covered(wanted or (), access.sources) == ()


@pytest.mark.parametrize("port", VPN_PORTS)
def test_each_port_says_why(port: object) -> None:
    assert str(port).startswith(("IKE", "NAT-T", "L2TP"))
