"""What the routers themselves say about a VPN that CloudStack calls running."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from tui.cloud.models import Router
from tui.operations.reach import RouterWord, Verify
from tui.router.errors import HopFailed, HostKeyChanged, HostKeyUnknown, RouterError
from tui.router.facts import ExpectedVpn, RouterVerdict, verify
from tui.router.sessions import RouterSession, sessions
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.views import NetworkRow, network_row

PROMPT = 3.0
"""Seconds that a router may take for something that is good to know but not needed."""

PATIENCE = 20.0
"""Seconds that the daemons have to come up after a VPN was enabled."""


class RouterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one router said, or why it could not be asked."""

    router: Router
    verdict: RouterVerdict | None = None
    sessions: tuple[RouterSession, ...] = ()
    error: RouterError | None = None

    @property
    def unknown_key(self) -> HostKeyUnknown | None:
        """The host key that nobody has vouched for, if that is the reason."""
        reason = _reason(self.error)
        return reason if isinstance(reason, HostKeyUnknown) else None

    @property
    def changed_key(self) -> HostKeyChanged | None:
        """The host key that is another one than before, if that is the reason."""
        reason = _reason(self.error)
        return reason if isinstance(reason, HostKeyChanged) else None


def _reason(error: RouterError | None) -> RouterError | None:
    return error.reason if isinstance(error, HopFailed) else error


def is_standby(router: Router) -> bool:
    """Whether a router is the one of a pair that does nothing now: its daemons are down by design
    (`CsRedundant.set_backup` of the router's scripts)."""
    return router.is_redundant and router.redundant_state == "BACKUP"


def expected_of(session: Session, row: NetworkRow) -> ExpectedVpn | None:
    """What CloudStack says the routers of `row` should have; None without a VPN."""
    if row.vpn is None or row.address is None:
        return None
    names = tuple(
        user.user_name
        for user in session.inventory.users.rows.values()
        if user.owner_key == row.owner_key and user.state == "Active"
    )
    key = row.vpn.preshared_key
    return ExpectedVpn(
        public_ip=row.address.address,
        psk_sha256=key.sha256() if key else "",
        pool=row.vpn.ip_range,
        users=names,
        is_vpc=row.kind == "vpc",
    )


async def ask_router(
    session: Session,
    router: Router,
    expected: ExpectedVpn,
    *,
    patience: float = 0.0,
    on_round: Callable[[RouterVerdict], None] | None = None,
) -> RouterReport:
    """Ask one router; an error is part of the report."""
    try:
        connection = await session.routers.connection(router)
        verdict = await verify(
            connection,
            expected,
            standby=is_standby(router),
            patience=patience,
            on_round=on_round,
        )
        there = await sessions(connection)
        note_sessions(session, router, there)
        return RouterReport(router=router, verdict=verdict, sessions=there)
    except RouterError as error:
        return RouterReport(router=router, error=error)


def note_sessions(session: Session, router: Router, there: tuple[RouterSession, ...]) -> None:
    """Remember in the roster, in the background, who is connected to `router` now."""
    roster = session.roster
    now = datetime.now(UTC)
    roster.soon(roster.note_sessions(router.owner_key, router.name, there, now))


async def connected_people(session: Session, row: NetworkRow) -> tuple[str, ...] | None:
    """Who is connected to the VPN of `row`; None when no router says so in time.

    Somebody who is connected twice is named twice.
    """
    carrying = [router for router in row.routers if not is_standby(router)]
    if not carrying:
        return None
    try:
        async with asyncio.timeout(PROMPT):
            connection = await session.routers.connection(carrying[0])
            found = await sessions(connection)
            note_sessions(session, carrying[0], found)
    except (RouterError, TimeoutError):
        return None
    return tuple(each.user for each in found if not each.is_orphan)


def verifier(session: Session, key: str) -> Verify:
    """What operations call at their end: asks every router that has the VPN of `key`."""

    async def ask() -> RouterWord:
        wanted = [Kind.VPNS, Kind.USERS, Kind.ADDRESSES, Kind.ROUTERS]
        if network_row(session.inventory, key) is None:
            # Nobody has asked for them yet: an operation goes on that another run had begun.
            wanted += [Kind.NETWORKS, Kind.VPCS]
        await session.inventory.renew((k for k in wanted if session.may_list(k)), key)
        row = network_row(session.inventory, key)
        expected = expected_of(session, row) if row else None
        if row is None or expected is None:
            return RouterWord(None, "The VPN is not in the lists any more, so no router was asked.")
        if not session.may_list(Kind.ROUTERS):
            return RouterWord(None, "Your role may not see routers, so none was asked.")
        if not row.routers:
            return RouterWord(None, "No router is known that could be asked.")
        reports = await asyncio.gather(
            *(ask_router(session, router, expected, patience=PATIENCE) for router in row.routers)
        )
        return word_of_all([word_of(report) for report in reports])

    return ask


def word_of_all(words: Sequence[RouterWord]) -> RouterWord:
    """The words of several routers as one: what is wrong first, and right only if all are."""
    ranked = sorted(words, key=lambda word: {False: 0, None: 1, True: 2}[word.ok])
    says = ". ".join(word.says.rstrip(".") for word in ranked)
    return RouterWord(ranked[0].ok, says)


def word_of(report: RouterReport) -> RouterWord:
    """A report in one sentence."""
    name = report.router.name
    if is_standby(report.router):
        name += " (stands by)"
    if report.verdict is None:
        return RouterWord(None, f"{name} could not be asked: {report.error}")
    failed = report.verdict.failed
    if failed:
        return RouterWord(False, f"{name}: " + "; ".join(check.says for check in failed))
    unknown = [check for check in report.verdict.checks if check.state == "unknown"]
    passed = [check.says for check in report.verdict.checks if check.state == "pass"]
    says = f"{name}: " + "; ".join([*passed, *(check.says for check in unknown)])
    return RouterWord(None if unknown else True, says)
