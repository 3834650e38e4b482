"""What one profile is doing now: who it is, what it may do, what it sees, what runs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from tui.cloud import listings
from tui.cloud.calls import GIVEN_UP, Call
from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint
from tui.cloud.endpoint import Identity as Credentials
from tui.cloud.errors import CloudError
from tui.cloud.models import Capability
from tui.operations.bookkeeping import Books
from tui.operations.exclusion import Exclusion
from tui.operations.journal import Journal, KeptOperation
from tui.operations.keeping import Keeping
from tui.operations.ledger import Record
from tui.operations.reach import Reach, Verify
from tui.operations.roster import ROSTER_FILE
from tui.operations.steps import Operation
from tui.router.hops import RouterTarget
from tui.safety.sealing import SealingKey
from tui.session.freshness import is_dear
from tui.session.inventory import OPTIONAL, Inventory, Kind
from tui.session.roster import SessionRoster
from tui.session.routers import FindPassphrase, RouterPool
from tui.session.rowkeeping import RowKeeping
from tui.session.tray import Task, Tray
from tui.settings.model import Profile
from tui.settings.paths import cache_folder, state_folder

if TYPE_CHECKING:
    import httpx

    from tui.router.remedies import Remedy


FindSealingKey = Callable[[], Awaitable[SealingKey]]
"""Gives the key with which the journal seals passwords that it has to keep for a while."""


class Wanted(Protocol):
    """An action, as far as permissions go."""

    @property
    def needs(self) -> Sequence[str]:
        """API commands without which it cannot work."""
        ...

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        ...


class Identity(msgspec.Struct, frozen=True):
    """Who the credentials are, as far as the server tells."""

    account: str = ""
    domain: str = ""
    role: str = ""
    server_version: str = ""

    @property
    def who(self) -> str:
        """`account@domain`, empty before the server has told."""
        return f"{self.account}@{self.domain}" if self.account else ""


class Session:
    """The clients and the knowledge of one profile."""

    def __init__(
        self,
        profile: Profile,
        credentials: Credentials,
        *,
        read_only: bool = False,
        transport: "httpx.AsyncBaseTransport | None" = None,
        find_passphrase: FindPassphrase | None = None,
        state: Path | None = None,
        find_sealing_key: FindSealingKey | None = None,
    ) -> None:
        """`state` is the folder of journal, roster, audit trail and kept rows, where it is not the
        usual one; without `find_sealing_key` the journal keeps no secrets."""
        self.profile = profile
        self.read_only = read_only or profile.read_only
        self.client = CloudClient(
            Endpoint.of_profile(profile, read_only=self.read_only),
            credentials,
            transport=transport,
            on_call=self._note_answer,
        )
        self.inventory = Inventory(self.client)
        self.keeping_rows = RowKeeping(
            self.inventory, profile, state if state is not None else cache_folder()
        )
        """The rows on disk; the console alone reads and writes them (`begin`)."""
        self.routers = RouterPool(profile, self.client, find_passphrase, self._witness_remedy)
        self._find_sealing_key = find_sealing_key
        self.state = state if state is not None else state_folder()
        """The folder of what is remembered of operations, users and secrets that were shown."""
        self.books = Books(
            Journal(self.state / "journal.sqlite3"),
            Exclusion(self.state / "locks"),
            Reach(
                client=self.client,
                verifier=self._verifier,
                connection=self.routers.connection if profile.zones else None,
            ),
            cloud=profile.url,
            profile=profile.name,
            who=profile.api_key[-4:] if profile.auth == "keys" else profile.username,
            keeping=self._keeping,
            witness=self._witness,
        )
        """What runs the operations; see `start`."""
        self._noting: set[asyncio.Task[None]] = set()
        self._handed: list[Callable[[], None]] = []
        self.tray = Tray()
        self.roster = SessionRoster(profile.url, str(self.state / ROSTER_FILE))
        self.user_limit: int | None = None
        """How many VPN users an account may have, where the server has told."""
        self.identity = Identity()
        self.trouble: str | None = None
        """Why the server gave no answer when it was last asked; None when it did."""

    async def open(self, commands: Iterable[str] = ()) -> None:
        """Learn who we are, the zones, and which of `commands` the role may call.

        Raises `CloudError` when the server cannot be asked at all.
        """
        zones = await self.client.fetch(listings.ZONES)
        self.inventory.take(Kind.ZONES, zones)
        await asyncio.gather(
            self.books.check(),
            self._learn_identity(),
            self._learn_projects(),
            self.client.permissions.learn((*commands, *OPTIONAL.values())),
        )

    async def _keeping(self) -> Keeping:
        if self._find_sealing_key is None:
            return Keeping(None)
        return Keeping(await self._find_sealing_key())

    async def _witness(self, kept: KeptOperation, record: Record) -> None:
        from tui.session.auditing import witness_call  # knows sessions itself

        await witness_call(self, kept, record)

    async def _witness_remedy(
        self, router: RouterTarget, remedy: "Remedy", values: tuple[str, ...], result: str
    ) -> None:
        from tui.session.auditing import witness_remedy  # knows sessions itself

        await witness_remedy(self, router, remedy, values, result)

    def _verifier(self, key: str) -> Verify | None:
        if not self.profile.zones or not self.may_list(Kind.ROUTERS):
            return None
        from tui.session.verifying import verifier  # loads the SSH client

        return verifier(self, key)

    def _note_answer(self, call: Call) -> None:
        if call.status:
            self.trouble = None
        elif call.error and call.error != GIVEN_UP:
            self.trouble = call.error

    async def _learn_identity(self) -> None:
        """`listUsers` shows a user himself, and to administrators the others of the account too."""
        try:
            capability = await self.client.single("listCapabilities", "capability", Capability)
        except CloudError:
            capability = None
        version = capability.version if capability else ""
        try:
            users = await self.client.fetch(listings.USERS)
        except CloudError:
            users = []
        profile = self.profile
        mine = [u for u in users if profile.api_key and u.api_key == profile.api_key]
        mine += [u for u in users if profile.username and u.user_name == profile.username]
        mine += users if len(users) == 1 else []
        if mine:
            me = mine[0]
            self.identity = Identity(me.account, me.domain, me.role_name or me.role_type, version)
            self.inventory.sees_all = me.role_type == "Admin"
        else:
            self.identity = Identity(server_version=version)

    async def _learn_projects(self) -> None:
        try:
            projects = await self.client.fetch(listings.PROJECTS, listall=True)
        except CloudError:
            projects = []
        self.inventory.has_projects = bool(projects)

    @property
    def zone_name(self) -> str:
        """The zone, when there is just one."""
        zones = list(self.inventory.zones.rows.values())
        if len(zones) == 1:
            return zones[0].name
        return f"{len(zones)} zones" if zones else ""

    def reason_against(self, action: Wanted) -> str | None:
        """Why the action cannot be done with this profile; None when it can."""
        if action.writes and self.read_only:
            return (
                "This console is read-only. Start it without --read-only, or set read_only = false "
                f"in the profile {self.profile.name}, to change anything."
            )
        if action.writes and self.books.trouble is not None:
            return f"{self.books.trouble}. {self.books.trouble.remedy}"
        for command in action.needs:
            known = self.client.permissions.remembered(command)
            if known is not None and not known.allowed:
                return known.reason
        return None

    def may_call(self, command: str) -> bool:
        """Whether the role may call `command`, as far as is known."""
        known = self.client.permissions.remembered(command)
        return known is None or known.allowed

    def may_list(self, kind: Kind) -> bool:
        """Whether the role may ask for a list; most lists are open to every role."""
        command = OPTIONAL.get(kind)
        return command is None or self.may_call(command)

    def start(
        self,
        operation: Operation,
        kinds: Iterable[Kind],
        address_id: str = "",
        after: Callable[[Task], object] | None = None,
        resumed: KeptOperation | None = None,
    ) -> Task:
        """Run an operation by the book in the background, then ask for the lists that it changes.

        `resumed` is what the journal has of one that goes on.

        `address_id` names the address whose rules it changes; `after` is called when it has ended,
        well or not, before the lists are asked for; not when it was cancelled.
        """
        wanted = tuple(kind for kind in kinds if self.may_list(kind))

        async def look_again(task: Task) -> None:
            if after is not None:
                after(task)
            await self._look_again(operation, wanted)
            if address_id:
                await self.inventory.refresh_rules(address_id)

        return self.tray.start(operation, look_again, self.books.run(operation, resumed))

    async def _look_again(self, operation: Operation, kinds: Iterable[Kind]) -> None:
        """Ask for the lists that an operation has changed; of one that is dear to the server only
        for what it has touched."""
        inventory = self.inventory
        dear = [kind for kind in kinds if is_dear(inventory.shelf(kind))]
        await inventory.refresh(kind for kind in kinds if kind not in dear)
        what, key, _ = operation.target
        if not dear:
            return
        if what == "PublicIpAddress":
            await inventory.look_around(address_id=key)
        elif what in ("network", "vpc"):
            await inventory.look_around(place=key)
        elif what == "DomainRouter":
            await inventory.look_at([(Kind.ROUTERS, key)])
        else:
            await inventory.refresh(dear)

    def hand_over(self, operation: object) -> None:
        """Note, in the background, that somebody was given the passwords that an operation made, or
        does not want them: only then is it over."""
        noting = asyncio.create_task(self._hand_over(operation))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _hand_over(self, operation: object) -> None:
        await self.books.hand_over(operation)
        for listener in tuple(self._handed):
            listener()

    def listen_for_hand_over(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever a hand-over was noted; returns what ends that."""
        self._handed.append(listener)
        return lambda: self._handed.remove(listener)

    async def refresh(self, kinds: Iterable[Kind]) -> None:
        """Ask for these lists again; see too whether the journal can be written now."""
        if self.books.trouble is not None:
            await self.books.check()
        await self.inventory.refresh(kinds)

    async def aclose(self) -> None:
        """Close every connection; jobs that the server has taken go on there."""
        await self.tray.aclose()
        await self.keeping_rows.aclose()
        await asyncio.gather(*self._noting)
        await self.roster.aclose()
        await self.routers.aclose()
        await self.client.aclose()
        self.books.journal.close()
