"""Operations that do what a test says, for the tray."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.endpoint import Endpoint, Keys
from tui.operations.ledger import Ledger
from tui.operations.steps import Action, Operation, PlannedCall, Step, StepEvent
from tui.safety.secret import Secret

FIRST = Step("first", "Do the first thing", PlannedCall.of("createThing", name="x"))
SECOND = Step("second", "Do the second thing")


class Nothing(msgspec.Struct, frozen=True):
    """The plan of an operation that does what a script says."""


class Scripted(Operation):
    """Reports `script`; an exception in it is raised, an event in `wait` is awaited there."""

    KIND = "scripted"
    WANTED = Nothing

    def __init__(self, *script: StepEvent | Exception | asyncio.Event) -> None:
        super().__init__(CloudClient(Endpoint(url="http://nowhere.test"), Keys("", Secret(""))))
        self.wanted = Nothing()
        self._script = script

    @property
    def title(self) -> str:
        return "Do two things"

    def _actions(self) -> Sequence[Action]:
        raise NotImplementedError

    def plan(self) -> tuple[Step, ...]:
        return (FIRST, SECOND)

    async def run(
        self, ledger: Ledger | None = None, *, may_send: bool = True
    ) -> AsyncIterator[StepEvent]:
        for item in self._script:
            if isinstance(item, asyncio.Event):
                await item.wait()
            elif isinstance(item, Exception):
                raise item
            else:
                yield item


def running(step: Step) -> StepEvent:
    return StepEvent(step, "running")


def done(step: Step, says: str = "done") -> StepEvent:
    return StepEvent(step, "done", says)


def failed(step: Step, says: str) -> StepEvent:
    return StepEvent(step, "failed", says, "try again")
