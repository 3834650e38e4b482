"""The three ports of L2TP/IPsec and what the firewall rules of an address do to them.

All from recordings 07, 09 and 19: enabling opens a port unless a rule for exactly that port is
there, which it keeps as it is; a rule that covers the port and more and names `0.0.0.0/0` makes
it fail with 537, and so does port forwarding. A VPC opens its ports by itself.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from tui.vpn.cidrs import (
    ANYWHERE,
    covers_everything,
    not_covered,
    readable_networks,
    spoken_sources,
)
from tui.vpn.findings import Finding
from tui.vpn.states import Mark


class VpnPort(msgspec.Struct, frozen=True):
    """One UDP port that L2TP/IPsec needs."""

    number: int
    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} (UDP {self.number})"


IKE: Final = VpnPort(500, "IKE", "The first packets: both ends agree on keys.")
NAT_T: Final = VpnPort(
    4500, "NAT-T", "The encrypted traffic of everyone behind a home router, which is everyone."
)
L2TP: Final = VpnPort(
    1701, "L2TP", "The tunnel itself; the router's firewall looks at it again once decrypted."
)
VPN_PORTS: Final = (IKE, NAT_T, L2TP)
"""In the order in which a connecting client needs them."""


class IngressRule(msgspec.Struct, frozen=True):
    """A firewall rule of a public address, as `listFirewallRules` tells it."""

    id: str
    protocol: str
    start: int | None
    """None: no ports named, which for UDP and TCP means every port."""
    end: int | None
    cidrs: tuple[str, ...]
    """Who it lets in; none named means everyone."""
    state: str = "Active"

    @property
    def sources(self) -> tuple[str, ...]:
        """Who it lets in, never empty."""
        return self.cidrs or (ANYWHERE,)

    def covers(self, port: VpnPort) -> bool:
        """Whether packets to `port` are let in by this rule, from its sources."""
        if self.protocol.lower() != "udp":
            return False
        if self.start is None:
            return True
        return self.start <= port.number <= (self.end if self.end is not None else self.start)

    def is_exactly(self, port: VpnPort) -> bool:
        """Whether the rule is for this one port, so that enabling keeps it as it is."""
        return self.covers(port) and self.start == port.number == (self.end or self.start)


class Forwarding(msgspec.Struct, frozen=True):
    """A port forwarding rule of a public address."""

    id: str
    protocol: str
    start: int
    end: int
    to: str
    """Name of the machine that gets the traffic."""

    def takes(self, port: VpnPort) -> bool:
        """Whether it takes the packets that the VPN needs."""
        return self.protocol.lower() == "udp" and self.start <= port.number <= self.end


Access = Literal["open", "limited", "pending", "missing"]


class PortAccess(msgspec.Struct, frozen=True):
    """Who reaches one VPN port."""

    port: VpnPort
    access: Access
    sources: tuple[str, ...]
    """CIDRs let in, joined where they can be; empty when nobody is."""
    rules: tuple[IngressRule, ...]
    """The rules that let them in, exact ones first."""
    says: str

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone of the access."""
        glyph, word, tone = _MARKS[self.access]
        return Mark(glyph, word, tone, self.says)


_MARKS: Final[dict[Access, tuple[str, str, Literal["ok", "warn", "bad"]]]] = {
    "open": ("✔", "open", "ok"),
    "limited": ("✔", "limited", "ok"),
    "pending": ("▲", "waiting", "warn"),
    "missing": ("✘", "closed", "bad"),
}


def _access(port: VpnPort, rules: Sequence[IngressRule]) -> PortAccess:
    covering = sorted(
        (rule for rule in rules if rule.covers(port)), key=lambda rule: not rule.is_exactly(port)
    )
    active = tuple(rule for rule in covering if rule.state == "Active")
    cidrs = [cidr for rule in active for cidr in rule.sources]
    sources = tuple(str(network) for network in readable_networks(cidrs))
    if sources:
        wide = next((rule for rule in active if not rule.is_exactly(port)), None)
        through = f", through the rule for {_ports(wide)}" if wide is active[0] and wide else ""
        access: Access = "open" if covers_everything(sources) else "limited"
        says = f"{port} from {spoken_sources(sources)}{through}"
        return PortAccess(port, access, sources, active, says)
    if covering and covering[0].state in ("Add", "Staged"):
        says = f"{port}: the router has not taken the rule yet"
        return PortAccess(port, "pending", (), tuple(covering), says)
    return PortAccess(port, "missing", (), (), f"{port} is closed: {_lower(port.why)}")


def _lower(sentence: str) -> str:
    return (sentence[0].lower() + sentence[1:]).rstrip(".")


def analyse(rules: Iterable[IngressRule]) -> tuple[PortAccess, ...]:
    """Who reaches each of the three VPN ports, in the order of `VPN_PORTS`.

    For an isolated network only: a VPC's router opens the ports itself and has no such rules.
    """
    known = tuple(rules)
    return tuple(_access(port, known) for port in VPN_PORTS)


