"""Checkups of routers: one, those of a zone, or every one that has a VPN; ten at a time."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.diagnose.bundle import Bundle
from tui.diagnose.checks import Check, Proof, State
from tui.diagnose.cloud_side import CloudSide
from tui.router.errors import RouterError
from tui.session.router_rounds import RouterAnswer, ask_each, place_key_of, running_routers
from tui.session.session import Session
from tui.session.sessions_watch import places_with_vpn
from tui.session.tray import TaskState

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

RANKS: Final[dict[State, int]] = {"fail": 0, "warn": 1, "unknown": 2, "pass": 3, "n/a": 4}
"""The order in which results are shown: the worst first."""

FINDINGS: Final[frozenset[State]] = frozenset({"fail", "warn", "unknown"})
"""What somebody should look at."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What the checkup of one router is made of, and what came of it."""

    checks: tuple[Check, ...]
    bundle: Bundle


Result = RouterAnswer[Checked]


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at, on one router."""

    router: Router
    check: Check

    @property
    def key(self) -> str:
        """What it is known by across checkups."""
        return f"{self.router.id} {self.check.name}"


class Scope(msgspec.Struct, frozen=True):
    """Which routers are looked at."""

    key: str
    """`all`, `zone ID` or the id of a router."""
    words: str
    routers: tuple[Router, ...]


class Checkups:
    """The checkups of this console, the newest of each router."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.results: dict[str, Result] = {}
        """By the id of the router."""
        self._mended: dict[str, tuple[Router, float]] = {}

    def scopes(self) -> list[Scope]:
        """What can be looked at: everything with a VPN, zone by zone, and each router that runs."""
        running = running_routers(self.session)
        with_vpn = places_with_vpn(self.session)
        carrying = tuple(each for each in running if place_key_of(each) in with_vpn)
        zones = sorted({(each.zone_name, each.zone_id) for each in carrying})
        found = [Scope("all", f"Every router with a VPN ({len(carrying)})", carrying)]
        if len(zones) > 1:
            for name, key in zones:
                there = tuple(each for each in carrying if each.zone_id == key)
                words = f"Zone {name}: every router with a VPN ({len(there)})"
                found.append(Scope(f"zone {key}", words, there))
        return [*found, *(Scope(each.id, each.name, (each,)) for each in running)]

    def scope(self, key: str) -> Scope | None:
        """The scope of this key; None where it is gone."""
        return next((each for each in self.scopes() if each.key == key), None)

    async def check(
        self,
        routers: Iterable[Router],
        on_answer: Callable[[Router, str], None],
        on_result: Callable[[Result], None],
    ) -> None:
        """Look at `routers`; `on_answer` is told of each command that a router has answered,
        `on_result` of each router that is done."""

        async def ask(router: Router, connection: "RouterConnection") -> Checked:
            return await look_at(self.session, router, connection, on_answer)

        await ask_each(self.session, routers, ask, on_result)

    def take(self, result: Result) -> None:
        """Keep a result; one that failed keeps what was found before."""
        before = self.results.get(result.router.id)
        if result.error is not None and before is not None and before.said is not None:
            result = msgspec.structs.replace(before, error=result.error)
        self.results[result.router.id] = result

    def rows(self, routers: Iterable[Router], *, findings_only: bool = False) -> list[CheckRow]:
        """The results of `routers`: the worst first, and of one state group by group."""
        rows = [
            CheckRow(router=router, check=check)
            for router in routers
            if (result := self.results.get(router.id)) is not None
            for check in checks_of(result)
            if not findings_only or check.state in FINDINGS
        ]
        return sorted(rows, key=lambda row: RANKS[row.check.state])

    def mend(self, router: Router) -> None:
        """A fix of `router` is being started."""
        self._mended[router.id] = router, time.time()

    def due(self) -> list[Router]:
        """Routers for whose fix an operation has ended since it was started: to be looked at
        again. They are told once."""
        ends = [
            task.finished
            for task in self.session.tray.tasks
            if task.finished is not None and task.state is not TaskState.CANCELLED
        ]
        last = max(ends, default=0.0)
        due = [router for router, begun in self._mended.values() if begun <= last]
        for router in due:
            del self._mended[router.id]
        return due

    def failed(self, routers: Iterable[Router]) -> list[Result]:
        """Those of `routers` that could not be asked."""
        results = (self.results.get(router.id) for router in routers)
        return [each for each in results if each is not None and each.error is not None]


def checks_of(result: Result) -> tuple[Check, ...]:
    """The checks of a result; a router that could not be asked is one that says why."""
    checks = result.said.checks if result.said is not None else ()
    return checks if result.error is None else (unreached(result.error), *checks)


def unreached(error: RouterError) -> Check:
    """What stands in place of the checks of a router that could not be asked."""
    return Check(
        name="reachable",
        group="router",
        state="unknown",
        says=f"It could not be asked: {error.what}.",
        evidence=(Proof("ssh", error.what),),
        fix=error.remedy,
    )


def counts_of(checks: Sequence[Check]) -> dict[State, int]:
    """How many checks are in each state, the worst first; states without any are left out."""
    counted = {state: sum(check.state == state for check in checks) for state in RANKS}
    return {state: number for state, number in counted.items() if number}


async def look_at(
    session: Session,
    router: Router,
    connection: "RouterConnection",
    on_answer: Callable[[Router, str], None],
) -> Checked:
    """Ask one router and the API about it, and judge what they say. Raises `RouterError`."""
    # All of them are large, and two load the SSH client.
    from tui.diagnose.bundle_folder import clock_offset, logs_in
    from tui.diagnose.checkup import checkup_bundle
    from tui.router.surveying import survey
    from tui.session.evidence import cloud_side

    try:
        cloud: CloudSide | None = await cloud_side(session, router)
    except CloudError:
        cloud = None
    answers = await survey(connection, on_answer=lambda name: on_answer(router, name))
    bundle = Bundle(
        survey=answers,
        cloud=cloud,
        logs=logs_in(answers),
        clock_offset=clock_offset(answers),
    )
    return Checked(checks=checkup_bundle(bundle), bundle=bundle)


async def keep_bundle(bundle: Bundle, folder: Path) -> str:
    """Write what a result was made from into `folder`, without secrets; why not, or nothing."""
    from tui.diagnose.bundle_folder import NoBundle, write_bundle  # large

    try:
        await asyncio.to_thread(write_bundle, folder, bundle)
    except OSError as error:
        return f"{folder} could not be written: {error}"
    except NoBundle as error:
        return str(error)
    return ""


def bundle_folder(router: Router, what: str, folder: Path) -> Path:
    """Where a bundle of `router` is kept: a folder within `folder` that is not there yet."""
    moment = datetime.now(UTC)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", router.name)
    return folder / f"csvpn-{what}-{name}-{moment:%Y%m%d-%H%M%S}"
