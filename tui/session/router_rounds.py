"""Ask many routers the same, ten at a time; those that cannot be asked say why."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from tui.cloud.models import Router
from tui.router.errors import HopFailed, HostKeyUnknown, PathUnknown, RouterError
from tui.session.session import Session

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection

T = TypeVar("T")

AT_A_TIME: Final = 10
"""Routers that are asked side by side: more logins at once look like an attack to a jump host."""


class RouterAnswer(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What one router said, or why it could not be asked."""

    router: Router
    said: T | None = None
    error: RouterError | None = None
    taken: float
    """Seconds since the epoch when the answer was there."""

    @property
    def unknown_key(self) -> HostKeyUnknown | None:
        """The host key that nobody has vouched for, if that is the reason."""
        reason = self.error.reason if isinstance(self.error, HopFailed) else self.error
        return reason if isinstance(reason, HostKeyUnknown) else None


async def ask_each(
    session: Session,
    routers: Iterable[Router],
    ask: "Callable[[Router, RouterConnection], Awaitable[T]]",
    on_answer: Callable[[RouterAnswer[T]], None],
) -> None:
    """Ask every one of `routers`; `on_answer` is told of each as it comes.

    A `RouterError` is an answer. Cancelling ends what is under way.
    """
    turns = asyncio.Semaphore(AT_A_TIME)

    async def one(router: Router) -> None:
        async with turns:
            on_answer(await ask_one(session, router, ask))

    async with asyncio.TaskGroup() as group:
        for router in routers:
            group.create_task(one(router))


async def ask_one(
    session: Session,
    router: Router,
    ask: "Callable[[Router, RouterConnection], Awaitable[T]]",
) -> RouterAnswer[T]:
    """Ask one router; an error is part of the answer."""
    try:
        said = await ask(router, await session.routers.connection(router))
    except RouterError as error:
        return RouterAnswer(router=router, error=error, taken=time.time())
    return RouterAnswer(router=router, said=said, taken=time.time())


def running_routers(session: Session) -> list[Router]:
    """The routers that run, by name."""
    routers = session.inventory.routers.rows.values()
    return sorted((r for r in routers if r.state == "Running"), key=lambda each: each.name)


def place_of(router: Router) -> str:
    """The name of the network or VPC that a router serves."""
    return router.vpc_name or router.guest_network_name


def place_key_of(router: Router) -> str:
    """The id of the network or VPC that a router serves."""
    return router.vpc_id or router.guest_network_id


def unreached_words(answers: Iterable[RouterAnswer[Any]]) -> str:
    """One sentence about the routers that could not be asked; empty where all answered."""
    failed = [each for each in answers if each.error is not None]
    if not failed:
        return ""
    first = failed[0]
    if all(isinstance(each.error, PathUnknown) for each in failed):
        return f"No router was asked: {first.error}" if len(failed) > 1 else str(first.error)
    named = f"{first.router.name} could not be asked: {first.error}"
    return named if len(failed) == 1 else f"{named} – and {len(failed) - 1} more (u)"
