"""The checks on the three UDP ports and on who may reach them."""

from collections.abc import Iterable, Sequence
from typing import Final

from tui.vpn.eligibility import VpcFacts
from tui.vpn.findings import Finding
from tui.vpn.ports import (
    VPN_PORTS,
    Conflict,
    Forwarding,
    IngressRule,
    analyse,
    conflicts,
    rule_sentence,
    wider_than,
)
from tui.vpn.preflight_facts import Check, PreflightFacts, Unasked

NAMES: Final = (
    "ports.forwarding",
    "ports.load-balancing",
    "ports.static-nat",
    "ports.wide-rules",
    "ports.narrow-rules",
    "ports.wider-rules",
)


def checks_of_ports(facts: PreflightFacts) -> tuple[Check, ...]:
    """Everything about the ports, and the sources that were typed."""
    sources = _sources(facts)
    if isinstance(facts.place, VpcFacts):
        says = "A VPC's router opens UDP 500, 4500 and 1701 by itself; nothing can be in its way."
        return (sources, *(Check(name=name, state="pass", says=says) for name in NAMES))
    if facts.needs_address:
        says = "An address that is only now acquired has no rules."
        return (sources, *(Check(name=name, state="pass", says=says) for name in NAMES))
    return (
        sources,
        _forwarding(facts.forwardings),
        _balancing(facts.balancers),
        _static_nat(facts.static_nat),
        *_rules(facts, facts.rules),
    )


def _sources(facts: PreflightFacts) -> Check:
    name, sources = "sources.form", facts.sources
    errors = [each for each in sources.findings if each.severity == "error"]
    if errors or sources.findings:
        found = errors or sources.findings
        return Check(
            name=name,
            state="fail" if errors else "warn",
            says=" ".join(each.says for each in found),
            remedy="Write networks in CIDR form, such as 198.51.100.0/24." if errors else "",
            server_says=found[0].server_says,
        )
    if isinstance(facts.place, VpcFacts):
        says = "A VPC lets anyone reach the VPN ports; CloudStack cannot narrow them."
        if facts.sources_given:
            return Check(name=name, state="warn", says=says, remedy="Leave the sources empty.")
        return Check(name=name, state="pass", says=says)
    whom = ", ".join(sources.cidrs) if facts.sources_given else "anyone"
    return Check(name=name, state="pass", says=f"The VPN ports are opened to {whom}.")


def _forwarding(forwardings: Sequence[Forwarding] | Unasked) -> Check:
    name = "ports.forwarding"
    if isinstance(forwardings, Unasked):
        return Check(name=name, state="unknown", says=forwardings.why)
    found = [each.finding for each in conflicts((), forwardings)]
    if not found:
        return Check(
            name=name,
            state="pass",
            says="No port forwarding takes UDP 500, 4500 or 1701.",
            evidence=(f"listPortForwardingRules: {len(forwardings)} on the address",),
        )
    taking = [rule for rule in forwardings if any(rule.takes(port) for port in VPN_PORTS)]
    return Check(
        name=name,
        state="fail",
        says=" ".join(each.says for each in found),
        evidence=tuple(_words_of(rule, "listPortForwardingRules") for rule in taking),
        remedy="Delete that port forwarding first, or enable the VPN on another network.",
        action=f"cmk delete portforwardingrule id={taking[0].id}",
        server_says=found[0].server_says,
    )


def _words_of(rule: Forwarding, source: str) -> str:
    return f"{source}: {rule.protocol} {rule.start}-{rule.end} to {rule.to}"


def _balancing(balancers: Sequence[Forwarding] | Unasked) -> Check:
    name = "ports.load-balancing"
    if isinstance(balancers, Unasked):
        return Check(name=name, state="unknown", says=balancers.why)
    taking = [rule for rule in balancers if any(rule.takes(port) for port in VPN_PORTS)]
    if not taking:
        return Check(
            name=name,
            state="pass",
            says="No load balancing takes UDP 500, 4500 or 1701.",
            evidence=(f"listLoadBalancerRules: {len(balancers)} on the address",),
        )
    taken = [port for port in VPN_PORTS if any(rule.takes(port) for rule in taking)]
    ports = " and ".join(str(port) for port in taken)
    names = ", ".join(rule.to for rule in taking)
    first = taking[0]
    number = taken[0].number
    return Check(
        name=name,
        state="fail",
        says=f"{ports} {'is' if len(taken) == 1 else 'are'} taken by load balancing ({names}); "
        "the VPN needs it.",
        evidence=tuple(_words_of(rule, "listLoadBalancerRules") for rule in taking),
        remedy="Delete that load balancer rule first, or enable the VPN on another network.",
        action=f"cmk delete loadbalancerrule id={first.id}",
        server_says=f"The range specified, {number}-{number}, conflicts with rule … which has "
        f"{first.start}-{first.end}",
    )


