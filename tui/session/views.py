"""Rows for the screens and the commands: facts joined, never edited."""

import msgspec

from tui.cloud.models import (
    PublicIp,
    RemoteAccessVpn,
    Router,
    VpnUser,
)
from tui.operations.facts import ingress_rule
from tui.session.inventory import Inventory
from tui.session.place_rows import (
    RUNNING_ON_NO_ROUTER,
    NetworkRow,
    OwnerKey,
    clients_of,
    network_row,
    network_rows,
    range_of,
    row_of_address,
    rows_by_key,
    users_by_owner,
)
from tui.vpn.ports import analyse
from tui.vpn.psk_policy import KeyAge
from tui.vpn.states import CANNOT_HAVE_VPN, HALF_MADE, Mark, user_mark, vpn_mark
from tui.vpn.users import DEFAULT_LIMIT

__all__ = [
    "RUNNING_ON_NO_ROUTER",
    "AddressRow",
    "NetworkRow",
    "OwnerKey",
    "UserRow",
    "VpnRow",
    "address_rows",
    "clients_of",
    "network_row",
    "network_rows",
    "purpose_of",
    "range_of",
    "row_of_address",
    "user_rows",
    "users_by_owner",
    "vpn_rows",
]


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


def vpn_rows(inventory: Inventory) -> list[VpnRow]:
    """Every VPN that is listed, and those seen half-made."""
    by_key = rows_by_key(inventory)
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
    by_key = rows_by_key(inventory)
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
