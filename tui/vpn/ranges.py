"""The client range of a VPN: its form, its capacity, and how the API writes it.

CloudStack takes a range `first-last`, keeps the first address for the router's own end of the
tunnels and hands out the rest. Its answers carry only that rest: `iprange` of a VPN is
`first+1 - last`. `ClientRange` is always the whole range, as it was asked for.
"""

import ipaddress
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final

import msgspec

from tui.vpn.findings import Finding

DEFAULT_RANGE: Final = "10.1.2.1-10.1.2.8"
"""`remote.access.vpn.client.iprange` of a fresh CloudStack; an account may have its own."""

PRIVATE_BLOCKS: Final = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
)
CARRIER_BLOCK: Final = IPv4Network("100.64.0.0/10")
"""Shared address space of carriers (RFC 6598): private enough, but phones get it too."""

LARGEST: Final = 65_536
"""More addresses than this are refused here; the server would take any number."""
UNUSUAL: Final = 1_024
"""More addresses than this are more likely a slip than a wish."""


class RangeError(ValueError):
    """A text that is no client range; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.says)
        self.finding = finding


class ClientRange(msgspec.Struct, frozen=True, order=True):
    """A whole range: the router's own address and the ones it hands out. `first <= last`."""

    first: IPv4Address
    last: IPv4Address

    def __str__(self) -> str:
        """The form that `createRemoteAccessVpn iprange=` takes."""
        return f"{self.first}-{self.last}"

    @property
    def addresses(self) -> int:
        """How many addresses the range has."""
        return int(self.last) - int(self.first) + 1

    @property
    def clients(self) -> int:
        """How many people can be connected at the same moment: all but the router's own."""
        return self.addresses - 1

    @property
    def router(self) -> IPv4Address:
        """The router's own end, which every client sees as its gateway."""
        return self.first

    @property
    def pool(self) -> str:
        """What the API answers as `iprange`; inverted when the pool is empty."""
        return f"{IPv4Address((int(self.first) + 1) % 2**32)}-{self.last}"

    def span(self) -> tuple[int, int]:
        """First and last address as numbers, both included."""
        return int(self.first), int(self.last)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _explain(text: str) -> str:
    """Why `text` is not `first-last`, in one sentence."""
    form = f"write it as first-last, for example {DEFAULT_RANGE}"
    if not text.strip():
        return f"The client range is empty; {form}."
    if any(character.isspace() for character in text):
        return f"“{text}” has blanks in it; {form} without any."
    if ":" in text:
        return f"“{text}” is IPv6; L2TP on CloudStack hands out IPv4 addresses only."
    if "/" in text:
        return f"“{text}” is a CIDR; {form}."
    if text.count("-") != 1:
        return f"“{text}” has {text.count('-') or 'no'} dash{'es' * (text.count('-') > 1)}; {form}."
    for part in text.split("-"):
        octets = part.split(".")
        if any(len(octet) > 1 and octet.startswith("0") for octet in octets):
            return f"“{part}” has a number with leading zeros; {form}."
        if not _is_address(part):
            return f"“{part}” is not an IPv4 address; {form}."
    return f"“{text}” ends before it starts; {form}."


def _refusal(text: str) -> str:
    """The server's own words for a text that is no range (recording 06)."""
    parts = text.split("-")
    if len(parts) != 2 or "/" in text:
        return f"IP range [{text}] is an invalid IP range."
    if not all(_is_address(part) for part in parts):
        return f"One or both IPs sets in the range [{text}] are invalid IPs."
    return f"Range of IPs [{text}] is invalid."


def parse_range(text: str) -> ClientRange:
    """The range written as `first-last`, IPv4, no blanks; `RangeError` for anything else.

    Only the form is looked at, exactly as strictly as the server does; see `check_range` in
    `tui.vpn.overlaps` for everything that the server would swallow.
    """
    parts = text.split("-")
    if len(parts) == 2 and all(_is_address(part) for part in parts):
        first, last = (IPv4Address(part) for part in parts)
        if first <= last:
            return ClientRange(first, last)
    raise RangeError(Finding("error", "range-form", _explain(text), _refusal(text)))


def from_api(iprange: str) -> ClientRange:
    """The whole range of a VPN from the `iprange` that the API answers.

    The API leaves the router's own address out, so the range begins one earlier. An empty pool,
    answered as `10.3.0.2-10.3.0.1`, is a range of one address. `RangeError` if it is neither.
    """
    parts = iprange.split("-")
    if len(parts) == 2 and all(_is_address(part) for part in parts):
        pool_first, last = (IPv4Address(part) for part in parts)
        if int(pool_first) > 0 and pool_first - 1 <= last:
            return ClientRange(pool_first - 1, last)
    raise RangeError(Finding("error", "range-form", f"“{iprange}” is not a client range."))


@lru_cache(maxsize=4096)
def spans_of(text: str) -> tuple[tuple[int, int], ...]:
    """The IPv4 addresses that `text` names, as pairs of numbers, both ends included.

    Takes what the API has in such fields: a CIDR (host bits allowed), an address, a range, or
    several of them with commas. IPv6 parts name no IPv4 address. `ValueError` for anything else.
    """
    spans: list[tuple[int, int]] = []
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        if "-" in part:
            first, last = (IPv4Address(end) for end in part.split("-", 1))
            spans.append((int(first), int(last)))
            continue
        network = ipaddress.ip_network(part, strict=False)
        if isinstance(network, IPv4Network):
            spans.append((int(network.network_address), int(network.broadcast_address)))
    return tuple(spans)
