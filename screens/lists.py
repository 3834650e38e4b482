"""Dialogs that show what happened: the jobs of this console, and its messages."""

import time
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.progress import step_lines
from tui.session.tray import Task, TaskState
from tui.widgets.columns import Tone

TASK_MARKS: dict[TaskState, tuple[str, Tone]] = {
    TaskState.RUNNING: ("● running", ""),
    TaskState.DONE: ("✔ done", "ok"),
    TaskState.FAILED: ("✘ failed", "bad"),
    TaskState.CANCELLED: ("– cancelled", "off"),
}


class Notice(msgspec.Struct, frozen=True):
    """One message that was shown."""

    when: float
    """Seconds since the epoch."""
    severity: str
    title: str
    message: str


class NoticesDialog(ModalScreen[None]):
    """Every message of this console, the newest first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close")]

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__()
        self._notices = tuple(reversed(notices))

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content("Messages")
            box.border_subtitle = "escape closes"
            if not self._notices:
                yield Static("No messages yet.")
            for notice in self._notices:
                clock = time.strftime("%H:%M:%S", time.localtime(notice.when))
                glyph = {"error": "✘", "warning": "▲"}.get(notice.severity, "✔")
                head = f"{clock}  {glyph} {notice.title}".rstrip()
                yield Static(Content.styled(head, "bold"), classes="words")
                yield Static(Content(notice.message), classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


class TasksDialog(ModalScreen[None]):
    """The jobs of this console; enter shows the steps of one."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Close")]

    def __init__(self, tasks: Sequence[Task]) -> None:
        super().__init__()
        self._tasks = {str(task.number): task for task in reversed(tasks)}

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Jobs of this console")
            box.border_subtitle = "enter: steps   escape closes"
            if not self._tasks:
                yield Static("Nothing was started yet.")
            yield OptionList(*(self._option(task) for task in self._tasks.values()), markup=False)
            yield Static("", id="steps")

    def _option(self, task: Task) -> Option:
        words, _tone = TASK_MARKS[task.state]
        text = f"{words}  {task.title}  {task.seconds:.0f}s"
        if task.state is TaskState.RUNNING:
            text += f"  {task.last_words}"
        elif task.failure is not None:
            text += f"  {task.failure.says}"
        return Option(Content(text), id=str(task.number))

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self.set_interval(1, self._show_running)

    def show_task(self, task: Task) -> None:
        """Show how far a job has come."""
        number = str(task.number)
        if number not in self._tasks:
            return
        options = self.query_one(OptionList)
        options.replace_option_prompt(number, self._option(task).prompt)
        chosen = options.highlighted_option
        if chosen is not None and chosen.id == number:
            self.query_one("#steps", Static).update(step_lines(task))

    def _show_running(self) -> None:
        for task in self._tasks.values():
            if task.state is TaskState.RUNNING:
                self.show_task(task)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _steps(self, event: OptionList.OptionHighlighted | OptionList.OptionSelected) -> None:
        task = self._tasks.get(event.option.id or "")
        if task is not None:
            self.query_one("#steps", Static).update(step_lines(task))
