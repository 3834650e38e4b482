"""What is wrong with a VPN and its users: facts from the lists, the events and the routers."""

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import field

from tui.cloud.errors import CloudError
from tui.cloud.listings import EVENTS
from tui.cloud.models import Event, Router
from tui.operations.facts import address_facts
from tui.operations.repair import RepairPlan
from tui.router import commands
from tui.router.errors import RouterError
from tui.router.facts import Check, verify
from tui.safety.secret import Secret
from tui.session.enabling import learn
from tui.session.session import Session
from tui.session.verifying import expected_of, is_standby
from tui.session.views import NetworkRow, network_rows
from tui.vpn.passwords import generate_password
from tui.vpn.repairs import (
    RepairFacts,
    RouterView,
    StoppedRouter,
    Trouble,
    cures_of,
    diagnose,
)

Failed = Literal["", "create", "delete"]

_CREATE = "VPN.REMOTE.ACCESS.CREATE"
_DESTROY = "VPN.REMOTE.ACCESS.DESTROY"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one VPN, and what could not be looked at."""

    row: NetworkRow
    troubles: tuple[Trouble, ...]
    unasked: tuple[str, ...] = ()
    """Routers that could not be asked, and why."""
    push_name: str = field(default_factory=lambda: f"csvpn-push-{secrets.token_hex(4)}")
    """Name of the user that is there for a moment where the others have to be sent along."""
    password: Secret = field(default_factory=lambda: Secret(generate_password()))
    """Password of users that are there for a moment."""


async def examine(session: Session, key: str, *, stuck: Sequence[str] = ()) -> Diagnosis | None:
    """Ask for everything and judge it; None where the network or VPC `key` is gone.

    `stuck` are users whose removal was refused, as somebody says.
    """
    row = await learn(session, key)
    if row is None:
        return None
    (failed, failed_at), views = await asyncio.gather(
        _last_failure(session, row), _views(session, row)
    )
    inventory = session.inventory
    seen = inventory.half_made.get(row.address.id, "") if row.address else ""
    facts = RepairFacts(
        place=row.name,
        is_vpc=row.kind == "vpc",
        listed=row.vpn is not None and row.vpn.state == "Running",
        seen_half=seen,
        holds_unlisted_rules=_holds_unlisted_rules(session, row),
        last_failed=failed,
        failed_at=failed_at,
        waiting=_users_in(session, row, "Add"),
        active=_users_in(session, row, "Active"),
        account_runs_vpn=any(
            each.vpn is not None and each.vpn.state == "Running" for each in _of_owner(session, row)
        ),
        stopped=_stopped(session, row),
        routers=tuple(view for view, _ in views if view is not None),
        stuck_removals=tuple(stuck),
    )
    unasked = tuple(why for view, why in views if view is None)
    return Diagnosis(row=row, troubles=diagnose(facts), unasked=unasked)


def repair_plan(found: Diagnosis, troubles: Iterable[Trouble]) -> RepairPlan:
    """The plan that cures these troubles."""
    cures = cures_of(troubles)
    row = found.row
    adds = any(each.cure in ("push-users", "forget-user") for each in cures)
    ends = any(each.cure == "delete" for each in cures)
    return RepairPlan(
        place=row.place,
        address_id=row.address.id if row.address else "",
        public_ip=row.address.address if row.address else "",
        cures=cures,
        push_name=found.push_name if adds else "",
        password=found.password if adds else None,
        has_vpn=not ends,
    )


def _of_owner(session: Session, row: NetworkRow) -> list[NetworkRow]:
    return [each for each in network_rows(session.inventory) if each.owner_key == row.owner_key]


def _users_in(session: Session, row: NetworkRow, state: str) -> tuple[str, ...]:
    return tuple(
        user.user_name
        for user in session.inventory.users.rows.values()
        if user.owner_key == row.owner_key and user.state == state
    )


def _holds_unlisted_rules(session: Session, row: NetworkRow) -> bool:
    inventory = session.inventory
    address = row.address
    if address is None or row.kind == "vpc":
        return False
    rules, forwardings = inventory.rules.get(address.id), inventory.forwardings.get(address.id)
    if rules is None or forwardings is None or rules.fetched is None or forwardings.fetched is None:
        return False
    listed = len(rules.rows) + len(forwardings.rows)
    return address_facts(address, inventory.vpns.rows.values(), listed).holds_unlisted_rules


async def _last_failure(session: Session, row: NetworkRow) -> tuple[Failed, str]:
    """Which change of the VPN failed last, and when; nothing where a later one went well."""
    if row.address is None or row.vpn is not None:
        return "", ""
    try:
        events = await session.client.fetch(
            EVENTS, resourcetype="IpAddress", resourceid=row.address.id, listall="true"
        )
    except CloudError:
        return "", ""
    return last_failure(events)


def last_failure(events: Iterable[Event]) -> tuple[Failed, str]:
    """Of the events of an address, the change of its VPN that failed last, and when."""
    ended = [
        event
        for event in events
        if event.type in (_CREATE, _DESTROY) and event.state == "Completed" and event.when
    ]
    # The newest second comes first, and within a second what was written first: of equals the last.
    newest = max(reversed(ended), key=lambda event: event.created, default=None)
    if newest is None or newest.level != "ERROR":
        return "", ""
    return ("create" if newest.type == _CREATE else "delete"), newest.created


def _stopped(session: Session, row: NetworkRow) -> tuple[StoppedRouter, ...]:
    """Routers of the owner that do not run, of places with a VPN or one that is half there."""
    half = session.inventory.half_made
    return tuple(
        StoppedRouter(router.id, router.name, each.name, router.state.lower(), each.kind == "vpc")
        for each in _of_owner(session, row)
        if each.vpn is not None or (each.address is not None and each.address.id in half)
        for router in each.routers
        if router.state != "Running"
    )


async def _views(session: Session, row: NetworkRow) -> list[tuple[RouterView | None, str]]:
    running = [router for router in row.routers if router.state == "Running"]
    found = await asyncio.gather(*(_view(session, row, router) for router in running))
    return list(found)


async def _view(session: Session, row: NetworkRow, router: Router) -> tuple[RouterView | None, str]:
    expected = expected_of(session, row)
    try:
        connection = await session.routers.connection(router)
        logins, pushed = await asyncio.gather(
            connection.run(commands.CHAP_USERS), connection.run(commands.BAG_VPNUSERLIST)
        )
        checks: tuple[Check, ...] = ()
        if expected is not None:
            standby = is_standby(router)
            checks = (await verify(connection, expected, standby=standby)).failed
    except RouterError as error:
        return None, f"{router.name} could not be asked: {error}"
    return (
        RouterView(
            id=router.id,
            name=router.name,
            failed=tuple(check.name for check in checks),
            evidence=tuple((check.name, check.says) for check in checks),
            logins=logins,
            pushed=pushed,
        ),
        "",
    )
