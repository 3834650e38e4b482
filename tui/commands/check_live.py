"""The checkup of routers that run: which ones, over SSH, ten at a time."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.commands.check import checked_bundle
from tui.commands.check_words import Checked
from tui.commands.host_keys import learn_accepted, with_remedy
from tui.commands.opening import Context, did_you_mean, learn, opened
from tui.commands.output import CommandError, Exit, sentence, tell
from tui.diagnose.bundle_folder import NoBundle, write_bundle
from tui.router.errors import RouterError
from tui.safety.text import clean
from tui.session.evidence import KINDS, gather, row_of
from tui.session.inventory import Kind
from tui.session.session import Session

AT_ONCE: Final = 10
"""Routers that are asked side by side."""
KEPT_LOGS: Final = 24 * 3600
"""Seconds back from now of which the logs are kept in a bundle."""


async def check_routers(context: Context, arguments: argparse.Namespace) -> list[Checked]:
    """Check the routers that were named, or all that run. Raises one of `output.EXPECTED`.

    With one router what keeps it from being asked is raised; with several it is part of the answer.
    """
    async with opened(context) as session:
        await learn(session, KINDS)
        routers = choose(session, arguments.routers, arguments.zone)
        check = _Checking(session, arguments.save, tuple(arguments.accept), len(routers) == 1)
        turns = asyncio.Semaphore(AT_ONCE)
        return list(await asyncio.gather(*(check.one(router, turns) for router in routers)))


class _Checking:
    """What the checkups of one run have in common."""

    def __init__(
        self, session: Session, save: Path | None, accepted: Sequence[str], alone: bool
    ) -> None:
        self._session = session
        self._save = save
        self._accepted = accepted
        self._alone = alone

    async def one(self, router: Router, turns: asyncio.Semaphore) -> Checked:
        """One router's checkup, or why there is none."""
        row = row_of(self._session.inventory, router)
        place = row.name if row is not None else ""
        async with turns:
            try:
                return await self._check(router)
            except (RouterError, CloudError) as error:
                told = with_remedy(error) if isinstance(error, RouterError) else error
                if self._alone:
                    raise told from error
                return Checked(
                    router=router.name,
                    belongs_to=place,
                    zone=router.zone_name,
                    error=sentence(told),
                    refused=isinstance(told, CommandError),
                )

    async def _check(self, router: Router) -> Checked:
        since = KEPT_LOGS if self._save is not None else 0
        try:
            bundle = await gather(self._session, router, since_seconds=since)
        except RouterError as error:
            learn_accepted(self._session, router, error, self._accepted)
            bundle = await gather(self._session, router, since_seconds=since)
        if self._save is not None:
            folder = self._save if self._alone else self._save / router.name
            try:
                await asyncio.to_thread(write_bundle, folder, bundle)
            except NoBundle as error:
                raise CommandError(clean(error.what), error.remedy) from error
            except OSError as error:
                raise CommandError(
                    f"{folder} cannot be written: {error.strerror}", "name another folder"
                ) from error
            tell(f"{router.name}: kept in {folder}")
        return checked_bundle(bundle)


def choose(session: Session, names: Sequence[str], zone: str) -> list[Router]:
    """The routers that were named, by their name, id, network or VPC; for no name all that run.

    `zone` leaves only those of that zone. Raises `CommandError`.
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
        running = [router for router in routers if router.state == "Running"]
        if not running:
            raise CommandError("no router runs here", "start one first", Exit.CANNOT_TELL)
        return sorted(running, key=lambda router: router.name)
    found: dict[str, Router] = {}
    for name in names:
        matching = [router for router in routers if name in names_of(session, router)]
        if not matching:
            known = {each for router in routers for each in names_of(session, router)}
            raise CommandError(
                f"there is no router {clean(name)!r} that these credentials may see",
                did_you_mean(name, known - {router.id for router in routers}),
            )
        found |= {router.id: router for router in matching}
    return list(found.values())


def names_of(session: Session, router: Router) -> set[str]:
    """What a router may be called: its name and id, the networks and the VPC that it serves."""
    lists = session.inventory
    served = [each.name for each in lists.networks.rows.values() if router.serves(each.id)]
    served += [vpc.name for vpc in lists.vpcs.rows.values() if router.vpc_id == vpc.id]
    return {router.name, router.id, *served}
