"""The way in and through: the gate of the public address, and the rules between VPN and network."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Final

from tui.diagnose.check_drift import pool_ends
from tui.diagnose.checks import Proof
from tui.diagnose.cloud_side import PortRule
from tui.diagnose.firewall_walk import Fate, Packet, Table, sources_of
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered

VPN_PORTS: Final = {500: "IKE", 4500: "NAT traversal", 1701: "L2TP"}
ANYWHERE: Final = "192.0.2.250"
"""An address that no rule names: a packet from somewhere."""
_PUSH: Final = (
    "Have CloudStack write the rules again: add the rule once more, or restart the network without "
    "clean-up."
)


def gate_of(port: int) -> Callable[[Subject], Result]:
    """The check of one UDP port of the address."""

    def look(subject: Subject) -> Result:
        not_due = subject.not_due()
        if not_due is not None:
            return not_due
        return _vpc_gate(subject, port) if subject.is_vpc else _gate(subject, port)

    return look


def _gate(subject: Subject, port: int) -> Result:
    """On a router of a network the mangle chain `FIREWALL_<address>` decides."""
    rules = wanted_rules(subject, port)
    table = subject.table(commands.IPTABLES_MANGLE)
    if rules is not None and not rules:
        return skipped(f"CloudStack has no rule for UDP {port}: see vpn_ports")
    if isinstance(table, Unanswered):
        return unknown(table)
    sources = [cidr for rule in rules or () for cidr in _cidrs(rule)] or ["0.0.0.0/0"]
    evidence = _chain(subject, table)
    shut = [cidr for cidr in sources if not _comes_in(subject, table, port, cidr)]
    if not shut:
        return passed(f"UDP {port} ({VPN_PORTS[port]}) is let in", evidence)
    if rules is None:
        return unknown(
            f"UDP {port} is not let in from everywhere; whether CloudStack has a rule is not known"
        )
    whom = "" if shut == ["0.0.0.0/0"] else f" from {', '.join(shut)}"
    return failed(
        f"the router does not let in UDP {port} ({VPN_PORTS[port]}){whom} although CloudStack has "
        "the rule",
        (*evidence, *prove("listFirewallRules", *(_words(rule) for rule in rules))),
        _PUSH,
        "open_ports",
    )


def _comes_in(subject: Subject, table: Table, port: int, cidr: str) -> bool:
    return table.fate("PREROUTING", _knock(subject, port, cidr)).is_let_through


def _knock(subject: Subject, port: int, cidr: str) -> Packet:
    """A first packet from a network to a port of the VPN's address."""
    network = ipaddress.ip_network(cidr, strict=False)
    first = network.network_address
    source = ANYWHERE if network.prefixlen == 0 else str(first)
    return Packet(
        source=source,
        destination=subject.public_ip,
        port=port,
        comes_in=subject.public_interface,
    )


def _vpc_gate(subject: Subject, port: int) -> Result:
    """On a VPC router there is no such chain, and INPUT decides."""
    table = subject.table(commands.IPTABLES_FILTER)
    if isinstance(table, Unanswered):
        return unknown(table)
    fate = table.fate("INPUT", _knock(subject, port, "0.0.0.0/0"))
    evidence = _fate(fate)
    if fate.is_let_through:
        return passed(f"UDP {port} ({VPN_PORTS[port]}) is let in", evidence)
    return failed(
        f"the router of the VPC does not let in UDP {port} ({VPN_PORTS[port]})", evidence, _PUSH
    )


def _fate(fate: Fate, source: str = "iptables_filter") -> tuple[Proof, ...]:
    rule = fate.rule or f"policy {fate.target}"
    return prove(source, f"{fate.chain}: {rule}")


def _chain(subject: Subject, table: Table) -> tuple[Proof, ...]:
    """The chain of the address with its counters."""
    rules = table.rules(f"FIREWALL_{subject.public_ip}")
    return prove("iptables_mangle", *(f"[{r.packets}] {r.chain} {r.text}" for r in rules[:8]))


def wanted_rules(subject: Subject, port: int) -> tuple[PortRule, ...] | None:
    """CloudStack's rules that let UDP `port` in; None where its list is not known."""
    if subject.cloud is None or subject.cloud.rules is None:
        return None
    return tuple(
        rule
        for rule in subject.cloud.rules
        if rule.protocol.lower() in ("udp", "all", "17")
        and rule.first <= port <= rule.last
        and rule.state in ("Active", "Add", "")
    )


def _cidrs(rule: PortRule) -> list[str]:
    """The IPv4 networks that a rule names."""
    named = [each.strip() for each in rule.sources.split(",") if each.strip()] or ["0.0.0.0/0"]
    return [each for each in named if ":" not in each]


def _words(rule: PortRule) -> str:
    ports = f"{rule.first}-{rule.last}" if rule.first != rule.last else str(rule.first)
    return f"{rule.protocol} {ports} from {rule.sources or 'anywhere'} ({rule.state})"


