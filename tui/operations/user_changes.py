"""Give users a new password, suspend them, let them return: what CloudStack itself cannot do.

CloudStack can add a VPN user and remove it, no more. So a new password is a removal and an
addition; who is suspended is removed and kept in the roster, with group, note and expiry date; and
who returns is added with a new password. Every removal ends the user's session, and those of users
whose names contain this one.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, JobFailed
from tui.operations.facts import Owner
from tui.operations.roster import OwnerKey, Remark, Roster, RosterError, RosterPlace
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.operations.users import AddedUser, NewUser, UserAdder, removing_call, send_removal
from tui.vpn.users import cut_off_together

_NOT_NOTED = "The roster could not be written: {says} {remedy}"


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: whose users, and where the roster is."""

    users: tuple[NewUser, ...] = ()
    """Who is given a new password."""
    names: tuple[str, ...] = ()
    """Who is suspended."""
    owner: Owner = Owner()
    owner_key: OwnerKey | None = None
    """Under which key the roster has them; None where it is not known whose they are."""
    roster: RosterPlace | None = None
    at: float = 0.0
    """When it was asked for, in seconds since the epoch: what the roster will say."""


class _ChangeUsers(Operation):
    """What the three have in common: removing, adding, and noting it in the roster."""

    WANTED = UserChange
    wanted: UserChange

    def __init__(self, client: CloudClient, wanted: UserChange) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.removed: list[str] = []
        """Who was removed so far."""
        self._adders = {user.name: UserAdder(self, [user], wanted.owner) for user in wanted.users}

    @property
    def users(self) -> tuple[NewUser, ...]:
        """Who gets a new password."""
        return self.wanted.users

    @property
    def added(self) -> tuple[AddedUser, ...]:
        """Who has got it so far."""
        return tuple(user for adder in self._adders.values() for user in adder.added)

    @property
    def subject(self) -> str:
        """The users of an owner: only one console changes them at a time."""
        return self.wanted.owner.subject

    @property
    def target(self) -> tuple[str, str, str]:
        """For the audit trail."""
        names = (*self.wanted.names, *(user.name for user in self.wanted.users))
        return "VpnUser", "", ", ".join(names)

    @abstractmethod
    def _actions(self) -> Sequence[Action]: ...

    # Steps.

    def _removing(self, name: str, *, suspending: bool = False) -> Action:
        call = removing_call(name, self.wanted.owner)
        what = f"Suspend the user {name}" if suspending else f"Remove the user {name}"
        step = Step(f"remove {name}", what, call)

        async def do() -> Outcome:
            outcome = await self._remove(name, call)
            if not suspending:
                return outcome
            remark = Remark(suspended=self.wanted.at, left_behind=None)
            says = outcome.says if outcome.warning else f"{name} is suspended: it cannot connect."
            return await self._noted(name, remark, msgspec.structs.replace(outcome, says=says))

        return Action(step, do, essential=False)

    async def _remove(self, name: str, call: PlannedCall) -> Outcome:
        try:
            was_there = await send_removal(self, name, call, self.wanted.owner)
        except JobFailed as problem:
            await self._note(name, Remark(left_behind=self.wanted.at))
            raise StepFailed(problem.text, _half_removed(name, problem), problem) from problem
        self.removed.append(name)
        if not was_there:
            return Outcome(f"{name} was not there any more.", warning=True)
        return Outcome(f"{name} is removed; its session, if it had one, is cut off.")

    async def _noted(self, name: str, remark: Remark, outcome: Outcome) -> Outcome:
        """The outcome, with a warning where the roster does not know of it."""
        problem = await self._note(name, remark)
        if problem is None:
            return outcome
        remedy = _NOT_NOTED.format(says=problem.says, remedy=problem.remedy)
        return msgspec.structs.replace(outcome, warning=True, remedy=remedy)

    async def _note(self, name: str, remark: Remark) -> RosterError | None:
        """Write into the roster; what it could not do, None when it is done."""
        place, key = self.wanted.roster, self.wanted.owner_key
        if place is None or key is None:
            return None
        try:
            await asyncio.to_thread(Roster(place).remember, key, {name: remark})
        except RosterError as problem:
            return problem
        return None


class ResetUsers(_ChangeUsers):
    """Give users new passwords: each is removed and at once added again."""

    KIND = "reset-users"

    @property
    def title(self) -> str:
        """What the whole is, in words."""
        return f"New password for {_names(user.name for user in self.wanted.users)}"

    @property
    def must_finish(self) -> str:
        """Who is removed and not added again."""
        there = {user.name for user in self.added}
        gone = [name for name in self.removed if name not in there]
        return f"{_names(gone)} cannot connect: removed, and not added again." if gone else ""

    @property
    def to_finish(self) -> tuple[NewUser, ...]:
        """Those that were removed and could not be added again, with their new passwords."""
        there = {user.name for user in self.added}
        wanted = self.wanted.users
        return tuple(u for u in wanted if u.name in self.removed and u.name not in there)

    def _actions(self) -> Sequence[Action]:
        actions: list[Action] = []
        for user in self.wanted.users:
            (adding,) = self._adders[user.name].actions()
            step = msgspec.structs.replace(adding.step, title=f"Add {user.name} again")
            actions.append(self._removing(user.name))
            actions.append(Action(step, partial(self._add_again, user, adding), essential=False))
        return actions

    async def _add_again(self, user: NewUser, adding: Action) -> Outcome:
        if user.name not in self.removed:
            return Outcome(f"{user.name} keeps its password: it was not removed.", skipped=True)
        try:
            outcome = await adding.do()
        except (CloudError, StepFailed) as problem:
            raise _gone(user.name, problem) from problem
        says = f"{user.name} has a new password; the old one is good for nothing any more."
        if "waiting" in outcome.says:
            says = outcome.says
        remark = Remark(reset=self.wanted.at, left_behind=None)
        return await self._noted(user.name, remark, msgspec.structs.replace(outcome, says=says))


