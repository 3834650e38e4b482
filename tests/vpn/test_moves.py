"""Any change of sources: who stays is never shut out, nobody else let in, no call refused."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tui.vpn.cidrs import ANYWHERE, readable_networks
from tui.vpn.findings import errors
from tui.vpn.moves import Moves, subtract
from tui.vpn.ports import IngressRule
from tui.vpn.slots import GONE, Slot, conflicting
from tui.vpn.sources import SourcePlan, plan_return, plan_sources, vpn_slots

# Few networks that lie within each other, so that texts are often shared.
CIDRS = st.sampled_from(
    [
        ANYWHERE,
        "0.0.0.0/1",
        "10.0.0.0/8",
        "10.0.0.0/9",
        "10.0.0.0/24",
        "10.0.0.0/30",
        "10.0.0.0/31",
        "10.0.0.2/31",
        "10.0.0.0/32",
        "10.0.0.1/32",
        "10.0.0.2/32",
        "192.0.2.0/24",
        "192.0.2.7/32",
        "10.0.0.5/24",
        "2001:db8::/32",
    ]
)
TYPED = CIDRS.filter(lambda cidr: ":" not in cidr and cidr != "10.0.0.5/24")
SLOTS = st.sampled_from(
    [*vpn_slots(), Slot("udp", 400, 600), Slot("udp", None, None), Slot("tcp", 500, 500)]
)
STATES = st.sampled_from(["Active", "Active", "Active", "Add", "Deleting"])
MADE = st.tuples(SLOTS, st.lists(CIDRS, max_size=4, unique=True), STATES)
PROBES = [
    IPv4Address(text)
    for text in ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "10.200.0.1")
] + [IPv4Address(text) for text in ("192.0.2.7", "192.0.2.8", "100.0.0.1", "200.0.0.1")]
PORTS = (450, 500, 1701, 4500, 9)


@st.composite
def addresses(draw: st.DrawFn) -> list[IngressRule]:
    """Rules of an address that the server would have taken one after the other."""
    rules: list[IngressRule] = []
    for slot, cidrs, state in draw(st.lists(MADE, max_size=7)):
        rule = IngressRule(
            f"r{len(rules)}", slot.protocol, slot.start, slot.end, tuple(cidrs), state
        )
        if conflicting(rule, rules) is None:
            rules.append(rule)
    return rules


def allowed(rules: Sequence[IngressRule], *, only_active: bool) -> set[tuple[int, IPv4Address]]:
    """Which of the probes reach which UDP port."""
    found = set()
    for rule in rules:
        if rule.protocol != "udp" or rule.state in GONE or (only_active and rule.state == "Add"):
            continue
        networks = readable_networks(rule.sources)
        for port in PORTS:
            if rule.start is None or rule.start <= port <= (rule.end or rule.start):
                found |= {(port, one) for one in PROBES if any(one in n for n in networks)}
    return found


def check(rules: Sequence[IngressRule], plan: SourcePlan) -> None:
    """Every promise about a plan that can be run."""
    states = Moves(plan.moves, plan.gaps).states(rules)
    assert states[-1] == plan.after
    surely = allowed(states[0], only_active=True) & allowed(states[-1], only_active=True)
    ever = allowed(states[0], only_active=False) | allowed(states[-1], only_active=False)
    excused = {
        (port, one)
        for gap in plan.gaps
        for port in PORTS
        for one in PROBES
        if Slot("udp", port, port).lies_in(gap.slot)
        if any(one in network for network in readable_networks(gap.cidrs))
    }
    for state in states:
        assert surely - allowed(state, only_active=True) <= excused
        assert allowed(state, only_active=False) <= ever
    for number, move in enumerate(plan.moves):
        if move.kind == "make":
            assert conflicting(move.rule, states[number]) is None
        else:
            assert any(rule.id == move.rule.id for rule in states[number])
    assert not any(move.passing and move.rule in plan.after for move in plan.moves)


@settings(max_examples=500, deadline=None)
@given(
    addresses(),
    st.lists(TYPED, min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(vpn_slots()), min_size=1, max_size=3, unique=True),
    st.sampled_from(["set", "add"]),
    st.booleans(),
)
def test_a_change_of_ports(
    rules: list[IngressRule], cidrs: list[str], slots: list[Slot], mode: str, allow_gap: bool
) -> None:
    plan = plan_sources(rules, slots, cidrs, "set" if mode == "set" else "add", allow_gap=allow_gap)
    check(rules, plan)
    check(plan.after, plan_return(plan.after, rules, allow_gap=allow_gap))
    assert plan == plan_sources(
        rules, slots, cidrs, "set" if mode == "set" else "add", allow_gap=allow_gap
    )
    if mode == "add":
        assert not any(move.kind == "remove" and move.rule.state == "Active" for move in plan.moves)
        assert not plan.gaps
    for slot in slots:
        lets = [r for r in plan.after if slot.lies_in(Slot.of(r)) and r.state not in GONE]
        through = readable_networks(c for rule in lets for c in rule.sources)
        assert not subtract(readable_networks(cidrs), through)
        if mode == "set":
            exact = [rule for rule in lets if Slot.of(rule) == slot]
            more = readable_networks(c for rule in exact for c in rule.sources)
            assert not subtract(more, readable_networks(cidrs))


@settings(max_examples=300, deadline=None)
@given(addresses(), st.lists(TYPED, min_size=1, max_size=4, unique=True), st.booleans())
def test_a_change_of_one_rule(rules: list[IngressRule], cidrs: list[str], allow_gap: bool) -> None:
    assume(rules)
    plan = plan_sources(rules, [Slot.of(rules[0])], cidrs, allow_gap=allow_gap)
    if errors(finding for finding in plan.findings if finding.code == "rule-clash"):
        assert plan.moves == () and plan.after == tuple(rules)
    else:
        check(rules, plan)
        check(plan.after, plan_return(plan.after, rules, allow_gap=allow_gap))


@settings(max_examples=300, deadline=None)
@given(addresses(), st.lists(TYPED, min_size=1, max_size=4, unique=True))
def test_a_gap_is_only_left_where_nothing_bridges_it(
    rules: list[IngressRule], cidrs: list[str]
) -> None:
    plan = plan_sources(rules, vpn_slots(), cidrs)
    for gap in plan.gaps:
        # A network has halves, so only single addresses are ever left.
        assert all(IPv4Network(cidr).prefixlen == 32 for cidr in gap.cidrs)
        assert any(finding.code == "gap" for finding in errors(plan.findings))


@pytest.mark.parametrize(
    ("had", "wanted", "calls"),
    [
        ((ANYWHERE,), ["198.51.100.0/24"], ["make 198.51.100.0/24", "remove 0.0.0.0/0"]),
        (("198.51.100.0/24",), ["198.51.100.0/24"], []),
        (
            ("198.51.100.0/24", "192.0.2.0/24"),
            ["198.51.100.0/24", "10.0.0.0/8"],
            [
                "make 10.0.0.0/8",
                "make 198.51.100.0/25,198.51.100.128/25",
                "remove 198.51.100.0/24,192.0.2.0/24",
                "make 198.51.100.0/24",
                "remove 198.51.100.0/25,198.51.100.128/25",
            ],
        ),
    ],
)
def test_the_order_of_calls(had: tuple[str, ...], wanted: list[str], calls: list[str]) -> None:
    slot = vpn_slots()[0]
    plan = plan_sources([slot.rule("old", had)], [slot], wanted)
    assert [f"{move.kind} {','.join(move.rule.sources)}" for move in plan.moves] == calls
    assert not plan.gaps


def test_a_single_address_that_is_kept_needs_a_gap() -> None:
    slot = vpn_slots()[0]
    rules = [slot.rule("old", ["203.0.113.7/32", "192.0.2.0/24"])]
    plan = plan_sources(rules, [slot], ["203.0.113.7/32"])
    assert [gap.cidrs for gap in plan.gaps] == [("203.0.113.7/32",)]
    assert not plan.can_run
    allowed_ = plan_sources(rules, [slot], ["203.0.113.7/32"], allow_gap=True)
    assert allowed_.can_run and [move.kind for move in allowed_.moves] == ["remove", "make"]
    # Where its surroundings are open anyway, they stand in for it.
    rules = [slot.rule("old", ["203.0.113.7/32", "203.0.113.0/24"])]
    assert plan_sources(rules, [slot], ["203.0.113.7/32"]).can_run
