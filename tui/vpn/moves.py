"""In which order rules of an address are made and removed, so that nobody is shut out between.

The server cannot change a rule, and refuses a second one that has a source text in common with
the first (`tui.vpn.slots`). So what is new is made first, then what goes is removed. Where a new
rule shares a text with one that goes, its networks are let in meanwhile by a passing rule that
writes them in another way: as their halves. A single address (/32) has no halves; where it cannot
be let in by what surrounds it and is open anyway, there is a gap, and the plan says so.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, collapse_addresses
from typing import Literal

import msgspec

from tui.vpn.cidrs import readable_networks
from tui.vpn.ports import IngressRule
from tui.vpn.slots import GONE, Slot, conflicting, texts_of


class Move(msgspec.Struct, frozen=True):
    """One call: a rule is made or removed."""

    kind: Literal["make", "remove"]
    rule: IngressRule
    """What is to be made has a name in place of its id; so has its removal later on."""
    passing: bool = False
    """The rule is there only while others are exchanged."""


class Gap(msgspec.Struct, frozen=True):
    """Sources that are let in before and after, but not between two calls."""

    slot: Slot
    cidrs: tuple[str, ...]


class Moves(msgspec.Struct, frozen=True):
    """The calls in their order, and whom they shut out for a moment."""

    moves: tuple[Move, ...]
    gaps: tuple[Gap, ...]

    def states(self, rules: Iterable[IngressRule]) -> tuple[tuple[IngressRule, ...], ...]:
        """The rules before the first move and after each of them."""
        states = [tuple(rules)]
        for move in self.moves:
            if move.kind == "make":
                states.append((*states[-1], move.rule))
            else:
                states.append(tuple(one for one in states[-1] if one.id != move.rule.id))
        return tuple(states)


def arrange(
    present: Sequence[IngressRule],
    going: Sequence[IngressRule],
    wanted: Sequence[IngressRule],
    *,
    allow_gap: bool = False,
    passing: str = "passing",
) -> Moves:
    """The order in which `going`, some of the `present` rules, are removed and `wanted` made.

    `wanted` must not conflict with each other or with rules that stay. Rules that are there only
    meanwhile are named `passing` and a number. With `allow_gap` what goes
    is removed before what it stands in the way of is made, and nothing is bridged.
    """
    leaving = {rule.id for rule in going}
    standing = [rule for rule in present if rule.id not in leaving]
    early = [rule for rule in wanted if conflicting(rule, going) is None]
    late = [rule for rule in wanted if conflicting(rule, going) is not None]
    first = [Move("make", rule) for rule in early]
    exchanges: list[Move] = []
    last: list[Move] = []
    gaps: list[Gap] = []
    for slot in dict.fromkeys(Slot.of(rule) for rule in (*going, *wanted)):
        gone = [rule for rule in going if Slot.of(rule) == slot]
        new = [rule for rule in late if Slot.of(rule) == slot]
        need = _shut_out(gone, new, [*standing, *early], slot)
        if need and not allow_gap:
            taken = texts_of(
                rule
                for rule in (*present, *wanted)
                if rule.state not in GONE and slot.meets(Slot.of(rule))
            )
            live = [rule for rule in gone if rule.state not in GONE]
            open_anyway = readable_networks(texts_of([*live, *new]))
            texts, need = _bridge(need, taken, open_anyway)
            if texts:
                bridge = slot.rule(f"{passing} {len(last) + 1}", texts)
                first.append(Move("make", bridge, passing=True))
                last.append(Move("remove", bridge, passing=True))
        if need:
            gaps.append(Gap(slot, tuple(str(network) for network in need)))
        exchanges += [Move("remove", rule) for rule in gone]
        exchanges += [Move("make", rule) for rule in new]
    return Moves((*first, *exchanges, *last), tuple(gaps))


def _shut_out(
    gone: Iterable[IngressRule],
    new: Iterable[IngressRule],
    meanwhile: Iterable[IngressRule],
    slot: Slot,
) -> list[IPv4Network]:
    """What is let in by what goes and by what can be made only then, and not by anything else."""
    before = readable_networks(texts_of(rule for rule in gone if rule.state not in GONE))
    after = readable_networks(texts_of(new))
    still = readable_networks(
        texts_of(r for r in meanwhile if r.state == "Active" and slot.lies_in(Slot.of(r)))
    )
    both = [_smaller(a, b) for a in before for b in after if a.overlaps(b)]
    return subtract(both, still)


def _smaller(one: IPv4Network, other: IPv4Network) -> IPv4Network:
    return one if one.prefixlen >= other.prefixlen else other


def subtract(networks: Iterable[IPv4Network], others: Iterable[IPv4Network]) -> list[IPv4Network]:
    """What of `networks` lies in none of `others`, in as few networks as can be."""
    left = list(collapse_addresses(networks))
    for other in others:
        rest: list[IPv4Network] = []
        for network in left:
            if network.subnet_of(other):
                continue
            rest += network.address_exclude(other) if other.subnet_of(network) else [network]
        left = rest
    return sorted(collapse_addresses(left))


def _bridge(
    need: Sequence[IPv4Network], taken: set[str], open_anyway: Sequence[IPv4Network]
) -> tuple[list[str], list[IPv4Network]]:
    """Texts that let `need` in, none of them `taken` and none reaching beyond `open_anyway`; and
    what cannot be let in so."""
    texts: list[IPv4Network] = []
    gap: list[IPv4Network] = []
    queue = list(need)
    while queue:
        network = queue.pop(0)
        if any(network.subnet_of(text) for text in texts):
            continue
        if str(network) not in taken:
            texts.append(network)
        elif network.prefixlen < 32:
            queue[:0] = network.subnets()
        else:
            wider = _wider(network, taken, open_anyway)
            (gap if wider is None else texts).append(wider or network)
    return [str(text) for text in texts], gap


def _wider(
    address: IPv4Network, taken: set[str], open_anyway: Sequence[IPv4Network]
) -> IPv4Network | None:
    """The smallest network around an address that is not `taken`, if all of it is open anyway."""
    for length in range(31, -1, -1):
        network = address.supernet(new_prefix=length)
        if not any(network.subnet_of(other) for other in open_anyway):
            return None
        if str(network) not in taken:
            return network
    return None
