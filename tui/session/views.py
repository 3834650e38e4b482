"""Rows for the screens and the commands: facts joined, never edited."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from tui.cloud.models import (
    Network,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Vpc,
    VpnUser,
)
from tui.operations.addresses import Place
from tui.operations.facts import Owner, ingress_rule
from tui.session.inventory import Inventory
from tui.vpn.ports import analyse
from tui.vpn.psk_policy import KeyAge
from tui.vpn.ranges import ClientRange, RangeError, from_api
from tui.vpn.states import (
    CANNOT_HAVE_VPN,
    HALF_MADE,
    NO_VPN,
    RUNNING_WITHOUT_ROUTER,
    Mark,
    Tone,
    network_mark,
    router_mark,
    user_mark,
    vpc_mark,
    vpn_mark,
)
from tui.vpn.users import DEFAULT_LIMIT

RUNNING_ON_NO_ROUTER: Final = Mark(
    "✘",
    "router down",
    "bad",
    "CloudStack says Running, but no router of the network runs, so nobody can connect. "
    "Start the router in CloudStack.",
)

OwnerKey = tuple[str, str]
"""What tells owners apart; see `tui.cloud.models.Owned.owner_key`."""


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A network or a VPC: a place where a VPN can be. Tiers are part of their VPC."""

    key: str
    kind: Literal["network", "vpc"]
    name: str
    type: str
    """`isolated`, `shared`, `L2` or `VPC`."""
    cidr: str
    state: Mark
    owner: str
    owner_key: OwnerKey
    zone: str
    address: PublicIp | None
    """The source NAT address, the one that a VPN needs."""
    vpn: RemoteAccessVpn | None
    vpn_mark: Mark
    users: int
    """VPN users of the owner."""
    routers: tuple[Router, ...]
    router_mark: Mark | None
    """None where the role may not see routers, or there is none."""
    network: Network | None = None
    vpc: Vpc | None = None

    @property
    def place(self) -> Place:
        """The same as operations take it."""
        owned = self.network or self.vpc
        owner = Owner.of(owned) if owned else Owner()
        state = owned.state if owned else ""
        return Place(self.kind, self.key, self.name, state, owner)

    @property
    def clients(self) -> int | None:
        """How many people can be connected at once; None without a VPN."""
        return None if self.vpn is None else clients_of(self.vpn)

    @property
    def vpn_words(self) -> str:
        """Glyph and word of the VPN's state."""
        return str(self.vpn_mark)

    @property
    def vpn_tone(self) -> Tone:
        """The tone of the VPN's state."""
        return self.vpn_mark.tone

    @property
    def router_tone(self) -> Tone:
        """The tone of the router's state."""
        return self.router_mark.tone if self.router_mark else "off"

    @property
    def router_words(self) -> str:
        """Name and state of the first router: `r-42-VM primary`."""
        if not self.routers or self.router_mark is None:
            return "–"
        more = f" +{len(self.routers) - 1}" if len(self.routers) > 1 else ""
        return f"{self.routers[0].name} {self.router_mark}{more}"


class VpnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN that exists, or that this console saw fail half-way."""

    key: str
    """The id of its public address."""
    place: str
    """Name of its network or VPC."""
    place_key: str
    address: PublicIp
    vpn: RemoteAccessVpn | None
    mark: Mark
    range: str
    clients: int | None
    users: int
    owner: str
    owner_key: OwnerKey
    router: str
    routers: tuple[Router, ...]
    zone: str
    open_ports: int | None = None
    """How many of the three VPN ports somebody reaches; None: not asked for, or a VPC, whose
    router opens them by itself."""
    key_age: KeyAge | None = None
    """How old its key is; None where nobody has asked yet, or there is no VPN."""


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN user, with what the account reaches."""

    key: str
    user: VpnUser
    mark: Mark
    owner: str
    owner_key: OwnerKey
    domain: str
    place_in_limit: str
    """`5/8`: users of the owner, and how many it may have."""
    reaches: tuple[str, ...]
    """Names of the networks whose VPN the user can use."""


