"""Which routers a command is about: those that were named, or all that run."""

from collections.abc import Sequence

from tui.cloud.models import Router
from tui.commands.opening import did_you_mean
from tui.commands.output import CommandError, Exit
from tui.safety.text import clean
from tui.session.inventory import Kind
from tui.session.session import Session


def routers_named(
    session: Session, names: Sequence[str], *, zone: str = "", most: int = 0
) -> list[Router]:
    """The routers that were named, by their name, id, network or VPC; for no name all that run.

    `zone` leaves only those of that zone; more than `most` of them (0: no limit) are refused where
    none is named. Raises `CommandError`.
    """
    if not session.may_list(Kind.ROUTERS):
        raise CommandError(
            "these credentials may not see routers",
            "use a profile whose role may use listRouters",
            Exit.REFUSED,
        )
    routers = list(session.inventory.routers.rows.values())
    if zone:
        zones = {router.zone_name for router in routers}
        if zone not in zones:
            raise CommandError(
                f"there is no router in a zone {clean(zone)!r}", did_you_mean(zone, zones)
            )
        routers = [router for router in routers if router.zone_name == zone]
    if not names:
        return _running(routers, most)
    found: dict[str, Router] = {}
    for name in names:
        matching = [router for router in routers if name in _names(session, router)]
        if not matching:
            known = {each for router in routers for each in _names(session, router)}
            raise CommandError(
                f"there is no router {clean(name)!r} that these credentials may see",
                did_you_mean(name, known - {router.id for router in routers}),
            )
        found |= {router.id: router for router in matching}
    return list(found.values())


def _running(routers: Sequence[Router], most: int) -> list[Router]:
    running = sorted(
        (router for router in routers if router.state == "Running"),
        key=lambda router: router.name,
    )
    if not running:
        raise CommandError("no router runs here", "start one first", Exit.CANNOT_TELL)
    if most and len(running) > most:
        remedy = did_you_mean("", [router.name for router in running])
        raise CommandError(f"{len(running)} routers run: name some with --router", remedy)
    return running


def _names(session: Session, router: Router) -> set[str]:
    """What a router may be called: its name and id, the networks and the VPC that it serves."""
    lists = session.inventory
    served = [each.name for each in lists.networks.rows.values() if router.serves(each.id)]
    served += [vpc.name for vpc in lists.vpcs.rows.values() if router.vpc_id == vpc.id]
    return {router.name, router.id, *served}
