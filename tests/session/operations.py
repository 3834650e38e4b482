"""Operations that do what a test says, for the tray."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tui.operations.steps import PlannedCall, Step, StepEvent

FIRST = Step("first", "Do the first thing", PlannedCall.of("createThing", name="x"))
SECOND = Step("second", "Do the second thing")


class Scripted:
    """Reports `script`; an exception in it is raised, an event in `wait` is awaited there."""

    def __init__(self, *script: StepEvent | Exception | asyncio.Event) -> None:
        self._script = script

    @property
    def title(self) -> str:
        return "Do two things"

    def plan(self) -> Sequence[Step]:
        return (FIRST, SECOND)

    async def run(self) -> AsyncIterator[StepEvent]:
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