class AddressRow(msgspec.Struct, frozen=True, kw_only=True):
    """A public address and what it is for."""

    key: str
    address: PublicIp
    place: str
    purpose: str
    vpn_mark: Mark
    owner: str
    owner_key: OwnerKey
    zone: str


def clients_of(vpn: RemoteAccessVpn) -> int | None:
    """How many people the VPN's range has addresses for; None when it cannot be read."""
    whole = range_of(vpn)
    return None if whole is None else whole.clients


def range_of(vpn: RemoteAccessVpn) -> ClientRange | None:
    """The whole client range, the router's own address too; None when it cannot be read."""
    try:
        return from_api(vpn.ip_range)
    except RangeError:
        return None


def users_by_owner(inventory: Inventory) -> dict[OwnerKey, int]:
    """How many VPN users each owner has."""
    counts: dict[OwnerKey, int] = {}
    for user in inventory.users.rows.values():
        counts[user.owner_key] = counts.get(user.owner_key, 0) + 1
    return counts


def network_rows(inventory: Inventory) -> list[NetworkRow]:
    """Every network that stands for itself, and every VPC."""
    counts = users_by_owner(inventory)
    nat = _source_nat(inventory.addresses.rows.values())
    routers = _routers(inventory.routers.rows.values())
    owned: list[Network | Vpc] = [
        network
        for network in inventory.networks.rows.values()
        if not network.vpc_id and not network.is_system
    ]
    owned += inventory.vpcs.rows.values()
    return [_row_of(inventory, place, counts, nat, routers) for place in owned]


def network_row(inventory: Inventory, key: str) -> NetworkRow | None:
    """The network or VPC with the id `key`."""
    return next((each for each in network_rows(inventory) if each.key == key), None)


def row_of_address(inventory: Inventory, address_id: str) -> NetworkRow | None:
    """The network or VPC whose source NAT address this is."""
    address = inventory.addresses.rows.get(address_id)
    if address is None:
        return None
    return network_row(inventory, address.vpc_id or address.network_id)


def _source_nat(addresses: Iterable[PublicIp]) -> dict[str, PublicIp]:
    """Source NAT addresses by the id of their VPC or network."""
    return {a.vpc_id or a.network_id: a for a in addresses if a.is_source_nat}


def _routers(routers: Iterable[Router]) -> dict[str, list[Router]]:
    """Routers by the id of each network or VPC that they serve, the primary one first."""
    found: dict[str, list[Router]] = {}
    for router in sorted(routers, key=lambda each: (each.redundant_state != "PRIMARY", each.name)):
        served = {nic.network_id for nic in router.nics if nic.traffic_type == "Guest"}
        served |= {router.guest_network_id, router.vpc_id} - {""}
        for key in served:
            found.setdefault(key, []).append(router)
    return found


_DOWN: Final = ("Stopped", "Shutdowned", "Error", "Destroyed", "Expunging")


def _router_mark(routers: list[Router]) -> Mark | None:
    if not routers:
        return None
    first = routers[0]
    return router_mark(first.state, first.redundant_state if first.is_redundant else None)


def _vpn_mark(
    inventory: Inventory,
    address: PublicIp | None,
    state: str,
    routers: list[Router],
    *,
    possible: bool,
) -> Mark:
    vpn = inventory.vpn_of(address)
    if vpn is not None:
        if vpn.state != "Running":
            return vpn_mark(vpn.state)
        if routers and all(router.state in _DOWN for router in routers):
            return RUNNING_ON_NO_ROUTER
        return RUNNING_WITHOUT_ROUTER if state == "Allocated" else vpn_mark(vpn.state)
    if address is not None and address.id in inventory.half_made:
        return HALF_MADE
    return NO_VPN if possible else CANNOT_HAVE_VPN


