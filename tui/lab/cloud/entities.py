"""What the lab's CloudStack keeps, one mutable struct per kind of object.

The same structs are the snapshot form of a world (a JSON document, see `worlds/snapshot.py`).
Objects refer to one another by `id`, the UUID that the API shows; `number` is the internal
database id that CloudStack lets slip into its error texts.
"""

from typing import Literal

import msgspec

Level = Literal["root", "domain-admin", "user", "project"]
NetworkState = Literal["Allocated", "Implemented", "Setup", "Shutdown"]
Purpose = Literal["Firewall", "Vpn", "PortForwarding", "StaticNat", "LoadBalancing"]


class Entity(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Anything that has a UUID."""

    id: str
    number: int = 0


class Zone(Entity, kw_only=True):
    """The one zone of a lab."""

    name: str
    hypervisor: str = "Simulator"


class Domain(Entity, kw_only=True):
    """A domain; `path` is `ROOT/customers`."""

    name: str
    path: str


class Role(Entity, kw_only=True):
    """A role; `allow` holds command patterns (`list*`), None what its level may by default."""

    name: str
    type: str = "User"
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


class Account(Entity, kw_only=True):
    """An account, or the hidden account of a project."""

    name: str
    domain: str
    level: Level = "user"
    role: str = "User"
    enabled: bool = True
    address_limit: int = 20
    """Public addresses it may hold; -1 is no limit."""
    client_range: str | None = None
    """Its own `remote.access.vpn.client.iprange`."""


class Person(Entity, kw_only=True):
    """Somebody who may log in: a CloudStack user."""

    username: str
    account: str
    password: str = ""
    api_key: str = ""
    secret_key: str = ""
    first_name: str = ""
    last_name: str = "Example"
    email: str = ""
    enabled: bool = True
    two_factor: bool = False
    actor: str = ""
    """The name under which the lab hands out its keys: `root`, `domain-admin`, `user`, …"""


class Project(Entity, kw_only=True):
    """A project; what it owns belongs to its hidden account."""

    name: str
    display_text: str
    account: str
    owner: str


class Offering(Entity, kw_only=True):
    """A network offering; `services` names a set in `Snapshot.services`."""

    name: str
    display_text: str = ""
    guest_type: str = "Isolated"
    availability: str = "Optional"
    conserve: bool = True
    default: bool = False
    for_vpc: bool = False
    redundant: bool = False
    services: str = ""


class Vpc(Entity, kw_only=True):
    """A VPC."""

    name: str
    cidr: str
    account: str
    display_text: str = ""
    created: str = ""
    redundant: bool = False


class Network(Entity, kw_only=True):
    """A guest network: isolated, VPC tier, shared or layer 2."""

    name: str
    offering: str
    account: str = ""
    """Empty for a shared network, which everybody sees."""
    display_text: str = ""
    kind: Literal["Isolated", "Shared", "L2"] = "Isolated"
    state: NetworkState = "Allocated"
    cidr: str = ""
    gateway: str = ""
    vpc: str = ""
    acl: str = ""
    vlan: int = 0
    created: str = ""
    restart_required: bool = False


class PublicIp(Entity, kw_only=True):
    """A public address, acquired or free."""

    address: str
    state: Literal["Free", "Allocating", "Allocated", "Releasing"] = "Free"
    account: str = ""
    network: str = ""
    vpc: str = ""
    source_nat: bool = False
    machine: str = ""
    """The VM that it is static NAT for."""
    system_vm: str = ""
    """The name of the system VM that holds it."""
    allocated: str = ""
    tags: dict[str, str] = {}


class Vpn(Entity, kw_only=True):
    """A Remote Access VPN row: half-made `Added`, `Running`, half-removed `Removed`."""

    address: str
    account: str
    network: str = ""
    vpc: str = ""
    state: Literal["Added", "Running", "Removed"] = "Added"
    local_ip: str = ""
    pool: str = ""
    preshared_key: str = ""


class VpnUser(Entity, kw_only=True):
    """A VPN user of an account; `Revoke` is hidden from every list."""

    username: str
    password: str
    account: str
    state: Literal["Add", "Active", "Revoke"] = "Add"


class Rule(Entity, kw_only=True):
    """A row of CloudStack's `firewall_rules`: firewall, VPN port, port forwarding."""

    purpose: Purpose
    address: str = ""
    network: str = ""
    account: str = ""
    protocol: str = ""
    start: int | None = None
    end: int | None = None
    cidrs: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    state: Literal["Staged", "Add", "Active", "Revoke"] = "Staged"
    related: str = ""
    """The VPN port rule that this firewall rule was opened for."""
    icmp_type: int | None = None
    icmp_code: int | None = None
    egress: bool = False
    machine: str = ""
    name: str = ""
    """Of a load balancer rule."""
    private_start: int | None = None
    private_end: int | None = None
    tags: dict[str, str] = {}


class Router(Entity, kw_only=True):
    """A Virtual Router of an isolated network or a VPC."""

    name: str
    account: str
    network: str = ""
    vpc: str = ""
    state: str = "Running"
    redundant: bool = False
    redundant_state: str = "UNKNOWN"
    control_ip: str = ""
    public_ip: str = ""
    guest_ip: str = ""
    host: str = ""
    template_version: str = "4.10.0"
    scripts_version: str = ""
    created: str = ""
    requires_upgrade: bool = False
    checks_failed: bool = False
    xl2tpd_running: bool | None = None
    """Only in a snapshot: a daemon that died although a VPN was pushed."""
    loaded_pool: str = ""
    """Only in a snapshot: the range that the running xl2tpd still hands out."""
    ghosts: dict[str, str] = {}
    """Only in a snapshot: users in chap-secrets that CloudStack does not know."""
    history: float = 0.0
    """Only in a snapshot: days of people who came and went that its logs still tell of."""
    faults: tuple[str, ...] = ()
    """Only in a snapshot: what is wrong with it (`tui.lab.router.faults.FAULTS`)."""
    habits: dict[str, str] = {}
    """Only in a snapshot: users who always do the same thing wrong, and which
    (`tui.lab.router.visits.HABITS`)."""


class Machine(Entity, kw_only=True):
    """A user VM with one NIC."""

    name: str
    account: str
    network: str
    ip: str = ""
    state: str = "Running"
    host: str = ""
    instance_name: str = ""
    created: str = ""
    display_name: str = ""


class Host(Entity, kw_only=True):
    """A hypervisor host."""

    name: str
    ip: str
    state: str = "Up"


class AclList(Entity, kw_only=True):
    """A network ACL list; the two defaults belong to no VPC."""

    name: str
    description: str = ""
    vpc: str = ""


class AclItem(Entity, kw_only=True):
    """A line of an ACL list."""

    acl: str
    position: int
    action: str = "Allow"
    protocol: str = "all"
    traffic: str = "Ingress"
    start: int | None = None
    end: int | None = None
    cidrs: tuple[str, ...] = ("0.0.0.0/0",)
    state: str = "Active"
    reason: str = ""


class VpnGateway(Entity, kw_only=True):
    """The site-to-site end of a VPC."""

    vpc: str
    account: str
    address: str = ""


class CustomerGateway(Entity, kw_only=True):
    """The other end of a site-to-site connection."""

    name: str
    account: str
    gateway: str
    cidrs: str
    preshared_key: str
    ike_policy: str
    esp_policy: str


class VpnConnection(Entity, kw_only=True):
    """A site-to-site connection."""

    gateway: str
    customer: str
    account: str
    state: str = "Connecting"
    passive: bool = False


class Event(Entity, kw_only=True):
    """A line of the audit trail."""

    type: str
    description: str
    state: str
    account: str
    username: str
    created: str
    level: str = "INFO"
    parent: str = ""
    resource_type: str = ""
    resource: str = ""
    resource_name: str = ""
