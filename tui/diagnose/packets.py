"""What a packet capture on the router says, per client: `tcpdump -n` text, plain or with `-v`.

A capture tells what the logs cannot: packets that came and were never answered, answers that say
a port is closed, L2TP outside IPsec, fragments. It is text, so that it fits into a bundle.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

Kind = Literal["ike", "ike_nat", "esp", "l2tp", "unreachable", "keepalive", "fragment", "other"]
"""`ike_nat`: IKE on UDP 4500. `esp`: ESP itself or inside UDP 4500. `l2tp`: in clear text."""

MOST_ESP: Final = 20_000
"""ESP packets of one client that are kept; the first ones."""


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """One packet."""

    line: int
    """Number of its first line in the capture, from 1."""
    time: float
    """Seconds; only differences mean something."""
    source: str
    destination: str
    source_port: int = 0
    destination_port: int = 0
    kind: Kind
    size: int = 0
    """Bytes of the IP packet; 0 where the capture does not say it."""
    more_fragments: bool = False
    """True for the first part of a packet that was too big."""
    word: str = ""
    """ESP: its SPI in hexadecimal; L2TP: the type of message; unreachable: the port."""
    text: str = ""
    """The line that says what it is."""


class ClientPackets(msgspec.Struct, kw_only=True):
    """The packets between one client and the router, counted."""

    client: str
    received: dict[str, int] = {}
    """Packets from the client by kind."""
    sent: dict[str, int] = {}
    """Packets to the client by kind."""
    firsts: dict[str, Packet] = {}
    """First packet from the client by kind; sent ones as `sent ike`…"""
    unreachable: dict[int, Packet] = {}
    """Ports that the router called closed, with the first packet that says so."""
    l2tp_messages: list[str] = []
    """Types of clear-text L2TP messages from the client, each once, in order."""
    fragments: list[Packet] = []
    largest: int = 0
    """Bytes of the largest ESP packet."""
    esp: list[Packet] = []
    """ESP in both directions in order; at most `MOST_ESP`."""
    ports: set[int] = set()
    """UDP ports that the client's IKE came from."""
    unanswered_ike: int = 0
    """IKE packets from the client since the router's last one."""
    started: float = 0.0
    ended: float = 0.0

    def got(self, kind: Kind) -> int:
        """How many packets of `kind` came from the client."""
        return self.received.get(kind, 0)

    def gave(self, kind: Kind) -> int:
        """How many packets of `kind` went to the client."""
        return self.sent.get(kind, 0)


class Capture(msgspec.Struct, frozen=True):
    """A whole capture."""

    router: str
    """Address of the router's end."""
    clients: dict[str, ClientPackets]
    packets: int


_HEAD: Final = re.compile(r"(?P<stamp>\S+(?: \d\d:\S+)?) IP6? (?P<rest>.*)")
_VERBOSE: Final = re.compile(
    r"\(tos [^)]*?offset (?P<offset>\d+), flags \[(?P<flags>[^\]]*)\], proto \S+ \(\d+\), "
    r"length (?P<size>\d+)"
)
_ENDS: Final = re.compile(
    r"\s*(\d+\.\d+\.\d+\.\d+)(?:\.(\d+))? > (\d+\.\d+\.\d+\.\d+)(?:\.(\d+))?: (.*)"
)
_SPI: Final = re.compile(r"ESP\(spi=0x([0-9a-f]+)")
_MESSAGE: Final = re.compile(r"MSGTYPE\((\w+)\)")
_CLOSED: Final = re.compile(r"udp port (\d+) unreachable")
_CLOCK: Final = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d) )?(\d\d):(\d\d):(\d\d(?:\.\d+)?)$")


def read_packets(text: str) -> Iterator[Packet]:
    """The packets of a capture in order; lines that are not understood are passed over."""
    verbose: re.Match[str] | None = None
    first, time = 0, 0.0
    for number, line in enumerate(text.split("\n"), 1):
        if line[:1].isdigit() and (head := _HEAD.match(line)):
            time, first = _seconds(head["stamp"]), number
            verbose = _VERBOSE.match(head["rest"])
            if verbose is not None:
                continue
            if ends := _ENDS.match(head["rest"]):
                yield _packet(number, time, ends, None)
        elif verbose is not None and number == first + 1 and (ends := _ENDS.match(line)):
            yield _packet(first, time, ends, verbose)


def _seconds(stamp: str) -> float:
    """Days count too, so that a capture may run over midnight; months as 31 days, in order."""
    if clock := _CLOCK.match(stamp):
        year, month, day = (int(part or 0) for part in clock.groups()[:3])
        days = (year * 12 + month) * 31 + day
        return days * 86400 + int(clock[4]) * 3600 + int(clock[5]) * 60 + float(clock[6])
    try:
        return float(stamp)
    except ValueError:
        return 0.0


