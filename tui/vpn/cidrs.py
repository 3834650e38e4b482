"""Who may reach the ports: lists of source CIDRs, by the server's rules (recording 09)."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

import msgspec

from tui.vpn.findings import Finding

ANYWHERE: Final = "0.0.0.0/0"
"""What the server takes when no source is named."""

_EVERY_ADDRESS: Final = IPv4Network(ANYWHERE)


class Sources(msgspec.Struct, frozen=True):
    """The sources that someone typed, ready to send, and what there is to say about them."""

    cidrs: tuple[str, ...]
    """In the order typed, without duplicates, each with its host bits cleared. Empty when one of
    them cannot be used."""
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing stands in the way of sending them."""
        return bool(self.cidrs)


def _not_a_cidr(part: str) -> Finding:
    refusal = f"Source CIDRs formatting error {part}"
    if "/" not in part:
        try:
            mask = 32 if isinstance(ip_network(part), IPv4Network) else 128
        except ValueError:
            return Finding("error", "cidr-form", f"“{part}” is not a network address.", refusal)
        return Finding(
            "error",
            "cidr-mask",
            f"“{part}” has no mask; write {part}/{mask} for this one address.",
            refusal,
        )
    return Finding("error", "cidr-form", f"“{part}” is not a network in CIDR form.", refusal)


def _read(part: str) -> tuple[str | None, Finding | None]:
    """One CIDR as it will be sent, and what there is to say about it."""
    try:
        network = ip_network(part, strict=False)
    except ValueError:
        return None, _not_a_cidr(part)
    # ip_network also takes an address without a mask and a dotted mask; the server takes neither.
    if not re.fullmatch(r"\S+/\d{1,3}", part):
        return None, _not_a_cidr(part)
    if isinstance(network, IPv6Network):
        return None, Finding(
            "error",
            "cidr-ipv6",
            f"“{part}” is IPv6. The server accepts it, but the VPN's address is IPv4, so nobody "
            "ever comes from there.",
        )
    if str(network) != part:
        return str(network), Finding(
            "warning",
            "cidr-host-bits",
            f"“{part}” is an address within {network}; {network} will be sent.",
        )
    return part, None


def parse_sources(text: str) -> Sources:
    """Read CIDRs separated by commas or blanks; nothing at all means `0.0.0.0/0`."""
    parts = [part for part in re.split(r"[,\s]+", text) if part]
    if not parts:
        return Sources((ANYWHERE,), ())
    cidrs: list[str] = []
    findings: list[Finding] = []
    for part in parts:
        cidr, finding = _read(part)
        if finding is not None:
            findings.append(finding)
        if cidr is None:
            continue
        if cidr in cidrs:
            findings.append(Finding("warning", "cidr-twice", f"{cidr} is named twice."))
        else:
            cidrs.append(cidr)
    if any(finding.severity == "error" for finding in findings):
        return Sources((), tuple(findings))
    findings += _swallowed(cidrs)
    return Sources(tuple(cidrs), tuple(findings))


def _swallowed(cidrs: list[str]) -> list[Finding]:
    networks = [IPv4Network(cidr) for cidr in cidrs]
    pairs = (
        (network, next((o for o in networks if o != network and network.subnet_of(o)), None))
        for network in networks
    )
    return [
        Finding("warning", "cidr-inside", f"{network} lies within {wider} and adds nothing.")
        for network, wider in pairs
        if wider is not None
    ]


def readable_networks(cidrs: Iterable[str]) -> tuple[IPv4Network, ...]:
    """The IPv4 networks among the CIDRs of a rule, joined where they can be.

    A rule may hold what we would not send (IPv6, host bits); what is not IPv4 lets nobody in.
    """
    networks: list[IPv4Network] = []
    for cidr in cidrs:
        try:
            network = ip_network(cidr.strip(), strict=False)
        except ValueError:
            continue
        if isinstance(network, IPv4Network):
            networks.append(network)
    return tuple(collapse_addresses(networks))


def covers_everything(cidrs: Iterable[str]) -> bool:
    """Whether these CIDRs together let the whole of IPv4 in."""
    return readable_networks(cidrs) == (_EVERY_ADDRESS,)


def not_covered(wanted: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    """Those of the wanted CIDRs that the present ones together do not wholly let in."""
    have = readable_networks(present)
    return tuple(
        cidr
        for cidr in wanted
        if not all(
            any(network.subnet_of(other) for other in have) for network in readable_networks([cidr])
        )
    )


def spoken_sources(cidrs: Iterable[str]) -> str:
    """Sources in words: `anywhere`, `198.51.100.0/24`, `192.0.2.0/24 and 198.51.100.0/24`."""
    names = [cidr for cidr in cidrs if cidr]
    if not names or covers_everything(names):
        return "anywhere"
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
