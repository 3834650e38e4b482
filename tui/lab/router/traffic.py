"""What goes over a lab router: counters that only grow, and the packets that a capture would show.

Sessions make traffic of their own: `Meter` says how much since they began. Whoever connects or
tries to leaves packets on the `Wire`, and the firewall counts each of them in the `Gate`.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_PING: Final = 88
"""Bytes of a ping inside PPP."""
_FLOW_SECONDS: Final = 180.0
_KEPT_PACKETS: Final = 4000


@dataclass(slots=True)
class Meter:
    """Traffic of one session inside PPP: bytes and packets from the client and to it."""

    began: float
    pace: int
    """Tells apart how much people do: 0…6."""
    last: float = 0.0
    bytes_in: float = 106.0
    packets_in: float = 4.0
    bytes_out: float = 48.0
    packets_out: float = 3.0
    forwarded_in: float = 0.0
    forwarded_out: float = 0.0
    """Packets that the router has passed on to the network and back."""

    def advance(self, now: float, *, passes: bool, lives: bool) -> None:
        """Count until `now`; `passes` if the network answers, `lives` if anybody sends at all."""
        before = self.last or self.began
        seconds = max(0.0, now - before)
        self.last = max(now, before)
        if not lives:
            return
        packets = seconds * (0.4 + self.pace)
        size = _PING + 60 * self.pace
        # Who gets no answer sends a ping a second and gives up nothing.
        if not passes:
            packets, size = seconds, _PING
        self.packets_in += packets
        self.bytes_in += packets * size
        if passes:
            self.packets_out += packets
            self.bytes_out += packets * size * (1 + 2 * (self.pace % 2))
            self.forwarded_in += packets
            self.forwarded_out += packets


class Packet(NamedTuple):
    """One packet on the public interface."""

    when: float
    """The router's clock, seconds since the epoch."""
    client: str
    """The address at the other end."""
    text: str
    """What `tcpdump -n -v` prints of it, without the time."""


class Wire:
    """The last packets on the public interface."""

    def __init__(self) -> None:
        self._packets: deque[Packet] = deque(maxlen=_KEPT_PACKETS)

    def carry(self, when: float, client: str, text: str) -> None:
        """A packet goes by."""
        self._packets.append(Packet(when, client, text))

    def between(self, start: float, end: float, client: str = "") -> list[Packet]:
        """Packets from `start` to `end`, of `client` or of everybody."""
        return [
            packet
            for packet in self._packets
            if start <= packet.when < end and client in {"", packet.client}
        ]


@dataclass(slots=True)
class Count:
    """Packets and bytes of one rule."""

    packets: int = 0
    bytes: int = 0

    def add(self, size: int, packets: int = 1) -> None:
        """`packets` of together `size` bytes have met the rule."""
        self.packets += packets
        self.bytes += size

    def __str__(self) -> str:
        return f"[{self.packets}:{self.bytes}]"


@dataclass(slots=True)
class Gate:
    """The counters of the firewall in front of the VPN."""

    let_in: dict[int, Count] = field(default_factory=dict)
    """By UDP port: first packets of a flow."""
    dropped: Count = field(default_factory=Count)
    established: Count = field(default_factory=Count)
    esp: Count = field(default_factory=Count)
    no_ipsec: int = 0
    """Clear-text packets that the policy has dropped (`XfrmInTmplMismatch`)."""
    table_full: int = 0
    """Packets that the full connection table has dropped."""
    flows: dict[tuple[str, int], float] = field(default_factory=dict)
    """Client and the router's port to the time of the last packet."""

    def udp(self, client: str, port: int, size: int, when: float, *, opened: bool) -> bool:
        """A UDP packet comes from `client`; False if it is dropped."""
        known = self.flows.get((client, port), 0.0) > when - _FLOW_SECONDS
        if known:
            self.established.add(size)
        elif opened:
            self.let_in.setdefault(port, Count()).add(size)
        else:
            self.dropped.add(size)
            return False
        self.flows[(client, port)] = when
        return True

    def current_flows(self, now: float) -> list[tuple[str, int, int]]:
        """Client, port and seconds left of each flow that the connection table still has."""
        return [
            (client, port, int(last + _FLOW_SECONDS - now))
            for (client, port), last in self.flows.items()
            if last > now - _FLOW_SECONDS
        ]


def utc_clock(when: float) -> str:
    """As tcpdump prints the time of a packet: `2026-11-22 23:36:50.706146`."""
    whole = int(when)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole))
    return f"{stamp}.{int((when - whole) * 1e6):06d}"