def _packet(line: int, time: float, ends: re.Match[str], verbose: re.Match[str] | None) -> Packet:
    source, source_port, destination, destination_port, rest = ends.groups()
    kind, word = _kind(rest, int(source_port or 0), int(destination_port or 0))
    if verbose is not None and verbose["offset"] != "0":
        kind, word = "fragment", ""
    return Packet(
        line=line,
        time=time,
        source=source,
        destination=destination,
        source_port=int(source_port or 0),
        destination_port=int(destination_port or 0),
        kind=kind,
        size=int(verbose["size"]) if verbose else 0,
        more_fragments=verbose is not None and "+" in verbose["flags"],
        word=word,
        text=ends.group().strip(),
    )


def _kind(rest: str, source_port: int, destination_port: int) -> tuple[Kind, str]:
    if spi := _SPI.search(rest):
        return "esp", spi[1]
    if rest.startswith("ICMP"):
        closed = _CLOSED.search(rest)
        return ("unreachable", closed[1]) if closed else ("other", "")
    if "isakmp" in rest:
        return (
            "ike_nat" if "NONESP" in rest or 4500 in (source_port, destination_port) else "ike"
        ), ""
    if "isakmp-nat-keep-alive" in rest:
        return "keepalive", ""
    if "l2tp" in rest or destination_port == 1701:
        message = _MESSAGE.search(rest)
        return "l2tp", message[1] if message else ""
    return "other", ""


def summarise(text: str, router: str = "") -> Capture:
    """Count the packets of each client; `router` is the public address of the VPN, if known.

    Without it the router is the end that the first packet for one of the VPN's ports goes to.
    """
    clients: dict[str, ClientPackets] = {}
    count = 0
    for packet in read_packets(text):
        if not router and packet.destination_port in (500, 4500, 1701):
            router = packet.destination
        if router not in (packet.source, packet.destination):
            continue
        count += 1
        inbound = packet.destination == router
        address = packet.source if inbound else packet.destination
        client = clients.get(address)
        if client is None:
            client = clients[address] = ClientPackets(client=address, started=packet.time)
        _add(client, packet, inbound)
    return Capture(router, clients, count)


def _add(client: ClientPackets, packet: Packet, inbound: bool) -> None:
    client.ended = packet.time
    counts = client.received if inbound else client.sent
    counts[packet.kind] = counts.get(packet.kind, 0) + 1
    client.firsts.setdefault(packet.kind if inbound else f"sent {packet.kind}", packet)
    if packet.kind == "unreachable" and not inbound:
        client.unreachable.setdefault(int(packet.word), packet)
    elif packet.kind == "esp":
        client.largest = max(client.largest, packet.size)
        if packet.more_fragments:
            client.fragments.append(packet)
        if len(client.esp) < MOST_ESP:
            client.esp.append(packet)
    elif packet.kind == "l2tp" and inbound and packet.word not in client.l2tp_messages:
        client.l2tp_messages.append(packet.word)
    elif packet.kind in ("ike", "ike_nat"):
        client.unanswered_ike = client.unanswered_ike + 1 if inbound else 0
        if inbound:
            client.ports.add(packet.source_port)


ANSWER_SECONDS: Final = 0.9
"""A reply that takes longer is none: pings come once a second."""


class Echoes(msgspec.Struct, frozen=True):
    """Packets of one size that a client sent about once a second, like `ping` does."""

    answered: tuple[Packet, ...]
    unanswered: tuple[Packet, ...]


def echoes(client: ClientPackets, router: str) -> Echoes:
    """What looks like pings inside the tunnel: one size, a second apart, with or without a reply.

    A reply has the same size, since ping sends back what it got. A packet counts as unanswered
    only in a row of three of one size, one second apart: other traffic needs no reply.
    """
    inbound = [packet for packet in client.esp if packet.destination == router]
    outbound = [packet for packet in client.esp if packet.source == router]
    answered, alone = [], []
    at = 0
    for packet in inbound:
        while at < len(outbound) and outbound[at].time < packet.time:
            at += 1
        replies = []
        for reply in outbound[at : at + 8]:
            if reply.time - packet.time > ANSWER_SECONDS:
                break
            replies.append(reply)
        if any(reply.size == packet.size for reply in replies):
            answered.append(packet)
        elif not replies:
            alone.append(packet)
    return Echoes(tuple(answered), _in_rows(alone))


def _in_rows(alone: list[Packet]) -> tuple[Packet, ...]:
    row: list[Packet] = []
    found: list[Packet] = []
    for packet in alone:
        if row and (packet.size != row[-1].size or not 0.8 <= packet.time - row[-1].time <= 1.2):
            row = []
        row.append(packet)
        if len(row) == 3:
            found += row
        elif len(row) > 3:
            found.append(packet)
    return tuple(found)


FULL_SIZE: Final = 1400
"""Bytes of an outer packet from which on it is called full."""


def is_size_test(client: ClientPackets, router: str) -> bool:
    """True if somebody tries packets of growing size, up to a full one, and each is answered.

    That is how an MTU is measured; a download has full packets too, but no such steps.
    """
    sizes = [packet.size for packet in echoes(client, router).answered if packet.size >= 200]
    return len(set(sizes)) >= 3 and sizes == sorted(sizes) and sizes[-1] >= FULL_SIZE
