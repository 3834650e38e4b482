"""Client kits of a session: which VPNs there are kits for, and making them for people.

The passwords of VPN users are known only where they were just made or typed: CloudStack gives none
back.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tui.operations.kit_files import KitNotWritten, Written, delete_kit, write_kits
from tui.operations.kit_places import findings
from tui.operations.kit_register import remember
from tui.safety.secret import Secret
from tui.session.inventory import Inventory, Kind
from tui.session.views import NetworkRow, OwnerKey, network_rows, range_of
from tui.settings.errors import SettingsError
from tui.vpn.findings import Finding
from tui.vpn.kits.choices import ASKED, KEEP_DAYS, MTU, SHOWN, Place
from tui.vpn.kits.kit import Kit, make_kit
from tui.vpn.kits.settings import KitSettings, SecretName, checked

KINDS = (Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)
"""The lists that kits are made from."""


class KitUser(msgspec.Struct, frozen=True):
    """Somebody who is to get a kit."""

    name: str
    password: Secret | None = None
    """None where nobody here knows it."""


class KitVpn(msgspec.Struct, frozen=True, kw_only=True):
    """A VPN that kits can be made for."""

    address_id: str
    network: str
    owner: str
    owner_key: OwnerKey
    server: str
    key: Secret | None
    """None where CloudStack does not show it to these credentials."""
    routes: tuple[str, ...]
    dns: str
    domain: str

    @property
    def words(self) -> str:
        """`acme-prod at 203.0.113.10`."""
        return f"{self.network} at {self.server}"


class KitWish(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into kits."""

    platforms: tuple[str, ...] = ()
    """Names of `tui.vpn.kits.choices.PLATFORMS`; none for all."""
    user_place: Place = SHOWN
    key_place: Place = ASKED
    password_place: Place = ASKED
    split: bool = True
    routes: tuple[str, ...] = ()
    """Instead of the VPN's own network."""
    mtu: int = MTU


def kit_vpns(inventory: Inventory, owner_key: OwnerKey | None = None) -> list[KitVpn]:
    """The running VPNs, or those of one owner, by name."""
    rows = [row for row in network_rows(inventory) if row.vpn is not None and row.address]
    found = [_kit_vpn(row) for row in rows if owner_key in (None, row.owner_key)]
    return sorted(found, key=lambda vpn: (vpn.network, vpn.server))


def users_of(inventory: Inventory, vpn: KitVpn) -> list[str]:
    """The users of the account that owns a VPN, by name."""
    rows = inventory.users.rows.values()
    return sorted(user.user_name for user in rows if user.owner_key == vpn.owner_key)


def _kit_vpn(row: NetworkRow) -> KitVpn:
    vpn, address, place = row.vpn, row.address, row.network or row.vpc
    if vpn is None or address is None or place is None:
        raise ValueError(f"{row.name} has no VPN")
    clients = range_of(vpn)
    return KitVpn(
        address_id=address.id,
        network=row.name,
        owner=row.owner,
        owner_key=row.owner_key,
        server=vpn.public_ip or address.address,
        key=vpn.preshared_key,
        routes=(row.cidr,) if row.cidr else (),
        # The router is the name server that it hands out, under its own end of the tunnels.
        dns=str(clients.router) if clients is not None else "",
        domain=place.network_domain,
    )


def settings_for(vpn: KitVpn, user: KitUser, wish: KitWish) -> KitSettings:
    """What one person's kit says."""
    return KitSettings(
        network=vpn.network,
        server=vpn.server,
        user=user.name,
        key=vpn.key,
        password=user.password,
        user_place=wish.user_place,
        key_place=wish.key_place,
        password_place=wish.password_place,
        split=wish.split,
        routes=wish.routes or vpn.routes,
        dns=vpn.dns,
        domain=vpn.domain,
        mtu=wish.mtu,
    )


def secrets_shown(wish: KitWish) -> list[SecretName]:
    """The secrets that will stand in clear text in kits made as wished."""
    places: dict[SecretName, Place] = {"key": wish.key_place, "password": wish.password_place}
    return [name for name, place in places.items() if place == SHOWN]


def check_kits(vpn: KitVpn, users: Iterable[KitUser], wish: KitWish) -> None:
    """Raise `KitImpossible` where `make_kits` would, in a fraction of its time."""
    for user in users:
        checked(settings_for(vpn, user, wish))


def make_kits(vpn: KitVpn, users: Iterable[KitUser], wish: KitWish) -> list[Kit]:
    """A kit for each of `users`. Raises `KitImpossible`."""
    return [make_kit(settings_for(vpn, user, wish), wish.platforms) for user in users]


def place_findings(into: Path, *, secret: bool) -> list[Finding]:
    """What speaks against writing kits into a folder; without a `secret` in them, nothing of it
    stands in the way."""
    found = findings(into)
    if secret:
        return found
    return [msgspec.structs.replace(each, severity="warning") for each in found]


def write_and_remember(
    kits: Sequence[Kit],
    vpn: KitVpn,
    into: Path,
    *,
    as_zip: bool = False,
    keep_days: int = KEEP_DAYS,
    state: Path | None = None,
) -> list[Written]:
    """Write kits and note them in the register; blocks, so call it in a worker thread.

    `state` is the folder of the register, where it is not the usual one. A kit that could not be
    noted is not kept. Raises `KitNotWritten`.
    """
    written = write_kits(kits, into, as_zip=as_zip)
    try:
        remember(written, network=vpn.network, server=vpn.server, keep_days=keep_days, state=state)
    except SettingsError as error:
        for each in written:
            delete_kit(each.path, each.files)
        raise KitNotWritten(
            f"the kit could not be noted for deletion: {error}", "nothing of it was kept"
        ) from error
    return written
