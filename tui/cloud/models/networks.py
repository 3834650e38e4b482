"""Networks, addresses and the rules on them."""

from collections.abc import Iterable
from typing import Final

from msgspec import field
from msgspec.structs import force_setattr

from tui.cloud.models.base import Owned, Resource, Tag, Wire


class _Provider(Wire, frozen=True, kw_only=True):
    name: str = ""


class Service(Wire, frozen=True, kw_only=True):
    """A network service such as `Vpn` and who provides it."""

    name: str = ""
    provider: tuple[_Provider, ...] = ()

    @property
    def providers(self) -> tuple[str, ...]:
        """Names such as `VirtualRouter`."""
        return tuple(provider.name for provider in self.provider)


def _provider_of(services: tuple[Service, ...], name: str) -> str:
    for service in services:
        if service.name == name:
            return service.providers[0] if service.providers else ""
    return ""


_KNOWN_LIMIT: Final = 512
_known: dict[tuple[Service, ...], tuple[Service, ...]] = {}


def share_services(rows: Iterable[object]) -> None:
    """Let networks of the same offering share one tuple of services: most of their size."""
    for row in rows:
        if isinstance(row, Network | Vpc | NetworkOffering):
            if len(_known) >= _KNOWN_LIMIT:
                _known.clear()
            force_setattr(row, "services", _known.setdefault(row.services, row.services))


class Network(Owned, frozen=True, kw_only=True):
    """A guest network; a tier where `vpc_id` is set."""

    name: str = ""
    display_text: str = ""
    type: str = ""
    """`Isolated`, `Shared` or `L2`."""
    state: str = ""
    """`Allocated` until its router exists, then `Implemented`."""
    traffic_type: str = ""
    cidr: str = ""
    """What guests use; the part for them where some of it is reserved."""
    network_cidr: str = ""
    """The whole of it where `cidr` is a part; "" otherwise."""
    gateway: str = ""
    netmask: str = ""
    dns1: str = ""
    network_domain: str = ""
    """Domain of its guests' names."""
    zone_id: str = ""
    zone_name: str = ""
    vpc_id: str = ""
    vpc_name: str = ""
    network_offering_id: str = ""
    network_offering_name: str = ""
    conserve_mode: bool | None = field(default=None, name="networkofferingconservemode")
    """Whether an address may serve several purposes; None where the server does not say."""
    services: tuple[Service, ...] = field(default=(), name="service")
    restart_required: bool = False
    redundant_router: bool = False
    is_persistent: bool = False
    is_system: bool = False
    ip4_routing: str = ""
    """`Static` or `Dynamic` for a ROUTED network, "" for one with NAT."""
    acl_id: str = ""
    acl_name: str = ""
    public_mtu: int | None = None
    private_mtu: int | None = None
    vlan: str = ""
    created: str = ""
    tags: tuple[Tag, ...] = ()

    def provider_of(self, service: str) -> str:
        """Who provides `service`, "" if nobody does."""
        return _provider_of(self.services, service)


class Vpc(Owned, frozen=True, kw_only=True):
    """A virtual private cloud."""

    name: str = ""
    display_text: str = ""
    state: str = ""
    """`Enabled` or `Inactive`."""
    cidr: str = ""
    zone_id: str = ""
    zone_name: str = ""
    vpc_offering_id: str = ""
    vpc_offering_name: str = ""
    services: tuple[Service, ...] = field(default=(), name="service")
    tiers: tuple[Network, ...] = field(default=(), name="network")
    network_domain: str = ""
    restart_required: bool = False
    redundant_router: bool = field(default=False, name="redundantvpcrouter")
    ip4_routing: str = ""
    public_mtu: int | None = None
    created: str = ""
    tags: tuple[Tag, ...] = ()

    def provider_of(self, service: str) -> str:
        """Who provides `service`, "" if nobody does."""
        return _provider_of(self.services, service)


