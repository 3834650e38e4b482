"""Everything that a checkup or a diagnosis of one router is made from, gathered at one moment."""

import asyncio
from collections.abc import Callable

from tui.cloud.models import FirewallRule, Router
from tui.diagnose.bundle import Bundle
from tui.diagnose.bundle_folder import clock_offset, logs_in
from tui.diagnose.cloud_side import CloudSide, PortRule
from tui.router.slices import log_slices
from tui.router.surveying import survey
from tui.session.inventory import Inventory, Kind
from tui.session.key_ages import KeyAges
from tui.session.session import Session
from tui.session.views import NetworkRow, network_rows

KINDS = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.VPNS, Kind.USERS, Kind.ROUTERS)
"""The lists that the API's word about a router is made from."""
OnStep = Callable[[str], None]


async def cloud_side(session: Session, router: Router) -> CloudSide:
    """What CloudStack says of `router` and of the VPN that it serves.

    Lists that were never asked for are asked for; those that are there are taken as they are. Of
    lists that were refused nothing is known. Raises `CloudError` where it is not told which VPNs
    there are.
    """
    lists = session.inventory
    await asyncio.gather(*(lists.complete(kind) for kind in KINDS))
    await lists.refresh(
        kind for kind in KINDS if session.may_list(kind) and lists.shelf(kind).fetched is None
    )
    refused = lists.vpns.error
    if refused is not None:
        raise refused
    row = row_of(lists, router)
    age: int | None = None
    if row is not None and row.address is not None and row.vpn is not None:
        ages = KeyAges(session)
        await asyncio.gather(lists.refresh_rules(row.address.id), ages.learn([row.address.id]))
        age = ages.age(row.address).days
    return _word(session, router, row, age)


def row_of(lists: Inventory, router: Router) -> NetworkRow | None:
    """The network or VPC that `router` serves; the one with a VPN where there are several."""
    served = [
        row for row in network_rows(lists) if any(each.id == router.id for each in row.routers)
    ]
    return next((row for row in served if row.vpn is not None), served[0] if served else None)


def _word(session: Session, router: Router, row: NetworkRow | None, age: int | None) -> CloudSide:
    network = row.network if row is not None else None
    place = row.network or row.vpc if row is not None else None
    vpn = row.vpn if row is not None else None
    address = row.address if row is not None else None
    key = vpn.preshared_key if vpn is not None else None
    services = place.services if place is not None else ()
    return CloudSide(
        router=router.name,
        router_state=router.state,
        is_redundant=router.is_redundant,
        redundant_state=router.redundant_state,
        version=router.version,
        requires_upgrade=router.requires_upgrade,
        server_version=session.identity.server_version,
        router_offering=router.service_offering_name,
        health_checks_failed=router.health_checks_failed,
        zone=router.zone_name,
        is_vpc=row is not None and row.kind == "vpc",
        network=row.name if row is not None else "",
        network_state=place.state if place is not None else "",
        network_offering=network.network_offering_name if network is not None else "",
        conserve_mode=network.conserve_mode if network is not None else None,
        network_services=tuple(each.name for each in services) or None,
        guest_cidr=row.cidr if row is not None else "",
        other_cidrs=_others(session.inventory, row),
        account=row.owner if row is not None else "",
        public_ip=address.address if vpn is not None and address is not None else "",
        pool=vpn.ip_range if vpn is not None else "",
        vpn_state=vpn.state if vpn is not None else "",
        psk_sha256=key.sha256() if key else "",
        psk_age_days=age,
        users=_users(session, row, "Active"),
        adding=_users(session, row, "Add") or (),
        removing=_users(session, row, "Revoke") or (),
        rules=_rules(session.inventory, row),
    )


def _others(lists: Inventory, row: NetworkRow | None) -> tuple[str, ...]:
    """CIDRs of the owner's other networks and VPCs, each once."""
    if row is None:
        return ()
    rows = [each for each in network_rows(lists) if each.owner_key == row.owner_key]
    return tuple(dict.fromkeys(e.cidr for e in rows if e.key != row.key and e.cidr))


def _users(session: Session, row: NetworkRow | None, state: str) -> tuple[str, ...] | None:
    """Names of the owner's VPN users in `state`; None where the list was refused."""
    shelf = session.inventory.users
    if shelf.error is not None or row is None:
        return None
    return tuple(
        sorted(
            user.user_name
            for user in shelf.rows.values()
            if user.owner_key == row.owner_key and user.state == state
        )
    )


def _rules(lists: Inventory, row: NetworkRow | None) -> tuple[PortRule, ...] | None:
    if row is None or row.address is None or row.vpn is None:
        return ()
    shelf = lists.rules.get(row.address.id)
    if shelf is None or shelf.error is not None:
        return None
    return tuple(_rule(rule) for rule in shelf.rows.values())


def _rule(rule: FirewallRule) -> PortRule:
    first = rule.start_port if rule.start_port is not None else 1
    last = rule.end_port if rule.end_port is not None else rule.start_port
    return PortRule(
        protocol=rule.protocol,
        first=first,
        last=last if last is not None else 65535,
        sources=rule.cidr_list,
        state=rule.state or "Active",
    )


async def gather(
    session: Session,
    router: Router,
    *,
    since_seconds: int = 0,
    on_step: OnStep | None = None,
) -> Bundle:
    """Ask CloudStack and `router`, side by side, then for the logs of the last `since_seconds`.

    `on_step` is told what has come: `cloud`, the name of each command, `logs`. With 0 seconds, and
    where a log gave nothing, there are the ends of logs that belong to the answers. Raises
    `RouterError` where the router cannot be reached, and `CloudError` where CloudStack does not
    tell which VPNs there are.
    """
    step = on_step or _nobody
    connection = await session.routers.connection(router)
    asking = asyncio.create_task(survey(connection, on_answer=step))
    try:
        cloud = await cloud_side(session, router)
        step("cloud")
        answers = await asking
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    logs = logs_in(answers)
    if since_seconds > 0:
        logs |= await log_slices(connection, since_seconds)
        step("logs")
    return Bundle(
        survey=answers,
        cloud=cloud,
        logs=logs,
        clock_offset=clock_offset(answers),
    )


def _nobody(_: str) -> None:
    """Nobody wants to know."""
