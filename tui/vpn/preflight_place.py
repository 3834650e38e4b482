"""The checks on where a VPN is to be: server, role, zone, network, offering, address, leftovers."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tui.vpn.eligibility import (
    NO_ROUTER_YET,
    NetworkFacts,
    VpcFacts,
    shape_of_network,
    shape_of_vpc,
)
from tui.vpn.findings import Finding
from tui.vpn.preflight_facts import Check, PreflightFacts, Right, Trace, Unasked, Zone

OLDEST: Final = (4, 11)
"""The oldest release that the guide to Remote Access VPN names."""
MEASURED: Final = "4.22"
"""What the rules here were compared with, exchange by exchange."""

_SHAPES: Final = {
    "network.type": ("vpc-tier", "network-type"),
    "network.routed": ("network-routed", "vpc-routed"),
    "offering.vpn": ("no-vpn-service",),
    "offering.conserve-mode": ("no-conserve-mode",),
}
_REMEDIES: Final = {
    "vpc-tier": "Enable the VPN on the VPC.",
    "network-type": "Use an isolated network or a VPC.",
    "network-routed": "Use a network with NAT; a routed one gives its guests public routes anyway.",
    "vpc-routed": "Use a VPC with NAT.",
    "no-vpn-service": "Move the network to an offering with the Vpn service (updateNetwork).",
    "no-conserve-mode": "Move the network to an offering with conserve mode (updateNetwork).",
}


def unknown(name: str, why: Unasked) -> Check:
    """A check that nobody could answer."""
    return Check(name=name, state="unknown", says=why.why)


def of_finding(name: str, finding: Finding, **more: str) -> Check:
    """A check that a rule has something to say about."""
    return Check(
        name=name,
        state="fail" if finding.severity == "error" else "warn",
        says=finding.says,
        server_says=finding.server_says,
        **more,  # type: ignore[arg-type]
    )


def checks_of_place(facts: PreflightFacts) -> tuple[Check, ...]:
    """Everything about the place, in the order in which the server looks."""
    return (
        _version(facts.server_version),
        _commands(facts.rights),
        _zone(facts.zone),
        *_shape(facts),
        _implemented(facts.place),
        _source_nat(facts),
        _none_yet(facts),
    )


def _version(version: str | Unasked) -> Check:
    name = "server.version"
    if isinstance(version, Unasked):
        return unknown(name, version)
    evidence = (f"listCapabilities: cloudstackversion {version}",) if version else ()
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None:
        says = "The server does not say which version it is."
        return Check(name=name, state="unknown", says=says, evidence=evidence)
    if (int(found[1]), int(found[2])) < OLDEST:
        return Check(
            name=name,
            state="warn",
            says=f"CloudStack {version} is older than 4.11; nobody has tried this with it.",
            evidence=evidence,
            remedy="Upgrade CloudStack, or try it on a network that nobody needs.",
        )
    says = f"CloudStack {version}; the rules here were measured on {MEASURED}."
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _commands(rights: Sequence[Right]) -> Check:
    name = "role.commands"
    missing = [right for right in rights if right.allowed is False]
    unasked = [right for right in rights if right.allowed is None]
    evidence = tuple(
        f"listApis: {right.command} {'allowed' if right.allowed else 'not offered'}"
        for right in rights
        if right.allowed is not None
    )
    if missing:
        commands = ", ".join(right.command for right in missing)
        return Check(
            name=name,
            state="fail",
            says=f"Your role may not use {commands}, which this needs.",
            evidence=evidence,
            remedy="Ask an administrator to allow it, or use a profile of another account.",
        )
    if unasked:
        why = unasked[0].why or "The server could not be asked what your role may do."
        return Check(name=name, state="unknown", says=why, evidence=evidence)
    says = f"Your role has the {len(rights)} command{'s' * (len(rights) != 1)} that this needs."
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _zone(zone: Zone | Unasked) -> Check:
    name = "zone.advanced"
    if isinstance(zone, Unasked):
        return unknown(name, zone)
    evidence = (f"listZones: networktype {zone.network_type}",) if zone.network_type else ()
    if not zone.network_type:
        says = f"The server does not say whether the zone {zone.name} is Advanced."
        return Check(name=name, state="unknown", says=says)
    if zone.network_type != "Advanced":
        return Check(
            name=name,
            state="fail",
            says=f"The zone {zone.name} is {zone.network_type}; only Advanced zones have VPNs.",
            evidence=evidence,
            remedy="Use a network in an Advanced zone.",
        )
    return Check(
        name=name, state="pass", says=f"The zone {zone.name} is Advanced.", evidence=evidence
    )


def _shape(facts: PreflightFacts) -> Iterable[Check]:
    place = facts.place
    if isinstance(place, VpcFacts):
        found = shape_of_vpc(place)
    else:
        verdict = facts.eligibility
        address = None if isinstance(verdict, Unasked) else verdict.address
        found = shape_of_network(place, address.address if address else "…")
    kind_is_wrong = any(each.code in _SHAPES["network.type"] for each in found)
    for name, codes in _SHAPES.items():
        hit = next((each for each in found if each.code in codes), None)
        if hit is not None:
            evidence = (_evidence_of_shape(place, name),)
            check = of_finding(name, hit, remedy=_REMEDIES[hit.code])
            yield msgspec.structs.replace(check, evidence=evidence)
        elif kind_is_wrong and name != "network.type":
            says = f"Of no meaning: {place.name} cannot have a VPN whatever its offering."
            yield Check(name=name, state="unknown", says=says)
        else:
            yield _shape_is_right(name, place)


def _evidence_of_shape(place: NetworkFacts | VpcFacts, name: str) -> str:
    source = "listVPCs" if isinstance(place, VpcFacts) else "listNetworks"
    if name == "network.type":
        return f"{source}: type {place.type if isinstance(place, NetworkFacts) else 'VPC'}"
    if name == "network.routed":
        return f"{source}: ip4routing {'set' if place.routed else 'not set'}"
    if name == "offering.vpn":
        services = ", ".join(sorted(place.services)) or "none"
        return f"{source}: services {services}"
    conserve = place.conserve_mode if isinstance(place, NetworkFacts) else None
    said = "not told" if conserve is None else str(conserve).lower()
    return f"{source}: networkofferingconservemode {said}"


def _shape_is_right(name: str, place: NetworkFacts | VpcFacts) -> Check:
    evidence = (_evidence_of_shape(place, name),)
    if name == "offering.conserve-mode":
        if isinstance(place, VpcFacts):
            says = "Conserve mode is asked of isolated networks only, and this is a VPC."
            return Check(name=name, state="pass", says=says)
        if place.conserve_mode is None:
            says = "The server does not say whether the offering has conserve mode."
            return Check(name=name, state="unknown", says=says, evidence=evidence)
    says = {
        "network.type": f"{place.name} is {_kind(place)}.",
        "network.routed": f"{place.name} has NAT.",
        "offering.vpn": "The offering has the Vpn service.",
        "offering.conserve-mode": "The offering has conserve mode.",
    }[name]
    return Check(name=name, state="pass", says=says, evidence=evidence)


def _kind(place: NetworkFacts | VpcFacts) -> str:
    return "a VPC" if isinstance(place, VpcFacts) else "an isolated network"


_READY: Final = ("Implemented", "Enabled")


def _implemented(place: NetworkFacts | VpcFacts) -> Check:
    name = "network.implemented"
    source = "listVPCs" if isinstance(place, VpcFacts) else "listNetworks"
    evidence = (f"{source}: state {place.state or 'not told'}",)
    if isinstance(place, NetworkFacts) and place.type != "Isolated":
        says = f"Of no meaning: {place.name} cannot have a VPN in any state."
        return Check(name=name, state="unknown", says=says, evidence=evidence)
    if place.state in _READY:
        says = "It is in use and has its router."
        return Check(name=name, state="pass", says=says, evidence=evidence)
    if isinstance(place, NetworkFacts) and place.state == "Allocated":
        return Check(
            name=name,
            state="warn",
            says=f"No VM has used {place.name} yet. {NO_ROUTER_YET}",
            evidence=evidence,
            remedy="Start a VM in the network first, or enable now and wait for the first VM.",
        )
    if not place.state:
        says = "The server does not say whether it is in use."
        return Check(name=name, state="unknown", says=says)
    return Check(
        name=name,
        state="warn" if place.state == "Implementing" else "fail",
        says=f"It is {place.state.lower()}, not in use.",
        evidence=evidence,
        remedy="Wait until it is in use, then ask again.",
    )


_OF_ADDRESS: Final = {
    "no-source-nat": "Use a profile that may see the address, or ask its owner.",
    "address-not-ready": "Wait a moment and ask again.",
}


def _source_nat(facts: PreflightFacts) -> Check:
    name, verdict = "address.source-nat", facts.eligibility
    if isinstance(verdict, Unasked):
        return unknown(name, verdict)
    for reason in verdict.reasons:
        if reason.code in _OF_ADDRESS:
            return of_finding(name, reason, remedy=_OF_ADDRESS[reason.code])
    if verdict.standing == "acquire":
        return Check(name=name, state="pass", says=verdict.says, action="acquire")
    if verdict.address is None:
        says = "Of no meaning: no address of it can have a VPN."
        return Check(name=name, state="unknown", says=says)
    address = verdict.address.address
    return Check(
        name=name,
        state="pass",
        says=f"{address} is the source NAT address, the only one that can have it.",
        evidence=(f"listPublicIpAddresses: {address} issourcenat true",),
    )


def left_behind(traces: Iterable[Trace]) -> str | None:
    """The state of a VPN that no list shows: `Added`, `Removed`, or None when nothing is left.

    From the events of its address, oldest first. Enabling that fails leaves `Added`, unless a
    removal had failed before; a removal that fails leaves `Removed`, which only another removal
    ends (recording 10, `walk-11`).
    """
    state: str | None = None
    for trace in traces:
        if trace.creates and not trace.failed:
            state = "Running"
        elif trace.creates:
            state = state or "Added"
        elif not trace.failed:
            state = None
        else:
            state = "Removed"
    return None if state == "Running" else state


_REPAIRS: Final = {
    "running": ("Users, ports and logs of it are in their sections; disable it to change it.", ""),
    "half-made": (
        "Enable it again: the same call finishes it, with the key and range it has.",
        "enable",
    ),
    "half-removed": ("Disable it again to finish the removal, then enable it.", "disable"),
}


def _none_yet(facts: PreflightFacts) -> Check:
    name, verdict = "vpn.none-yet", facts.eligibility
    for what, why in facts.lists:
        if what == "VPNs":
            return Check(name=name, state="unknown", says=why)
    if isinstance(verdict, Unasked):
        return unknown(name, verdict)
    seen = () if isinstance(facts.traces, Unasked) else facts.traces
    evidence = tuple(_words_of(trace) for trace in seen[-2:])
    codes = ("already-running", "half-made", "half-removed")
    found = next((reason for reason in verdict.reasons if reason.code in codes), None)
    if found is not None:
        remedy, action = _REPAIRS[verdict.standing]
        listed = ("listRemoteAccessVpns: Running",) if verdict.standing == "running" else evidence
        check = of_finding(name, found, remedy=remedy, action=action)
        return msgspec.structs.replace(check, evidence=listed)
    if verdict.standing == "acquire":
        return Check(name=name, state="pass", says="There is no address yet that could hold a VPN.")
    if verdict.address is None:
        says = "Of no meaning: no address of it can have a VPN."
        return Check(name=name, state="unknown", says=says)
    if isinstance(facts.traces, Unasked) and facts.has_rules is not False:
        says = (
            f"No VPN is listed; a half-made or half-removed one is in no list. {facts.traces.why}"
        )
        return Check(name=name, state="unknown", says=says)
    return Check(
        name=name,
        state="pass",
        says="There is no VPN on it, and no trace of a half-made one.",
        evidence=("listRemoteAccessVpns: none", *evidence),
    )


def _words_of(trace: Trace) -> str:
    what = "CREATE" if trace.creates else "DESTROY"
    return (
        f"listEvents: VPN.REMOTE.ACCESS.{what} {'failed' if trace.failed else 'done'} {trace.when}"
    )
