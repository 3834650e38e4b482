"""Changing who may reach the ports of an address: what goes, what comes, and what that means.

A change is named by the sources that are to be let in. It is worked out from the rules as they are:
rules that fit stay, what is missing is made, and what lets others in is removed, in the order of
`tui.vpn.moves`. A rule for more ports than those in question is never touched.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Final, Literal

import msgspec

from tui.vpn.cidrs import ANYWHERE, not_covered, readable_networks, spoken_list, spoken_sources
from tui.vpn.findings import Finding, errors
from tui.vpn.moves import Gap, Move, Moves, arrange
from tui.vpn.ports import VPN_PORTS, IngressRule, PortAccess, analyse, rule_sentence
from tui.vpn.slots import GONE, Slot, conflicting, texts_of

Mode = Literal["set", "add"]
"""`set`: the named sources and nobody else; `add`: they too."""


_ALL_PORTS: Final = "The VPN ports"


class SourceDiff(msgspec.Struct, frozen=True):
    """What changes about one port, or the ports of one rule."""

    slot: Slot
    name: str
    """In words: `IKE (UDP 500)`."""
    gone: tuple[str, ...]
    """Source texts that no rule for just these ports has afterwards."""
    new: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """`- from anywhere`, `+ from 198.51.100.0/24`; none when nothing changes."""
        return (
            *(f"- from {spoken_sources([cidr])}" for cidr in self.gone),
            *(f"+ from {spoken_sources([cidr])}" for cidr in self.new),
        )


class SourcePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A change of sources, worked out."""

    before: tuple[IngressRule, ...]
    after: tuple[IngressRule, ...]
    """The rules at the end; what is made has a name in place of its id."""
    moves: tuple[Move, ...]
    gaps: tuple[Gap, ...]
    diffs: tuple[SourceDiff, ...]
    findings: tuple[Finding, ...]
    """What stands in the way, and what to know."""

    @property
    def can_run(self) -> bool:
        """Whether there is something to do and nothing stands in the way."""
        return bool(self.moves) and not errors(self.findings)

    @property
    def access(self) -> tuple[tuple[PortAccess, PortAccess], ...]:
        """Who reaches each VPN port before and after."""
        return tuple(zip(analyse(self.before), analyse(self.after), strict=True))


def vpn_slots() -> tuple[Slot, ...]:
    """Those of the three VPN ports."""
    return tuple(Slot.of_port(port) for port in VPN_PORTS)


def slot_name(slot: Slot) -> str:
    """The ports of a slot in words: `IKE (UDP 500)`, `UDP 400-600`, `every UDP port`."""
    return rule_sentence(slot.rule("", [ANYWHERE])).partition(" from ")[0]


def plan_sources(
    rules: Sequence[IngressRule],
    slots: Sequence[Slot],
    cidrs: Sequence[str],
    mode: Mode = "set",
    *,
    allow_gap: bool = False,
) -> SourcePlan:
    """How `cidrs`, as `parse_sources` gives them, come to reach `slots`.

    `rules` are all rules of the address. Equal arguments give equal plans, names included.
    """
    going: list[IngressRule] = []
    wanted: list[IngressRule] = []
    diffs: list[SourceDiff] = []
    findings: list[Finding] = []
    for slot in slots:
        exact = [rule for rule in rules if Slot.of(rule) == slot]
        wide = [r for r in rules if Slot.of(r) != slot and r.state not in GONE]
        goal, refused = _goal(slot, exact, wide, cidrs, mode)
        findings += refused
        leave = [rule for rule in exact if rule.state in GONE or not texts_of([rule]) <= {*goal}]
        had = texts_of(rule for rule in exact if rule.state not in GONE)
        kept = texts_of(rule for rule in exact if rule not in leave)
        missing = [cidr for cidr in goal if cidr not in kept]
        shared = texts_of(rule for rule in leave if rule.state not in GONE)
        for group in (
            [cidr for cidr in missing if cidr not in shared],
            [cidr for cidr in missing if cidr in shared],
        ):
            if group:
                wanted.append(slot.rule(f"new {len(wanted) + 1}", group))
        going += leave
        gone = tuple(sorted(had - {*goal}))
        new = tuple(cidr for cidr in goal if cidr not in had)
        diffs.append(SourceDiff(slot, slot_name(slot), gone, new))
        if mode == "set":
            findings += _still_wide(slot, wide, cidrs)
    return _worked_out(rules, going, wanted, diffs, findings, allow_gap=allow_gap)


