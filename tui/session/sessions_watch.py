"""Who is connected, on every router that can be asked: rows from the routers' own word.

Two looks at a router give the rates of its sessions; a router that cannot be asked any more keeps
what it said last, marked as such.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui.cloud.models import Router
from tui.router.sessions import RouterSession, sessions
from tui.session.router_rounds import (
    RouterAnswer,
    ask_each,
    place_key_of,
    place_of,
    running_routers,
)
from tui.session.session import Session
from tui.session.verifying import note_sessions
from tui.vpn.states import Mark

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

CONNECTED: Final = Mark("✔", "connected", "ok", "")
LEFT_OVER: Final = Mark(
    "✘",
    "left over",
    "bad",
    "Its pppd and its login record are there, but the kernel has no such session: nothing passes, "
    "and its address stays taken. End it with x.",
)
IN_THE_CLEAR: Final = Mark(
    "✘",
    "no IPsec",
    "bad",
    "All of it can be read on the way: L2TP came through without IPsec. Look at the router's own "
    "firewall with the checkup (7); end the session with x.",
)
TWICE: Final = Mark(
    "▲",
    "twice",
    "warn",
    "The same user has an older session. Where the client came back after it vanished, the older "
    "one ends by itself when its timeout has passed; else two people share one name.",
)
ODD_ADDRESS: Final = Mark(
    "▲",
    "odd address",
    "warn",
    "The client chose an inner address outside the range, which may be another machine's.",
)
NOT_IN_CLOUD: Final = Mark(
    "▲",
    "not in cloud",
    "warn",
    "CloudStack has no such VPN user any more, yet the session goes on.",
)
NOT_HEARD: Final = Mark(
    "?",
    "not asked",
    "off",
    "Its router could not be asked any more; this is what it said last.",
)

Look = RouterAnswer[tuple[RouterSession, ...]]


class Rate(msgspec.Struct, frozen=True):
    """What passes in a second, in bytes, between two looks."""

    come: float
    """From the client."""
    gone: float
    """To the client."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session on one router."""

    router: Router
    session: RouterSession
    mark: Mark
    seen: float
    """When its router said so: seconds since the epoch."""
    rate: Rate | None = None
    """None before the second look."""

    @property
    def seconds(self) -> float | None:
        """How long it lasts already, as far as both clocks agree; None where that is not told."""
        since = self.session.since
        return None if since is None else max(0.0, self.seen - since)

    @property
    def key(self) -> str:
        """What it is known by across looks."""
        return f"{self.router.id} {self.session.pid} {self.session.interface}"

    @property
    def place(self) -> str:
        """The network or VPC that it leads into."""
        return place_of(self.router)