def _row_of(
    inventory: Inventory,
    place: Network | Vpc,
    counts: dict[OwnerKey, int],
    nat: dict[str, PublicIp],
    routers: dict[str, list[Router]],
) -> NetworkRow:
    network = place if isinstance(place, Network) else None
    vpc = place if isinstance(place, Vpc) else None
    address = nat.get(place.id)
    serving = routers.get(place.id, [])
    possible = network is None or (network.type == "Isolated" and bool(network.provider_of("Vpn")))
    return NetworkRow(
        key=place.id,
        kind="vpc" if network is None else "network",
        name=place.name,
        type="VPC" if network is None else _type_words(network.type),
        cidr=(network.network_cidr if network else "") or place.cidr,
        state=vpc_mark(place.state) if network is None else network_mark(place.state),
        owner=place.owner,
        owner_key=place.owner_key,
        zone=place.zone_name,
        address=address,
        vpn=inventory.vpn_of(address),
        vpn_mark=_vpn_mark(inventory, address, place.state, serving, possible=possible),
        users=counts.get(place.owner_key, 0),
        routers=tuple(serving),
        router_mark=_router_mark(serving),
        network=network,
        vpc=vpc,
    )


def _type_words(network_type: str) -> str:
    return network_type if network_type == "L2" else network_type.lower()


def vpn_rows(inventory: Inventory) -> list[VpnRow]:
    """Every VPN that is listed, and those seen half-made."""
    by_key = {each.key: each for each in network_rows(inventory)}
    rows = []
    for address in inventory.addresses.rows.values():
        vpn = inventory.vpn_of(address)
        if vpn is None and address.id not in inventory.half_made:
            continue
        at = by_key.get(address.vpc_id or address.network_id)
        whole = None if vpn is None else range_of(vpn)
        rows.append(
            VpnRow(
                key=address.id,
                place=at.name if at else address.vpc_name or address.network_name,
                place_key=at.key if at else "",
                address=address,
                vpn=vpn,
                mark=at.vpn_mark if at else vpn_mark(vpn.state) if vpn else HALF_MADE,
                range=str(whole) if whole else (vpn.ip_range if vpn else ""),
                clients=whole.clients if whole else None,
                users=at.users if at else 0,
                owner=address.owner,
                owner_key=address.owner_key,
                router=at.router_words if at else "–",
                routers=at.routers if at else (),
                zone=address.zone_name,
                open_ports=_open_ports(inventory, address),
            )
        )
    return rows


def _open_ports(inventory: Inventory, address: PublicIp) -> int | None:
    shelf = inventory.rules.get(address.id)
    if shelf is None or shelf.fetched is None or not address.network_id:
        return None
    reached = analyse(ingress_rule(rule) for rule in shelf.rows.values())
    return sum(access.access in ("open", "limited") for access in reached)


def user_rows(inventory: Inventory, limit: int = DEFAULT_LIMIT) -> list[UserRow]:
    """Every VPN user, with the VPNs that its owner has."""
    counts = users_by_owner(inventory)
    reaches: dict[OwnerKey, list[str]] = {}
    for row in vpn_rows(inventory):
        if row.vpn is not None:
            reaches.setdefault(row.owner_key, []).append(row.place)
    return [
        UserRow(
            key=user.id,
            user=user,
            mark=user_mark(user.state),
            owner=user.owner,
            owner_key=user.owner_key,
            domain=user.domain_path or user.domain,
            place_in_limit=f"{counts[user.owner_key]}/{limit}",
            reaches=tuple(sorted(reaches.get(user.owner_key, []))),
        )
        for user in inventory.users.rows.values()
    ]


def address_rows(inventory: Inventory) -> list[AddressRow]:
    """Every public address."""
    by_key = {each.key: each for each in network_rows(inventory)}
    rows = []
    for address in inventory.addresses.rows.values():
        at = by_key.get(address.vpc_id or address.network_id)
        rows.append(
            AddressRow(
                key=address.id,
                address=address,
                place=at.name if at else address.vpc_name or address.network_name or "–",
                purpose=purpose_of(address),
                vpn_mark=at.vpn_mark if at and address.is_source_nat else CANNOT_HAVE_VPN,
                owner=address.owner,
                owner_key=address.owner_key,
                zone=address.zone_name,
            )
        )
    return rows


def purpose_of(address: PublicIp) -> str:
    """What an address is for, in words."""
    if address.is_source_nat:
        return "source NAT"
    if address.is_static_nat:
        machine = address.virtual_machine_name
        return f"static NAT to {machine}" if machine else "static NAT"
    if address.purpose:
        return address.purpose.lower()
    return "rules" if address.has_rules else "unused"