def plan_return(
    now: Sequence[IngressRule], before: Sequence[IngressRule], *, allow_gap: bool = False
) -> SourcePlan:
    """How the rules `now` become those that were there `before`: same id, same rule."""
    known = {rule.id for rule in now}
    wanted = [
        Slot.of(rule).rule(f"again {rule.id}", rule.sources)
        for rule in before
        if rule.id not in known and rule.state not in GONE
    ]
    had = {rule.id for rule in before}
    going = [rule for rule in now if rule.id not in had]
    diffs = [
        SourceDiff(
            slot,
            slot_name(slot),
            tuple(sorted(_texts(going, slot) - _texts(wanted, slot))),
            tuple(sorted(_texts(wanted, slot) - _texts(going, slot))),
        )
        for slot in dict.fromkeys(Slot.of(rule) for rule in (*wanted, *going))
    ]
    return _worked_out(now, going, wanted, diffs, [], allow_gap=allow_gap, passing="passing back")


def _texts(rules: Sequence[IngressRule], slot: Slot) -> set[str]:
    return texts_of(rule for rule in rules if Slot.of(rule) == slot)


def _worked_out(
    rules: Sequence[IngressRule],
    going: Sequence[IngressRule],
    wanted: Sequence[IngressRule],
    diffs: Sequence[SourceDiff],
    findings: Sequence[Finding],
    *,
    allow_gap: bool,
    passing: str = "passing",
) -> SourcePlan:
    arranged = Moves((), ())
    if not errors(findings):
        arranged = arrange(rules, going, wanted, allow_gap=allow_gap, passing=passing)
    return SourcePlan(
        before=tuple(rules),
        after=arranged.states(rules)[-1],
        moves=arranged.moves,
        gaps=arranged.gaps,
        diffs=tuple(diffs),
        findings=(*findings, *_about(arranged.gaps, allowed=allow_gap)),
    )


def _goal(
    slot: Slot,
    exact: Sequence[IngressRule],
    wide: Sequence[IngressRule],
    cidrs: Sequence[str],
    mode: Mode,
) -> tuple[list[str], list[Finding]]:
    """The source texts that rules for exactly `slot` are to have; what the server refuses."""
    live = [rule for rule in exact if rule.state not in GONE]
    had = [text for rule in live for text in rule.sources]
    through = [rule for rule in wide if slot.lies_in(Slot.of(rule))]
    covered = texts_of(through)
    goal = list(dict.fromkeys(had)) if mode == "add" else []
    refused: list[Finding] = []
    for cidr in cidrs:
        if mode == "add" and not not_covered([cidr], [*covered, *had]):
            continue
        other = conflicting(slot.rule("", [cidr]), wide)
        if other is not None and other not in through:
            says = (
                f"The server refuses {slot_name(slot)} from {spoken_sources([cidr])} beside the "
                f"rule {rule_sentence(other)}; edit or delete that one first."
            )
            refused.append(Finding("error", "rule-clash", says))
        elif other is None and (cidr in had or not_covered([cidr], covered)):
            goal.append(cidr)
    return list(dict.fromkeys(goal)), refused


def _still_wide(slot: Slot, wide: Sequence[IngressRule], cidrs: Sequence[str]) -> list[Finding]:
    """Rules for more ports that go on letting others in."""
    found: list[Finding] = []
    for rule in wide:
        more = not_covered(rule.sources, cidrs)
        if slot.lies_in(Slot.of(rule)) and more:
            says = (
                f"{slot_name(slot)} stays open from {spoken_sources(more)} through the rule "
                f"{rule_sentence(rule)}, which is for more ports and is left as it is."
            )
            found.append(Finding("warning", "wide-rule", says))
    return found


