"""Gathers what a preflight needs: each list once, what does not depend on another at once.

The router is asked while the cloud still answers. Whatever cannot be had is noted with its reason
and stops nothing else. How many calls run at a time is the client's limit.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Final, TypeVar

import msgspec

from tui.cloud import listings
from tui.cloud.errors import CloudError, Permission
from tui.cloud.models import Capability, Event, LoadBalancerRule, PublicIp, Router
from tui.cloud.permissions import denial
from tui.operations.facts import Owner
from tui.router.errors import RouterError
from tui.router.preflight import look
from tui.session.gathered import Gathered, Settings
from tui.session.inventory import OPTIONAL, Kind
from tui.session.session import Session
from tui.session.views import NetworkRow, network_row
from tui.vpn.ports import Forwarding
from tui.vpn.preflight_facts import RouterSaid, Trace, Unasked
from tui.vpn.preflight_place import left_behind

T = TypeVar("T")

KINDS: Final = (
    Kind.NETWORKS,
    Kind.ADDRESSES,
    Kind.ROUTERS,
    Kind.VPCS,
    Kind.VPNS,
    Kind.USERS,
    Kind.GATEWAYS,
    Kind.CONNECTIONS,
    Kind.ZONES,
)
"""The lists, the slowest and those that others wait for first."""

RIGHTS: Final = (
    "createRemoteAccessVpn",
    "createFirewallRule",
    "addVpnUser",
    "associateIpAddress",
)
"""Commands that enabling may need."""

ROUTER_SECONDS: Final = 15.0
"""Seconds that one router has to be reached and to answer."""

_EVENTS: Final = 50
"""Events of an address that are looked at: the newest ones."""
_CREATE: Final = "VPN.REMOTE.ACCESS.CREATE"
_DESTROY: Final = "VPN.REMOTE.ACCESS.DESTROY"
_RANGE: Final = "remote.access.vpn.client.iprange"
_LIMIT: Final = "remote.access.vpn.user.limit"


def _nothing() -> None:
    """Nobody wants to know."""


class Gathering:
    """One preflight of one network or VPC."""

    def __init__(
        self,
        session: Session,
        key: str,
        on_news: Callable[[], object] = _nothing,
        known: Collection[Kind] = (),
    ) -> None:
        """`on_news` is called whenever something was learnt; lists of `known` are not asked for
        again, because they were just now."""
        self._session = session
        self._inventory = session.inventory
        self._key = key
        self._on_news = on_news
        self._known = known
        self._lists: dict[Kind, asyncio.Task[None]] = {}

    @property
    def gathered(self) -> Gathered:
        """What is known so far."""
        return self._inventory.gathered.get(self._key, Gathered())

    async def run(self) -> NetworkRow | None:
        """Ask for everything; the row of the network at the end, None when it is gone."""
        session = self._session
        denied = {str(kind): denial(OPTIONAL[kind]) for kind in KINDS if not session.may_list(kind)}
        self._inventory.gathered[self._key] = Gathered(refused=denied)
        async with asyncio.TaskGroup() as group:
            for kind in KINDS:
                if str(kind) not in denied and not self._is_known(kind):
                    self._lists[kind] = group.create_task(self._list(kind))
            routers = group.create_task(self.ask_routers())
            cloud = [
                group.create_task(question)
                for question in (
                    self._address(),
                    self._settings(),
                    self._needed(),
                    self._version(),
                    *(self._right(command) for command in RIGHTS),
                )
            ]
            await asyncio.gather(*self._lists.values(), *cloud)
            self._note_half_made()
            self._note(cloud_is_known=True)
            await routers
        return network_row(self._inventory, self._key)

    def _is_known(self, kind: Kind) -> bool:
        """Zones were asked for when the session was opened, and stay as they are."""
        zones = self._inventory.zones
        told = kind is Kind.ZONES and bool(zones.rows) and not zones.remembered
        return told or kind in self._known

    def _note(self, **learnt: Any) -> None:
        self._inventory.gathered[self._key] = msgspec.structs.replace(self.gathered, **learnt)
        self._on_news()

    async def _list(self, kind: Kind) -> None:
        await self._inventory.complete(kind)
        await self._inventory.renew([kind], self._key)
        self._on_news()

    async def _await(self, *kinds: Kind) -> None:
        await asyncio.gather(*(self._lists[kind] for kind in kinds if kind in self._lists))

    async def _try(self, what: str, question: Awaitable[T]) -> T | Unasked:
        """The answer, or why there is none."""
        try:
            return await question
        except Permission as error:
            return Unasked(denial(error.command))
        except CloudError as error:
            return Unasked(f"{what} could not be asked: {error.text}")

    # The cloud.

    async def _version(self) -> None:
        told = self._session.identity.server_version
        if told:
            self._note(version=told)
            return
        asked = self._session.client.single("listCapabilities", "capability", Capability)
        answer = await self._try("The version of the server", asked)
        if isinstance(answer, Unasked):
            self._note(version=answer)
        else:
            self._note(version=answer.version if answer is not None else "")

    async def _right(self, command: str) -> None:
        asked = self._session.client.allowed(command)
        answer = await self._try(f"Whether your role has {command}", asked)
        self._note(rights={**self.gathered.rights, command: answer})

    def _source_nat(self) -> PublicIp | None:
        return next(
            (
                each
                for each in self._inventory.addresses.rows.values()
                if each.is_source_nat and self._key in (each.vpc_id, each.network_id)
            ),
            None,
        )

    async def _address(self) -> None:
        """What hangs on the address: rules, forwardings, balancers, events."""
        await self._await(Kind.ADDRESSES)
        address = self._source_nat()
        if address is None:
            self._note(balancers=(), traces=())
            return
        questions: list[Coroutine[Any, Any, None]] = [self._traces(address)]
        if not address.vpc_id:
            questions += [self._inventory.refresh_rules(address.id), self._balancers(address)]
        await asyncio.gather(*questions)

    async def _balancers(self, address: PublicIp) -> None:
        listing = Owner.of(address).listing
        asked = self._session.client.fetch(
            listings.LOAD_BALANCERS, publicipid=address.id, **listing
        )
        answer = await self._try("The load balancer rules", asked)
        self._note(
            balancers=answer
            if isinstance(answer, Unasked)
            else tuple(found for rule in answer if (found := _balancer(rule)) is not None)
        )

    async def _traces(self, address: PublicIp) -> None:
        client = self._session.client
        asked = client.single(
            "listEvents",
            "event",
            list[Event],
            resourcetype="IpAddress",
            resourceid=address.id,
            page=1,
            pagesize=_EVENTS,
            **Owner.of(address).listing,
        )
        answer = await self._try("The events of the address", asked)
        self._note(traces=answer if isinstance(answer, Unasked) else traces_of(answer or ()))

    async def _settings(self) -> None:
        """The limit of users is one for the cloud; the range may be the account's own."""
        everywhere = asyncio.ensure_future(self._of_the_cloud())
        own = await self._own_range()
        settings = await everywhere
        self._note(
            settings=settings
            if own is None
            else msgspec.structs.replace(settings, client_range=own)
        )

    async def _of_the_cloud(self) -> Settings:
        client = self._session.client
        asked = client.fetch(listings.CONFIGURATIONS, name="remote.access.vpn")
        answer = await self._try("The settings of the cloud", asked)
        if isinstance(answer, Unasked):
            return Settings(answer, answer)
        values = {each.name: each.value for each in answer}
        hidden = Unasked("The settings of the cloud are shown to root administrators only.")
        limit = values.get(_LIMIT, "")
        return Settings(int(limit) if limit.isdecimal() else hidden, values.get(_RANGE) or hidden)

    async def _own_range(self) -> str | None:
        """The range that the account is set to; None where it has none, or nobody may say."""
        await self._await(Kind.ADDRESSES)
        owned = self._source_nat()
        if owned is None:
            await self._await(Kind.NETWORKS, Kind.VPCS)
            row = network_row(self._inventory, self._key)
            place = (row.network or row.vpc) if row is not None else None
            owner = Owner.of(place) if place is not None else Owner()
        else:
            owner = Owner.of(owned)
        may = self._session.client.permissions.allowance("listConfigurations")
        allowance = await self._try("The settings", may)
        if isinstance(allowance, Unasked) or not allowance.allowed or not owner.account:
            return None
        client = self._session.client
        accounts = await self._try(
            "The account",
            client.fetch(listings.ACCOUNTS, name=owner.account, domainid=owner.domain_id),
        )
        if isinstance(accounts, Unasked) or len(accounts) != 1:
            return None
        asked = client.fetch(listings.CONFIGURATIONS, accountid=accounts[0].id, name=_RANGE)
        answer = await self._try("The range of the account", asked)
        if isinstance(answer, Unasked):
            return None
        return next((each.value for each in answer if each.name == _RANGE), None)

    async def _needed(self) -> None:
        """Limit and stock of addresses, only where one has to be acquired."""
        await self._await(Kind.NETWORKS, Kind.ADDRESSES)
        network = self._inventory.networks.rows.get(self._key)
        if network is None or network.state != "Allocated" or self._source_nat() is not None:
            return
        client, owner = self._session.client, Owner.of(network)
        limits, free = await asyncio.gather(
            self._try(
                "The limit of addresses",
                client.fetch(listings.RESOURCE_LIMITS, resourcetype=1, **owner.parameters),
            ),
            self._try(
                "The free addresses",
                client.single(
                    "listPublicIpAddresses",
                    "count",
                    int,
                    state="Free",
                    allocatedonly=False,
                    zoneid=network.zone_id,
                    page=1,
                    pagesize=1,
                ),
            ),
        )
        limit: int | Unasked = Unasked("The server does not say how many addresses are allowed.")
        if isinstance(limits, Unasked):
            limit = limits
        elif limits and limits[0].max is not None:
            limit = limits[0].max
        self._note(address_limit=limit, addresses_free=0 if free is None else free)

    def _note_half_made(self) -> None:
        """Let the other screens show a VPN that only events know of, so that it can be repaired."""
        address, traces = self._source_nat(), self.gathered.traces
        if (
            address is None
            or isinstance(traces, Unasked)
            or address.id in self._inventory.vpns.rows
        ):
            return
        left = left_behind(traces) if address.has_rules or address.vpc_id else None
        if left is not None:
            words = "Enabling" if left == "Added" else "Disabling"
            self._inventory.half_made.setdefault(address.id, f"{words} it had failed.")

    # The routers.

    async def ask_routers(self) -> None:
        """Ask every router of the network; waits for their list where it is being asked for."""
        await self._await(Kind.ROUTERS)
        row_routers = [
            router
            for router in self._inventory.routers.rows.values()
            if router.serves(self._key) or router.vpc_id == self._key
        ]
        await asyncio.gather(*(self._router(router) for router in row_routers))

    async def _router(self, router: Router) -> None:
        said = await self._ask(router)
        self._note(routers={**self.gathered.routers, router.id: said})

    async def _ask(self, router: Router) -> RouterSaid | Unasked:
        if router.state != "Running":
            return Unasked(f"{router.name} does not run, so it could not be asked.")
        try:
            async with asyncio.timeout(ROUTER_SECONDS):
                connection = await self._session.routers.connection(router)
                return await look(connection, self._server_time)
        except RouterError as error:
            return Unasked(f"{router.name} could not be asked: {error}")
        except TimeoutError:
            return Unasked(f"{router.name} did not answer within {ROUTER_SECONDS:g} s.")

    def _server_time(self) -> float:
        return time.time() + (self._session.client.clock_offset or 0.0)


def traces_of(events: Sequence[Event]) -> tuple[Trace, ...]:
    """What was done about the VPN of an address and has ended, oldest first.

    The list begins with the newest second; within a second it is in the order of writing
    (recording 20).
    """
    ended = [
        event
        for event in events
        if event.state == "Completed" and event.type in (_CREATE, _DESTROY)
    ]
    ended.sort(key=lambda event: event.created)
    return tuple(
        Trace(event.type == _CREATE, event.level == "ERROR", event.created) for event in ended
    )


def _balancer(rule: LoadBalancerRule) -> Forwarding | None:
    if rule.public_port is None:
        return None
    port, protocol = rule.public_port, rule.protocol or "tcp"
    return Forwarding(rule.id, protocol, port, port, rule.name or "a load balancer rule")
