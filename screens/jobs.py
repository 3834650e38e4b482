"""The jobs of this console and of earlier ones, and what can be done about them."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens import going_on
from screens.progress import step_lines
from screens.recovery import call_content
from tui.operations.handing_over import added_by, vpn_of
from tui.operations.journal import FAILED, OPEN
from tui.operations.ledger import JournalUnavailable
from tui.operations.steps import Operation
from tui.operations.unfinished import OpenOperation
from tui.session.call_lines import call_lines
from tui.session.recovery import HISTORY_DAYS, Recovery
from tui.session.tray import Task, TaskState
from tui.widgets.columns import Tone

TASK_MARKS: Final[dict[TaskState, tuple[str, Tone]]] = {
    TaskState.RUNNING: ("● running", ""),
    TaskState.DONE: ("✔ done", "ok"),
    TaskState.FAILED: ("✘ failed", "bad"),
    TaskState.CANCELLED: ("– cancelled", "off"),
}
_OUTCOMES: Final = {
    "done": "✔ done",
    "failed": "✘ failed",
    "rolled back": "– rolled back",
    "forgotten": "– forgotten",
    "settled": "– not needed any more",
}
_PAST: Final = "past "
"""Begins the option ids of what comes from the journal."""


class TasksDialog(ModalScreen[None]):
    """The jobs of this console; below them those of earlier ones, as the journal has them."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("u", "roll_back", "Roll back"),
        Binding("t", "try_again", "Try again what failed"),
        Binding("p", "passwords", "Passwords of the job"),
    ]

    def __init__(self, tasks: Sequence[Task], recovery: Recovery) -> None:
        """`tasks` may grow while the dialog is open."""
        super().__init__()
        self._tray = tasks
        self._recovery = recovery
        self._tasks: dict[str, Task] = {}
        self._past: dict[str, OpenOperation] = {}

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Jobs of this console")
            box.border_subtitle = "⏎ steps  u roll back  t try again  p passwords  esc closes"
            yield Static("Nothing was started yet.", id="nothing")
            yield OptionList(markup=False)
            yield Static("", id="steps")

    def on_mount(self) -> None:
        self._fill()
        self.query_one(OptionList).focus()
        self.set_interval(1, self._show_running)
        self._read_history()

    # Showing.

    def _fill(self) -> None:
        self._tasks = {str(task.number): task for task in reversed(self._tray)}
        options = self.query_one(OptionList)
        chosen = options.highlighted_option
        options.clear_options()
        options.add_options([self._option(task) for task in self._tasks.values()])
        if self._past:
            words = f"Earlier, from the journal of the last {HISTORY_DAYS} days"
            options.add_option(Option(Content.styled(words, "dim"), id="heading", disabled=True))
            options.add_options(
                [Option(_past_row(past), id=f"{_PAST}{key}") for key, past in self._past.items()]
            )
        self.query_one("#nothing").display = not self._tasks
        ids = [option.id for option in options.options]
        if chosen is not None and chosen.id in ids:
            options.highlighted = ids.index(chosen.id)
        elif ids:
            options.highlighted = 0 if self._tasks else 1  # the heading cannot be chosen

    @work(group="history", exclusive=True, exit_on_error=False)
    async def _read_history(self) -> None:
        try:
            self._past = {each.kept.id: each for each in await self._recovery.history()}
        except JournalUnavailable as problem:
            self.notify(f"{problem}. {problem.remedy}", title="No journal", severity="warning")
        self._fill()

    def _option(self, task: Task) -> Option:
        words, _tone = TASK_MARKS[task.state]
        text = f"{words}  {task.title}  {task.seconds:.0f}s"
        if task.state is TaskState.RUNNING:
            text += f"  {task.last_words}"
        elif task.failure is not None:
            text += f"  {task.failure.says}"
        return Option(Content(text), id=str(task.number))

    def show_task(self, task: Task) -> None:
        """Show how far a job has come."""
        number = str(task.number)
        if number not in self._tasks:
            self._fill()
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
        chosen = event.option.id or ""
        task, past = self._tasks.get(chosen), self._past.get(chosen.removeprefix(_PAST))
        if task is not None:
            self.query_one("#steps", Static).update(step_lines(task))
        elif past is not None:
            self.query_one("#steps", Static).update(_past_calls(past))

    # What can be done.

    @property
    def _chosen(self) -> tuple[Task | None, OpenOperation | None]:
        option = self.query_one(OptionList).highlighted_option
        chosen = (option.id or "") if option is not None else ""
        return self._tasks.get(chosen), self._past.get(chosen.removeprefix(_PAST))

    def action_roll_back(self) -> None:
        """Take back what the chosen job has made, after showing the calls."""
        self._go_on("Rolling back")

    def action_try_again(self) -> None:
        """Send what failed once more; what was done is not done again."""
        self._go_on("Trying again")

    @work(group="go on", exclusive=True, exit_on_error=False)
    async def _go_on(self, what: str) -> None:
        task, past = self._chosen
        try:
            known = await self._known(task, past)
        except JournalUnavailable as problem:
            self.notify(f"{problem}. {problem.remedy}", title="No journal", severity="warning")
            return
        reason = self._reason_against(what, task, known)
        if reason is not None or known is None:
            self.notify(reason or "", title=f"{what} is not possible", severity="warning")
        elif what == "Rolling back":
            await going_on.roll_back(self, self._recovery, known.kept)
        else:
            operation = task.operation if task is not None else None
            again = self._recovery.again(operation) if isinstance(operation, Operation) else None
            await going_on.resume(self, self._recovery, known, again)

    async def _known(self, task: Task | None, past: OpenOperation | None) -> OpenOperation | None:
        """What the journal has of the chosen one now."""
        kept = past.kept if past is not None else None
        if task is not None:
            kept = await self._recovery.kept_of(task)
        return None if kept is None else await self._recovery.look(kept)

    def _reason_against(
        self, what: str, task: Task | None, known: OpenOperation | None
    ) -> str | None:
        if task is not None and task.state is TaskState.RUNNING:
            return "The job still runs; wait until it has ended."
        if known is None:
            return "The journal has nothing of it, so nothing was sent."
        if what == "Trying again" and known.kept.outcome not in (FAILED, OPEN):
            return f"Nothing of it has failed: it is {known.kept.outcome}."
        return going_on.reason_against(self._recovery, known)

    def action_passwords(self) -> None:
        """Show once more what the chosen job has made: passwords and keys."""
        task, _ = self._chosen
        operation = task.operation if task is not None else None
        if isinstance(operation, Operation) and (added_by(operation) or vpn_of(operation)):
            self.app.push_screen(going_on.dialog_of(operation))
        else:
            self.notify("This job has made no passwords, or an earlier console has made them.")


def _past_row(past: OpenOperation) -> Content:
    words = _OUTCOMES.get(past.kept.outcome, past.kept.outcome)
    return Content.styled(f"{words}  {past.kept.title}  {going_on.when(past.kept.began)}", "dim")


def _past_calls(past: OpenOperation) -> Content:
    kept = past.kept
    head = f"{kept.title}: begun {going_on.when(kept.began)} with the profile {kept.profile}."
    lines = call_lines(past.entries, ())
    return Content("\n").join([Content(head), call_content(lines)])
