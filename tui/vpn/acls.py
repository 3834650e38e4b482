"""Whether the ACL of a VPC's tier lets VPN clients in.

On a VPC the router opens the VPN's ports by itself, but what clients send into a tier passes the
tier's ACL like anything from outside: its `Ingress` entries in the order of their numbers, the
first that fits decides, and what none fits is denied. A default list says it with one entry and
cannot be changed (recording 16). Replies are let through whatever the list says.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Final, Literal

import msgspec

from tui.vpn.cidrs import readable_networks, spoken_list
from tui.vpn.moves import subtract
from tui.vpn.ranges import ClientRange
from tui.vpn.states import Mark

MARK: Final = "csvpn: VPN clients of "
"""How the reason of the entries begins that csvpn makes; the name of the VPC follows."""


class AclEntry(msgspec.Struct, frozen=True):
    """One entry of an ACL list."""

    id: str
    number: int
    allows: bool
    protocol: str
    """In lower case: `all`, `tcp`, `udp`, `icmp` or a number."""
    start: int | None
    end: int | None
    cidrs: tuple[str, ...]
    """None named means everyone."""
    ingress: bool = True
    reason: str = ""

    @property
    def what(self) -> str:
        """What it is about, in words: `everything`, `TCP 443`."""
        if self.protocol == "all":
            return "everything"
        name = self.protocol.upper()
        if self.start is None:
            return name
        return f"{name} {self.start}" + (
            f"-{self.end}" if self.end not in (None, self.start) else ""
        )

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """Whom it is about."""
        return readable_networks(self.cidrs or ("0.0.0.0/0",))


class AclFacts(msgspec.Struct, frozen=True):
    """The ACL list of a tier."""

    id: str
    name: str
    is_default: bool
    """One of the cloud's own, which nobody can change."""
    entries: tuple[AclEntry, ...]

    @property
    def ingress(self) -> tuple[AclEntry, ...]:
        """What decides about what comes in, in the order in which it is tried."""
        return tuple(sorted((e for e in self.entries if e.ingress), key=lambda e: e.number))


Reach = Literal["open", "limited", "closed", "unknown"]