class PublicIp(Owned, frozen=True, kw_only=True):
    """A public address."""

    address: str = field(default="", name="ipaddress")
    state: str = ""
    """`Allocating`, `Allocated`, `Releasing`, `Reserved` or `Free`."""
    is_source_nat: bool = False
    is_static_nat: bool = False
    is_system: bool = False
    is_portable: bool = False
    has_rules: bool = False
    """Whether any rule exists on it; those that a VPN reserves count."""
    network_id: str = field(default="", name="associatednetworkid")
    """The guest network that it serves; "" for a VPC's source NAT address. The wire's own
    `networkid` is the public network, of no use here."""
    network_name: str = field(default="", name="associatednetworkname")
    vpc_id: str = ""
    vpc_name: str = ""
    virtual_machine_id: str = ""
    virtual_machine_name: str = ""
    virtual_machine_type: str = ""
    """`DomainRouter` where a VPC router has it as static NAT, `User` for a VM."""
    purpose: str = ""
    zone_id: str = ""
    zone_name: str = ""
    allocated: str = ""
    tags: tuple[Tag, ...] = ()


class FirewallRule(Resource, frozen=True, kw_only=True):
    """An ingress firewall rule on a public address, or an egress rule of a network."""

    protocol: str = ""
    """`tcp`, `udp`, `icmp` or, for egress, `all`."""
    start_port: int | None = None
    end_port: int | None = None
    cidr_list: str = ""
    """Sources, comma-separated; "" is everywhere."""
    dest_cidr_list: str = ""
    ip_address_id: str = ""
    ip_address: str = ""
    network_id: str = ""
    state: str = ""
    """`Staged`, `Add`, `Active` or `Deleting`."""
    traffic_type: str = ""
    icmp_type: int | None = None
    icmp_code: int | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def cidrs(self) -> tuple[str, ...]:
        """The sources, one by one."""
        return tuple(part.strip() for part in self.cidr_list.split(",") if part.strip())


class PortForwardingRule(Resource, frozen=True, kw_only=True):
    """A port forwarded from a public address to a VM."""

    protocol: str = ""
    public_port: int | None = None
    public_end_port: int | None = None
    private_port: int | None = None
    private_end_port: int | None = None
    virtual_machine_id: str = ""
    virtual_machine_name: str = ""
    vm_guest_ip: str = ""
    ip_address_id: str = ""
    ip_address: str = ""
    network_id: str = ""
    state: str = ""
    cidr_list: str = ""
    tags: tuple[Tag, ...] = ()


class LoadBalancerRule(Owned, frozen=True, kw_only=True):
    """A port of a public address that is spread over VMs; fields from the server's source."""

    name: str = ""
    public_ip_id: str = ""
    public_ip: str = ""
    public_port: int | None = None
    private_port: int | None = None
    protocol: str = ""
    """`tcp`, `udp`, `tcp-proxy`; "" on older servers, where it is TCP."""
    algorithm: str = ""
    network_id: str = ""
    state: str = ""


class AclList(Resource, frozen=True, kw_only=True):
    """A list of network ACL items, which tiers of a VPC use."""

    name: str = ""
    description: str = ""
    vpc_id: str = ""
    vpc_name: str = ""


class NetworkAcl(Resource, frozen=True, kw_only=True):
    """One item of a network ACL list."""

    number: int | None = None
    """Items are tried in this order."""
    action: str = ""
    """`Allow` or `Deny`."""
    protocol: str = ""
    start_port: int | None = None
    end_port: int | None = None
    cidr_list: str = ""
    traffic_type: str = ""
    """`Ingress` or `Egress`."""
    state: str = ""
    acl_id: str = ""
    acl_name: str = ""
    reason: str = ""
    tags: tuple[Tag, ...] = ()


class NetworkOffering(Resource, frozen=True, kw_only=True):
    """What a network is made from."""

    name: str = ""
    display_text: str = ""
    state: str = ""
    guest_ip_type: str = ""
    conserve_mode: bool | None = None
    for_vpc: bool = False
    is_default: bool = False
    is_persistent: bool = False
    egress_default_policy: bool | None = None
    network_mode: str = ""
    """`NATTED` or `ROUTED`; "" on older servers."""
    service_offering_id: str = ""
    services: tuple[Service, ...] = field(default=(), name="service")

    def provider_of(self, service: str) -> str:
        """Who provides `service`, "" if nobody does."""
        return _provider_of(self.services, service)