def _about(gaps: Sequence[Gap], *, allowed: bool) -> list[Finding]:
    """What there is to say about gaps, once for all ports with the same one."""
    slots: dict[tuple[str, ...], list[Slot]] = {}
    for gap in gaps:
        slots.setdefault(gap.cidrs, []).append(gap.slot)
    return [_gap(_joint(each), spoken_sources(cidrs), allowed) for cidrs, each in slots.items()]


def _gap(ports: str, whom: str, allowed: bool) -> Finding:
    many = ports == _ALL_PORTS or " and " in ports
    if allowed:
        says = (
            f"{ports} {'are' if many else 'is'} closed to {whom} for a moment, between two calls."
        )
        return Finding("warning", "gap", says)
    says = (
        f"{ports} would be closed to {whom} for a moment: the server refuses a second rule with "
        "the same source, and a single address cannot be written in another way. Allow the gap "
        "(--allow-gap), or keep the rule as it is."
    )
    return Finding("error", "gap", says)


# What a change means.


def own_address(ssh_connection: str) -> str:
    """The IPv4 address that somebody logged in from, of SSH_CONNECTION (`client port server
    port`); "" when there is none."""
    first = ssh_connection.split(" ")[0] if ssh_connection else ""
    try:
        return str(IPv4Address(first))
    except ValueError:
        return ""


def shut_out(plan: SourcePlan, address: str) -> Finding | None:
    """A warning when `address`, as `own_address` gives it, reaches a VPN port now and would not."""
    if not address:
        return None
    lost = [
        str(before.port)
        for before, after in plan.access
        if _reaches(address, before.sources) and not _reaches(address, after.sources)
    ]
    if not lost:
        return None
    says = (
        f"You are logged in from {address}, which would no longer reach {spoken_list(lost)}: "
        "from there you could not use this VPN."
    )
    return Finding("warning", "own-address", says)


def _reaches(address: str, sources: Sequence[str]) -> bool:
    one = IPv4Network(address)
    return any(one.subnet_of(network) for network in readable_networks(sources))


def what_disabling_does(plan: SourcePlan) -> tuple[str, ...]:
    """What disabling the VPN later does to the rules, in sentences.

    It removes the rules that enabling has made, of which no list tells which they are: for exactly
    one VPN port and open to anyone (recording 06).
    """
    vpn = vpn_slots()
    made = [m for m in plan.moves if m.kind == "make" and not m.passing]
    if not any(Slot.of(move.rule) in vpn for move in made):
        return ()
    removed = [move.rule for move in plan.moves if move.kind == "remove"]
    sentences = [
        "Disabling the VPN later leaves the rules that this makes: they are yours to delete."
    ]
    if any(Slot.of(rule) in vpn and rule.sources == (ANYWHERE,) for rule in removed):
        sentences.insert(
            0,
            "The rules from anywhere look like those that enabling has made, which disabling "
            "would have removed.",
        )
    return tuple(sentences)


def joint_diffs(plan: SourcePlan) -> tuple[SourceDiff, ...]:
    """The differences, those that are the same for several ports as one: `The VPN ports`."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[SourceDiff]] = {}
    for diff in plan.diffs:
        groups.setdefault((diff.gone, diff.new), []).append(diff)
    return tuple(
        msgspec.structs.replace(group[0], name=_joint([each.slot for each in group]))
        for group in groups.values()
    )


def _joint(slots: Sequence[Slot]) -> str:
    if set(slots) == set(vpn_slots()):
        return _ALL_PORTS
    return spoken_list([slot_name(slot) for slot in slots])


def in_words(plan: SourcePlan) -> tuple[str, ...]:
    """Each VPN port before and after: `IKE (UDP 500): from anywhere → from …`; ports of which the
    same is to be said are named together."""
    groups: dict[str, list[Slot]] = {}
    for before, after in plan.access:
        was, then = _whom(before), _whom(after)
        says = f"{then}, as before" if was == then else f"{was} → {then}"
        groups.setdefault(says, []).append(Slot.of_port(before.port))
    return tuple(f"{_joint(slots)}: {says}" for says, slots in groups.items())


def _whom(access: PortAccess) -> str:
    return f"from {spoken_sources(access.sources)}" if access.sources else "closed"
