"""Operations of the console: whatever happens in one, it ends, and says how."""

import asyncio
import logging

import pytest

from tests.session.clouds import turns
from tests.session.operations import FIRST, SECOND, Scripted, done, failed, running
from tui.cloud.errors import RouterUnreachable
from tui.operations.steps import Step, StepEvent
from tui.safety.secret import Secret
from tui.session.tray import FAULT, Task, TaskState, Tray


async def test_an_operation_that_goes_well() -> None:
    tray = Tray()
    told: list[tuple[TaskState, str, bool]] = []
    tray.listen(lambda task: told.append((task.state, task.last_words, task.finished is None)))
    after: list[Task] = []

    async def look(task: Task) -> None:
        after.append(task)

    more = StepEvent(Step("third", "What turned out to be necessary"), "done", "that too")
    script = (running(FIRST), done(FIRST, "made"), running(SECOND), done(SECOND), more)
    task = tray.start(Scripted(*script), look)
    assert (task.number, task.title, tray.running) == (1, "Do two things", 1)
    await turns(lambda: after == [task])
    assert task.state is TaskState.DONE
    assert task.last_words == "that too"
    assert [step.name for step in task.steps] == ["first", "second", "third"]
    assert task.seconds >= 0
    assert tray.running == 0
    assert told[0] == (TaskState.RUNNING, "waiting", True)
    assert told[2] == (TaskState.RUNNING, "made", True)
    assert [entry for entry in told if not entry[2]] == [(TaskState.DONE, "that too", False)]


async def test_a_step_that_failed_makes_a_failed_operation_but_only_at_its_end() -> None:
    tray = Tray()
    wait = asyncio.Event()
    skipped = StepEvent(SECOND, "skipped", "not done")
    task = tray.start(Scripted(running(FIRST), failed(FIRST, "refused"), wait, skipped))
    await turns(lambda: task.last_words == "refused")
    assert (task.state, tray.running) == (TaskState.RUNNING, 1)
    wait.set()
    await turns(lambda: task.finished is not None)
    assert (task.state, tray.running) == (TaskState.FAILED, 0)


async def test_what_nobody_foresaw_is_a_failure_in_words_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tray = Tray()
    secret = Secret("a-very-secret-value")
    after: list[TaskState] = []

    async def look(task: Task) -> None:
        after.append(task.state)

    error = ValueError(f"cannot read {secret.reveal()}\x1b[2J")
    with caplog.at_level(logging.ERROR):
        task = tray.start(Scripted(running(FIRST), done(FIRST), running(SECOND), error), look)
        await turns(lambda: bool(after))
    assert after == [TaskState.FAILED]
    assert task.finished is not None
    event = task.latest["second"]
    assert (event.state, event.remedy) == ("failed", FAULT)
    assert event.says.startswith("ValueError: cannot read ***")
    assert "\x1b" not in task.last_words
    assert task.latest["first"].state == "done"
    assert "Do two things was broken off" in caplog.text


async def test_a_fault_before_the_first_step() -> None:
    tray = Tray()
    task = tray.start(Scripted(RuntimeError("at once")))
    await turns(lambda: task.finished is not None)
    assert task.state is TaskState.FAILED
    assert task.last_words == "RuntimeError: at once"
    assert [step.name for step in task.steps] == ["first", "second", "unexpected"]


async def test_a_cloud_error_that_was_raised_instead_of_reported() -> None:
    tray = Tray()
    task = tray.start(Scripted(running(FIRST), RouterUnreachable("the router is off")))
    await turns(lambda: task.finished is not None)
    assert task.state is TaskState.FAILED
    assert task.last_words == "RouterUnreachable: the router is off"


async def test_closing_cancels_and_waits_for_nothing() -> None:
    tray = Tray()
    told: list[TaskState] = []
    tray.listen(lambda task: told.append(task.state))

    async def hang(task: Task) -> None:
        await asyncio.Event().wait()

    hung = tray.start(Scripted(running(FIRST), asyncio.Event()), hang)
    following = tray.start(Scripted(done(FIRST)), hang)
    await turns(lambda: following.finished is not None and "first" in hung.latest)
    async with asyncio.timeout(5):
        await tray.aclose()
    assert hung.state is TaskState.CANCELLED
    assert hung.finished is not None
    assert following.state is TaskState.DONE
    assert told[-1] is TaskState.CANCELLED
    assert tray.running == 0
    await tray.aclose()


async def test_what_follows_may_fail_without_changing_the_outcome(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tray = Tray()

    async def fail(task: Task) -> None:
        raise RuntimeError("the list is gone")

    task = tray.start(Scripted(done(FIRST)), fail)
    await turns(lambda: "what follows" in caplog.text)
    assert task.state is TaskState.DONE


async def test_who_watches_cannot_break_what_is_watched(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tray = Tray()

    def fail(task: Task) -> None:
        raise RuntimeError("no screen")

    told: list[str] = []
    tray.listen(fail)
    stop = tray.listen(lambda task: told.append(task.last_words))
    task = tray.start(Scripted(running(FIRST), done(FIRST, "made"), done(SECOND, "made too")))
    await turns(lambda: task.finished is not None)
    assert task.state is TaskState.DONE
    assert told[-2:] == ["made too", "made too"]
    assert "a listener of the jobs failed" in caplog.text
    stop()
    count = len(told)
    other = tray.start(Scripted(done(FIRST)))
    await turns(lambda: other.finished is not None)
    assert len(told) == count
    assert [each.number for each in tray.tasks] == [1, 2]
