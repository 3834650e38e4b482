"""How a job is shown: one line a step, glyph and words."""

from typing import Any, Final, Protocol, runtime_checkable

from textual.app import App
from textual.content import Content

from tui.operations.steps import StepState
from tui.session.tray import Task, TaskState

STEP_GLYPHS: Final[dict[StepState, str]] = {
    "waiting": "·",
    "running": "●",
    "done": "✔",
    "failed": "✘",
    "skipped": "–",
}
STEP_STYLES: Final[dict[StepState, str]] = {
    "waiting": "dim",
    "running": "bold",
    "done": "$text-success",
    "failed": "bold $text-error",
    "skipped": "dim",
}


def step_lines(task: Task, *, remedies: bool = True) -> Content:
    """The steps of a job with what became of each, and what to do where that is not well."""
    lines = []
    for step in task.steps:
        event = task.latest.get(step.name)
        state: StepState = event.state if event else "waiting"
        glyph, style = STEP_GLYPHS[state], STEP_STYLES[state]
        if event and event.warning:
            glyph, style = "▲", "$text-warning"
        says = f"  {event.says}" if event and event.says else ""
        lines.append(
            Content.assemble(Content.styled(f"{glyph} {step.title}", style), Content(says))
        )
        if event and event.remedy and remedies:
            lines.append(Content(f"  {event.remedy}"))
    return Content("\n").join(lines)


@runtime_checkable
class TaskWatcher(Protocol):
    """A screen that wants to know how far jobs have come."""

    def show_task(self, task: Task) -> None:
        """Show how far `task` has come."""


@runtime_checkable
class TaskOwner(TaskWatcher, Protocol):
    """A screen that shows the end of its job itself, so that no message has to."""

    def owns(self, task: Task) -> bool:
        """Whether `task` is the job of this screen."""
        ...


def tell_tasks(app: App[Any], task: Task) -> None:
    """Tell the screens of `app` how far `task` has come, and the person when it has ended."""
    for screen in app.screen_stack:
        if screen.is_mounted and isinstance(screen, TaskWatcher):
            screen.show_task(task)
    # One that is cancelled ends with the console, or with the session.
    if task.finished is not None and task.state is not TaskState.CANCELLED:
        _tell_end(app, task)


def _tell_end(app: App[Any], task: Task) -> None:
    if isinstance(app.screen, TaskOwner) and app.screen.owns(task):
        return
    if task.state is TaskState.DONE:
        warned = any(event.warning for event in task.latest.values())
        app.notify(
            f"{task.title}: done in {task.seconds:.0f} s. {task.outcome}",
            title="Job done",
            severity="warning" if warned else "information",
        )
    elif task.state is TaskState.FAILED:
        app.notify(
            f"{task.title}: {task.outcome}", title="Job failed", severity="error", timeout=20
        )
