"""Stale accounts: VPN users that nobody seems to need, and those that should not be there.

A login is recorded in the journal of the router (`rcvd [CHAP Response … name = "alice"]`, answered
by `sent [CHAP Success …]`) for as long as the journal reaches back, and in the roster whenever this
console saw the session. Neither reaches back for ever, so *no record* is told apart from *never*:
only a journal that is older than the account proves that nobody ever connected.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

Class = Literal["ghost", "missing", "stuck", "never", "unused", "unknown"]
"""
- `ghost`: a router lets the user in, CloudStack does not know it. A hole.
- `missing`: CloudStack has the user, a router does not.
- `stuck`: in the state Add, so no router has confirmed it.
- `never`: certainly nobody connected since it was added.
- `unused`: certainly nobody connected for so many days.
- `unknown`: no login is recorded, but the records do not reach back far enough to say more.
"""

STEPS: Final = (30, 60, 90)
"""Days that are told apart."""


class Watch(msgspec.Struct, frozen=True):
    """What was looked at for one owner's users."""

    since: datetime | None = None
    """From when on every router of the owner has a record of logins; None: no such time."""
    looked_at: tuple[str, ...] = ()
    """Sentences: what was read, and from when it is."""
    gaps: tuple[str, ...] = ()
    """Sentences: what could not be read, and why."""

    @property
    def is_whole(self) -> bool:
        """Whether every router has answered."""
        return not self.gaps


class UserTraces(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one name."""

    name: str
    owner: str = ""
    state: str = ""
    """As the API lists it; empty where it does not."""
    on_routers: tuple[str, ...] = ()
    """Routers whose list has the name."""
    not_on_routers: tuple[str, ...] = ()
    """Routers whose list was read and does not have it."""
    added: datetime | None = None
    """When CloudStack took the user, by its events."""
    last_seen: datetime | None = None
    connected: bool = False
    """Now."""


class Stale(msgspec.Struct, frozen=True):
    """What there is to say about one user."""

    name: str
    owner: str
    kind: Class
    says: str
    remedy: str
    days: int | None = None
    """Whole days since the last login, or since the user was added where there was none."""


def judge(user: UserTraces, watch: Watch, now: datetime, days: int = STEPS[0]) -> tuple[Stale, ...]:
    """What is stale about a user; nothing for one who connected within `days`."""

    def stale(kind: Class, says: str, remedy: str, idle: int | None = None) -> Stale:
        return Stale(user.name, user.owner, kind, says, remedy, idle)

    if not user.state:
        if not user.on_routers:
            return ()
        says = f"{', '.join(user.on_routers)} lets {user.name} in; CloudStack has no such user."
        return (stale("ghost", says, _GHOST),)
    found: list[Stale] = []
    if user.state != "Active":
        says = f"{user.name} is in the state {user.state}: no router has confirmed it."
        found.append(stale("stuck", says, _STUCK))
    elif user.not_on_routers:
        says = f"CloudStack has {user.name}, {', '.join(user.not_on_routers)} does not."
        found.append(stale("missing", says, _MISSING))
    idle = _idle(user, watch, now, days)
    return (*found, idle) if idle is not None else tuple(found)


def _idle(user: UserTraces, watch: Watch, now: datetime, days: int) -> Stale | None:
    if user.connected:
        return None
    limit = timedelta(days=days)
    if user.last_seen is not None and now - user.last_seen < limit:
        return None
    if user.last_seen is None and user.added is not None and now - user.added < limit:
        return None  # too new to be stale
    covered = watch.since if watch.is_whole else None
    last = user.last_seen
    if last is not None:
        return _since(user, last, covered, now, days)
    if user.added is not None and covered is not None and covered <= user.added:
        idle = (now - user.added).days
        says = f"{user.name} was added {idle} days ago and never connected."
        return Stale(user.name, user.owner, "never", says, _REMOVE, idle)
    if covered is not None and now - covered >= limit:
        idle = (now - covered).days
        says = f"{user.name} has not connected for {idle} days; the records begin there."
        return Stale(user.name, user.owner, "unused", says, _REMOVE, idle)
    return Stale(user.name, user.owner, "unknown", _no_record(user, watch), _LOOK, None)


def _since(
    user: UserTraces, last: datetime, covered: datetime | None, now: datetime, days: int
) -> Stale:
    idle = (now - last).days
    when = last.date().isoformat()
    if covered is not None and covered <= last:
        says = f"{user.name} connected last on {when}, {idle} days ago."
        return Stale(user.name, user.owner, "unused", says, _REMOVE, idle)
    if covered is not None and now - covered >= timedelta(days=days):
        idle = (now - covered).days
        says = f"{user.name} was seen last on {when} and has not connected for {idle} days."
        return Stale(user.name, user.owner, "unused", says, _REMOVE, idle)
    says = (
        f"{user.name} was seen last on {when}, {idle} days ago; the records have a gap since then, "
        "so it may have connected meanwhile."
    )
    return Stale(user.name, user.owner, "unknown", says, _LOOK, idle)


def _no_record(user: UserTraces, watch: Watch) -> str:
    if watch.gaps:
        why = "not every router could be read"
    elif watch.since is None:
        why = "no router of the account keeps a record"
    else:
        why = f"the records begin on {watch.since.date().isoformat()}"
    return f"There is no record that {user.name} connected, but {why}: that is not never."


def step_of(days: int | None) -> int | None:
    """The highest of the 30, 60 and 90 days that `days` has reached; None for fewer."""
    if days is None:
        return None
    return max((step for step in STEPS if days >= step), default=None)


def count_kinds(found: Iterable[Stale]) -> dict[Class, int]:
    """How many there are of each class, in the order of their weight."""
    kinds = [each.kind for each in found]
    order: tuple[Class, ...] = ("ghost", "missing", "stuck", "never", "unused", "unknown")
    return {kind: kinds.count(kind) for kind in order if kind in kinds}


_GHOST: Final = (
    "Add a user of this name and remove it while the VPN runs, or restart the router with cleanup."
)
_MISSING: Final = "Add or remove any user of the account: that sends all of them to every router."
_STUCK: Final = (
    "Start every router of the account that has a VPN, then add or remove any user; without a VPN "
    "it waits for the first one."
)
_REMOVE: Final = "Ask whether it is still needed; suspend or remove it."
_LOOK: Final = "Look again once the records reach back further; this console notes who it sees."