def _static_nat(machine: str | Unasked) -> Check:
    name = "ports.static-nat"
    if isinstance(machine, Unasked):
        return Check(name=name, state="unknown", says=machine.why)
    if not machine:
        says = "The address is not mapped to a machine."
        evidence = ("listPublicIpAddresses: isstaticnat false",)
        return Check(name=name, state="pass", says=says, evidence=evidence)
    return Check(
        name=name,
        state="fail",
        says=f"The whole address is mapped to {machine} (static NAT); no port is left for the VPN.",
        evidence=("listPublicIpAddresses: isstaticnat true",),
        remedy="Take the static NAT off the address first.",
    )


def _rules(facts: PreflightFacts, rules: Sequence[IngressRule] | Unasked) -> Iterable[Check]:
    if isinstance(rules, Unasked):
        for name in NAMES[3:]:
            yield Check(name=name, state="unknown", says=rules.why)
        return
    counted = (f"listFirewallRules: {len(rules)} on the address",)
    found = list(_wide(rules))
    says = "No rule is so wide that the server refuses to open the ports."
    yield _judged("ports.wide-rules", found, says, counted, "")
    remedy = "Name the sources that shall reach the ports, and what is missing of them is added."
    narrow = [] if facts.sources_given else list(_narrow(rules))
    yield _judged("ports.narrow-rules", narrow, "No rule stays narrow.", counted, remedy)
    wider = []
    if facts.sources_given and facts.sources.usable:
        wider = [
            Finding(
                "warning",
                "port-wider",
                f"{port} stays open to more than these: the rule for {rule_sentence(rule)} is "
                "not touched.",
            )
            for port, rule in wider_than(rules, facts.sources.cidrs)
        ]
    says = "No rule lets in more than the sources that were typed."
    if not facts.sources_given:
        says = "No sources were typed that a rule could be wider than."
    remedy = "Delete the wider rule in the section Firewall."
    yield _judged("ports.wider-rules", wider, says, counted, remedy, "delete_rule")


def _wide(rules: Sequence[IngressRule]) -> Iterable[Finding]:
    """Rules over which the server would refuse to open the ports itself, each once."""
    ports: dict[str, list[Conflict]] = {}
    for conflict in conflicts(rules):
        ports.setdefault(conflict.rule.id, []).append(conflict)
    for found in ports.values():
        if len(found) == 1:
            yield found[0].finding
            continue
        first, rule = found[0], found[0].rule
        names = ", ".join(str(conflict.port) for conflict in found[:-1])
        words = f"UDP {rule.start}-{rule.end}"
        yield Finding(
            "warning",
            first.finding.code,
            f"{names} and {found[-1].port} are already open to anyone through the rule for "
            f"{words}; the server refuses to open them a second time, so it will not be asked to.",
            first.finding.server_says,
        )


def _narrow(rules: Sequence[IngressRule]) -> Iterable[Finding]:
    """Ports whose rule is kept as it is although anyone was asked for (recording 07)."""
    for access in analyse(rules):
        if access.access == "limited":
            says = f"{access.says} only: enabling keeps the rule, and others stay shut out."
            yield Finding("warning", "port-narrow", says)


def _judged(
    name: str,
    found: Sequence[Finding],
    good: str,
    evidence: tuple[str, ...],
    remedy: str,
    action: str = "",
) -> Check:
    if not found:
        return Check(name=name, state="pass", says=good, evidence=evidence)
    return Check(
        name=name,
        state="warn",
        says=" ".join(each.says for each in found),
        evidence=evidence,
        remedy=remedy,
        action=action,
        server_says=found[0].server_says,
    )
