"""From the facts of the cloud to the plain ones that the rules of `tui.vpn` take."""

from collections.abc import Iterable

import msgspec

from tui.cloud.models import (
    FirewallRule,
    Network,
    Owned,
    PortForwardingRule,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Vpc,
)
from tui.vpn.eligibility import Address, NetworkFacts, RouterFacts, VpcFacts
from tui.vpn.ports import Forwarding, IngressRule


class Owner(msgspec.Struct, frozen=True):
    """Who owns what an operation is about. Empty: the caller's own account."""

    account: str = ""
    domain_id: str = ""
    project_id: str = ""

    @classmethod
    def of(cls, owned: Owned) -> "Owner":
        """The owner of a network, an address, a user, …"""
        if owned.project_id:
            return cls(project_id=owned.project_id)
        return cls(owned.account, owned.domain_id) if owned.account else cls()

    @property
    def parameters(self) -> dict[str, str]:
        """What names the owner to `addVpnUser`, `removeVpnUser` and `listVpnUsers`."""
        if self.project_id:
            return {"projectid": self.project_id}
        return {"account": self.account, "domainid": self.domain_id} if self.account else {}

    @property
    def key(self) -> tuple[str, str] | None:
        """As `Owned.owner_key`; None for the caller's own account, whose name is not said."""
        if self.project_id:
            return "", self.project_id
        return (self.domain_id, self.account) if self.account else None

    @property
    def subject(self) -> str:
        """What two consoles must not change at once: the users of this owner."""
        return f"users of {self.project_id or f'{self.domain_id}/{self.account}'}"

    @property
    def listing(self) -> dict[str, str]:
        """What lets a list show things of this owner: without it an administrator sees only his
        own, and nobody sees a project's (recording 06)."""
        return {"listall": "true"} | ({"projectid": self.project_id} if self.project_id else {})


def ingress_rule(rule: FirewallRule) -> IngressRule:
    """A firewall rule of a public address."""
    return IngressRule(
        rule.id, rule.protocol, rule.start_port, rule.end_port, rule.cidrs, rule.state or "Active"
    )


def forwarding(rule: PortForwardingRule) -> Forwarding | None:
    """A port forwarding rule; None for one without ports."""
    if rule.public_port is None:
        return None
    end = rule.public_end_port if rule.public_end_port is not None else rule.public_port
    to = rule.virtual_machine_name or rule.vm_guest_ip or "a machine"
    return Forwarding(rule.id, rule.protocol, rule.public_port, end, to)


def network_facts(network: Network) -> NetworkFacts:
    """What decides whether a network can have a VPN."""
    return NetworkFacts(
        name=network.name,
        type=network.type,
        state=network.state,
        services=tuple(service.name for service in network.services),
        conserve_mode=network.conserve_mode,
        routed=bool(network.ip4_routing),
        vpc_name=(network.vpc_name or network.vpc_id) or None,
    )


def vpc_facts(vpc: Vpc) -> VpcFacts:
    """What decides whether a VPC can have a VPN."""
    return VpcFacts(
        name=vpc.name,
        state=vpc.state,
        services=tuple(service.name for service in vpc.services),
        routed=bool(vpc.ip4_routing),
    )


def address_facts(
    address: PublicIp, vpns: Iterable[RemoteAccessVpn], listed_rules: int | None = None
) -> Address:
    """What decides whether an address can carry a VPN.

    `listed_rules` is how many rules of every kind are listed for it, None when they were not
    asked for: only then can rules that no list shows be told from others.
    """
    vpn = next((one for one in vpns if one.public_ip_id == address.id), None)
    return Address(
        id=address.id,
        address=address.address,
        is_source_nat=address.is_source_nat,
        state=address.state,
        vpn_state=vpn.state if vpn is not None else None,
        holds_unlisted_rules=address.has_rules and vpn is None and listed_rules == 0,
    )


def router_facts(routers: Iterable[Router]) -> tuple[RouterFacts, ...]:
    """The routers of a network or VPC."""
    return tuple(RouterFacts(router.name, router.state) for router in routers)
