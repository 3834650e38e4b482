"""What a client range collides with, and a range that collides with nothing.

The server compares a range with the guest network (or the VPC) of the VPN only; everything else
here it accepts without a word (recordings 06 and 16) and leaves to the person to find out.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

import msgspec

from tui.vpn.findings import Finding
from tui.vpn.ranges import (
    CARRIER_BLOCK,
    DEFAULT_RANGE,
    LARGEST,
    PRIVATE_BLOCKS,
    UNUSUAL,
    ClientRange,
    RangeError,
    parse_range,
    spans_of,
)


class Kind(StrEnum):
    """What the addresses of a neighbour are, in words."""

    OWN_NETWORK = "this network"
    OWN_VPC = "this VPC"
    OWN_PEER = "the site-to-site peer"
    NETWORK = "the network"
    VPC = "the VPC"
    PEER = "the site-to-site peer of another VPC,"
    VPN = "the clients of the VPN"


class Neighbour(msgspec.Struct, frozen=True):
    """Addresses that are in use elsewhere.

    `addresses` is written as the API has it: a CIDR, several with commas, or a range `a-b`.
    """

    kind: Kind
    name: str
    addresses: str


HOME_NETWORKS: Final = (
    ("10.0.0.0/24", "Apple and Comcast routers"),
    ("10.0.1.0/24", "Apple AirPort"),
    ("172.17.0.0/16", "Docker on the client's machine"),
    ("172.20.10.0/28", "iPhone hotspots"),
    ("192.168.0.0/24", "many home routers"),
    ("192.168.1.0/24", "many home routers"),
    ("192.168.2.0/24", "many home routers"),
    ("192.168.8.0/24", "Huawei hotspots"),
    ("192.168.10.0/24", "home routers"),
    ("192.168.31.0/24", "Xiaomi routers"),
    ("192.168.43.0/24", "Android hotspots"),
    ("192.168.50.0/24", "ASUS routers"),
    ("192.168.68.0/24", "TP-Link Deco"),
    ("192.168.86.0/24", "Google and Nest Wifi"),
    ("192.168.88.0/24", "MikroTik routers"),
    ("192.168.100.0/24", "cable modems"),
    ("192.168.178.0/24", "FRITZ!Box routers"),
)
"""Networks that clients are likely to sit in, and what hands them out."""

_NAMED: Final = 3
"""Neighbours with the same addresses that are named; the others are counted."""

_BREAKS_THE_VPN: Final = {Kind.OWN_NETWORK, Kind.OWN_VPC, Kind.OWN_PEER}

_CONSEQUENCE: Final = {
    Kind.OWN_PEER: "the router cannot tell its clients from the peer",
    Kind.NETWORK: "whoever reaches both cannot tell them apart",
    Kind.VPC: "whoever reaches both cannot tell them apart",
    Kind.PEER: "whoever reaches both cannot tell them apart",
    Kind.VPN: "nobody can use both VPNs at the same time",
}


class RangeCheck(msgspec.Struct, frozen=True):
    """What is known about a range that someone typed."""

    text: str
    range: ClientRange | None
    """None when the text is no range."""
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing stands in the way of asking for it."""
        return self.range is not None and all(f.severity == "warning" for f in self.findings)


