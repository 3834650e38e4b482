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
from tui.commands.opening import Context, learn, opened
from tui.commands.output import CommandError, sentence, tell
from tui.commands.routers_named import routers_named
from tui.diagnose.bundle_folder import NoBundle, write_bundle
from tui.router.errors import RouterError
from tui.safety.text import clean
from tui.session.evidence import KINDS, gather, row_of
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
        routers = routers_named(session, arguments.routers, zone=arguments.zone)
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
