"""What one profile can see, kept by id, with its age; screens read it, nobody edits it.

Lists are asked for in small pages, few calls at a time, and rows are handed on as they come. A
list that is asked for again replaces the old one only when it is complete, so that nothing on the
screen vanishes while the server thinks.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Final, TypeVar

from tui.cloud import listings
from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, Validation
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
from tui.session.freshness import is_dear
from tui.session.gathered import Gathered
from tui.session.lists import LISTINGS
from tui.session.rowcache import Kept
from tui.session.shelf import Kind, Shelf

__all__ = ["OPTIONAL", "Inventory", "Kind", "Shelf"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_OWNED: Final = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.VPNS, Kind.USERS, Kind.ROUTERS)
"""Lists that leave out what belongs to projects unless `projectid=-1` is asked for as well."""


NO_SUCH_ID: Final = 431
"""The code of the answer to an id that names nothing."""

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
        self.lines = 0
        """How many rows the screen has room for: the first page of a list is so long; 0 for as
        long as any."""
        self.sees_all = False
        """Whether `projectid=-1` gives everything, and not only what belongs to projects: with
        `listall` it does for Root (AccountManagerImpl.buildACLSearchParameters)."""
        self._has_projects = False
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

    @property
    def has_projects(self) -> bool:
        """Whether there are projects: then lists are asked for what belongs to them as well."""
        return self._has_projects

    @has_projects.setter
    def has_projects(self, found: bool) -> None:
        if found and not self._has_projects:
            for kind in _OWNED:
                self.shelf(kind).is_outdated = self.shelf(kind).fetched is not None
        self._has_projects = found

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
        def is_once_enough() -> bool:
            # Not known in the beginning, and then while the first page is awaited.
            return kind in _OWNED and self.has_projects and self.sees_all

        def questions() -> Iterator[dict[str, Any]]:
            if not is_once_enough():
                yield {"listall": True}
            if kind in _OWNED and self.has_projects:
                yield {"listall": True, "projectid": "-1"}

        await self._fill(
            str(kind),
            self.shelf(kind),
            LISTINGS[kind],
            questions(),
            patient=True,
            is_asked_better=lambda question: "projectid" not in question and is_once_enough(),
        )

    async def renew(self, kinds: Iterable[Kind], place: str) -> None:
        """Ask anew for what these lists have of a network or VPC: of lists that are dear to the
        server, and were there in this run, only for that; else for the whole of them."""
        asked = set(kinds)
        some = {k for k in asked if self.shelf(k).fetched is not None and is_dear(self.shelf(k))}
        await asyncio.gather(
            self.refresh(asked - some), *([self.look_around(place=place)] if some else [])
        )

    async def complete(self, kind: Kind) -> None:
        """Wait until a dear list that is on its way for the first time is there, or has failed."""
        shelf = self.shelf(kind)
        ended = asyncio.Event()
        stop = self.listen(lambda _: None if shelf.loading else ended.set())
        try:
            if shelf.loading and shelf.fetched is None and is_dear(shelf):
                await ended.wait()
        finally:
            stop()

    async def look_at(self, things: Iterable[tuple[Kind, str]]) -> None:
        """Ask for single rows again, by their ids (a VPN by that of its address), side by side.

        Those that are gone are taken out. One that cannot be asked for stays as it is.
        """
        await asyncio.gather(*(self._look_at(kind, key) for kind, key in dict.fromkeys(things)))

    async def _look_at(self, kind: Kind, key: str) -> None:
        row = self.shelf(kind).rows.get(key)
        owner = row if row is not None else self.addresses.rows.get(key)
        project = getattr(owner, "project_id", "")
        whose = {"projectid": project} if project else {}
        by = "publicipid" if kind is Kind.VPNS else "id"
        await self._take_some(kind, {by: key, **whose}, (key,))

    async def look_around(self, address_id: str = "", place: str = "") -> None:
        """Ask for what belongs to an address, or to a network or VPC: themselves, their addresses,
        VPNs and routers, also those that were not there before."""
        if address_id:
            await self._look_at(Kind.ADDRESSES, address_id)
            address = self.addresses.rows.get(address_id)
            place = place if address is None else _place_of(address)
        if place:
            await self._look_around(place)
        addresses = {a.id for a in self.addresses.rows.values() if place and _place_of(a) == place}
        await self.look_at((Kind.VPNS, key) for key in addresses | ({address_id} - {""}))

    async def _look_around(self, place: str) -> None:
        owned = self.networks.rows.get(place) or self.vpcs.rows.get(place)
        whose = {"projectid": owned.project_id} if owned and owned.project_id else {}
        in_vpc = place in self.vpcs.rows
        known = [a.id for a in self.addresses.rows.values() if _place_of(a) == place]
        served = [r.id for r in self.routers.rows.values() if _serves(r, place)]
        by = "vpcid" if in_vpc else "associatednetworkid"
        await asyncio.gather(
            self._look_at(Kind.VPCS if in_vpc else Kind.NETWORKS, place),
            self._take_some(Kind.ADDRESSES, {by: place, **whose}, known),
            self._take_some(
                Kind.ROUTERS, {"vpcid" if in_vpc else "networkid": place, **whose}, served
            ),
        )

    async def _take_some(self, kind: Kind, question: dict[str, str], known: Iterable[str]) -> None:
        """Put in the rows that answer a question; those of `known` that do not are gone."""
        shelf = self.shelf(kind)
        try:
            rows = await self._client.fetch(LISTINGS[kind], listall=True, **question)
        except Validation as error:
            if error.code != NO_SUCH_ID:
                return
            rows = []
        except CloudError as error:
            _log.info("%s could not be asked for again: %s", kind, error)
            return
        found = {_key(row): row for row in rows}
        for key in known:
            if key not in found:
                shelf.drop(key)
        for key, row in found.items():
            shelf.put(key, row)
        self._tell(str(kind))

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
        questions: Iterable[dict[str, Any]],
        *,
        patient: bool = False,
        is_asked_better: Callable[[dict[str, Any]], bool] = lambda question: False,
    ) -> None:
        """`is_asked_better` says of a question that the next one gives all of its rows too: then
        the rest of its pages is not asked for."""
        number = shelf.ask()
        fresh: dict[str, T] = {}
        total = 0
        cost = 0.0
        try:
            for question in questions:
                before = total
                pages = self._client.pages(listing, first=self.lines, patient=patient, **question)
                async with aclosing(pages):
                    async for page in pages:
                        rows = {_key(row): row for row in page.rows}
                        fresh.update(rows)
                        total = before + (page.total or 0)
                        cost += page.seconds
                        shelf.cost = max(shelf.cost, cost)
                        shelf.take_page(number, rows, total)
                        self._tell(name)
                        if is_asked_better(question):
                            total = before
                            break
        except CloudError as error:
            shelf.settle(number, {}, error)
        except Exception as error:
            _log.exception("the list of %s could not be taken in", name)
            shelf.settle(number, {}, _fault(name, error))
        else:
            shelf.settle(number, fresh, cost=cost)
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


def _place_of(address: PublicIp) -> str:
    return address.vpc_id or address.network_id


def _serves(router: Router, place: str) -> bool:
    return router.vpc_id == place or router.serves(place)


def _key(row: Any) -> str:
    if isinstance(row, RemoteAccessVpn):
        return row.public_ip_id
    return str(row.id)
