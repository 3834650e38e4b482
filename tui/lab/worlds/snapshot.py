"""The form of a world on disk: one JSON document with a list per kind of object.

Every list may be left out except `zone`, `domains`, `accounts` and `people`. Objects refer to one
another by `id`; `load` says which reference leads nowhere.
"""

import gzip
import ipaddress
from pathlib import Path

import msgspec

from tui.lab.cloud import entities as e
from tui.lab.router.faults import FAULTS
from tui.lab.router.visits import HABITS


class Snapshot(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole world. `services` maps the name of a set to the `service` list of a network row."""

    title: str = ""
    zone: e.Zone
    domains: list[e.Domain]
    accounts: list[e.Account]
    people: list[e.Person]
    roles: list[e.Role] = []
    projects: list[e.Project] = []
    services: dict[str, msgspec.Raw] = {}
    offerings: list[e.Offering] = []
    vpcs: list[e.Vpc] = []
    networks: list[e.Network] = []
    addresses: list[e.PublicIp] = []
    vpns: list[e.Vpn] = []
    vpn_users: list[e.VpnUser] = []
    rules: list[e.Rule] = []
    routers: list[e.Router] = []
    machines: list[e.Machine] = []
    hosts: list[e.Host] = []
    acl_lists: list[e.AclList] = []
    acl_items: list[e.AclItem] = []
    vpn_gateways: list[e.VpnGateway] = []
    customer_gateways: list[e.CustomerGateway] = []
    vpn_connections: list[e.VpnConnection] = []
    events: list[e.Event] = []
    numbers: dict[str, int] = {}
    """The next internal number per kind, where the recordings show a higher one."""


class WorldUnreadable(Exception):
    """A file that holds no world; the text names the file and what is wrong with it."""


_REFERENCES: tuple[tuple[str, str, str], ...] = (
    ("accounts", "domain", "domains"),
    ("people", "account", "accounts"),
    ("projects", "account", "accounts"),
    ("projects", "owner", "accounts"),
    ("vpcs", "account", "accounts"),
    ("networks", "account", "accounts"),
    ("networks", "offering", "offerings"),
    ("networks", "vpc", "vpcs"),
    ("addresses", "account", "accounts"),
    ("addresses", "network", "networks"),
    ("addresses", "vpc", "vpcs"),
    ("vpns", "address", "addresses"),
    ("vpns", "account", "accounts"),
    ("vpn_users", "account", "accounts"),
    ("rules", "address", "addresses"),
    ("rules", "network", "networks"),
    ("routers", "account", "accounts"),
    ("routers", "network", "networks"),
    ("routers", "vpc", "vpcs"),
    ("routers", "host", "hosts"),
    ("machines", "account", "accounts"),
    ("machines", "network", "networks"),
    ("acl_lists", "vpc", "vpcs"),
    ("acl_items", "acl", "acl_lists"),
)


def load(text: bytes, source: str) -> Snapshot:
    """Read a snapshot and check its references. `source` is what an error calls it."""
    try:
        snapshot = msgspec.json.decode(text, type=Snapshot)
    except msgspec.DecodeError as error:
        raise WorldUnreadable(f"{source} is not a lab world: {error}") from error
    for kind, field, target in _REFERENCES:
        known = {thing.id for thing in getattr(snapshot, target)}
        for position, thing in enumerate(getattr(snapshot, kind)):
            wanted = getattr(thing, field)
            if wanted and wanted not in known:
                raise WorldUnreadable(
                    f"{source} is not a lab world: {kind}[{position}].{field} is "
                    f"{wanted!r}, and {target} has no such id"
                )
    _check_values(snapshot, source)
    if not any(person.actor for person in snapshot.people):
        raise WorldUnreadable(
            f"{source} is not a lab world: no person has an `actor`, so nobody could log in"
        )
    return snapshot


def _check_values(snapshot: Snapshot, source: str) -> None:
    for position, router in enumerate(snapshot.routers):
        for field, named, known in (
            ("faults", router.faults, FAULTS),
            ("habits", tuple(router.habits.values()), HABITS),
        ):
            for name in named:
                if name not in known:
                    raise WorldUnreadable(
                        f"{source} is not a lab world: routers[{position}].{field} has {name!r}, "
                        f"and there are {', '.join(known)}"
                    )
    roles = {role.name for role in snapshot.roles}
    for position, account in enumerate(snapshot.accounts):
        if account.level != "project" and account.role not in roles:
            raise WorldUnreadable(
                f"{source} is not a lab world: accounts[{position}].role is {account.role!r}, and "
                f"roles has no such name"
            )
    for kind in ("networks", "vpcs"):
        for position, thing in enumerate(getattr(snapshot, kind)):
            try:
                ipaddress.IPv4Network(thing.cidr or "10.0.0.0/8")
            except ValueError as error:
                raise WorldUnreadable(
                    f"{source} is not a lab world: {kind}[{position}].cidr: {error}"
                ) from error
    if "ROOT" not in {domain.path for domain in snapshot.domains}:
        raise WorldUnreadable(f"{source} is not a lab world: no domain has the path ROOT")


def load_file(path: Path) -> Snapshot:
    """Read a world from a file, plain or gzip. Raises `WorldUnreadable`."""
    try:
        text = path.read_bytes()
        if text[:2] == b"\x1f\x8b":
            text = gzip.decompress(text)
    except OSError as error:
        raise WorldUnreadable(f"{path} cannot be read: {error.strerror or error}") from error
    return load(text, str(path))