def _ports(rule: IngressRule) -> str:
    protocol = rule.protocol.upper()
    if rule.start is None:
        return protocol if protocol in ("ICMP", "ALL") else f"every {protocol} port"
    if rule.end is None or rule.end == rule.start:
        return f"{protocol} {rule.start}"
    return f"{protocol} {rule.start}-{rule.end}"


def rule_sentence(rule: IngressRule) -> str:
    """The rule in words: `IKE (UDP 500) from anywhere`, `TCP 22 from 198.51.100.0/24`."""
    covered = [port for port in VPN_PORTS if rule.covers(port)]
    exact = next((port for port in covered if rule.is_exactly(port)), None)
    what = str(exact) if exact is not None else _ports(rule)
    sentence = f"{what} from {spoken_sources(rule.sources)}"
    if exact is None and covered:
        sentence += f" (covers {', '.join(port.name for port in covered)})"
    return sentence


class Conflict(msgspec.Struct, frozen=True):
    """Why `createRemoteAccessVpn` would be refused with 537 over one port."""

    port: VpnPort
    rule: IngressRule | Forwarding
    finding: Finding

    @property
    def avoidable(self) -> bool:
        """Whether asking with `openfirewall=false` avoids it: the port is open already."""
        return isinstance(self.rule, IngressRule)


def _refusal(port: VpnPort, start: int, end: int) -> str:
    number = port.number
    return f"The range specified, {number}-{number}, conflicts with rule … which has {start}-{end}"


def _wide_conflict(port: VpnPort, rules: Sequence[IngressRule]) -> Conflict | None:
    if any(rule.is_exactly(port) for rule in rules):
        return None
    for rule in rules:
        # A rule without ports never conflicts, and neither do rules with different CIDR texts.
        if rule.start is None or not rule.covers(port) or ANYWHERE not in rule.sources:
            continue
        return Conflict(
            port,
            rule,
            Finding(
                "warning",
                "port-wide-rule",
                f"{port} is already open to anyone through the rule for {_ports(rule)}; the "
                "server refuses to open it a second time, so it will not be asked to.",
                _refusal(port, rule.start, rule.end if rule.end is not None else rule.start),
            ),
        )
    return None


def conflicts(
    rules: Iterable[IngressRule], forwardings: Iterable[Forwarding] = ()
) -> tuple[Conflict, ...]:
    """What makes enabling a VPN with opened ports fail with 537, per port in their order.

    Port forwarding stands in the way whether or not ports are opened: the VPN reserves its ports.
    """
    known = tuple(rule for rule in rules if rule.state not in ("Deleting", "Revoke"))
    found: list[Conflict] = []
    for port in VPN_PORTS:
        taken = [forwarding for forwarding in forwardings if forwarding.takes(port)]
        found += [
            Conflict(
                port,
                forwarding,
                Finding(
                    "error",
                    "port-forwarded",
                    f"{port} is forwarded to {forwarding.to}; the VPN needs it. Delete that port "
                    "forwarding first.",
                    _refusal(port, forwarding.start, forwarding.end),
                ),
            )
            for forwarding in taken
        ]
        wide = _wide_conflict(port, known)
        if wide is not None:
            found.append(wide)
    return tuple(found)


class Opening(msgspec.Struct, frozen=True):
    """A firewall rule that has to be made so that a port can be reached."""

    port: VpnPort
    cidrs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.port} from {spoken_sources(self.cidrs)}"


def missing_openings(
    rules: Iterable[IngressRule], sources: Sequence[str] | None = None
) -> tuple[Opening, ...]:
    """The rules to make so that `sources` reach all three ports.

    None for `sources` is what enabling does: a port that some rule opens to somebody stays as it
    is, any other is opened to anyone. With sources named, what is missing of them is added; no
    rule is ever narrowed or removed. A rule that the server has but the router has not taken yet
    counts as there, since a second one would be refused with 537.
    """
    known = tuple(rule for rule in rules if rule.state not in ("Deleting", "Revoke"))
    openings: list[Opening] = []
    for port in VPN_PORTS:
        present = [cidr for rule in known if rule.covers(port) for cidr in rule.sources]
        if sources is None:
            needed: tuple[str, ...] = () if readable_networks(present) else (ANYWHERE,)
        else:
            needed = not_covered(sources, present)
        if needed:
            openings.append(Opening(port, needed))
    return tuple(openings)


def wider_than(
    rules: Iterable[IngressRule], sources: Sequence[str]
) -> tuple[tuple[VpnPort, IngressRule], ...]:
    """Rules that let in more than `sources`, per port: narrowing takes removing them first."""
    known = tuple(rules)
    return tuple(
        (port, rule)
        for port in VPN_PORTS
        for rule in known
        if rule.covers(port) and not_covered(rule.sources, sources)
    )
