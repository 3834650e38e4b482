"""What one profile can see, kept by id, with its age; screens read it, nobody edits it.

Lists are asked for in small pages, few calls at a time, and rows are handed on as they come. A
list that is asked for again replaces the old one only when it is complete, so that nothing on the
screen vanishes while the server thinks.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from tui.cloud import listings
from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError
from tui.cloud.models import (
    AclList,
    CustomerGateway,
    FirewallRule,
    Network,
    NetworkAcl,
    PortForwardingRule,
    PublicIp,
    RemoteAccessVpn,
    Router,
    Vpc,
    VpnConnection,
    VpnUser,
    Zone,
)
from tui.safety.redact import redact
from tui.safety.text import clean
from tui.session.gathered import Gathered
from tui.session.rowcache import Kept
from tui.session.shelf import Kind, Shelf

__all__ = ["OPTIONAL", "Inventory", "Kind", "Shelf"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LISTINGS: Final[dict[Kind, listings.Listing[Any]]] = {
    Kind.ZONES: listings.ZONES,
    Kind.NETWORKS: listings.NETWORKS,
    Kind.VPCS: listings.VPCS,
    Kind.ADDRESSES: listings.ADDRESSES,
    Kind.VPNS: listings.VPNS,
    Kind.USERS: listings.VPN_USERS,
    Kind.ROUTERS: listings.ROUTERS,
    Kind.GATEWAYS: listings.VPN_CUSTOMER_GATEWAYS,
    Kind.CONNECTIONS: listings.VPN_CONNECTIONS,
}

_OWNED: Final = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.VPNS, Kind.USERS, Kind.ROUTERS)
"""Lists that leave out what belongs to projects unless `projectid=-1` is asked for as well."""


OPTIONAL: Final = {
    Kind.ROUTERS: "listRouters",
    Kind.GATEWAYS: "listVpnCustomerGateways",
    Kind.CONNECTIONS: "listVpnConnections",
}
"""Lists that some roles may not ask for, and their commands."""


class Inventory:
    """The lists of one profile."""

    def __init__(self, client: CloudClient) -> None:
        self._client = client
        self.zones: Shelf[Zone] = Shelf()
        self.networks: Shelf[Network] = Shelf()
        self.vpcs: Shelf[Vpc] = Shelf()
        self.addresses: Shelf[PublicIp] = Shelf()
        self.vpns: Shelf[RemoteAccessVpn] = Shelf()
        """By the id of the public address: the API's rows may lack an id of their own."""
        self.users: Shelf[VpnUser] = Shelf()
        self.routers: Shelf[Router] = Shelf()
        self.gateways: Shelf[CustomerGateway] = Shelf()
        self.connections: Shelf[VpnConnection] = Shelf()
        self.rules: dict[str, Shelf[FirewallRule]] = {}
        """Firewall rules by the id of their public address."""
        self.forwardings: dict[str, Shelf[PortForwardingRule]] = {}
        self.acl_lists: dict[str, Shelf[AclList]] = {}
        """ACL lists that tiers of a VPC may use, by the id of the VPC."""
        self.acl_entries: dict[str, Shelf[NetworkAcl]] = {}
        """Entries of the lists that tiers of a VPC do use, by the id of the VPC."""
        self.half_made: dict[str, str] = {}
        """Addresses whose VPN this console saw fail half-way (no list shows these), and why."""
        self.gathered: dict[str, Gathered] = {}
        """What the last preflight of a network or VPC learnt beside the lists, by its id."""
        self.has_projects = False
        self._listeners: list[Callable[[str], None]] = []

    def shelf(self, kind: Kind) -> Shelf[Any]:
        """The list of one kind."""
        shelves: dict[Kind, Shelf[Any]] = {
            Kind.ZONES: self.zones,
            Kind.NETWORKS: self.networks,
            Kind.VPCS: self.vpcs,
            Kind.ADDRESSES: self.addresses,
            Kind.VPNS: self.vpns,
            Kind.USERS: self.users,
            Kind.ROUTERS: self.routers,
            Kind.GATEWAYS: self.gateways,
            Kind.CONNECTIONS: self.connections,
        }
        return shelves[kind]

    def listen(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener` with the name of a list whenever it changes; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def recall(self, lists: Iterable[Kept]) -> None:
        """Show the rows of an earlier run where the server has not told anything yet."""
        for kept in lists:
            rows = {_key(row): row for row in kept.rows}
            self.shelf(kept.kind).recall(rows, kept.listed, kept.cost)
            self._tell(str(kept.kind))

    def worth_keeping(self) -> list[Kept]:
        """The lists as they are now, those that were ever complete, for the next run."""
        return [
            Kept(kind=kind, rows=tuple(shelf.rows.values()), listed=shelf.listed, cost=shelf.cost)
            for kind in Kind
            if (shelf := self.shelf(kind)).listed is not None
        ]

    def take(self, kind: Kind, rows: Iterable[Any]) -> None:
        """Put in a whole list that somebody else has asked for."""
        shelf = self.shelf(kind)
        question = shelf.ask()
        shelf.settle(question, {_key(row): row for row in rows})
        shelf.leave(question)
        self._tell(str(kind))

    async def refresh(self, kinds: Iterable[Kind]) -> None:
        """Ask for these lists again, side by side; an error is kept on the list, not raised."""
        await asyncio.gather(*(self._refresh(kind) for kind in kinds))

    async def _refresh(self, kind: Kind) -> None:
        shelf = self.shelf(kind)
        questions: list[dict[str, Any]] = [{"listall": True}]
        if kind in _OWNED and self.has_projects:
            questions.append({"listall": True, "projectid": "-1"})
        await self._fill(str(kind), shelf, _LISTINGS[kind], questions)

    async def refresh_rules(self, address_id: str) -> None:
        """Ask for the firewall and port forwarding rules of one address."""
        rules = self.rules.setdefault(address_id, Shelf())
        forwardings = self.forwardings.setdefault(address_id, Shelf())
        question = [{"ipaddressid": address_id, "listall": True}]
        await asyncio.gather(
            self._fill("rules", rules, listings.FIREWALL_RULES, question),
            self._fill("rules", forwardings, listings.PORT_FORWARDING, question),
        )

    async def refresh_acls(self, vpc_id: str) -> None:
        """Ask for the ACLs of the tiers of a VPC, as the networks were last seen."""
        lists = self.acl_lists.setdefault(vpc_id, Shelf())
        entries = self.acl_entries.setdefault(vpc_id, Shelf())
        tiers = [network for network in self.networks.rows.values() if network.vpc_id == vpc_id]
        used = dict.fromkeys(tier.acl_id for tier in tiers if tier.acl_id)
        await asyncio.gather(
            self._fill("ACLs", lists, listings.ACL_LISTS, [{"vpcid": vpc_id, "listall": True}]),
            self._fill(
                "ACLs", entries, listings.ACLS, [{"aclid": key, "listall": True} for key in used]
            ),
        )

    def knows_rules_of(self, address_id: str) -> bool:
        """Whether the rules of an address were asked for, or are being asked for now."""
        shelf = self.rules.get(address_id)
        return shelf is not None and (
            shelf.loading or shelf.fetched is not None or shelf.error is not None
        )

    async def refresh_rules_of(self, address_ids: Iterable[str]) -> None:
        """Ask for the rules of several addresses, side by side."""
        await asyncio.gather(*(self.refresh_rules(address_id) for address_id in address_ids))

    async def _fill(
        self,
        name: str,
        shelf: Shelf[T],
        listing: listings.Listing[T],
        questions: list[dict[str, Any]],
    ) -> None:
        number = shelf.ask()
        fresh: dict[str, T] = {}
        total = 0
        try:
            for question in questions:
                before = total
                async for page in self._client.pages(listing, **question):
                    rows = {_key(row): row for row in page.rows}
                    fresh.update(rows)
                    total = before + (page.total or 0)
                    shelf.take_page(number, rows, total)
                    self._tell(name)
        except CloudError as error:
            shelf.settle(number, {}, error)
        except Exception as error:
            _log.exception("the list of %s could not be taken in", name)
            shelf.settle(number, {}, _fault(name, error))
        else:
            shelf.settle(number, fresh)
        finally:
            shelf.leave(number)
            self._tell(name)

    def _tell(self, name: str) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(name)
            except Exception:
                # Somebody who watches must not be able to break what is watched.
                _log.exception("a listener of the lists failed")

    # Joins.

    def vpn_of(self, address: PublicIp | None) -> RemoteAccessVpn | None:
        """The VPN on `address`, if one is listed."""
        return None if address is None else self.vpns.rows.get(address.id)


def _fault(name: str, error: Exception) -> CloudError:
    """What stands on a list after an exception that nobody foresaw."""
    return CloudError(
        f"The {name} could not be taken in: {redact(clean(f'{type(error).__name__}: {error}'))}",
        remedy="This is a fault of csvpn; the list shows what was known before.",
    )


def _key(row: Any) -> str:
    if isinstance(row, RemoteAccessVpn):
        return row.public_ip_id
    return str(row.id)
