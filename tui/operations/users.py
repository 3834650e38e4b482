"""Add and remove VPN users, one call for each, going on after a failure."""

from collections.abc import Iterable, Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, JobFailed, Limit, Validation
from tui.cloud.listings import VPN_USERS
from tui.cloud.models import Job, VpnUser
from tui.operations.facts import Owner
from tui.operations.reach import Reach
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.safety.secret import Secret
from tui.vpn.passwords import generate_password
from tui.vpn.users import cut_off_together

_HIDDEN_NAME = (
    "If no list shows the user, a removal was refused half-way: remove it once more, then add it."
)
_ROLLED_BACK = (
    "The server has taken the user back. One router of the account that does not run is enough "
    "for this; until the next change that succeeds, every user of the account is waiting."
)


class NewUser(msgspec.Struct, frozen=True):
    """A user to be added."""

    name: str
    password: Secret
    generated: bool = False

    @classmethod
    def generate(cls, name: str) -> "NewUser":
        """A user with a generated password."""
        return cls(name, Secret(generate_password()), generated=True)


class AddedUser(msgspec.Struct, frozen=True):
    """A user that the server has taken."""

    name: str
    password: Secret
    generated: bool
    state: str
    """`Active`, or `Add` while no router has it."""


class UserAdder:
    """Makes the steps that add users and keeps what became of them."""

    def __init__(self, operation: Operation, users: Sequence[NewUser], owner: Owner) -> None:
        self._operation = operation
        self._owner = owner
        self.users = tuple(users)
        self.added: list[AddedUser] = []
        self._full: Limit | None = None

    def actions(self) -> list[Action]:
        """One step for each user; none is essential, the others go on."""
        return [self._action(user) for user in self.users]

    def _action(self, user: NewUser) -> Action:
        step = Step(f"user {user.name}", f"Add the user {user.name}", self._call(user))

        async def do() -> Outcome:
            return await self._add(user)

        return Action(step, do, essential=False)

    def _call(self, user: NewUser) -> PlannedCall:
        return PlannedCall.of(
            "addVpnUser", username=user.name, password=user.password, **self._owner.parameters
        )

    async def _add(self, user: NewUser) -> Outcome:
        if self._full is not None:
            return Outcome(
                f"{user.name} was not tried: the account has no room for another user.",
                skipped=True,
                remedy=self._full.remedy,
            )
        try:
            if not user.password:
                return await self._add_anew(user.name)
            job = await self._send(user)
        except Limit as problem:
            self._full = problem
            raise
        except JobFailed as problem:
            raise StepFailed(problem.text, f"{_ROLLED_BACK} {problem.remedy}", problem) from problem
        except Validation as problem:
            if "already added" not in problem.text:
                raise
            says = f"The account already has a user {user.name}; the password was not changed."
            raise StepFailed(says, _HIDDEN_NAME, problem) from problem
        return self._keep(user, await self._state(user.name, job))

    async def _send(self, user: NewUser) -> Job:
        async def look() -> str:
            rows = await self._listed(user.name)
            return rows[0].id if rows else ""

        return await self._operation.send(self._call(user), look=look)

    async def _add_anew(self, name: str) -> Outcome:
        """Add a user whose password was lost when the program ended.

        The server cannot change a password and nobody has seen this one, so a user that is there
        already is removed and added with another.
        """
        while True:
            user = NewUser.generate(name)
            job = await self._send(user)
            if self._operation.sent_now:
                kept = self._keep(user, await self._state(name, job))
                says = f"{kept.says} Its first password could not be kept; it has a new one."
                return msgspec.structs.replace(kept, says=says, warning=True)
            await self._operation.send(removing_call(name, self._owner))

    async def _state(self, name: str, job: Job) -> str:
        """The user's state; the list has it where the job's result does not."""
        made = job.outcome("vpnuser", VpnUser)
        if made is not None:
            return made.state
        rows = await self._listed(name)
        return rows[0].state if rows else ""

    async def _listed(self, name: str) -> list[VpnUser]:
        parameters = self._owner.parameters or self._owner.listing
        return await self._operation.rows(VPN_USERS, username=name, **parameters)

    def _keep(self, user: NewUser, state: str) -> Outcome:
        self.added.append(AddedUser(user.name, user.password, user.generated, state))
        if state == "Active":
            return Outcome(f"{user.name} is active on every VPN of the account.")
        return Outcome(f"{user.name} is waiting: the account has no running VPN yet.")


