"""The router's network: addresses, routes, links with their counters, cards, queues, connections.

`ip -j` prints one empty object per link that a filter leaves out (recorded in `fresh`); they are
skipped.
"""

import re
from typing import Final

import msgspec

from tui.router.output import Output


class Route(msgspec.Struct, frozen=True):
    """A route of the main table; every session has one to its own address alone."""

    destination: str
    device: str
    gateway: str
    source: str


class RoutingRule(msgspec.Struct, frozen=True):
    """Which table serves which packets."""

    priority: int
    source: str
    mark: str
    table: str


class Link(msgspec.Struct, frozen=True):
    """A card or an interface and its counters since it came up."""

    name: str
    mtu: int
    queue: str
    """Its queueing discipline; a session's has `noqueue`."""
    state: str
    """`UP`, `DOWN`, or `UNKNOWN` for an interface of PPP."""
    flags: tuple[str, ...]
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    errors_in: int
    errors_out: int
    dropped_in: int
    dropped_out: int


class Neighbour(msgspec.Struct, frozen=True):
    """A machine on the same wire; the gateway that is `FAILED` does not answer."""

    address: str
    device: str
    hardware: str
    state: str


class Card(msgspec.Struct, frozen=True):
    """A network card."""

    name: str
    driver: str
    mtu: int
    state: str


class Queue(msgspec.Struct, frozen=True):
    """A queueing discipline and what it has done since the link came up."""

    device: str
    kind: str
    dropped: int
    overlimits: int
    waiting: int
    """Packets in it."""


class SoftnetCpu(msgspec.Struct, frozen=True):
    """Packets that one processor took from its cards, had to drop, and could not finish in time."""

    processed: int
    dropped: int
    squeezed: int


class _Address(msgspec.Struct):
    family: str = ""
    local: str = ""


class _Counters(msgspec.Struct):
    bytes: int = 0
    packets: int = 0
    errors: int = 0
    dropped: int = 0


class _Stats(msgspec.Struct):
    rx: _Counters = msgspec.field(default_factory=_Counters)
    tx: _Counters = msgspec.field(default_factory=_Counters)


class _Link(msgspec.Struct):
    ifname: str = ""
    flags: tuple[str, ...] = ()
    mtu: int = 0
    qdisc: str = ""
    operstate: str = ""
    stats64: _Stats = msgspec.field(default_factory=_Stats)
    addr_info: tuple[_Address, ...] = ()


class _Route(msgspec.Struct):
    dst: str = ""
    gateway: str = ""
    dev: str = ""
    prefsrc: str = ""


class _Rule(msgspec.Struct):
    priority: int = 0
    src: str = ""
    srclen: int | None = None
    fwmark: str = ""
    table: str = ""


class _Neighbour(msgspec.Struct):
    dst: str = ""
    dev: str = ""
    lladdr: str = ""
    state: tuple[str, ...] = ()


def read_addresses(output: Output) -> tuple[tuple[str, str], ...]:
    """`ip -j addr`: card and IPv4 address, loopback left out."""
    return tuple(
        (card.ifname, address.local)
        for card in output.json_as(list[_Link])
        if card.ifname and "LOOPBACK" not in card.flags
        for address in card.addr_info
        if address.family == "inet"
    )


def read_routes(output: Output) -> tuple[Route, ...]:
    """`ip -j route`."""
    return tuple(
        Route(each.dst, each.dev, each.gateway, each.prefsrc)
        for each in output.json_as(list[_Route])
        if each.dst
    )


def read_routing_rules(output: Output) -> tuple[RoutingRule, ...]:
    """`ip -j rule`."""
    return tuple(
        RoutingRule(
            each.priority,
            each.src if each.srclen is None else f"{each.src}/{each.srclen}",
            each.fwmark,
            each.table,
        )
        for each in output.json_as(list[_Rule])
    )


def read_links(output: Output) -> tuple[Link, ...]:
    """`ip -s -j link` and `ip -d -s -j link show type ppp`."""
    return tuple(
        Link(
            each.ifname,
            each.mtu,
            each.qdisc,
            each.operstate,
            each.flags,
            each.stats64.rx.bytes,
            each.stats64.tx.bytes,
            each.stats64.rx.packets,
            each.stats64.tx.packets,
            each.stats64.rx.errors,
            each.stats64.tx.errors,
            each.stats64.rx.dropped,
            each.stats64.tx.dropped,
        )
        for each in output.json_as(list[_Link])
        if each.ifname
    )


def read_neighbours(output: Output) -> tuple[Neighbour, ...]:
    """`ip -j neigh`."""
    return tuple(
        Neighbour(each.dst, each.dev, each.lladdr, " ".join(each.state))
        for each in output.json_as(list[_Neighbour])
        if each.dst
    )


def read_cards(output: Output) -> tuple[Card, ...]:
    """`nic_driver`: name, driver, MTU and state; a card that is missing has no entry."""
    rows = [line.split() for line in output.lines]
    return tuple(Card(row[0], row[1], int(row[2]), row[3]) for row in rows if len(row) == 4)


def read_properties(output: Output) -> dict[str, str]:
    """`ethtool -i CARD`: nothing where there is no such card (status 71)."""
    pairs = (line.partition(":") for line in output.lines)
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def read_offloads(output: Output) -> dict[str, bool]:
    """`ethtool -k CARD`: name to whether it is on; nothing where there is no such card."""
    values = read_properties(output)
    return {name: value.split()[0] == "on" for name, value in values.items() if value}


_QUEUE: Final = re.compile(r"qdisc (\S+) \S+ dev (\S+)")
_DROPPED: Final = re.compile(r" Sent \d+ bytes \d+ pkt \(dropped (\d+), overlimits (\d+)")
_WAITING: Final = re.compile(r" backlog \S+ (\d+)p")


def read_queues(output: Output) -> tuple[Queue, ...]:
    """`tc -s qdisc show`."""
    found: list[Queue] = []
    for line in output.lines:
        if match := _QUEUE.match(line):
            found.append(Queue(match[2], match[1], 0, 0, 0))
        elif found and (match := _DROPPED.match(line)):
            found[-1] = msgspec.structs.replace(
                found[-1], dropped=int(match[1]), overlimits=int(match[2])
            )
        elif found and (match := _WAITING.match(line)):
            found[-1] = msgspec.structs.replace(found[-1], waiting=int(match[1]))
    return tuple(found)


def read_softnet(output: Output) -> tuple[SoftnetCpu, ...]:
    """`cat /proc/net/softnet_stat`: one line of hexadecimal numbers per processor."""
    rows = [[int(word, 16) for word in line.split()[:3]] for line in output.lines]
    return tuple(SoftnetCpu(processed, dropped, squeezed) for processed, dropped, squeezed in rows)


def read_protocol_counters(output: Output) -> dict[str, int]:
    """`cat /proc/net/snmp`: `Udp.RcvbufErrors` and the like to their count since boot."""
    found: dict[str, int] = {}
    heads: dict[str, list[str]] = {}
    for line in output.lines:
        protocol, separator, rest = line.partition(": ")
        if not separator:
            continue
        words = rest.split()
        names = heads.pop(protocol, None)
        if names is None:
            heads[protocol] = words
            continue
        for name, number in zip(names, words, strict=True):
            found[f"{protocol}.{name}"] = int(number)
    return found


def read_conntrack(output: Output) -> dict[str, int]:
    """`conntrack -S`: each counter, summed over the processors."""
    found: dict[str, int] = {}
    for line in output.lines:
        for word in line.split()[1:]:
            name, _, number = word.partition("=")
            found[name] = found.get(name, 0) + int(number)
    return found