class SessionsWatch:
    """The sessions of all routers, as they were last seen."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.looks: dict[str, Look] = {}
        """The newest answer of each router, by its id."""
        self._noted: dict[str, frozenset[str]] = {}
        self._rates: dict[tuple[str, int], Rate] = {}
        """By router and pppd."""

    def routers(self, *, every: bool) -> list[Router]:
        """Which routers to ask: `every` one that runs, or those where a session is to be expected:
        with a VPN, or with sessions at the last look."""
        running = running_routers(self.session)
        if every:
            return running
        with_vpn = places_with_vpn(self.session)
        return [
            router
            for router in running
            if place_key_of(router) in with_vpn
            or ((look := self.looks.get(router.id)) is not None and bool(look.said))
        ]

    async def look(self, routers: Iterable[Router], on_look: Callable[[Look], None]) -> None:
        """Ask `routers`, ten at a time; `on_look` is told of each answer as it comes."""
        await ask_each(self.session, routers, _sessions, on_look)

    def take(self, look: Look) -> None:
        """Keep an answer; one that failed keeps what was said before."""
        before = self.looks.get(look.router.id)
        if look.error is not None and before is not None:
            look = msgspec.structs.replace(before, error=look.error)
        elif before is not None:
            rates = rates_between(before, look)
            self._rates |= {(look.router.id, pid): rate for pid, rate in rates.items()}
        self.looks[look.router.id] = look
        self._note(look)

    def _note(self, look: Look) -> None:
        """Remember in the roster who was seen, once for everybody."""
        if look.error is not None or look.said is None:
            return
        names = frozenset(each.user for each in look.said if not each.is_orphan)
        if names - self._noted.get(look.router.id, frozenset()):
            note_sessions(self.session, look.router, look.said)
        self._noted[look.router.id] = names

    @property
    def failed(self) -> list[Look]:
        """The routers that could not be asked, by name."""
        looks = sorted(self.looks.values(), key=lambda each: each.router.name)
        return [look for look in looks if look.error is not None]

    def rows(self) -> list[SessionRow]:
        """Every session that was seen, of routers that are still listed."""
        known = self.session.inventory.routers.rows
        return [
            SessionRow(
                router=known[look.router.id],
                session=each,
                mark=self._mark(look, each),
                seen=look.taken,
                rate=self._rates.get((look.router.id, each.pid)),
            )
            for look in self.looks.values()
            if look.router.id in known
            for each in look.said or ()
        ]

    def _mark(self, look: Look, session: RouterSession) -> Mark:
        if look.error is not None:
            return NOT_HEARD
        if session.is_orphan:
            return LEFT_OVER
        if session.without_ipsec:
            return IN_THE_CLEAR
        if not self._may_log_in(look.router, session.user):
            return NOT_IN_CLOUD
        if session.duplicate_of:
            return TWICE
        return ODD_ADDRESS if session.outside_pool else CONNECTED

    def _may_log_in(self, router: Router, user: str) -> bool:
        """Whether CloudStack has the user; true where that is not known."""
        users = self.session.inventory.users
        if users.fetched is None or not user:
            return True
        return any(
            each.user_name == user and each.owner_key == router.owner_key
            for each in users.rows.values()
        )


def rates_between(before: Look, after: Look) -> dict[int, Rate]:
    """What passed in a second in each session that both looks have, by its pppd."""
    seconds = after.taken - before.taken
    earlier = {each.pid: each for each in before.said or ()}
    found: dict[int, Rate] = {}
    for each in after.said or ():
        old = earlier.get(each.pid)
        if old is None or old.interface != each.interface or seconds <= 0:
            continue
        counts = (each.bytes_in, old.bytes_in, each.bytes_out, old.bytes_out)
        if None in counts:
            continue
        come = (each.bytes_in or 0) - (old.bytes_in or 0)
        gone = (each.bytes_out or 0) - (old.bytes_out or 0)
        if come >= 0 and gone >= 0:
            found[each.pid] = Rate(come / seconds, gone / seconds)
    return found


def places_with_vpn(session: Session) -> set[str]:
    """The ids of the networks and VPCs that CloudStack lists a VPN for."""
    inventory = session.inventory
    addresses = (inventory.addresses.rows.get(key) for key in inventory.vpns.rows)
    return {each.vpc_id or each.network_id for each in addresses if each is not None}


async def _sessions(router: Router, connection: "RouterConnection") -> tuple[RouterSession, ...]:
    return await sessions(connection)


def duration_words(seconds: float | None) -> str:
    """How long something lasts: `45s`, `12m`, `3h05m`, `2d04h`; empty where that is not known."""
    if seconds is None:
        return ""
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)}s"
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 24 * 60:
        return f"{minutes // 60}h{minutes % 60:02}m"
    return f"{minutes // 1440}d{minutes % 1440 // 60:02}h"


def amount_words(number: float | None) -> str:
    """Bytes in the unit that fits: `812 B`, `3.4 kB`, `1.2 GB`; empty where not known."""
    if number is None:
        return ""
    unit = 0
    while number >= 999.5 and unit < 4:
        number, unit = number / 1000, unit + 1
    digits = 0 if unit == 0 or number >= 99.5 else 1
    return f"{number:.{digits}f} {('B', 'kB', 'MB', 'GB', 'TB')[unit]}"


def moment_words(seconds: float) -> str:
    """A moment as a time of day in UTC, with the day where that is another one."""
    moment = datetime.fromtimestamp(seconds, UTC)
    today = moment.date() == datetime.now(UTC).date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M}"
