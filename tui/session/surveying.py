"""Surveys of many routers: those of a network or VPC, or of a whole zone, ten at a time.

Every router gives an answer: its survey, or why there is none. Of a redundant pair both are asked;
which one is primary is its own word first, then what it was told, then the API's.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from tui.cloud.models import Router
from tui.router import commands
from tui.router.commands import Command
from tui.router.errors import (
    ConnectTimeout,
    HopFailed,
    HostKeyChanged,
    HostKeyUnknown,
    KeyFileProblem,
    LoginRefused,
    PathUnknown,
    Refused,
    RouterError,
    Unreachable,
    WrongRouter,
)
from tui.router.survey import Survey, Unanswered
from tui.router.surveying import SURVEYED, has_partner, survey
from tui.session.router_rounds import RouterAnswer, ask_each
from tui.session.session import Session

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

Surveyed = tuple[Router, Survey | RouterError]
"""A router with what it said, or with why it could not be asked."""

Role = Literal["alone", "PRIMARY", "BACKUP", "FAULT", "UNKNOWN"]
"""What a router is among its network's; `alone` has no partner."""

Reason = Literal[
    "not running",
    "no path",
    "no route",
    "refused",
    "no answer",
    "key",
    "host key",
    "jump",
    "other machine",
    "link",
]
"""Why a router could not be asked, in a word that tells what to look at."""

_ROLES: Final = ("PRIMARY", "BACKUP", "FAULT")


class NotRunning(Unreachable):
    """CloudStack says that the router does not run, so nobody tries to reach it."""

    def __init__(self, router: Router) -> None:
        super().__init__(
            f"{router.name} does not run: CloudStack says that it is {router.state or 'unknown'}",
            "start it, or restart its network",
        )


_REASONS: Final[tuple[tuple[type[RouterError], Reason], ...]] = (
    (HopFailed, "jump"),
    (NotRunning, "not running"),
    (PathUnknown, "no path"),
    (Unreachable, "no route"),
    (Refused, "refused"),
    (ConnectTimeout, "no answer"),
    (LoginRefused, "key"),
    (KeyFileProblem, "key"),
    (HostKeyUnknown, "host key"),
    (HostKeyChanged, "host key"),
    (WrongRouter, "other machine"),
)


def routers_of_place(session: Session, key: str) -> list[Router]:
    """The routers of the network or VPC with that id, the primary by the API first."""
    routers = session.inventory.routers.rows.values()
    return sorted(
        (router for router in routers if router.vpc_id == key or router.serves(key)), key=_order
    )


def routers_of_zone(session: Session, zone_id: str = "") -> list[Router]:
    """Every router of the zone with that id (of every zone where that is empty), by name."""
    routers = session.inventory.routers.rows.values()
    wanted = (router for router in routers if not zone_id or router.zone_id == zone_id)
    return sorted(wanted, key=lambda router: router.name)


def _order(router: Router) -> tuple[bool, str]:
    return router.redundant_state != "PRIMARY", router.name


async def survey_each(
    session: Session, routers: Iterable[Router], wanted: Sequence[Command[Any]] = SURVEYED
) -> AsyncGenerator[Surveyed]:
    """Survey `routers`, ten at a time, and give each as it comes.

    One that does not run is given at once, as `NotRunning`. Closing the generator ends what is
    under way.
    """
    asked: list[Router] = []
    for router in routers:
        if router.state == "Running":
            asked.append(router)
        else:
            yield router, NotRunning(router)
    arrived: asyncio.Queue[RouterAnswer[Survey] | None] = asyncio.Queue()

    async def ask(router: Router, connection: "RouterConnection") -> Survey:
        return await survey(connection, wanted)

    asking = asyncio.create_task(ask_each(session, asked, ask, arrived.put_nowait))
    asking.add_done_callback(lambda _: arrived.put_nowait(None))
    try:
        while (answer := await arrived.get()) is not None:
            if answer.error is not None:
                yield answer.router, answer.error
            elif answer.said is not None:
                yield answer.router, answer.said
        await asking
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def reason_of(error: RouterError) -> Reason:
    """The word for why a router could not be asked; `link` for what broke off on the way."""
    return next((word for kind, word in _REASONS if isinstance(error, kind)), "link")


def role_of(router: Router, said: Survey | RouterError) -> Role:
    """What a router is among its network's.

    `checkrouter` is its own word and changes first. It says FAULT on a router without a partner,
    where nobody may take it at that.
    """
    told = _role(router.redundant_state)
    if isinstance(said, RouterError):
        return told if router.is_redundant else "alone"
    if not (router.is_redundant or has_partner(said)):
        return "alone"
    own = said.fact(commands.CHECKROUTER)
    if not isinstance(own, Unanswered) and _role(own) != "UNKNOWN":
        return _role(own)
    parameters = said.fact(commands.BAG_CMDLINE)
    if not isinstance(parameters, Unanswered):
        pushed = _role(parameters.get("redundant_state", ""))
        if pushed != "UNKNOWN":
            return pushed
    return told


def primaries_of(found: Iterable[Surveyed]) -> tuple[Router, ...]:
    """The routers of one network that hold its addresses now: those that are alone or primary.

    None of a pair that has not made up its mind; two of one whose routers do not see each other.
    """
    return tuple(router for router, said in found if role_of(router, said) in ("alone", "PRIMARY"))


def _role(word: str) -> Role:
    """Before 4.15 a primary was called a master."""
    role = "PRIMARY" if word.upper() == "MASTER" else word.upper()
    return cast(Role, role) if role in _ROLES else "UNKNOWN"
