"""The operations of this console: they run on while screens come and go."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final, Protocol

from tui.operations.steps import Step, StepEvent
from tui.safety.redact import redact
from tui.safety.text import clean

_log = logging.getLogger(__name__)

FAULT: Final = (
    "This is a fault of csvpn. Look at the lists to see what was changed before it, then try again."
)
"""What a person can do about an exception that nobody foresaw."""


class TaskState(StrEnum):
    """How far an operation has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Runnable(Protocol):
    """What the tray runs: a plan, and the events of running it."""

    @property
    def title(self) -> str:
        """What the whole is, in words."""
        ...

    def plan(self) -> Sequence[Step]:
        """The steps in order, with the calls they will make."""
        ...

    def run(self) -> AsyncIterator[StepEvent]:
        """Run the steps; an error is an event, not an exception."""
        ...


class Task:
    """One operation that was started."""

    def __init__(self, number: int, operation: Runnable) -> None:
        self.number = number
        self.operation = operation
        self.title = operation.title
        self.steps = tuple(operation.plan())
        self.latest: dict[str, StepEvent] = {}
        """The last event of each step that has begun, by the step's name."""
        self.state = TaskState.RUNNING
        """`RUNNING` until the operation has ended, also when a step has failed already."""
        self.started = time.time()
        self.finished: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self.finished or time.time()) - self.started

    @property
    def last_words(self) -> str:
        """What the newest event says."""
        return list(self.latest.values())[-1].says if self.latest else "waiting"

    @property
    def failure(self) -> StepEvent | None:
        """The first step that has failed; what comes after it was often only left out."""
        failed = [each for each in self.latest.values() if each.state == "failed"]
        return failed[0] if failed else None

    @property
    def outcome(self) -> str:
        """What came of it: the failure and what to do, or else the newest words and warnings."""
        failure = self.failure
        if failure is not None:
            return f"{failure.says} {failure.remedy}".strip()
        events = list(self.latest.values())
        told = [each.says for each in events[:-1] if each.warning]
        return " ".join([*told, self.last_words])

    def take(self, event: StepEvent) -> None:
        """Note an event; the newest one is always last."""
        self.latest.pop(event.step.name, None)
        self.latest[event.step.name] = event
        if event.step.name not in {step.name for step in self.steps}:
            self.steps = (*self.steps, event.step)

    def end(self, state: TaskState | None = None) -> None:
        """Note that the operation has ended: in `state`, or in the one that its steps tell."""
        self.state = state or (TaskState.DONE if self.failure is None else TaskState.FAILED)
        self.finished = time.time()

    def break_off(self, error: Exception) -> None:
        """Note that the operation was ended by an exception that nobody foresaw.

        Its words become those of the step that was being done, without any secret.
        """
        began = [event.step for event in self.latest.values() if event.state == "running"]
        step = began[-1] if began else Step("unexpected", self.title)
        says = redact(clean(f"{type(error).__name__}: {error}"))
        self.take(StepEvent(step, "failed", says, FAULT))
        self.end(TaskState.FAILED)


class Tray:
    """Starts operations and tells listeners of every event."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self._listeners: list[Callable[[Task], None]] = []
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many operations run now."""
        return sum(task.state is TaskState.RUNNING for task in self.tasks)

    def listen(self, listener: Callable[[Task], None]) -> Callable[[], None]:
        """Call `listener` with a task whenever it changes; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(
        self,
        operation: Runnable,
        after: Callable[[Task], Awaitable[None]] | None = None,
        events: AsyncIterator[StepEvent] | None = None,
    ) -> Task:
        """Run `operation` in the background, then `after`, whether it went well or not.

        `events` are those of running it, where it is not simply run.

        `after` is left out when the operation was cancelled: then the console is being closed.
        """
        task = Task(len(self.tasks) + 1, operation)
        self.tasks.append(task)
        running = asyncio.create_task(self._run(task, after, events))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        self._tell(task)
        return task

    async def _run(
        self,
        task: Task,
        after: Callable[[Task], Awaitable[None]] | None,
        events: AsyncIterator[StepEvent] | None,
    ) -> None:
        try:
            async for event in events if events is not None else task.operation.run():
                task.take(event)
                self._tell(task)
        except asyncio.CancelledError:
            task.end(TaskState.CANCELLED)
            self._tell(task)
            raise
        except Exception as error:
            _log.exception("%s was broken off", task.title)
            task.break_off(error)
        else:
            task.end()
        self._tell(task)
        if after is not None:
            try:
                await after(task)
            except Exception:
                _log.exception("what follows %s was broken off", task.title)

    def _tell(self, task: Task) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(task)
            except Exception:
                # Somebody who watches must not be able to break what is watched.
                _log.exception("a listener of the jobs failed")

    async def aclose(self) -> None:
        """Stop watching; jobs that the server has taken go on there."""
        for running in tuple(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