def _overlap(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left[0] <= right[1] and right[0] <= left[1]


def _written(span: tuple[int, int]) -> str:
    return f"{IPv4Address(span[0])}-{IPv4Address(span[1])}"


def _collision(asked: ClientRange, neighbour: Neighbour) -> Finding | None:
    try:
        spans = spans_of(neighbour.addresses)
    except ValueError:
        return Finding(
            "warning",
            "range-not-compared",
            f"“{neighbour.addresses}” of {neighbour.kind} {neighbour.name} could not be read, "
            "so the range was not compared with it.",
        )
    hit = next((span for span in spans if _overlap(asked.span(), span)), None)
    if hit is None:
        return None
    whom = f"{neighbour.kind} {neighbour.name} ({neighbour.addresses})"
    if neighbour.kind in (Kind.OWN_NETWORK, Kind.OWN_VPC):
        # The server names the usable addresses of the guest network, without its two ends.
        usable = _written((hit[0] + 1, hit[1] - 1))
        return Finding(
            "error",
            "range-overlap",
            f"The range overlaps {whom}; the server refuses that.",
            f"Invalid ip range: {asked} overlaps with guest ip range {usable}",
        )
    return Finding(
        "error" if neighbour.kind in _BREAKS_THE_VPN else "warning",
        "range-overlap",
        f"The range overlaps {whom}: {_CONSEQUENCE[neighbour.kind]}.",
    )


def _grouped(neighbours: Iterable[Neighbour]) -> Iterator[Neighbour]:
    """The neighbours with those of one kind and the same addresses taken together.

    Hundreds of networks may have CloudStack's usual 10.1.1.0/24.
    """
    names: dict[tuple[Kind, str], list[str]] = {}
    for neighbour in neighbours:
        names.setdefault((neighbour.kind, neighbour.addresses), []).append(neighbour.name)
    for (kind, addresses), called in names.items():
        shown = ", ".join(called[:_NAMED])
        more = len(called) - _NAMED
        yield Neighbour(kind, f"{shown} and {more} more" if more > 0 else shown, addresses)


def _scope(asked: ClientRange) -> Finding | None:
    def inside(block: IPv4Network) -> bool:
        return asked.first in block and asked.last in block

    if any(inside(block) for block in PRIVATE_BLOCKS):
        return None
    if inside(CARRIER_BLOCK):
        return Finding(
            "warning",
            "range-carrier",
            f"{asked} is address space of carriers (100.64.0.0/10); phones often sit in it.",
        )
    return Finding(
        "error",
        "range-public",
        f"{asked} is not private; take it from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16. "
        "The server would accept it, and clients could no longer reach the real owners.",
    )


def _capacity(asked: ClientRange, users: int) -> Iterator[Finding]:
    if asked.clients == 0:
        yield Finding(
            "error",
            "range-empty",
            f"{asked} is one address, which the router keeps for itself: nobody could connect. "
            "The server would accept it.",
        )
    elif asked.clients < users:
        yield Finding(
            "warning",
            "range-small",
            f"{asked} lets {_people(asked.clients)} connect at the same time, "
            f"but the account has {_people(users)}.",
        )
    if asked.addresses > LARGEST:
        yield Finding(
            "error",
            "range-huge",
            f"{asked} has {asked.addresses:,} addresses; more than {LARGEST:,} are a mistake.",
        )
    elif asked.addresses > UNUSUAL:
        yield Finding(
            "warning",
            "range-large",
            f"{asked} has {asked.addresses:,} addresses; an account has a handful of users.",
        )


def _people(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"


def home_networks(addresses: str) -> tuple[str, ...]:
    """The well-known home networks that `addresses` (as in `Neighbour`) overlaps, as
    `192.168.1.0/24 (many home routers)`. `ValueError` as for `spans_of`."""
    spans = spans_of(addresses)
    return tuple(
        f"{cidr} ({whose})"
        for cidr, whose in HOME_NETWORKS
        if any(_overlap(span, spans_of(cidr)[0]) for span in spans)
    )


def collisions(
    asked: ClientRange, neighbours: Iterable[Neighbour]
) -> tuple[tuple[Kind, Finding], ...]:
    """What the range collides with, or could not be compared with, and of which kind each is."""
    found = ((one.kind, _collision(asked, one)) for one in _grouped(neighbours))
    return tuple((kind, finding) for kind, finding in found if finding is not None)


def check_range(text: str, neighbours: Iterable[Neighbour] = (), *, users: int = 0) -> RangeCheck:
    """Everything that can be said about a typed range before it is sent.

    `users` is how many VPN users the account has or will have. Errors come in the order form,
    scope, capacity, neighbours, home networks.
    """
    try:
        asked = parse_range(text)
    except RangeError as refused:
        return RangeCheck(text, None, (refused.finding,))
    findings = [*_capacity(asked, users)]
    scope = _scope(asked)
    if scope is not None:
        findings.insert(0, scope)
    findings += [finding for _, finding in collisions(asked, neighbours)]
    findings += [
        Finding(
            "warning",
            "range-home",
            f"The range overlaps {home}; people who sit in such a network cannot connect well.",
        )
        for home in home_networks(str(asked))
    ]
    return RangeCheck(text, asked, tuple(findings))


def _taken(neighbours: Iterable[Neighbour]) -> list[tuple[int, int]]:
    taken = [spans_of(cidr)[0] for cidr, _ in HOME_NETWORKS]
    for addresses in {neighbour.addresses for neighbour in neighbours}:
        try:
            taken += spans_of(addresses)
        except ValueError:
            # What cannot be read cannot be avoided; `check_range` says so to the person.
            continue
    return taken


def _candidates(size: int) -> Iterator[int]:
    """First addresses to try, the default's first, then far from what people usually take."""
    yield int(parse_range(DEFAULT_RANGE).first)
    step = max(256, 1 << (size - 1).bit_length())
    for block in ("10.201.0.0/16", "172.29.0.0/16", "192.168.224.0/19", "10.0.0.0/8"):
        network = IPv4Network(block)
        start, end = int(network.network_address), int(network.broadcast_address)
        for base in range(start, end + 1, step):
            if base + size <= end:
                yield base + 1


def suggest_range(neighbours: Sequence[Neighbour], clients: int = 7) -> ClientRange | None:
    """A private range for `clients` people that overlaps no neighbour and no usual home network.

    The default range when it is free; None when there is no room (or `clients` is not between 1
    and the largest range).
    """
    size = clients + 1
    if not 2 <= size <= LARGEST:
        return None
    taken = _taken(neighbours)
    for first in _candidates(size):
        wanted = (first, first + size - 1)
        if not any(_overlap(wanted, span) for span in taken):
            return ClientRange(IPv4Address(wanted[0]), IPv4Address(wanted[1]))
    return None
