"""Steps that change something on a router itself: by name, with what they cost, one at a time."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from tui.cloud.errors import CloudError
from tui.cloud.listings import ROUTERS
from tui.operations.reach import Reach
from tui.operations.steps import Action, Outcome, Step, StepFailed
from tui.router.commands import Command
from tui.router.errors import RouterError
from tui.router.leftovers import Leftovers, leftovers
from tui.router.remedies import (
    END_SESSION,
    REMOVE_KEY,
    RESTART_IPSEC,
    RESTART_XL2TPD,
    STOP_DAEMONS,
    Applied,
    Remedy,
)

T = TypeVar("T")


class RouterHand(Protocol):
    """A router that answers and obeys: a `RouterConnection`."""

    async def run(self, command: Command[T]) -> T:
        """Run a command that only reads."""
        ...

    async def apply(self, remedy: Remedy, *values: str) -> Applied:
        """Change something."""
        ...


Reaching = Callable[[str], Awaitable[RouterHand]]
"""The connection to the router with this id. Raises `RouterError`."""


def reaching_of(reach: Reach) -> Reaching | None:
    """What reaches routers when an operation is built again; None where nothing can."""
    connection = reach.connection
    if connection is None:
        return None

    async def reach_router(router_id: str) -> RouterHand:
        try:
            rows = await reach.client.fetch(ROUTERS, id=router_id, listall="true")
        except CloudError as problem:
            raise RouterError(problem.text, problem.remedy) from problem
        if not rows:
            raise RouterError("the router is not listed any more", "list the routers again")
        return await connection(rows[0])

    return reach_router


class RouterRef(msgspec.Struct, frozen=True):
    """A router, as far as a step has to name it."""

    id: str
    name: str
    stands_by: bool = False
    """It is the one of a pair that does nothing now: its daemons stay down."""


class EndSession(msgspec.Struct, frozen=True):
    """A session that is to end."""

    router: RouterRef
    pid: int
    user: str


async def reached(reach: Reaching, ref: RouterRef) -> RouterHand:
    """The connection to a router; `StepFailed` where there is none."""
    try:
        return await reach(ref.id)
    except RouterError as problem:
        raise _failed(ref, problem) from problem


def _failed(ref: RouterRef, problem: RouterError) -> StepFailed:
    return StepFailed(f"{ref.name}: {problem.what}.", problem.remedy)


def applying(
    reach: Reaching,
    ref: RouterRef,
    remedy: Remedy,
    *values: str,
    done: str = "",
    essential: bool = False,
) -> Action:
    """The step that applies a remedy to a router; `done` is what it says when it went well."""
    name = " ".join((remedy.name, *values, ref.name))
    step = Step(name, remedy.title(ref.name, *values))

    async def do() -> Outcome:
        hand = await reached(reach, ref)
        try:
            applied = await hand.apply(remedy, *values)
        except RouterError as problem:
            raise _failed(ref, problem) from problem
        if applied.says:
            says = f"{ref.name}: {applied.says}."
            return Outcome(says, skipped=applied.already, warning=not applied.already)
        return Outcome(done or f"Done on {ref.name}.")

    return Action(step, do, essential=essential)


def restarting(
    reach: Reaching, routers: Iterable[RouterRef], *, ipsec: bool, xl2tpd: bool
) -> list[Action]:
    """The steps that restart daemons on every router but those that stand by.

    strongSwan first: xl2tpd's sessions hang on its connections.
    """
    actions: list[Action] = []
    for ref in routers:
        if ref.stands_by:
            continue
        if ipsec:
            done = f"{ref.name} has read its key anew; every IPsec connection was ended."
            actions.append(applying(reach, ref, RESTART_IPSEC, done=done))
        if xl2tpd:
            done = f"xl2tpd of {ref.name} has read its file; every session was ended."
            actions.append(applying(reach, ref, RESTART_XL2TPD, done=done))
    return actions


def ending(reach: Reaching, session: EndSession) -> Action:
    """The step that ends one session."""
    values = (str(session.pid), session.user)
    done = f"The session of {session.user} has ended."
    return applying(reach, session.router, END_SESSION, *values, done=done)


def clearing(reach: Reaching, ref: RouterRef, *, daemons: bool, key: bool) -> list[Action]:
    """The steps that stop the daemons and take the key off a router without a VPN."""
    actions: list[Action] = []
    if daemons and not ref.stands_by:
        done = f"xl2tpd and strongSwan of {ref.name} are stopped."
        actions.append(applying(reach, ref, STOP_DAEMONS, done=done))
    if key:
        done = f"The old key is off {ref.name}."
        actions.append(applying(reach, ref, REMOVE_KEY, done=done))
    return actions


class Left(msgspec.Struct, frozen=True):
    """What one router still has, or why it could not be asked."""

    router: RouterRef
    left: Leftovers | None = None
    error: str = ""

    def sentence(self) -> str:
        """What is left, with the router's name."""
        if self.left is None:
            return f"{self.router.name} could not be asked: {self.error}"
        return f"{self.router.name}: {' '.join(self.left.sentences())}"


async def look_for_leftovers(reach: Reaching, routers: Sequence[RouterRef]) -> tuple[Left, ...]:
    """Ask each router what it still has of a VPN that is gone."""
    found: list[Left] = []
    for ref in routers:
        try:
            found.append(Left(ref, await leftovers(await reach(ref.id))))
        except RouterError as problem:
            found.append(Left(ref, error=str(problem)))
    return tuple(found)
