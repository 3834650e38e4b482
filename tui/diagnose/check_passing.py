"""The way through: whether packets pass between the VPN and the networks behind the router."""

import ipaddress
from collections.abc import Iterator

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.check_firewall import BY_HAND, PUSH_NETWORK, STEP_BY_HAND, filter_of, proof_of
from tui.diagnose.checks import Proof
from tui.diagnose.firewall_walk import Fate, Packet, Table
from tui.diagnose.knocking import hand_made
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.bag_facts import GuestNetwork
from tui.router.survey import Unanswered


def forward_rules(subject: Subject) -> Result:
    """The router passes packets from the VPN to the network and back."""
    ways = _ways(subject)
    if isinstance(ways, Result):
        return ways
    shut: list[str] = []
    evidence: list[Proof] = []
    removals: dict[str, None] = {}
    for network, there, back in ways:
        removals |= dict.fromkeys(filter(None, (hand_made(there), hand_made(back))))
        evidence += [*proof_of(there), *proof_of(back)]
        shut += [] if _is_passed(there) else [f"from the VPN to {network}"]
        shut += [] if _is_passed(back) else [f"from {network} to the VPN"]
    if shut:
        return failed(
            f"the router does not pass packets {' nor '.join(shut)}",
            tuple(evidence),
            f"{BY_HAND}: {', '.join(f'`{each}`' for each in removals)}."
            if removals
            else f"{PUSH_NETWORK} The rules belong to the VPN and come back with it.",
            "" if removals else "restart",
            STEP_BY_HAND if removals else (),
        )
    return passed("packets pass between VPN and network", tuple(evidence))


def _is_passed(fate: Fate) -> bool:
    """What the ACL of a tier drops is CloudStack's own word, told by tier_acls."""
    return fate.is_let_through or fate.chain.startswith("ACL_")


def _ways(subject: Subject) -> Result | list[tuple[ipaddress.IPv4Network, Fate, Fate]]:
    """The networks behind the router, and what becomes of a client's packet to each of them and of
    its answer; or what is to be said where that is not known."""
    table = filter_of(subject)
    if isinstance(table, Result):
        return table
    ends = pool_ends(subject.pool)
    inside = insides(subject)
    if not inside and subject.is_vpc and not isinstance(tiers_of(subject), Unanswered):
        return skipped("the VPC has no tier yet")
    if ends is None or not inside:
        return unknown("the client range or the networks behind the router are not known")
    client = str(ipaddress.IPv4Address(ends[0]))
    return [(network, *_through(table, client, card, network)) for card, network in inside]


def _through(
    table: Table, client: str, card: str, network: ipaddress.IPv4Network
) -> tuple[Fate, Fate]:
    """What becomes of a client's packet, and of the answer."""
    host = str(network.network_address + (2 if network.num_addresses > 2 else 0))
    there = Packet(source=client, destination=host, comes_in="ppp0", goes_out=card)
    back = Packet(
        source=host, destination=client, comes_in=card, goes_out="ppp0", state="ESTABLISHED"
    )
    return table.fate("FORWARD", there), table.fate("FORWARD", back)


def insides(subject: Subject) -> list[tuple[str, ipaddress.IPv4Network]]:
    """The networks behind the router: interface and network; a VPC has one for each tier."""
    found = list(_guest_cards(subject))
    told = subject.is_vpc and not isinstance(tiers_of(subject), Unanswered)
    if not found and not told and subject.inside_cidr:
        network = ipaddress.IPv4Network(subject.inside_cidr, strict=False)
        found = [("eth2" if subject.is_vpc else "eth0", network)]
    return found


def tiers_of(subject: Subject) -> tuple[GuestNetwork, ...] | Unanswered:
    """The tiers of a VPC, as they were pushed to its router."""
    return subject.fact(commands.BAG_GUESTNETWORK)


def _guest_cards(subject: Subject) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
    tiers = tiers_of(subject)
    if subject.is_vpc and not isinstance(tiers, Unanswered) and tiers:
        for tier in tiers:
            yield tier.device, ipaddress.IPv4Network(tier.cidr, strict=False)
        return
    cards = subject.fact(commands.BAG_IPS)
    for card in () if isinstance(cards, Unanswered) else cards:
        if card.kind == "guest":
            yield card.device, ipaddress.IPv4Network(card.cidr, strict=False)


def tier_acls(subject: Subject) -> Result:
    """The ACL of each tier lets the VPN's clients in."""
    if not subject.is_vpc:
        return skipped("not a VPC")
    ways = _ways(subject)
    if isinstance(ways, Result):
        return ways
    closed: list[str] = []
    evidence: list[Proof] = []
    for network, there, _ in ways:
        if there.target == "DROP" and there.chain.startswith("ACL_"):
            closed.append(str(network))
            evidence += proof_of(there)
    if closed:
        return warned(
            f"the ACL of {', '.join(closed)} drops clients of {subject.pool}: they connect and "
            "reach nothing there, unless a rule for some ports lets them in",
            tuple(evidence),
            f"Allow {subject.pool} in the ACL of the tier.",
            "allow_clients",
        )
    return passed("no tier's ACL drops the VPN's clients as a whole")


def ip_forward(subject: Subject) -> Result:
    """The kernel passes packets on at all."""
    kernel = subject.fact(commands.SYSCTL)
    if isinstance(kernel, Unanswered):
        return unknown(kernel)
    value = kernel.get("net.ipv4.ip_forward")
    if value is None:
        return unknown("the kernel did not say net.ipv4.ip_forward")
    evidence = prove("sysctl", f"net.ipv4.ip_forward = {value}")
    if value == "1":
        return passed("the router forwards packets", evidence)
    return failed(
        "the router forwards no packets at all: people connect and reach only the router",
        evidence,
        "Reboot the router by CloudStack, which sets this anew, or `sysctl -w "
        "net.ipv4.ip_forward=1`; find out what has changed it.",
        "restart",
    )
