"""An operation that goes on: its steps, and what it has made that somebody has to be given."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.enable_words import everything_to_give, result_lines
from screens.frame import Console
from screens.handover import ask_before_losing, unseen_names
from screens.progress import step_lines
from tui.operations.enable import EnableVpn
from tui.operations.handing_over import vpn_of
from tui.operations.steps import Operation
from tui.session.tray import Task, TaskState


class ResumedDialog(ModalScreen[None]):
    """The steps of an operation that was resumed; a VPN that it has made with key and users."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", "Close"),
        Binding("p", "reveal", "Show secrets"),
        Binding("y", "copy", "Copy everything"),
    ]

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self._operation = operation
        self._revealed = False
        self._handed_over = False

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content(self._operation.title)
            box.border_subtitle = "escape closes; J shows the job"
            yield Static("", id="made", classes="words")
            yield Static("", id="steps", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        for task in self.console.session.tray.tasks:
            self.show_task(task)

    def show_task(self, task: Task) -> None:
        """Show how far the operation has come."""
        if not self.owns(task):
            return
        self.query_one("#steps", Static).update(step_lines(task))
        self._show_made()

    def _show_made(self) -> None:
        vpn = vpn_of(self._operation)
        if vpn is None:
            return
        box = self.query_one(".dialog")
        box.border_subtitle = "p shows secrets   y copies   escape closes"
        lines = [*result_lines(vpn, revealed=self._revealed), Content("")]
        self.query_one("#made", Static).update(Content("\n").join(lines))

    def owns(self, task: Task) -> bool:
        """Whether `task` is the job of this dialog."""
        return task.operation is self._operation

    def action_close(self) -> None:
        """Close; passwords that nobody has seen are asked about."""
        ask_before_losing(self, self.unseen, self._hand_over)

    def _hand_over(self) -> None:
        self._handed_over = True
        self.console.session.hand_over(self._operation)

    @property
    def unseen(self) -> list[str]:
        """The users whose passwords would be lost now."""
        vpn = vpn_of(self._operation)
        tasks = self.console.session.tray.tasks
        running = any(t.state is TaskState.RUNNING for t in tasks if self.owns(t))
        operation = self._operation
        return unseen_names(
            operation.wanted.users if isinstance(operation, EnableVpn) else (),
            vpn.users if vpn is not None else (),
            running=running,
            seen=self._handed_over,
        )

    def action_reveal(self) -> None:
        """Show or hide the key and the passwords."""
        if vpn_of(self._operation) is None:
            return
        self._revealed = not self._revealed
        self._hand_over()
        if self._revealed:
            self.console.note_secret_use(
                "reveal", "pre-shared key and passwords", self._operation.title
            )
        self._show_made()

    def action_copy(self) -> None:
        """Copy what people have to be given: server, key, users and passwords."""
        vpn = vpn_of(self._operation)
        if vpn is None:
            return
        self._hand_over()
        self.console.copy_out(everything_to_give(vpn), "Server, key and users")
