"""Virtual machines and the Virtual Routers in front of them."""

from msgspec import field

from tui.cloud.models.base import Owned, Tag, Wire


class Nic(Wire, frozen=True, kw_only=True):
    """A network card of a VM or router."""

    id: str = ""
    network_id: str = ""
    network_name: str = ""
    ip_address: str = ""
    netmask: str = ""
    gateway: str = ""
    mac_address: str = ""
    traffic_type: str = ""
    """`Guest`, `Control`, `Public`, `Management`."""
    is_default: bool = False
    mtu: int | None = None


class HealthCheck(Wire, frozen=True, kw_only=True):
    """A result of CloudStack's own router health checks. None of them covers the VPN."""

    check_name: str = ""
    check_type: str = ""
    success: bool | None = None
    details: str = ""
    last_updated: str = ""


class Router(Owned, frozen=True, kw_only=True):
    """A Virtual Router. What is only for root and domain admins is "" for others."""

    name: str = ""
    state: str = ""
    """`Running`, `Stopped`, `Starting`, `Stopping`, `Unknown`…"""
    role: str = ""
    version: str = ""
    """Of the system VM template."""
    software_version: str = ""
    """Of the software in it; "" on older servers."""
    requires_upgrade: bool = False
    is_redundant: bool = field(default=False, name="isredundantrouter")
    redundant_state: str = ""
    """`PRIMARY`, `BACKUP`, `FAULT` or `UNKNOWN`; of no meaning unless redundant."""
    public_ip: str = ""
    link_local_ip: str = ""
    """Address of the control card: 169.254.x.x on KVM, one of the management network on VMware."""
    guest_ip: str = field(default="", name="guestipaddress")
    guest_network_id: str = ""
    """One network only; a VPC's router has more of them in `nics`."""
    guest_network_name: str = ""
    vpc_id: str = ""
    vpc_name: str = ""
    host_id: str = ""
    host_name: str = ""
    hypervisor: str = ""
    arch: str = ""
    zone_id: str = ""
    zone_name: str = ""
    gateway: str = ""
    service_offering_name: str = ""
    health_checks_failed: bool | None = None
    health_checks: tuple[HealthCheck, ...] = field(default=(), name="healthcheckresults")
    nics: tuple[Nic, ...] = field(default=(), name="nic")
    created: str = ""

    @property
    def control_ip(self) -> str:
        """Where SSH listens: the control card's address, "" where it is not shown."""
        for nic in self.nics:
            if nic.traffic_type == "Control":
                return nic.ip_address
        return self.link_local_ip

    def serves(self, network_id: str) -> bool:
        """Whether one of its guest cards is in that network."""
        if self.guest_network_id == network_id:
            return True
        return any(n.network_id == network_id and n.traffic_type == "Guest" for n in self.nics)


class VirtualMachine(Owned, frozen=True, kw_only=True):
    """A user's VM."""

    name: str = ""
    display_name: str = ""
    state: str = ""
    ip_address: str = ""
    zone_id: str = ""
    zone_name: str = ""
    host_name: str = ""
    hypervisor: str = ""
    service_offering_name: str = ""
    template_name: str = ""
    nics: tuple[Nic, ...] = field(default=(), name="nic")
    created: str = ""
    tags: tuple[Tag, ...] = ()
