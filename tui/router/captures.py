"""A bounded packet capture on the router's public interface, as text.

It shows what no log shows: packets that come and get no answer. It ends by itself on the router,
by time and by number of packets, whether anybody still listens or not, and writes no file there.
The text has the form of the recorded captures (`tcpdump -n -v -tttt`). Of each packet only the
first bytes are looked at: headers, and no password that travels in the clear.
"""

import asyncio
import re
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Final

from tui.router import commands
from tui.router.errors import CommandFailed, CommandTimeout, NotAllowed
from tui.router.log_commands import LogCommand

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

MOST_SECONDS: Final = 120
MOST_PACKETS: Final = 5000
HEADER_BYTES: Final = 96
"""Bytes of a packet that are looked at: IP, UDP and the packet that an ICMP answer quotes fit."""
LARGEST_CAPTURE: Final = 8 * 1024 * 1024
"""Bytes of text that are read."""

_GRACE: Final = 15.0
"""Seconds beyond the capture's own until it is given up."""
_ENDED_BY_TIME: Final = 124
_NOT_INSTALLED: Final = 127
_USUAL_INTERFACE: Final = "eth2"
"""An isolated network's router has its first public address on it."""

_CAPTURE: Final = r"""
i=$1 c=$2 s=$3 n=$4 b=$5
command -v tcpdump >/dev/null || { echo "tcpdump is not on this router" >&2; exit 127; }
u='(udp port 500 or udp port 4500 or udp port 1701 or ip proto 50'
u="$u or ((ip proto 17 or ip proto 50) and ip[6:2] & 0x1fff != 0))"
[ "$c" = - ] || u="(host $c and $u)"
exec timeout -k 2 -s INT "$s" tcpdump -n -v -tttt -l -s "$b" -c "$n" -i "$i" \
  "$u or icmp[icmptype] = icmp-unreach" </dev/null
"""
# IKE, IKE and ESP in UDP, L2TP in the clear, ESP, the later fragments of those, and answers that
# something cannot be reached, which may come from any machine on the way.

CAPTURE: Final = LogCommand(
    "capture",
    ("sh", "-c", _CAPTURE, "csvpn-capture"),
    (
        ("interface", r"eth\d{1,2}"),
        ("client", r"-|\d{1,3}(?:\.\d{1,3}){3}"),
        ("seconds", r"[1-9]|[1-9]\d|1[01]\d|120"),
        ("packets", r"[1-9]\d{0,3}"),
        ("bytes", r"[1-9]\d{1,2}"),
    ),
)
CAPTURES: Final = (CAPTURE,)

_CHAP_VALUE: Final = re.compile(rb"(CHAP, (?:Challenge|Response)[^\n]*?Value )[0-9a-f]+")


async def capture(
    connection: "RouterConnection",
    *,
    client: str = "",
    seconds: int,
    packets: int = MOST_PACKETS,
    interface: str = "",
) -> bytes:
    """What passes the public interface for `seconds` (1 to 120), or until `packets` have passed.

    `client` is the IPv4 address of the one that matters; `interface` is asked of the router where
    it is not given. Empty if nothing passed. Raises `NotAllowed` before anything is sent,
    `CommandFailed` where the router cannot capture, and what a stream raises.
    """
    if not 1 <= seconds <= MOST_SECONDS:
        raise NotAllowed(f"{seconds} seconds are not allowed: a capture takes 1 to {MOST_SECONDS}")
    if not 1 <= packets <= MOST_PACKETS:
        raise NotAllowed(f"{packets} packets are not allowed: a capture has 1 to {MOST_PACKETS}")
    if client and not _is_address(client):
        raise NotAllowed(f"{client!r} is not an IPv4 address, as the client of a capture must be")
    where = interface or await public_interface(connection)
    values = (where, client or "-", str(seconds), str(packets), str(HEADER_BYTES))
    portions: list[bytes] = []
    size = 0
    try:
        async with connection.stream(CAPTURE, *values) as stream, asyncio.timeout(seconds + _GRACE):
            while size < LARGEST_CAPTURE and (portion := await stream.read()):
                portions.append(portion)
                size += len(portion)
            if size < LARGEST_CAPTURE:
                ended = await stream.end()
                if ended.status not in (0, _ENDED_BY_TIME):
                    raise CommandFailed(CAPTURE.name, ended.status, ended.complaint)
    except TimeoutError as error:
        raise CommandTimeout(CAPTURE.name, seconds + _GRACE) from error
    text = b"".join(portions)[:LARGEST_CAPTURE]
    return _CHAP_VALUE.sub(rb"\1***", text)


async def public_interface(connection: "RouterConnection") -> str:
    """The interface that the VPN was programmed on, or the one with the source NAT address."""
    programmed = await connection.run(commands.BAG_REMOTEACCESSVPN)
    if programmed is not None and re.fullmatch(r"eth\d{1,2}", programmed.interface):
        return programmed.interface
    for address in await connection.run(commands.BAG_IPS):
        if address.kind == "public" and address.is_source_nat:
            return address.device
    return _USUAL_INTERFACE


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
