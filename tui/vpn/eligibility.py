"""Whether a network or a VPC can have a VPN, and on which of its addresses.

The rules are those of `createRemoteAccessVpn` (recordings 05, 06, 10 and 18): the Vpn service in
the offering, conserve mode, and the source NAT address. Every reason carries the words with which
the server would refuse, where it does.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from tui.vpn.findings import Finding

VPN_SERVICE: Final = "Vpn"
NO_ROUTER_YET: Final = (
    "CloudStack will report Running although no router exists: nothing answers until the first VM "
    "of the network starts the router, which then gets the VPN, its rules and its users."
)


class Address(msgspec.Struct, frozen=True):
    """A public address of a network or a VPC."""

    id: str
    address: str
    is_source_nat: bool
    state: str = "Allocated"
    vpn_state: str | None = None
    """State of the listed VPN on it; None when none is listed."""
    holds_unlisted_rules: bool = False
    """`hasrules` is true, and yet no VPN and no rule of any kind is listed for it."""


class NetworkFacts(msgspec.Struct, frozen=True):
    """What decides for an isolated network (or why it is none)."""

    name: str
    type: str
    """`Isolated`, `Shared` or `L2`."""
    state: str
    services: tuple[str, ...]
    conserve_mode: bool | None = None
    """None: not known; the server says it for every network since 4.0."""
    routed: bool = False
    """Whether it is in ROUTED mode (`ip4routing` is set), without source NAT."""
    vpc_name: str | None = None
    """The VPC whose tier it is."""


class VpcFacts(msgspec.Struct, frozen=True):
    """What decides for a VPC."""

    name: str
    state: str
    services: tuple[str, ...]
    routed: bool = False


class RouterFacts(msgspec.Struct, frozen=True):
    """A router of the network or VPC, as far as one may see it."""

    name: str
    state: str


Standing = Literal["ready", "acquire", "running", "half-made", "half-removed", "impossible"]


class Eligibility(msgspec.Struct, frozen=True):
    """The verdict."""

    standing: Standing
    """`ready`: enable it on `address`. `acquire`: an address has to be acquired first. `running`:
    there is one on `address`. `half-made`: enabling again finishes it. `half-removed`: disabling
    again finishes that, and only then it can be enabled. `impossible`: see why."""
    address: Address | None
    says: str
    """One sentence: which address and why, or why not."""
    reasons: tuple[Finding, ...]

    @property
    def can_enable(self) -> bool:
        """Whether enabling would go through, as far as one can tell."""
        hindered = any(reason.severity == "error" for reason in self.reasons)
        return self.standing in ("ready", "acquire", "half-made") and not hindered


def _impossible(code: str, says: str, server_says: str = "") -> Eligibility:
    return _because(Finding("error", code, says, server_says))


def _because(reason: Finding) -> Eligibility:
    return Eligibility("impossible", None, reason.says, (reason,))


def shape_of_network(network: NetworkFacts, where: str) -> tuple[Finding, ...]:
    """What makes a VPN impossible on this network whatever its addresses, the first reason first.

    `where` is its source NAT address, for the server's words.
    """
    name = network.name
    if network.vpc_name:
        says = (
            f"{name} is a tier of the VPC {network.vpc_name}; enable the VPN on the VPC, it "
            "reaches all of its tiers."
        )
        return (Finding("error", "vpc-tier", says),)
    if network.type != "Isolated":
        kind = "layer 2" if network.type == "L2" else network.type.lower()
        says = f"{name} is a {kind} network; only isolated networks and VPCs can have a VPN."
        return (Finding("error", "network-type", says),)
    found: list[Finding] = []
    if network.routed:
        says = f"{name} is routed and has no source NAT address, which a VPN needs."
        refusal = "Vpn service can not be configured on the Source NAT IP of network id=…"
        found.append(Finding("error", "network-routed", says, refusal))
    if VPN_SERVICE not in network.services:
        says = f"The offering of {name} does not have the Vpn service."
        refusal = f"There is no new provider for IP {where} of service Vpn!"
        found.append(Finding("error", "no-vpn-service", says, refusal))
    if network.conserve_mode is False:
        says = (
            f"The offering of {name} is without conserve mode, so its source NAT address cannot "
            "serve a VPN too."
        )
        refusal = f"The IP {where} is already used as SourceNat rather than Vpn"
        found.append(Finding("error", "no-conserve-mode", says, refusal))
    return tuple(found)


def shape_of_vpc(vpc: VpcFacts) -> tuple[Finding, ...]:
    """The same of a VPC."""
    found: list[Finding] = []
    if vpc.routed:
        says = f"The VPC {vpc.name} is routed and has no source NAT, which a VPN needs."
        found.append(Finding("error", "vpc-routed", says))
    if VPN_SERVICE not in vpc.services:
        # The server does not check this for a VPC, and then no router ever takes the VPN.
        says = f"The offering of the VPC {vpc.name} does not have the Vpn service."
        found.append(Finding("error", "no-vpn-service", says))
    return tuple(found)


def _router_reasons(routers: Sequence[RouterFacts]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "error",
            "router-not-running",
            f"The router {router.name} is {router.state.lower()}; enabling would fail half-way. "
            "Every router has to run, so start it first.",
            "Resource [DataCenter:…] is unreachable: Failed to start remote access VPN: router "
            f"not in right state {router.state}",
        )
        for router in routers
        if router.state != "Running"
    )


def _on_address(owner: str, address: Address, reasons: tuple[Finding, ...]) -> Eligibility:
    """The verdict for the one address that can carry the VPN."""
    if address.vpn_state == "Running":
        says = f"The VPN of {owner} runs on {address.address}."
        refusal = (
            f"A remote Access VPN already exists for the public IP address [{address.address}]."
        )
        again = Finding("error", "already-running", says, refusal)
        return Eligibility("running", address, says, (again, *reasons))
    if address.state != "Allocated":
        says = f"{address.address} is {address.state.lower()}; wait until it is allocated."
        refusal = f"The Ip address is not ready to be used yet: {address.address}"
        return _impossible("address-not-ready", says, refusal)
    if address.vpn_state == "Removed":
        says = (
            f"{address.address} holds a half-removed VPN: a router refused the removal, so no list "
            "shows it, and it cannot be enabled before it is disabled once more."
        )
        refusal = (
            f"A remote Access VPN already exists for the public IP address [{address.address}]."
        )
        half = Finding("error", "half-removed", says, refusal)
        return Eligibility("half-removed", address, says, (half, *reasons))
    if address.vpn_state is not None or address.holds_unlisted_rules:
        says = (
            f"{address.address} seems to hold a half-made VPN: its ports are taken, but no list "
            "shows what takes them. Enabling again finishes it, with the client range and key it "
            "already has; if the server says that a VPN already exists, disable it first."
        )
        half = Finding("warning", "half-made", says)
        return Eligibility("half-made", address, says, (half, *reasons))
    says = f"{address.address}, the source NAT address of {owner}: the only one that can have it."
    return Eligibility("ready", address, says, reasons)


def _unused(name: str) -> str:
    return f"No VM has used {name} yet. {NO_ROUTER_YET}"


def judge_network(
    network: NetworkFacts,
    addresses: Sequence[Address],
    routers: Sequence[RouterFacts] = (),
) -> Eligibility:
    """Whether an isolated network can have a VPN. `routers` is empty when one may not see them."""
    source_nat = next((one for one in addresses if one.is_source_nat), None)
    impossible = shape_of_network(network, source_nat.address if source_nat else "…")
    if impossible:
        return _because(impossible[0])
    unused = network.state == "Allocated"
    reasons = (
        (
            Finding(
                "warning", "no-router-yet", f"No VM has used {network.name} yet. {NO_ROUTER_YET}"
            ),
        )
        if unused
        else _router_reasons(routers)
    )
    if source_nat is not None:
        return _on_address(network.name, source_nat, reasons)
    if unused:
        says = (
            f"{network.name} has no address yet. The first one acquired becomes its source NAT "
            "address, which the VPN needs."
        )
        return Eligibility("acquire", None, says, reasons)
    says = f"The source NAT address of {network.name} is not listed; it may not be yours to see."
    refusal = "Vpn service can only be configured on the Source NAT IP of network id=…"
    return _impossible("no-source-nat", says, refusal)


def judge_vpc(
    vpc: VpcFacts, addresses: Sequence[Address], routers: Sequence[RouterFacts] = ()
) -> Eligibility:
    """Whether a VPC can have a VPN; it reaches all of its tiers."""
    impossible = shape_of_vpc(vpc)
    if impossible:
        return _because(impossible[0])
    source_nat = next((one for one in addresses if one.is_source_nat), None)
    if source_nat is None:
        says = (
            f"The source NAT address of the VPC {vpc.name} is not listed; another address of it "
            "cannot have a VPN, and acquiring one does not make it source NAT."
        )
        refusal = "Vpn service can only be configured on the Source NAT IP of VPC id=…"
        return _impossible("no-source-nat", says, refusal)
    return _on_address(f"the VPC {vpc.name}", source_nat, _router_reasons(routers))
