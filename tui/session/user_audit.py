"""Looking for stale accounts: lists, events, routers and the roster, put together for the rules."""

import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from tui.cloud import listings
from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.operations.roster import Remark
from tui.router import commands
from tui.router.errors import RouterError
from tui.router.logins import LoginRecords, logins
from tui.router.sessions import RouterSession, sessions
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.verifying import is_standby
from tui.session.views import OwnerKey, network_rows
from tui.vpn.stale import STEPS, Stale, UserTraces, Watch, judge

KINDS: Final = (
    Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.ROUTERS,
)  # fmt: skip
"""The lists that an audit is made from."""
PATIENCE: Final = 60.0
"""Seconds that one router has: its journal may be long."""
_AT_ONCE: Final = 4
"""Routers that are asked side by side."""
_ADDED: Final = re.compile(r"name= ?(\S+)\s*$")
"""How events name the user (recording 20)."""


class OwnerAudit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about the users of one owner."""

    key: OwnerKey
    owner: str
    users: int
    watch: Watch
    stale: tuple[Stale, ...]


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about all users."""

    owners: tuple[OwnerAudit, ...]
    days: int
    gaps: tuple[str, ...] = ()
    """What could not be read for any of them."""

    @property
    def stale(self) -> tuple[Stale, ...]:
        """All findings, in the order of the owners."""
        return tuple(each for owner in self.owners for each in owner.stale)

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read."""
        return not self.gaps and all(owner.watch.is_whole for owner in self.owners)


class _RouterWord(msgspec.Struct, frozen=True):
    """What one router said."""

    router: Router
    names: tuple[str, ...] = ()
    records: LoginRecords = LoginRecords()
    sessions: tuple[RouterSession, ...] = ()
    gap: str = ""


async def audit_users(
    session: Session,
    days: int = STEPS[0],
    owners: Iterable[OwnerKey] | None = None,
    now: datetime | None = None,
) -> Audit:
    """Look at the users of these owners, or of all. Router errors are gaps, never raised."""
    moment = now or datetime.now(UTC)
    added, gaps = await _events(session)
    await session.roster.load()
    if session.roster.trouble is not None:
        gaps = (*gaps, session.roster.trouble.says)
    wanted = _owners(session) if owners is None else {k: _words(session, k) for k in owners}
    turns = asyncio.Semaphore(_AT_ONCE)
    found = await asyncio.gather(
        *(_audit_owner(session, key, wanted[key], added, turns, moment, days) for key in wanted)
    )
    return Audit(owners=tuple(found), days=days, gaps=gaps)


def _owners(session: Session) -> dict[OwnerKey, str]:
    """Everybody who has users, or a VPN whose router may have some."""
    named = {user.owner_key: user.owner for user in session.inventory.users.rows.values()}
    for row in network_rows(session.inventory):
        if row.vpn is not None:
            named.setdefault(row.owner_key, row.owner)
    return dict(sorted(named.items(), key=lambda each: (each[1], each[0])))


def _words(session: Session, key: OwnerKey) -> str:
    return _owners(session).get(key, key[1])


async def _events(
    session: Session,
) -> tuple[dict[tuple[OwnerKey, str], datetime], tuple[str, ...]]:
    """When each user was added last, by the events of the cloud; and what is missing."""
    questions = [{"listall": "true"}]
    if session.inventory.has_projects:
        questions.append({"listall": "true", "projectid": "-1"})
    try:
        answers = [
            await session.client.fetch(listings.EVENTS, type="VPN.USER.ADD", **each)
            for each in questions
        ]
    except CloudError as error:
        return {}, (f"The events could not be read, so ages are unknown: {error.text}",)
    found: dict[tuple[OwnerKey, str], datetime] = {}
    for event in (event for events in answers for event in events):
        named, when = _ADDED.search(event.description), event.when
        if named is None or when is None or event.state != "Completed" or event.level == "ERROR":
            continue
        key = (event.owner_key, named[1])
        found[key] = max(when, found.get(key, when))
    return found, ()


async def _audit_owner(
    session: Session,
    key: OwnerKey,
    words: str,
    added: dict[tuple[OwnerKey, str], datetime],
    turns: asyncio.Semaphore,
    now: datetime,
    days: int,
) -> OwnerAudit:
    places = [row for row in network_rows(session.inventory) if row.owner_key == key and row.vpn]
    routers = {router.id: router for row in places for router in row.routers}
    said = await asyncio.gather(*(_ask(session, each, turns) for each in routers.values()))
    without = [row.name for row in places if not row.routers]
    watch = _watch(said, without)
    users = {
        user.user_name: user.state
        for user in session.inventory.users.rows.values()
        if user.owner_key == key
    }
    await _note(session, key, said, users, now)
    ghosts = {name for word in said for name in word.names} - set(users)
    stale: list[Stale] = []
    for name in (*sorted(ghosts), *sorted(users)):
        traces = UserTraces(
            name=name,
            owner=words,
            state=users.get(name, ""),
            on_routers=tuple(w.router.name for w in said if name in w.names),
            not_on_routers=tuple(w.router.name for w in said if _lacks(w, name)),
            added=added.get((key, name)),
            last_seen=_last(said, name, session.roster.person(key, name).last_seen_at),
            connected=any(
                each.user == name and not each.is_orphan for w in said for each in w.sessions
            ),
        )
        stale += judge(traces, watch, now, days)
    return OwnerAudit(key=key, owner=words, users=len(users), watch=watch, stale=tuple(stale))


def _lacks(word: _RouterWord, name: str) -> bool:
    return not word.gap and not is_standby(word.router) and name not in word.names


def _last(said: Iterable[_RouterWord], name: str, remembered: datetime | None) -> datetime | None:
    """The last login that any router has recorded, or that the roster remembers."""
    times = [when for word in said for user, when in word.records.last if user == name]
    return max([*times, *([remembered] if remembered else [])], default=None)


def _watch(said: Iterable[_RouterWord], without: Iterable[str]) -> Watch:
    words = list(said)
    gaps = [word.gap for word in words if word.gap]
    gaps += [f"No router of {name} is known, so none was asked." for name in without]
    since = [word.records.since for word in words if not word.gap]
    known = [each for each in since if each is not None]
    looked_at = [
        f"{word.router.name}: its list of users, who is connected, and its journal "
        + (f"since {word.records.since:%Y-%m-%d %H:%M} UTC" if word.records.since else "(empty)")
        for word in words
        if not word.gap
    ]
    whole = max(known) if known and len(known) == len(since) else None
    return Watch(whole, tuple(looked_at), tuple(gaps))


async def _ask(session: Session, router: Router, turns: asyncio.Semaphore) -> _RouterWord:
    if router.state != "Running":
        says = f"{router.name} is {router.state.lower() or 'not running'}, so it was not asked."
        return _RouterWord(router, gap=says)
    async with turns:
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await session.routers.connection(router)
                names, records, there = await asyncio.gather(
                    connection.run(commands.CHAP_USERS), logins(connection), sessions(connection)
                )
        except RouterError as error:
            return _RouterWord(router, gap=f"{router.name} could not be asked: {error}")
        except TimeoutError:
            says = f"{router.name} did not answer within {PATIENCE:g} s."
            return _RouterWord(router, gap=says)
    return _RouterWord(router, tuple(names), records, there)


async def _note(
    session: Session,
    key: OwnerKey,
    said: Iterable[_RouterWord],
    users: Iterable[str],
    now: datetime,
) -> None:
    """Keep in the roster when each user was seen last: journals do not reach back for ever."""
    seen: dict[str, tuple[datetime, str]] = {}
    for word in said:
        there = [(each.user, now) for each in word.sessions if not each.is_orphan]
        for name, when in (*word.records.last, *there):
            if name not in seen or seen[name][0] < when:
                seen[name] = (when, word.router.name)
    remarks = {
        name: Remark(last_seen=seen[name][0].timestamp(), seen_on=seen[name][1])
        for name in users
        if name in seen
    }
    await session.roster.remember(key, remarks)