def vpn_ports(subject: Subject) -> Result:
    """CloudStack has a rule for each port of the VPN."""
    if subject.cloud is None:
        return unknown("CloudStack's word is not here")
    if not subject.cloud.has_vpn:
        return skipped("there is no VPN here")
    if subject.is_vpc:
        return skipped("an address of a VPC has no such rules: its router lets the VPN in itself")
    if subject.cloud.rules is None:
        return unknown("CloudStack's list of rules is not here")
    evidence = prove("listFirewallRules", *(_words(rule) for rule in subject.cloud.rules[:10]))
    missing = [port for port in VPN_PORTS if not wanted_rules(subject, port)]
    if not missing:
        return passed("CloudStack has rules for UDP 500, 4500 and 1701", evidence)
    ports = ", ".join(str(port) for port in missing)
    says = f"CloudStack has no rule for UDP {ports}: nobody, or nobody behind NAT, can connect"
    if missing == [1701]:
        says = (
            "CloudStack has no rule for UDP 1701; it is needed although L2TP runs inside IPsec, "
            "because decrypted packets pass the same chain"
        )
    return failed(says, evidence, "Open the missing ports of the VPN.", "open_ports")


def rules_pushed(subject: Subject) -> Result:
    """The rules that CloudStack pushed to the router are those that it lists."""
    not_due = subject.not_due(on_standby=True)
    if not_due is not None:
        return not_due
    if subject.is_vpc:
        return skipped("an address of a VPC has no such rules")
    if subject.cloud is None or subject.cloud.rules is None:
        return unknown("CloudStack's list of rules is not here")
    pushed = subject.fact(commands.BAG_FIREWALLRULES)
    if isinstance(pushed, Unanswered):
        return unknown(pushed)
    there = {
        _spelled(each.protocol, each.first_port, each.last_port, each.sources)
        for each in pushed
        if each.is_ingress and each.public_ip == subject.public_ip
    }
    listed = {
        _spelled(rule.protocol, rule.first, rule.last, tuple(_cidrs(rule)))
        for rule in subject.cloud.rules
        if rule.state in ("Active", "")
    }
    evidence = (
        *prove("bag_firewallrules", *sorted(there)),
        *prove("listFirewallRules", *sorted(listed)),
    )
    lacking, beyond = sorted(listed - there), sorted(there - listed)
    says = [f"not pushed to the router: {'; '.join(lacking)}"] if lacking else []
    says += [f"pushed and not listed: {'; '.join(beyond)}"] if beyond else []
    if says:
        return warned(", ".join(says), evidence, _PUSH, "go_firewall")
    return passed("the rules that were pushed are those of CloudStack", evidence)


def _spelled(protocol: str, first: int | None, last: int | None, sources: tuple[str, ...]) -> str:
    """A rule in words that are the same wherever it comes from."""
    ports = (first or 1, last or 65535)
    spelled = str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
    return f"{protocol.lower()} {spelled} from {', '.join(sorted(sources)) or '0.0.0.0/0'}"


def gate_surplus(subject: Subject) -> Result:
    """The router lets nothing of the VPN in that CloudStack has no rule for."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    if subject.is_vpc:
        return skipped("an address of a VPC has no such rules")
    table = subject.table(commands.IPTABLES_MANGLE)
    if isinstance(table, Unanswered):
        return unknown(table)
    if subject.cloud is None or subject.cloud.rules is None:
        return unknown("CloudStack's list of rules is not here")
    extra = [
        port
        for port in VPN_PORTS
        if not wanted_rules(subject, port) and _comes_in(subject, table, port, "0.0.0.0/0")
    ]
    if extra:
        ports = ", ".join(str(port) for port in extra)
        says = f"the router lets in UDP {ports} and CloudStack has no rule for it"
        return warned(says, _chain(subject, table), _PUSH, "go_firewall")
    return passed("the router lets in no more of the VPN's ports than CloudStack says")


def input_rules(subject: Subject) -> Result:
    """The router takes IKE and ESP for itself.

    A missing rule for 1701 is no fault: strongSwan puts one in for each client.
    """
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    table = subject.table(commands.IPTABLES_FILTER)
    if isinstance(table, Unanswered):
        return unknown(table)
    closed: list[str] = []
    evidence: list[Proof] = []
    for protocol, port, words in (
        ("udp", 500, "UDP 500"),
        ("udp", 4500, "UDP 4500"),
        ("esp", 0, "ESP"),
    ):
        packet = Packet(
            source=_allowed_source(subject, port),
            destination=subject.public_ip,
            protocol=protocol,
            port=port,
            comes_in=subject.public_interface,
        )
        fate = table.fate("INPUT", packet)
        evidence += _fate(fate)
        if not fate.is_let_through:
            closed.append(words)
    if closed:
        says = f"the router drops {', '.join(closed)} although its gate may be open"
        return failed(says, tuple(evidence), _PUSH, "restart")
    return passed("the router takes UDP 500, 4500 and ESP for itself", tuple(evidence))


def _allowed_source(subject: Subject, port: int) -> str:
    """An address that CloudStack's rules let in."""
    for rule in wanted_rules(subject, port) or ():
        for cidr in _cidrs(rule):
            return _knock(subject, port, cidr).source
    return ANYWHERE


