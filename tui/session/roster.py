"""The roster of a session: kept in memory for the screens, read and written in worker threads.

A roster that cannot be used stops nothing: `trouble` says why, and what it would have told (groups,
notes, expiry dates) is unknown.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from tui.operations.roster import (
    OwnerKey,
    Person,
    Remark,
    Roster,
    RosterError,
    RosterPlace,
    roster_file,
)
from tui.router.sessions import RouterSession
from tui.vpn.expiry import expires_soon, is_expired


class SessionRoster:
    """What is kept about the VPN users of one cloud."""

    def __init__(self, cloud: str, file: str = "") -> None:
        """`cloud` is the address of its API; without `file` it is that of the person. Opens
        nothing yet."""
        self._cloud = cloud
        self._file = file
        self._people: dict[OwnerKey, dict[str, Person]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._listeners: list[Callable[[], None]] = []
        self._turn = asyncio.Lock()
        """One at a time: what was read before a change must not be taken after it."""
        self.trouble: RosterError | None = None
        """Why the roster could not be used when it was last tried."""
        self.is_loaded = False
        """Whether it was read at least once."""
        self.reminded = False
        """Whether the person was told of expiry dates in this session."""

    @property
    def place(self) -> RosterPlace:
        """Where it is, for operations that write to it."""
        return RosterPlace(self._file or str(roster_file()), self._cloud)

    # Looking, without waiting.

    def person(self, owner: OwnerKey, name: str) -> Person:
        """What is known about a user; empty where nothing is."""
        return self._people.get(owner, {}).get(name) or Person(name=name)

    def people(self, owner: OwnerKey) -> dict[str, Person]:
        """Everybody of an owner, by name."""
        return dict(self._people.get(owner, {}))

    def owners(self) -> tuple[OwnerKey, ...]:
        """Whose users are in the roster."""
        return tuple(self._people)

    def groups(self, owner: OwnerKey) -> dict[str, tuple[str, ...]]:
        """The groups of an owner and who is in each, suspended users left out; by name."""
        found: dict[str, list[str]] = {}
        for person in self._people.get(owner, {}).values():
            if person.group and person.suspended is None:
                found.setdefault(person.group, []).append(person.name)
        return {group: tuple(sorted(names)) for group, names in sorted(found.items())}

    def group(self, owner: OwnerKey, group: str) -> tuple[str, ...]:
        """The users of an owner that are in `group`; some may not exist at CloudStack any more."""
        return self.groups(owner).get(group, ())

    def suspended(self, owner: OwnerKey) -> tuple[str, ...]:
        """Users that were suspended and have not returned."""
        people = self._people.get(owner, {}).values()
        return tuple(sorted(each.name for each in people if each.suspended is not None))

    def left_behind(self, owner: OwnerKey) -> tuple[str, ...]:
        """Names that a removal which failed has left taken, though no list shows them."""
        people = self._people.get(owner, {}).values()
        return tuple(sorted(each.name for each in people if each.left_behind is not None))

    def expired(self, owner: OwnerKey, today: date) -> tuple[Person, ...]:
        """Whose last day is over, suspended ones left out; the longest first."""
        return self._by_expiry(owner, lambda each: is_expired(each.expires, today))

    def expiring(self, owner: OwnerKey, today: date) -> tuple[Person, ...]:
        """Whose last day comes within a week."""
        return self._by_expiry(owner, lambda each: expires_soon(each.expires, today))

    def _by_expiry(self, owner: OwnerKey, wanted: Callable[[Person], bool]) -> tuple[Person, ...]:
        people = self._people.get(owner, {}).values()
        found = [each for each in people if each.suspended is None and wanted(each)]
        return tuple(sorted(found, key=lambda each: (each.expires or date.max, each.name)))

    # Reading and writing.

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever something was read anew; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def load(self) -> None:
        """Read it; an error is kept in `trouble`, and what was known stays."""
        await self._do(lambda: Roster(self.place).people())

    async def remember(self, owner: OwnerKey, remarks: Mapping[str, Remark]) -> bool:
        """Write what is given about users of `owner` and read the whole again.

        False where it cannot be written; `trouble` says why then.
        """
        if not remarks:
            return True

        def write() -> dict[OwnerKey, dict[str, Person]]:
            roster = Roster(self.place)
            roster.remember(owner, remarks)
            return roster.people()

        return await self._do(write)

    async def forget(self, owner: OwnerKey, names: Iterable[str]) -> bool:
        """Take users out; False where that cannot be done."""
        wanted = list(names)

        def write() -> dict[OwnerKey, dict[str, Person]]:
            roster = Roster(self.place)
            roster.forget(owner, wanted)
            return roster.people()

        return await self._do(write)

    async def note_sessions(
        self, owner: OwnerKey, router: str, sessions: Iterable[RouterSession], now: datetime
    ) -> bool:
        """Remember who of `owner` is connected to `router` now."""
        seen = {each.user for each in sessions if each.user and not each.is_orphan}
        remark = Remark(last_seen=now.timestamp(), seen_on=router)
        return await self.remember(owner, dict.fromkeys(sorted(seen), remark))

    def soon(self, writing: Coroutine[Any, Any, Any]) -> None:
        """Write in the background; `aclose` waits for it."""

        async def write() -> None:
            await writing

        task = asyncio.create_task(write())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def aclose(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _do(self, work: Callable[[], dict[OwnerKey, dict[str, Person]]]) -> bool:
        """Do something in a worker thread and take what is there then; whether it went well."""
        async with self._turn:
            try:
                self._people = await asyncio.to_thread(work)
            except RosterError as problem:
                self.trouble = problem
            else:
                self.trouble = None
                self.is_loaded = True
        for listener in tuple(self._listeners):
            listener()
        return self.trouble is None
