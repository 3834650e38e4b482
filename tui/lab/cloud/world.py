"""The objects of one lab, found by id, and who owns what."""

import itertools
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from tui.lab.cloud import entities as e
from tui.lab.worlds.snapshot import Snapshot

T = TypeVar("T", bound=e.Entity)


def stamp(seconds: float | None = None) -> str:
    """A time as CloudStack writes it: `2026-11-23T02:46:43+0000` (UTC; now by default)."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(seconds))


class _Named(msgspec.Struct):
    name: str


def _by_id(things: Iterable[T]) -> dict[str, T]:
    return {thing.id: thing for thing in things}


class World:
    """All objects of a lab. Commands change them in place; rows are drawn from them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.title = snapshot.title
        self.zone = snapshot.zone
        self.services = snapshot.services
        self._service_names = {
            name: frozenset(service.name for service in msgspec.json.decode(raw, type=list[_Named]))
            for name, raw in snapshot.services.items()
        }
        self.domains = _by_id(snapshot.domains)
        self.accounts = _by_id(snapshot.accounts)
        self.people = _by_id(snapshot.people)
        self.roles = {role.name: role for role in snapshot.roles}
        self.projects = _by_id(snapshot.projects)
        self.offerings = _by_id(snapshot.offerings)
        self.vpcs = _by_id(snapshot.vpcs)
        self.networks = _by_id(snapshot.networks)
        self.addresses = _by_id(snapshot.addresses)
        self.vpns = _by_id(snapshot.vpns)
        self.vpn_users = _by_id(snapshot.vpn_users)
        self.rules = _by_id(snapshot.rules)
        self.routers = _by_id(snapshot.routers)
        self.machines = _by_id(snapshot.machines)
        self.hosts = _by_id(snapshot.hosts)
        self.acl_lists = _by_id(snapshot.acl_lists)
        self.acl_items = _by_id(snapshot.acl_items)
        self.vpn_gateways = _by_id(snapshot.vpn_gateways)
        self.customer_gateways = _by_id(snapshot.customer_gateways)
        self.vpn_connections = _by_id(snapshot.vpn_connections)
        self.events: list[e.Event] = list(snapshot.events)
        self.settings: dict[str, str] = {}
        """Global settings that root has changed."""
        self._numbers: dict[str, Iterator[int]] = {}
        self._floor = snapshot.numbers
        for kind in ("networks", "addresses", "routers", "machines", "vpns", "rules", "accounts"):
            for position, thing in enumerate(getattr(self, kind).values()):
                if not thing.number:
                    thing.number = self._floor.get(kind, 1) + position

    def number(self, kind: str) -> int:
        """The next internal number of `kind` (the name of a table such as `rules`)."""
        counter = self._numbers.get(kind)
        if counter is None:
            table = getattr(self, kind, {})
            used = max((thing.number for thing in table.values()), default=0)
            counter = itertools.count(max(used + 1, self._floor.get(kind, 1)))
            self._numbers[kind] = counter
        return next(counter)

    @staticmethod
    def new_id() -> str:
        return str(uuid.uuid4())

    # Owners ---------------------------------------------------------------------------------

    def account_named(self, name: str, domain: str) -> e.Account | None:
        for account in self.accounts.values():
            if account.name == name and account.domain == domain and account.level != "project":
                return account
        return None

    def project_of(self, account: str) -> e.Project | None:
        """The project whose hidden account this is."""
        for project in self.projects.values():
            if project.account == account:
                return project
        return None

    def person_of(self, account: str) -> e.Person | None:
        for person in self.people.values():
            if person.account == account:
                return person
        return None

    def root_domain(self) -> e.Domain:
        return next(domain for domain in self.domains.values() if domain.path == "ROOT")

    def may_use(self, caller: e.Account, account: str) -> bool:
        """Whether `caller` may operate on what `account` owns (CloudStack's `checkAccess`)."""
        if caller.id == account or caller.level == "root":
            return True
        if not account:
            return False
        project = self.project_of(account)
        if project is not None and project.owner == caller.id:
            return True
        return caller.level == "domain-admin" and self.below(caller, self.accounts[account].domain)

    def below(self, caller: e.Account, domain: str) -> bool:
        """Whether `domain` is the caller's domain or below it."""
        mine = self.domains[caller.domain].path
        path = self.domains[domain].path
        return path == mine or path.startswith(mine + "/")

    # What hangs together --------------------------------------------------------------------

    def source_nat(self, *, network: str = "", vpc: str = "") -> e.PublicIp | None:
        """The source NAT address of a network or VPC; a network that nobody uses has none."""
        for address in self.addresses.values():
            if address.source_nat and (
                (network and address.network == network) or (vpc and address.vpc == vpc)
            ):
                return address
        return None

    def vpn_on(self, address: str) -> e.Vpn | None:
        for vpn in self.vpns.values():
            if vpn.address == address:
                return vpn
        return None

    def vpns_of(self, account: str) -> list[e.Vpn]:
        return [vpn for vpn in self.vpns.values() if vpn.account == account]

    def users_of(self, account: str) -> list[e.VpnUser]:
        """The VPN users of an account in every state, the hidden ones included."""
        return [user for user in self.vpn_users.values() if user.account == account]

    def user_named(self, account: str, username: str) -> e.VpnUser | None:
        """MySQL compares names without regard to case, so `Bob` is `bob`."""
        wanted = username.casefold()
        for user in self.users_of(account):
            if user.username.casefold() == wanted:
                return user
        return None

    def routers_of(self, *, network: str = "", vpc: str = "") -> list[e.Router]:
        return [
            router
            for router in self.routers.values()
            if (vpc and router.vpc == vpc) or (network and not vpc and router.network == network)
        ]

    def routers_behind(self, address: e.PublicIp) -> list[e.Router]:
        return self.routers_of(network=address.network, vpc=address.vpc)

    def rules_on(self, address: str, purpose: e.Purpose | None = None) -> list[e.Rule]:
        return [
            rule
            for rule in self.rules.values()
            if rule.address == address and (purpose is None or rule.purpose == purpose)
        ]

    def has_service(self, network: e.Network, service: str) -> bool:
        """Whether the network's offering carries a service such as `Vpn`."""
        return self.offers(self.offerings[network.offering], service)

    def offers(self, offering: e.Offering, service: str) -> bool:
        return service in self._service_names.get(offering.services, ())

    def client_range(self, account: str) -> str:
        """The range of addresses that a new VPN of this account gets when none is asked for."""
        return (
            self.accounts[account].client_range
            or self.settings.get("remote.access.vpn.client.iprange")
            or "10.1.2.1-10.1.2.8"
        )