class Additions(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be added to which account."""

    users: tuple[NewUser, ...]
    owner: Owner = Owner()


class AddUsers(Operation):
    """Add users to an account; the result is in `added`."""

    KIND = "add-users"
    WANTED = Additions
    wanted: Additions

    def __init__(
        self, client: CloudClient, users: Sequence[NewUser], *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = Additions(users=tuple(users), owner=owner or Owner())
        self._adder = UserAdder(self, users, self.wanted.owner)

    @classmethod
    def rebuild(cls, wanted: Additions, reach: Reach) -> "AddUsers":
        return cls(reach.client, wanted.users, owner=wanted.owner)

    @property
    def title(self) -> str:
        return f"Add {_users(self.wanted.users)}"

    @property
    def subject(self) -> str:
        return self.wanted.owner.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return "VpnUser", "", ", ".join(user.name for user in self.wanted.users)

    @property
    def users(self) -> tuple[NewUser, ...]:
        """The users that are to be added."""
        return self._adder.users

    @property
    def added(self) -> tuple[AddedUser, ...]:
        """The users that the server has taken so far, with their passwords."""
        return tuple(self._adder.added)

    def _actions(self) -> Sequence[Action]:
        return self._adder.actions()


def _users(users: Sequence[object]) -> str:
    return "one user" if len(users) == 1 else f"{len(users)} users"


def removing_means(names: Sequence[str], others: Iterable[str] = ()) -> tuple[str, ...]:
    """What removing these users does, in sentences; `others` are the account's other users."""
    everyone = tuple(others)
    sentences = [
        f"{', '.join(names)} can no longer connect to any VPN of the account; who of them is "
        "connected is cut off."
    ]
    for name in names:
        hit = [other for other in cut_off_together(name, everyone) if other not in names]
        if hit:
            sentences.append(
                f"The router also cuts off {', '.join(hit)}, whose name contains {name}; they "
                "can connect again."
            )
    sentences.append(
        "The pre-shared key stays the same and they know it; make a new VPN to change it."
    )
    return tuple(sentences)


class Removals(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to go from which account."""

    names: tuple[str, ...]
    owner: Owner = Owner()


def removing_call(name: str, owner: Owner) -> PlannedCall:
    """The call that removes a user. It names the user, not an id."""
    return PlannedCall.of("removeVpnUser", username=name, **owner.parameters)


class RemoveUsers(Operation):
    """Remove users from an account, going on after a failure; the result is in `removed`."""

    KIND = "remove-users"
    WANTED = Removals
    wanted: Removals

    def __init__(
        self, client: CloudClient, names: Sequence[str], *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = Removals(names=tuple(names), owner=owner or Owner())
        self.removed: list[str] = []

    @classmethod
    def rebuild(cls, wanted: Removals, reach: Reach) -> "RemoveUsers":
        return cls(reach.client, wanted.names, owner=wanted.owner)

    @property
    def title(self) -> str:
        return f"Remove {_users(self.wanted.names)}"

    @property
    def subject(self) -> str:
        return self.wanted.owner.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return "VpnUser", "", ", ".join(self.wanted.names)

    def _actions(self) -> Sequence[Action]:
        return [self._action(name) for name in self.wanted.names]

    def _action(self, name: str) -> Action:
        call = removing_call(name, self.wanted.owner)
        step = Step(f"remove {name}", f"Remove the user {name}", call)

        async def do() -> Outcome:
            return await self._remove(name, call)

        return Action(step, do, essential=False)

    async def _remove(self, name: str, call: PlannedCall) -> Outcome:
        try:
            was_there = await send_removal(self, name, call, self.wanted.owner)
        except JobFailed as problem:
            raise StepFailed(problem.text, _remove_again(name, problem), problem) from problem
        self.removed.append(name)
        if not was_there:
            return Outcome(f"{name} was not there any more.", warning=True)
        return Outcome(f"{name} is removed.")


async def send_removal(operation: Operation, name: str, call: PlannedCall, owner: Owner) -> bool:
    """Send the removal of a user; False where there was no such user any more.

    Raises `JobFailed` where the user is left half removed: in no list, and its name taken.
    """

    async def gone() -> bool:
        # One that is half removed is in no list either; adding it again then says so.
        parameters = owner.parameters or owner.listing
        return not await operation.rows(VPN_USERS, username=name, **parameters)

    try:
        await operation.send(call, look=gone)
    except JobFailed as problem:
        if "Could not find VPN user" not in problem.text:
            raise
        return False
    return True


def _remove_again(name: str, problem: CloudError) -> str:
    return (
        f"{name} is in no list now, but the name stays taken and a router may still let it in. "
        f"Remove {name} again once every router of the account runs. {problem.remedy}"
    )
