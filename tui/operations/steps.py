"""An operation is an explicit list of steps, each at most one call that changes something.

`plan` says what will be sent, `run` does it and reports each step as it begins and ends. A step
that fails ends the operation when the others need it; they are then reported as skipped, so that
what was *not* changed is always said. Nothing is rolled back behind a person's back.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from tui.cloud.calls import as_cloudmonkey
from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError
from tui.cloud.jobs import new_job_id
from tui.cloud.listings import Listing
from tui.cloud.models import Job
from tui.safety.secret import Secret

T = TypeVar("T")
StepState = Literal["waiting", "running", "done", "failed", "skipped"]
Argument = str | Secret


class PlannedCall(msgspec.Struct, frozen=True):
    """One call that changes something, exactly as it will be sent."""

    command: str
    parameters: tuple[tuple[str, Argument], ...] = ()

    @classmethod
    def of(cls, command: str, **parameters: Argument) -> "PlannedCall":
        """The call `command` with these parameters, in this order."""
        return cls(command, tuple(parameters.items()))

    def cloudmonkey(self) -> str:
        """The line for CloudMonkey, with secrets masked."""
        return as_cloudmonkey(self.command, dict(self.parameters))


class Step(msgspec.Struct, frozen=True):
    """One step of an operation."""

    name: str
    """Short and unique within the operation: `address`, `vpn`, `user alice`."""
    title: str
    """What it does, in words: `Add the user alice`."""
    call: PlannedCall | None = None
    """What it sends; None for a step that only looks."""


class StepEvent(msgspec.Struct, frozen=True):
    """A step has begun or ended."""

    step: Step
    state: StepState
    says: str = ""
    """What came of it: what was done, what went wrong, or why it was left out."""
    remedy: str = ""
    """What a person can do about it; only with `failed` and with a warning."""
    warning: bool = False
    """Done, but not as one may have expected."""
    error: CloudError | None = None
    job_id: str = ""
    """The job that the step has started, good for asking again from any process."""


class Outcome(msgspec.Struct, frozen=True):
    """What a step's action gives when it has not failed."""

    says: str
    skipped: bool = False
    """There was nothing to do."""
    warning: bool = False
    remedy: str = ""
    more: tuple["Action", ...] = ()
    """Steps that turned out to be necessary; they come right after this one."""


class Action(msgspec.Struct, frozen=True):
    """A step and the way to do it."""

    step: Step
    do: Callable[[], Awaitable[Outcome]]
    essential: bool = True
    """Whether the steps after it make no sense when it fails."""


class StepFailed(Exception):
    """A step has failed although no call was refused, or with more to say than the refusal."""

    def __init__(self, says: str, remedy: str, error: CloudError | None = None) -> None:
        super().__init__(says)
        self.says = says
        self.remedy = remedy
        self.error = error


def _failure(step: Step, problem: CloudError | StepFailed, job_id: str) -> StepEvent:
    if isinstance(problem, StepFailed):
        says, error = problem.says, problem.error
    else:
        says, error = problem.text, problem
    return StepEvent(step, "failed", says, problem.remedy, error=error, job_id=job_id)


class Operation(ABC):
    """A use case over the cloud. Run it once.

    `run` may report steps that `plan` has not: what turned out to be necessary on the way.
    """

    def __init__(self, client: CloudClient) -> None:
        self._client = client
        self._stopped = False
        self._job_id = ""
        self.current: Step | None = None
        """The step that is being done; stays set when the task was cancelled within it."""

    @abstractmethod
    def _actions(self) -> Sequence[Action]:
        """The steps in their order; building them sends nothing."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the whole is, in words: `Enable the VPN of acme-prod`."""

    def plan(self) -> tuple[Step, ...]:
        """The steps, in their order, with every call that will be sent."""
        return tuple(action.step for action in self._actions())

    def stop(self) -> None:
        """Leave out what has not begun; the step that is being done is brought to its end."""
        self._stopped = True

    async def run(self) -> AsyncIterator[StepEvent]:
        """Do the steps. Never raises `CloudError`; cancelling leaves `current` set."""
        waiting = list(self._actions())
        failed: Step | None = None
        while waiting:
            action = waiting.pop(0)
            step = action.step
            if failed is not None:
                says = f"Not done, because this failed: {_lower(failed.title)}."
                yield StepEvent(step, "skipped", says)
                continue
            if self._stopped:
                yield StepEvent(step, "skipped", "Not done: stopped before it began.")
                continue
            self.current, self._job_id = step, ""
            yield StepEvent(step, "running")
            try:
                outcome = await action.do()
            except (CloudError, StepFailed) as problem:
                self.current = None
                failed = step if action.essential else None
                yield _failure(step, problem, self._job_id)
                continue
            self.current = None
            waiting[:0] = outcome.more
            yield StepEvent(
                step,
                "skipped" if outcome.skipped else "done",
                outcome.says,
                outcome.remedy,
                warning=outcome.warning,
                job_id=self._job_id,
            )

    async def send(self, call: PlannedCall) -> Job:
        """Send a change and wait for its job; the only way in which operations change anything.

        The job gets an id of our own, which the step's event tells.
        """
        self._job_id = new_job_id()
        parameters = dict(call.parameters)
        return await self._client.run(call.command, job_id=self._job_id, **parameters)

    async def rows(self, listing: Listing[T], **parameters: str) -> list[T]:
        return await self._client.fetch(listing, **parameters)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
