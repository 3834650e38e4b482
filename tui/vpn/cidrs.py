"""Who may reach the ports: lists of source CIDRs, by the server's rules (recording 09)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

import msgspec

from tui.vpn.findings import Finding

ANYWHERE: Final = "0.0.0.0/0"
"""What the server takes when no source is named."""

_ANYWHERE_WORD: Final = "anywhere"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
"""What can only be the name of a list: no CIDR looks like that."""

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


def parse_sources(text: str, lists: Mapping[str, Sequence[str]] | None = None) -> Sources:
    """Read CIDRs separated by commas or blanks; nothing at all means `0.0.0.0/0`.

    `lists` are named lists of CIDRs, as a profile has them: a name stands for all of its list, and
    the word `anywhere` for `0.0.0.0/0`. None where no names can be typed.
    """
    parts = [part for part in re.split(r"[,\s]+", text) if part]
    if not parts:
        return Sources((ANYWHERE,), ())
    cidrs: list[str] = []
    findings: list[Finding] = []
    for part in parts:
        if lists is not None and _WORD.fullmatch(part):
            named = _listed(part, lists)
            if not named:
                findings.append(_unknown_name(part, lists))
            # A list may share networks with what else is named: nobody has to be told.
            cidrs += [cidr for cidr in named if cidr not in cidrs]
            continue
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


def _listed(name: str, lists: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if name.lower() == _ANYWHERE_WORD:
        return (ANYWHERE,)
    return lists.get(name, ())


def _unknown_name(name: str, lists: Mapping[str, Sequence[str]]) -> Finding:
    known = ", ".join(sorted(lists))
    rest = f"the lists of the profile are: {known}" if known else "the profile has no lists"
    says = f"“{name}” is neither a network in CIDR form nor the name of a list; {rest}."
    return Finding("error", "cidr-name", says)


def spoken_with_names(cidrs: Sequence[str], lists: Mapping[str, Sequence[str]]) -> str:
    """Sources in words, a list that is wholly among them by its name first.

    `office (192.0.2.0/24) and 198.51.100.0/24`; lists that share a network are both named.
    """
    among = {name: listed for name, listed in lists.items() if listed and set(listed) <= set(cidrs)}
    if not among or covers_everything(cidrs):
        return spoken_sources(cidrs)
    named = {cidr for listed in among.values() for cidr in listed}
    words = [f"{name} ({', '.join(listed)})" for name, listed in among.items()]
    return spoken_list([*words, *(cidr for cidr in cidrs if cidr not in named)])


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
    return spoken_list(names)


def spoken_list(words: Sequence[str]) -> str:
    """Words as a sentence has them: `a`, `a and b`, `a, b and c`. At least one."""
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