class SuspendUsers(_ChangeUsers):
    """Remove users at CloudStack and keep them in the roster, so that they can return."""

    KIND = "suspend-users"

    @property
    def title(self) -> str:
        """What the whole is, in words."""
        return f"Suspend {_names(self.wanted.names)}"

    def _actions(self) -> Sequence[Action]:
        keep = Action(Step("keep", f"Keep {_names(self.wanted.names)} in the roster"), self._keep)
        return [keep, *(self._removing(name, suspending=True) for name in self.wanted.names)]

    async def _keep(self) -> Outcome:
        """Nobody is removed before the roster has shown that it can keep them."""
        place, key = self.wanted.roster, self.wanted.owner_key
        if place is None or key is None:
            raise StepFailed(
                "It is not known whose users these are, so the roster cannot keep them.",
                "Name the account, or remove them for good.",
            )
        try:
            names = dict.fromkeys(self.wanted.names, Remark())
            await asyncio.to_thread(Roster(place).remember, key, names)
        except RosterError as problem:
            remedy = f"Nothing was changed. {problem.remedy}"
            raise StepFailed(problem.says, remedy) from problem
        return Outcome("The roster has them: group, note and expiry date stay.")


class ReturnUsers(_ChangeUsers):
    """Add users that were suspended, with new passwords."""

    KIND = "return-users"

    @property
    def title(self) -> str:
        """What the whole is, in words."""
        return f"Let {_names(user.name for user in self.wanted.users)} return"

    def _actions(self) -> Sequence[Action]:
        actions: list[Action] = []
        for user in self.wanted.users:
            (adding,) = self._adders[user.name].actions()
            do = partial(self._return, user.name, adding)
            actions.append(Action(adding.step, do, essential=False))
        return actions

    async def _return(self, name: str, adding: Action) -> Outcome:
        outcome = await adding.do()
        if not any(user.name == name for user in self.added):
            return outcome
        remark = Remark(suspended=None, left_behind=None, reset=self.wanted.at)
        return await self._noted(name, remark, outcome)


def _names(names: Iterable[str]) -> str:
    """`alice`, `alice and bob`, or how many there are."""
    listed = list(names)
    return " and ".join(listed) if len(listed) < 3 else f"{len(listed)} users"


def _gone(name: str, problem: CloudError | StepFailed) -> StepFailed:
    says = problem.says if isinstance(problem, StepFailed) else problem.text
    error = problem.error if isinstance(problem, StepFailed) else problem
    return StepFailed(
        f"{name} is gone: it was removed and could not be added again: {says}",
        f"{name} cannot connect until it is added: retry what failed. {problem.remedy}",
        error,
    )


def _half_removed(name: str, problem: CloudError) -> str:
    return (
        f"{name} is in no list now, but the name stays taken and a router may still let it in. "
        f"Remove {name} again once every router of the account runs. {problem.remedy}"
    )


def resetting_means(names: Sequence[str], others: Iterable[str] = ()) -> tuple[str, ...]:
    """What new passwords do, in sentences; `others` are the account's other users."""
    return (
        f"CloudStack cannot change a password: {', '.join(names)} will be removed and at once "
        "added again, one after the other.",
        f"Who of {', '.join(names)} is connected is cut off and connects again with the new "
        "password.",
        *_cut_off_too(names, others),
        "If the adding fails, the user is gone until it is added: the result says so, and the "
        "retry has the same password.",
    )


def suspending_means(names: Sequence[str], others: Iterable[str] = ()) -> tuple[str, ...]:
    """What suspending does, in sentences; `others` are the account's other users."""
    return (
        f"{', '.join(names)} can no longer connect to any VPN of the account; who of them is "
        "connected is cut off.",
        *_cut_off_too(names, others),
        "Group, note and expiry date stay in the roster of this machine. Who returns gets a new "
        "password.",
        "They leave room in the account's limit, which somebody else may take meanwhile.",
    )


def returning_means(names: Sequence[str]) -> tuple[str, ...]:
    """What returning does, in sentences."""
    return (
        f"{', '.join(names)} is added again, with a new password: the old one is not known.",
        "Group, note and expiry date are those of before.",
    )


def _cut_off_too(names: Sequence[str], others: Iterable[str]) -> list[str]:
    everyone = tuple(others)
    sentences = []
    for name in names:
        hit = [other for other in cut_off_together(name, everyone) if other not in names]
        if hit:
            sentences.append(
                f"The router also cuts off {', '.join(hit)}, whose name contains {name}; they "
                "can connect again."
            )
    return sentences