class AclVerdict(msgspec.Struct, frozen=True):
    """What VPN clients reach of a tier."""

    reach: Reach
    says: str
    remedy: str = ""
    denied_by: int | None = None
    """Number of the first entry that keeps clients out; None when it is the end of the list."""

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone."""
        glyph, word, tone = _MARKS[self.reach]
        return Mark(glyph, word, tone, self.says)


_MARKS: Final[dict[Reach, tuple[str, str, Literal["ok", "warn", "bad", "off"]]]] = {
    "open": ("✔", "open", "ok"),
    "limited": ("▲", "partly", "warn"),
    "closed": ("✘", "closed", "bad"),
    "unknown": ("?", "unknown", "off"),
}

_OWN_LIST: Final = (
    "The list {name} is one of the cloud's own and cannot be changed: make a list for the VPC "
    "(createNetworkACLList), put into it what the tier needs, and give it to the tier "
    "(replaceNetworkACLList)."
)


def judge_acl(acl: AclFacts | None, clients: Sequence[IPv4Network]) -> AclVerdict:
    """What `clients`, the networks of the client range, reach through `acl`.

    None for `acl` when it is not known.
    """
    if acl is None:
        return AclVerdict("unknown", "Its ACL is not known.")
    left, through = list(clients), list[IPv4Network]()
    some: list[str] = []
    not_all: list[str] = []
    denied_by: int | None = None
    for entry in acl.ingress:
        met = [n for n in left if any(n.overlaps(other) for other in entry.networks)]
        if not met:
            continue
        if not entry.allows and denied_by is None:
            denied_by = entry.number
        whole = entry.protocol == "all"
        if not whole:
            (some if entry.allows else not_all).append(entry.what)
            continue
        rest = subtract(left, entry.networks)
        if entry.allows:
            through += subtract(left, rest)
        left = rest
    return _verdict(acl, through, left, some, not_all, denied_by, clients)


def _verdict(
    acl: AclFacts,
    through: Sequence[IPv4Network],
    left: Sequence[IPv4Network],
    some: Sequence[str],
    not_all: Sequence[str],
    denied_by: int | None,
    clients: Sequence[IPv4Network],
) -> AclVerdict:
    everyone = not subtract(clients, through)
    if everyone and not not_all:
        return AclVerdict("open", f"VPN clients reach everything (ACL {acl.name}).")
    if acl.is_default:
        remedy = _OWN_LIST.format(name=acl.name)
    else:
        remedy = f"Add an entry to {acl.name} that lets the client range in."
    why = f"entry {denied_by} denies" if denied_by is not None else "no entry lets"
    why = f"{why} the rest" if denied_by is not None else f"{why} the rest in"
    if everyone:
        says = f"VPN clients reach everything but {spoken_list(not_all)} (ACL {acl.name})."
        return AclVerdict("limited", says, remedy, denied_by)
    if through:
        says = f"Only some of the VPN clients get in (ACL {acl.name}: {why})."
        return AclVerdict("limited", says, remedy, denied_by)
    if some:
        names = spoken_list(list(dict.fromkeys(some)))
        says = f"VPN clients reach only {names} (ACL {acl.name}: {why})."
        return AclVerdict("limited", says, remedy, denied_by)
    why = f"entry {denied_by} denies them" if denied_by is not None else "no entry lets them in"
    says = f"VPN clients reach nothing (ACL {acl.name}: {why})."
    return AclVerdict("closed", says, remedy, denied_by)


class Opening(msgspec.Struct, frozen=True):
    """What a new entry is to let in: a protocol and its ports."""

    protocol: str = "all"
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        return AclEntry("", 0, True, self.protocol, self.start, self.end, ()).what


OPENING_RULE: Final = "all, icmp, tcp, tcp/443, udp/5000-5010"


def read_opening(text: str) -> Opening | None:
    """What is typed as in `OPENING_RULE`; nothing means all. None for what cannot be let in."""
    typed = text.strip().lower() or "all"
    if typed in ("all", "icmp"):
        return Opening(typed)
    found = re.fullmatch(r"(tcp|udp)(?:/([0-9]{1,5})(?:-([0-9]{1,5}))?)?", typed)
    if found is None:
        return None
    start = int(found[2]) if found[2] else None
    end = int(found[3]) if found[3] else start
    if start is not None and end is not None and not 0 < start <= end <= 65535:
        return None
    return Opening(found[1], start, end)


class AclChange(msgspec.Struct, frozen=True):
    """The entry to make, and the ones that it replaces."""

    number: int
    opening: Opening
    cidrs: tuple[str, ...]
    reason: str
    replaces: tuple[AclEntry, ...]


def client_networks(whole: ClientRange) -> tuple[IPv4Network, ...]:
    """The addresses that clients get, all but the router's own, in as few networks as can be."""
    if not whole.clients:
        return ()
    return tuple(summarize_address_range(IPv4Address(int(whole.first) + 1), whole.last))


def plan_entry(
    acl: AclFacts, clients: Sequence[IPv4Network], vpc: str, opening: Opening
) -> AclChange | str:
    """The entry that lets the clients of the VPN of `vpc` in; or why there is none to be made.

    It gets the last free number before the first entry that denies them. Entries of csvpn for the
    same VPC and the same ports, made for another client range, are replaced.
    """
    if acl.is_default:
        return _OWN_LIST.format(name=acl.name)
    reason = f"{MARK}{vpc}"
    cidrs = tuple(str(network) for network in clients)
    ours = [
        entry
        for entry in acl.ingress
        if entry.reason == reason
        and (entry.protocol, entry.start) == (opening.protocol, opening.start)
        and (entry.end if entry.end is not None else entry.start)
        == (opening.end if opening.end is not None else opening.start)
    ]
    denying = [
        entry.number
        for entry in acl.ingress
        if not entry.allows and any(n.overlaps(o) for n in clients for o in entry.networks)
    ]
    taken = {entry.number for entry in acl.entries}
    before = min(denying, default=max(taken, default=0) + 2)
    fitting = [e for e in ours if {*e.cidrs} == {*cidrs} and e.number < before]
    if fitting:
        return f"Entry {fitting[0].number} of {acl.name} lets the client range in already."
    number = next((n for n in range(before - 1, 0, -1) if n not in taken), None)
    if number is None:
        return (
            f"No number is free before entry {before} of {acl.name}, which denies the clients; "
            "give that one a higher number first (moveNetworkAclItem or updateNetworkACLItem)."
        )
    return AclChange(number, opening, cidrs, reason, tuple(ours))
