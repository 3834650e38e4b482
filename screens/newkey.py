"""A VPN is being made anew: its steps, and then the key that everyone has to be given."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.frame import Console
from screens.kit import open_kits
from screens.progress import step_lines
from tui.operations.remake import RemakeVpn
from tui.safety.secret import MASK
from tui.session.tray import Task, TaskState


class NewKeyDialog(ModalScreen[None]):
    """The steps of making a VPN anew, and its new key. Closing it stops nothing."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss", "Close"),
        Binding("p", "reveal", "Show the key"),
        Binding("y", "copy", "Copy the key"),
        Binding("k", "kits", "Client kits"),
    ]

    def __init__(self, operation: RemakeVpn) -> None:
        super().__init__()
        self._operation = operation
        self._revealed = False

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content(self._operation.title)
            box.border_subtitle = "p shows the key   y copies   k kits   escape closes"
            yield Static("", id="steps", classes="words")
            yield Static("", id="key", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        for task in self.console.session.tray.tasks:
            self.show_task(task)

    def owns(self, task: Task) -> bool:
        """Whether `task` is the job of this dialog."""
        return task.operation is self._operation

    def show_task(self, task: Task) -> None:
        """Show how far the operation has come."""
        if not self.owns(task):
            return
        self.query_one("#steps", Static).update(step_lines(task))
        self._show_key(ended=task.state is not TaskState.RUNNING)

    def _show_key(self, *, ended: bool = True) -> None:
        made = self._operation.result
        line = self.query_one("#key", Static)
        if ended and self._operation.must_finish:
            line.update(Content.styled(f"\n✘ {self._operation.must_finish}", "bold $text-error"))
            return
        if made is None or made.preshared_key is None:
            line.update("")
            return
        key = made.preshared_key.reveal() if self._revealed else MASK
        whole = f"{made.client_range}" if made.client_range is not None else "unknown"
        words = (
            f"\nServer        {made.public_ip}\nClient range  {whole}\nNew key       {key}\n\n"
            "Everyone has to be given the new key before they can connect again: k makes kits."
        )
        line.update(Content(words if ended else ""))

    def action_reveal(self) -> None:
        """Show or hide the new key."""
        self._revealed = not self._revealed
        if self._revealed:
            title = self._operation.title
            self.console.note_secret_use("reveal", "pre-shared key", title)
        self._show_key()

    def action_copy(self) -> None:
        """Copy the new key; it is cleared from the clipboard after a while."""
        made = self._operation.result
        if made is None or made.preshared_key is None:
            self.notify("There is no new key yet.", severity="warning")
            return
        self.console.copy_out(made.preshared_key, f"New key of {made.place}")

    def action_kits(self) -> None:
        """Make client kits with the new key, for everybody of the account."""
        made = self._operation.result
        if made is None or made.preshared_key is None:
            self.notify("There is no new key yet.", severity="warning")
        else:
            open_kits(self.console, made.address_id, ())
