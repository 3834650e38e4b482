"""An operation is an explicit list of steps, each at most one call that changes something.

`plan` says what will be sent, `run` does it and reports each step as it begins and ends. A step
that fails ends the operation when the others need it; they are then reported as skipped, so that
what was *not* changed is always said. Nothing is rolled back behind a person's back.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, ClassVar, Literal, TypeVar

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError
from tui.cloud.listings import Listing
from tui.cloud.models import Job
from tui.operations.call_states import CallState
from tui.operations.inverses import inverse
from tui.operations.ledger import JournalUnavailable, Ledger
from tui.operations.reach import Reach
from tui.operations.sending import Delivery, Look, NotSentYet, PlannedCall, Undo

__all__ = [
    "Action",
    "Operation",
    "Outcome",
    "PlannedCall",
    "Step",
    "StepEvent",
    "StepFailed",
    "StepState",
]

T = TypeVar("T")
StepState = Literal["waiting", "running", "done", "failed", "skipped"]


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
    """A step has failed although no call was refused, or with more to say than the refusal.

    `more` are steps that have to be done all the same, since the failure made them necessary.
    """

    def __init__(
        self,
        says: str,
        remedy: str,
        error: CloudError | None = None,
        more: tuple[Action, ...] = (),
    ) -> None:
        super().__init__(says)
        self.says = says
        self.remedy = remedy
        self.error = error
        self.more = more


def _failure(
    step: Step, problem: CloudError | StepFailed | JournalUnavailable, job_id: str
) -> StepEvent:
    if isinstance(problem, StepFailed):
        says, error = problem.says, problem.error
    elif isinstance(problem, JournalUnavailable):
        says, error = str(problem), None
    else:
        says, error = problem.text, problem
    return StepEvent(step, "failed", says, problem.remedy, error=error, job_id=job_id)


def _success(step: Step, outcome: Outcome, job_id: str) -> StepEvent:
    state: StepState = "skipped" if outcome.skipped else "done"
    return StepEvent(
        step, state, outcome.says, outcome.remedy, warning=outcome.warning, job_id=job_id
    )


class Operation(ABC):
    """A use case over the cloud. Run it once.

    `run` may report steps that `plan` has not: what turned out to be necessary on the way.

    All that is needed to build it again is in `wanted`. After a crash it is built from there and
    run from the start, with the ledger of what it had sent: a call that was made then is not made
    again, its job is given back; steps that only look, look anew.
    """

    KIND: ClassVar[str]
    """Its name in the journal; never changed."""
    WANTED: ClassVar[type[msgspec.Struct]]
    """The type of `wanted`."""
    wanted: msgspec.Struct
    SETTLES: ClassVar[frozenset[str]] = frozenset()
    """Kinds of operations on the same subject that need not be finished once this one is done."""
    GOES_ON: ClassVar[bool] = False
    """Whether it goes on at the next start without anybody being asked: what is left of it was
    agreed on when it began."""

    def __init__(self, client: CloudClient) -> None:
        self._client = client
        self._stopped = False
        self._job_id = ""
        self._key = ""
        self._sends = 0
        self._may_send = True
        self.ledger = Ledger()
        """What was sent, as far as it is known."""
        self.current: Step | None = None
        """The step that is being done; stays set when the task was cancelled within it."""
        self.sent_now = False
        """Whether the last `send` has sent its call in this run, rather than found it done."""

    @classmethod
    def rebuild(cls, wanted: Any, reach: Reach) -> "Operation":
        """The operation again, from what the journal has kept: `wanted` is a `cls.WANTED`."""
        build: Callable[..., Operation] = cls
        return build(reach.client, wanted)

    @abstractmethod
    def _actions(self) -> Sequence[Action]:
        """The steps in their order; building them sends nothing and depends on `wanted` alone."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the whole is, in words: `Enable the VPN of acme-prod`."""

    @property
    def subject(self) -> str:
        """What two consoles must not change at once, within one cloud; "" for no such thing."""
        return ""

    @property
    def target(self) -> tuple[str, str, str]:
        """What it is about, for the audit trail: its kind, id and name."""
        return "", "", ""

    @property
    def must_finish(self) -> str:
        """Why it must not stay as it is now, in one sentence; "" where it may. Asked after a run
        that has failed: what it says is shown at every start until the operation is finished."""
        return ""

    @property
    def undo_words(self) -> str:
        """Why there is no way back, in a sentence; "" where its calls decide."""
        return ""

    def plan(self) -> tuple[Step, ...]:
        """The steps, in their order, with every call that will be sent."""
        return tuple(action.step for action in self._actions())

    def stop(self) -> None:
        """Leave out what has not begun; the step that is being done is brought to its end."""
        self._stopped = True

    async def run(
        self, ledger: Ledger | None = None, *, may_send: bool = True
    ) -> AsyncIterator[StepEvent]:
        """Do the steps. Never raises `CloudError`; cancelling leaves `current` set.

        `ledger` is what an earlier run has left; without one nothing is kept. With `may_send`
        False it only finds out what became of the calls that were sent, and ends before the first
        that was not and on which the others depend.
        """
        self.ledger = self.ledger if ledger is None else ledger
        self._may_send = may_send
        waiting = list(self._actions())
        owed: list[Action] = []
        times: Counter[str] = Counter()
        failed: Step | None = None
        while owed or waiting:
            must = bool(owed)
            action = owed.pop(0) if must else waiting.pop(0)
            step = action.step
            if failed is not None and not must:
                if times[step.name]:
                    continue  # done already, as one of those that the failure made necessary
                says = f"Not done, because this failed: {_lower(failed.title)}."
                yield StepEvent(step, "skipped", says)
                continue
            if self._stopped:
                yield StepEvent(step, "skipped", "Not done: stopped before it began.")
                continue
            times[step.name] += 1
            again = f" {times[step.name]}" if times[step.name] > 1 else ""
            self.current, self._key = step, f"{step.name}{again}"
            self._job_id, self._sends = "", 0
            yield StepEvent(step, "running")
            try:
                outcome = await action.do()
            except NotSentYet:
                if action.essential and not must:
                    return
                # What comes after it may have been sent all the same; this one stays begun.
                self.current = None
                continue
            except (CloudError, StepFailed, JournalUnavailable) as problem:
                self.current = None
                if action.essential and not must:
                    failed = step
                owed += problem.more if isinstance(problem, StepFailed) else ()
                yield _failure(step, problem, self._job_id)
                continue
            self.current = None
            if must:
                owed[:0] = outcome.more
            else:
                waiting[:0] = outcome.more
            yield _success(step, outcome, self._job_id)

    async def send(
        self,
        call: PlannedCall,
        *,
        look: Look | None = None,
        undo: Undo = None,
        only_one: bool = False,
    ) -> Job:
        """Send a change and wait for its job; the only way in which operations change anything.

        What was sent by an earlier run is not sent again: its job is given back. `look`, `undo` and
        `only_one` are as in `Delivery`; without `undo` the inverse of a creation takes it back.
        """
        if self.current is None:
            raise RuntimeError("a call can only be sent within a step")
        delivery = Delivery(
            client=self._client,
            ledger=self.ledger,
            step=self._key,
            number=self._sends,
            call=call,
            look=look,
            undo=undo if undo is not None else lambda job: inverse(call, job),
            only_one=only_one,
            may_send=self._may_send,
        )
        self._sends += 1
        before = self.ledger.entry(delivery.step, delivery.number)
        try:
            return await delivery.run()
        finally:
            entry = self.ledger.entry(delivery.step, delivery.number)
            self._job_id = entry.job_id if entry else ""
            self.sent_now = (
                before is None
                or before.state is CallState.INTENT
                or (entry is not None and entry.attempt > before.attempt)
            )

    async def rows(self, listing: Listing[T], **parameters: str) -> list[T]:
        return await self._client.fetch(listing, **parameters)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
