"""Add and remove VPN users, one call for each, going on after a failure."""

from collections.abc import Iterable, Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, JobFailed, Limit, OutcomeUnknown, Validation
from tui.cloud.listings import VPN_USERS
from tui.cloud.models import VpnUser
from tui.operations.facts import Owner
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
        call = PlannedCall.of(
            "addVpnUser",
            username=user.name,
            password=user.password,
            **self._owner.parameters,
        )
        step = Step(f"user {user.name}", f"Add the user {user.name}", call)

        async def do() -> Outcome:
            return await self._add(user, call)

        return Action(step, do, essential=False)

    async def _add(self, user: NewUser, call: PlannedCall) -> Outcome:
        if self._full is not None:
            return Outcome(
                f"{user.name} was not tried: the account has no room for another user.",
                skipped=True,
                remedy=self._full.remedy,
            )
        try:
            job = await self._operation.send(call)
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
        except OutcomeUnknown as problem:
            if not (rows := await self._listed(user.name)):
                raise problem
            return self._keep(user, rows[0].state)
        made = job.outcome("vpnuser", VpnUser)
        return self._keep(user, made.state if made is not None else "")

    async def _listed(self, name: str) -> list[VpnUser]:
        parameters = self._owner.parameters or self._owner.listing
        return await self._operation.rows(VPN_USERS, username=name, **parameters)

    def _keep(self, user: NewUser, state: str) -> Outcome:
        self.added.append(AddedUser(user.name, user.password, user.generated, state))
        if state == "Active":
            return Outcome(f"{user.name} is active on every VPN of the account.")
        return Outcome(f"{user.name} is waiting: the account has no running VPN yet.")


class AddUsers(Operation):
    """Add users to an account; the result is in `added`."""

    def __init__(
        self, client: CloudClient, users: Sequence[NewUser], *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self._adder = UserAdder(self, users, owner or Owner())

    @property
    def title(self) -> str:
        return f"Add {_users(len(self._adder.users))}"

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


def _users(number: int) -> str:
    return "one user" if number == 1 else f"{number} users"


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


class RemoveUsers(Operation):
    """Remove users from an account, going on after a failure; the result is in `removed`."""

    def __init__(
        self, client: CloudClient, names: Sequence[str], *, owner: Owner | None = None
    ) -> None:
        super().__init__(client)
        self.names = tuple(names)
        self.owner = owner or Owner()
        self.removed: list[str] = []

    @property
    def title(self) -> str:
        return f"Remove {_users(len(self.names))}"

    def _actions(self) -> Sequence[Action]:
        return [self._action(name) for name in self.names]

    def _action(self, name: str) -> Action:
        call = PlannedCall.of("removeVpnUser", username=name, **self.owner.parameters)
        step = Step(f"remove {name}", f"Remove the user {name}", call)

        async def do() -> Outcome:
            return await self._remove(name, call)

        return Action(step, do, essential=False)

    async def _remove(self, name: str, call: PlannedCall) -> Outcome:
        try:
            await self.send(call)
        except JobFailed as problem:
            if "Could not find VPN user" in problem.text:
                self.removed.append(name)
                return Outcome(f"{name} was not there any more.", warning=True)
            raise StepFailed(problem.text, _remove_again(name, problem), problem) from problem
        self.removed.append(name)
        return Outcome(f"{name} is removed.")


def _remove_again(name: str, problem: CloudError) -> str:
    return (
        f"{name} is in no list now, but the name stays taken and a router may still let it in. "
        f"Remove {name} again once every router of the account runs. {problem.remedy}"
    )