def forward_rules(subject: Subject) -> Result:
    """The router passes packets from the VPN to the network and back."""
    ways = _ways(subject)
    if isinstance(ways, Result):
        return ways
    shut: list[str] = []
    evidence: list[Proof] = []
    for network, there, back in ways:
        evidence += [*_fate(there), *_fate(back)]
        shut += [] if _is_passed(there) else [f"from the VPN to {network}"]
        shut += [] if _is_passed(back) else [f"from {network} to the VPN"]
    if shut:
        return failed(
            f"the router does not pass packets {' nor '.join(shut)}",
            tuple(evidence),
            f"{_PUSH} The rules belong to the VPN and come back with the next push.",
            "restart",
        )
    return passed("packets pass between VPN and network", tuple(evidence))


def _is_passed(fate: Fate) -> bool:
    """What the ACL of a tier drops is CloudStack's own word, told by tier_acls."""
    return fate.is_let_through or fate.chain.startswith("ACL_")


def _ways(subject: Subject) -> Result | list[tuple[ipaddress.IPv4Network, Fate, Fate]]:
    """The networks behind the router, and what becomes of a client's packet to each of them and of
    its answer; or what is to be said where that is not known."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    table = subject.table(commands.IPTABLES_FILTER)
    if isinstance(table, Unanswered):
        return unknown(table)
    ends = pool_ends(subject.pool)
    inside = insides(subject)
    if ends is None or not inside:
        return unknown("the client range or the networks behind the router are not known")
    client = str(ipaddress.IPv4Address(ends[0]))
    return [(network, *_through(table, client, card, network)) for card, network in inside]


def _through(
    table: Table, client: str, card: str, network: ipaddress.IPv4Network
) -> tuple[Fate, Fate]:
    """What becomes of a client's packet, and of the answer."""
    host = str(network.network_address + (2 if network.num_addresses > 2 else 0))
    there = Packet(source=client, destination=host, comes_in="ppp0", goes_out=card)
    back = Packet(
        source=host, destination=client, comes_in=card, goes_out="ppp0", state="ESTABLISHED"
    )
    return table.fate("FORWARD", there), table.fate("FORWARD", back)


def insides(subject: Subject) -> list[tuple[str, ipaddress.IPv4Network]]:
    """The networks behind the router: interface and network; a VPC has one for each tier."""
    found = list(_guest_cards(subject))
    if not found and subject.inside_cidr:
        network = ipaddress.IPv4Network(subject.inside_cidr, strict=False)
        found = [("eth2" if subject.is_vpc else "eth0", network)]
    return found


def _guest_cards(subject: Subject) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
    tiers = subject.fact(commands.BAG_GUESTNETWORK)
    if subject.is_vpc and not isinstance(tiers, Unanswered) and tiers:
        for tier in tiers:
            yield tier.device, ipaddress.IPv4Network(tier.cidr, strict=False)
        return
    cards = subject.fact(commands.BAG_IPS)
    for card in () if isinstance(cards, Unanswered) else cards:
        if card.kind == "guest":
            yield card.device, ipaddress.IPv4Network(card.cidr, strict=False)


def tier_acls(subject: Subject) -> Result:
    """The ACL of each tier lets the VPN's clients in."""
    if not subject.is_vpc:
        return skipped("not a VPC")
    ways = _ways(subject)
    if isinstance(ways, Result):
        return ways
    closed: list[str] = []
    evidence: list[Proof] = []
    for network, there, _ in ways:
        if there.target == "DROP" and there.chain.startswith("ACL_"):
            closed.append(str(network))
            evidence += _fate(there)
    if closed:
        return warned(
            f"the ACL of {', '.join(closed)} drops clients of {subject.pool}: they connect and "
            "reach nothing there, unless a rule for some ports lets them in",
            tuple(evidence),
            f"Allow {subject.pool} in the ACL of the tier.",
            "allow_clients",
        )
    return passed("no tier's ACL drops the VPN's clients as a whole")


def ip_forward(subject: Subject) -> Result:
    """The kernel passes packets on at all."""
    kernel = subject.fact(commands.SYSCTL)
    if isinstance(kernel, Unanswered):
        return unknown(kernel)
    value = kernel.get("net.ipv4.ip_forward")
    if value is None:
        return unknown("the kernel did not say net.ipv4.ip_forward")
    evidence = prove("sysctl", f"net.ipv4.ip_forward = {value}")
    if value == "1":
        return passed("the router forwards packets", evidence)
    return failed(
        "the router forwards no packets at all: people connect and reach only the router",
        evidence,
        "Reboot the router by CloudStack, which sets this anew, or `sysctl -w "
        "net.ipv4.ip_forward=1`; find out what has changed it.",
        "restart",
    )


def gate_sources(table: Table, public_ip: str) -> tuple[str, ...]:
    """Networks that the rules of the address's gate name."""
    return sources_of(table.rules(f"FIREWALL_{public_ip}"))
