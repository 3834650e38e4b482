"""Networks and VPCs as rows: each with its address, its VPN, its routers and its users.

Rows are joined from whole lists, and a list of thousands comes in hundreds of pages. So what was
joined is kept, and a row is made anew only when something that it is made of is another one.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import is_
from typing import Final, Literal
from weakref import WeakKeyDictionary

import msgspec

from tui.cloud.models import Network, PublicIp, RemoteAccessVpn, Router, Vpc
from tui.operations.addresses import Place
from tui.operations.facts import Owner
from tui.session.inventory import Inventory, Kind
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
    vpc_mark,
    vpn_mark,
)

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
    return list(rows_by_key(inventory).values())


def rows_by_key(inventory: Inventory) -> dict[str, NetworkRow]:
    """The same by their ids; not to be changed."""
    if inventory not in _joined:
        _joined[inventory] = _Joined(inventory)
    return _joined[inventory].rows(inventory)


def network_row(inventory: Inventory, key: str) -> NetworkRow | None:
    """The network or VPC with the id `key`."""
    return rows_by_key(inventory).get(key)


def row_of_address(inventory: Inventory, address_id: str) -> NetworkRow | None:
    """The network or VPC whose source NAT address this is."""
    address = inventory.addresses.rows.get(address_id)
    if address is None:
        return None
    return network_row(inventory, address.vpc_id or address.network_id)


def things_of(row: NetworkRow) -> Iterator[tuple[Kind, str]]:
    """What the row is made from, as far as it may change by itself: list and id each."""
    if row.address is not None:
        yield Kind.VPNS, row.address.id
    yield (Kind.NETWORKS if row.kind == "network" else Kind.VPCS), row.key
    for router in row.routers:
        yield Kind.ROUTERS, router.id


class _Beside:
    """What the other lists have for networks and VPCs, as they were at one moment."""

    def __init__(self, inventory: Inventory) -> None:
        self._made_of = self._now(inventory)
        self._half_made = frozenset(inventory.half_made)
        self.counts = users_by_owner(inventory)
        self.nat = _source_nat(inventory.addresses.rows.values())
        self.routers = _routers(inventory.routers.rows.values())

    @staticmethod
    def _now(inventory: Inventory) -> list[tuple[object, ...]]:
        shelves = (inventory.users, inventory.addresses, inventory.vpns, inventory.routers)
        return [tuple(shelf.rows.values()) for shelf in shelves]

    def is_current(self, inventory: Inventory) -> bool:
        """Whether none of the lists has another row than at that moment."""
        if self._half_made != inventory.half_made.keys():
            return False
        # The rows themselves are compared, and kept: an id of one that is gone may come again.
        pairs = zip(self._made_of, self._now(inventory), strict=True)
        return all(len(a) == len(b) and all(map(is_, a, b)) for a, b in pairs)


class _Joined:
    """The rows of one inventory as they were last made."""

    def __init__(self, inventory: Inventory) -> None:
        self._beside = _Beside(inventory)
        self._rows: dict[str, NetworkRow] = {}

    def rows(self, inventory: Inventory) -> dict[str, NetworkRow]:
        """The rows as the lists are now; those that have not changed are the same objects."""
        if not self._beside.is_current(inventory):
            self._beside = _Beside(inventory)
            self._rows = {
                key: row
                for key, row in self._rows.items()
                if _is_made_of(row, inventory, self._beside)
            }
        before = self._rows
        self._rows = rows = {}
        for place in _places(inventory):
            row = before.get(place.id)
            if row is None or (row.network is not place and row.vpc is not place):
                row = _row_of(inventory, place, self._beside)
            rows[place.id] = row
        return rows


_joined: WeakKeyDictionary[Inventory, _Joined] = WeakKeyDictionary()


def _places(inventory: Inventory) -> Iterator[Network | Vpc]:
    for network in inventory.networks.rows.values():
        if not network.vpc_id and not network.is_system:
            yield network
    yield from inventory.vpcs.rows.values()


def _is_made_of(row: NetworkRow, inventory: Inventory, beside: _Beside) -> bool:
    """Whether `row` would be the same if it were made now, as far as the other lists go."""
    address = beside.nat.get(row.key)
    serving = beside.routers.get(row.key, ())
    return (
        row.address is address
        and row.vpn is inventory.vpn_of(address)
        and row.users == beside.counts.get(row.owner_key, 0)
        and len(row.routers) == len(serving)
        and all(map(is_, row.routers, serving))
        and (address is None or address.id not in inventory.half_made)
        and row.vpn_mark is not HALF_MADE
    )


def _source_nat(addresses: Iterable[PublicIp]) -> dict[str, PublicIp]:
    """Source NAT addresses by the id of their VPC or network."""
    return {a.vpc_id or a.network_id: a for a in addresses if a.is_source_nat}


def _routers(routers: Iterable[Router]) -> dict[str, tuple[Router, ...]]:
    """Routers by the id of each network or VPC that they serve, the primary one first."""
    found: dict[str, list[Router]] = {}
    for router in sorted(routers, key=lambda each: (each.redundant_state != "PRIMARY", each.name)):
        served = {nic.network_id for nic in router.nics if nic.traffic_type == "Guest"}
        served |= {router.guest_network_id, router.vpc_id} - {""}
        for key in served:
            found.setdefault(key, []).append(router)
    return {key: tuple(serving) for key, serving in found.items()}


_DOWN: Final = ("Stopped", "Shutdowned", "Error", "Destroyed", "Expunging")


def _router_mark(routers: Sequence[Router]) -> Mark | None:
    if not routers:
        return None
    first = routers[0]
    return router_mark(first.state, first.redundant_state if first.is_redundant else None)


def _vpn_mark(
    inventory: Inventory,
    address: PublicIp | None,
    state: str,
    routers: Sequence[Router],
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


def _row_of(inventory: Inventory, place: Network | Vpc, beside: _Beside) -> NetworkRow:
    network = place if isinstance(place, Network) else None
    vpc = place if isinstance(place, Vpc) else None
    address = beside.nat.get(place.id)
    serving = beside.routers.get(place.id, ())
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
        users=beside.counts.get(place.owner_key, 0),
        routers=serving,
        router_mark=_router_mark(serving),
        network=network,
        vpc=vpc,
    )


def _type_words(network_type: str) -> str:
    return network_type if network_type == "L2" else network_type.lower()
