"""The way in: the gate of the public address, and what the router takes for itself."""

import ipaddress
from collections.abc import Callable
from typing import Final

from tui.diagnose.checks import Proof
from tui.diagnose.cloud_side import PortRule
from tui.diagnose.firewall_walk import Fate, Packet, Table, sources_of
from tui.diagnose.knocking import beyond, ends_of, hand_made, somewhere
from tui.diagnose.subject import Result, Subject, failed, passed, prove, skipped, unknown, warned
from tui.router import commands
from tui.router.survey import Unanswered

VPN_PORTS: Final = {500: "IKE", 4500: "NAT traversal", 1701: "L2TP"}
ANYWHERE: Final = "192.0.2.250"
"""A packet from somewhere."""
_EVERYBODY: Final = "0.0.0.0/0"
BY_HAND: Final = "Take out the rule that somebody has put in by hand; no push of CloudStack does"
STEP_BY_HAND: Final = ("by_hand",)
"""The step of `summaries.remedies` for it."""
_PUSH: Final = (
    "Have CloudStack write the rules again: delete the rule and add it again (a second one like it "
    "is refused), or restart the network without clean-up."
)
PUSH_NETWORK: Final = "Have CloudStack write the rules again: restart the network without clean-up."


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
    sources = [cidr for rule in rules or () for cidr in _cidrs(rule)] or [_EVERYBODY]
    evidence = _chain(subject, table)
    fates = {cidr: _worst_fate(subject, table, port, cidr) for cidr in sources}
    shut = [cidr for cidr, fate in fates.items() if not fate.is_let_through]
    if not shut:
        return passed(f"UDP {port} ({VPN_PORTS[port]}) is let in", evidence)
    if rules is None:
        return unknown(
            f"UDP {port} is not let in from everywhere; whether CloudStack has a rule is not known"
        )
    whom = "" if shut == [_EVERYBODY] else f" from {', '.join(shut)}"
    removal = hand_made(fates[shut[0]], "mangle")
    fix = f"{BY_HAND}: `{removal}`." if removal else _PUSH
    return failed(
        f"the router does not let in UDP {port} ({VPN_PORTS[port]}){whom} although CloudStack has "
        "the rule",
        (*evidence, *prove("listFirewallRules", *(_words(rule) for rule in rules))),
        fix,
        "" if removal else "restart",
        STEP_BY_HAND if removal else (),
    )


def _gate_chain(subject: Subject) -> str:
    return f"FIREWALL_{subject.public_ip}"


def _worst_fate(subject: Subject, table: Table, port: int, cidr: str) -> Fate:
    """What becomes of packets from a network: a drop, if any of them is dropped."""
    fates = [
        table.fate("PREROUTING", _knock(subject, port, source))
        for source in ends_of(table, _gate_chain(subject), cidr)
    ]
    return next((fate for fate in fates if not fate.is_let_through), fates[0])


def _knock(subject: Subject, port: int, source: str) -> Packet:
    """A first packet to a port of the VPN's address."""
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
    fate = table.fate("INPUT", _knock(subject, port, somewhere(table) or ANYWHERE))
    evidence = proof_of(fate)
    if fate.is_let_through:
        return passed(f"UDP {port} ({VPN_PORTS[port]}) is let in", evidence)
    return failed(
        f"the router of the VPC does not let in UDP {port} ({VPN_PORTS[port]})",
        evidence,
        PUSH_NETWORK,
        "restart",
    )


def proof_of(fate: Fate, source: str = "iptables_filter") -> tuple[Proof, ...]:
    """What decided on a packet, as evidence."""
    rule = fate.rule or f"policy {fate.target}"
    return prove(source, f"{fate.chain}: {rule}")


def _chain(subject: Subject, table: Table) -> tuple[Proof, ...]:
    """The chain of the address with its counters."""
    rules = table.rules(_gate_chain(subject))
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
    named = [each.strip() for each in rule.sources.split(",") if each.strip()] or [_EVERYBODY]
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
    return f"{protocol.lower()} {spelled} from {', '.join(sorted(sources)) or _EVERYBODY}"


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
    extra = {port: _beyond_wanted(subject, table, port) for port in VPN_PORTS}
    says = [
        f"UDP {port} from {', '.join(whom)}, for which CloudStack has "
        + ("no such rule" if wanted_rules(subject, port) else "no rule")
        for port, whom in extra.items()
        if whom
    ]
    if says:
        return warned(
            f"the router lets in {'; '.join(says)}",
            _chain(subject, table),
            f"Find the rule in the chain {_gate_chain(subject)} and take it out by hand "
            f"(`iptables -t mangle -D …`), or restart the network without clean-up.",
            "restart",
        )
    return passed("the router lets in no more of the VPN's ports than CloudStack says")


def _beyond_wanted(subject: Subject, table: Table, port: int) -> list[str]:
    """Who comes in to a port besides those whom CloudStack's rules name."""
    wanted = [cidr for rule in wanted_rules(subject, port) or () for cidr in _cidrs(rule)]
    if any(ipaddress.ip_network(cidr, strict=False).prefixlen == 0 for cidr in wanted):
        return []
    strangers = beyond(table, _gate_chain(subject), wanted)
    return list(
        dict.fromkeys(
            words
            for source, words in strangers.items()
            if table.fate("PREROUTING", _knock(subject, port, source)).is_let_through
        )
    )


def filter_of(subject: Subject) -> Table | Result:
    """The table that decides what passes; or what is to be said where it is not asked or not
    known."""
    not_due = subject.not_due()
    if not_due is not None:
        return not_due
    table = subject.table(commands.IPTABLES_FILTER)
    return unknown(table) if isinstance(table, Unanswered) else table


def input_rules(subject: Subject) -> Result:
    """The router takes IKE and ESP for itself.

    A missing rule for 1701 is no fault: strongSwan puts one in for each client.
    """
    table = filter_of(subject)
    if isinstance(table, Result):
        return table
    closed: list[str] = []
    evidence: list[Proof] = []
    for protocol, port, words in (
        ("udp", 500, "UDP 500"),
        ("udp", 4500, "UDP 4500"),
        ("esp", 0, "ESP"),
    ):
        packet = Packet(
            source=_allowed_source(subject, table, port),
            destination=subject.public_ip,
            protocol=protocol,
            port=port,
            comes_in=subject.public_interface,
        )
        fate = table.fate("INPUT", packet)
        evidence += proof_of(fate)
        if not fate.is_let_through:
            closed.append(words)
    if closed:
        but = "" if subject.is_vpc else ", whatever the gate of the address lets in"
        says = f"the router drops {', '.join(closed)}{but}"
        return failed(says, tuple(evidence), PUSH_NETWORK, "restart")
    return passed("the router takes UDP 500, 4500 and ESP for itself", tuple(evidence))


def _allowed_source(subject: Subject, table: Table, port: int) -> str:
    """An address that CloudStack's rules let in."""
    for rule in wanted_rules(subject, port) or ():
        for cidr in _cidrs(rule):
            return ends_of(table, "", cidr)[0]
    return somewhere(table) or ANYWHERE


def gate_sources(table: Table, public_ip: str) -> tuple[str, ...]:
    """Networks that the rules of the address's gate name."""
    return sources_of(table.rules(f"FIREWALL_{public_ip}"))
