"""What a person has to be given once users were added: shown once, since it cannot be had again."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, cast, runtime_checkable

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from screens.confirm import ConfirmDialog
from screens.frame import Console
from screens.kit import open_kits
from screens.progress import step_lines
from tui.operations import handing_over
from tui.operations.users import AddedUser, AddUsers, NewUser
from tui.safety.secret import MASK, Secret
from tui.session.tray import Runnable, Task, TaskState


class AddsUsers(Runnable, handing_over.AddsUsers, Protocol):
    """An operation that adds users, as the tray runs it."""


def user_lines(users: Sequence[AddedUser], *, revealed: bool) -> Content:
    """Names and passwords, masked unless asked for."""
    width = max((len(user.name) for user in users), default=0)
    lines = [
        Content.assemble(
            Content.styled(user.name.ljust(width + 2), "bold"),
            Content(user.password.reveal() if revealed else MASK),
            Content("" if user.state == "Active" else "   ▲ waiting: no router has the user yet"),
        )
        for user in users
    ]
    return Content("\n").join(lines)


def unseen_names(
    wanted: Sequence[NewUser], added: Sequence[AddedUser], *, running: bool, seen: bool
) -> list[str]:
    """Users whose passwords were made here and nobody has seen: those that were added unless they
    are `seen`, and while the job is `running` those that it will still add."""
    there = {user.name for user in added}
    names = [user.name for user in added if user.generated and not seen]
    return names + [u.name for u in wanted if running and u.generated and u.name not in there]


@runtime_checkable
class HoldsPasswords(Protocol):
    """A screen that alone shows passwords."""

    @property
    def unseen(self) -> list[str]:
        """The users whose passwords would be lost if it were left now."""
        ...


def ask_before_losing(
    screen: Screen[None], lost: Sequence[str], give_up: Callable[[], object]
) -> None:
    """Leave `screen`, unless the passwords of `lost` would be lost unseen: then ask first, and call
    `give_up` when they are left."""
    if not lost:
        screen.dismiss()
        return
    sentences = [
        f"The passwords of {', '.join(lost)} were neither shown nor copied yet.",
        "Nothing keeps them: a user whose password is lost has to be removed and added again.",
    ]

    def answered(leave: bool | None) -> None:
        if leave:
            give_up()
            screen.dismiss()

    dialog = ConfirmDialog("Leave without the passwords?", sentences, "Leave")
    screen.app.push_screen(dialog, answered)


class HandoverDialog(ModalScreen[None]):
    """The steps of adding users, and then their passwords."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", "Close"),
        Binding("p", "reveal", "Show passwords"),
        Binding("y", "copy", "Copy"),
        Binding("k", "kits", "Make kits"),
    ]

    def __init__(self, operation: AddsUsers) -> None:
        super().__init__()
        self._operation = operation
        self._revealed = False
        self._handed_over = False

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    @property
    def added(self) -> Sequence[AddedUser]:
        """The users whose passwords are to be handed over."""
        return self._operation.added

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content("Adding users")
            box.border_subtitle = "p shows passwords   y copies   k kits   escape closes"
            yield Static("", id="steps", classes="words")
            yield Static("", id="users", classes="words")
            yield Static("", id="notice", classes="words quiet")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        for task in self.console.session.tray.tasks:
            self.show_task(task)

    def show_task(self, task: Task) -> None:
        """Show how far the operation has come."""
        if task.operation is not self._operation:
            return
        self.query_one("#steps", Static).update(step_lines(task))
        self._show_users()
        if task.state is not TaskState.RUNNING and self.added:
            self.query_one("#notice", Static).update(
                "\nCloudStack cannot give a password back. Hand these over now, each by a way of "
                "its own; they are not kept."
            )

    def _show_users(self) -> None:
        lines = user_lines(self.added, revealed=self._revealed)
        self.query_one("#users", Static).update(Content.assemble("\n", lines))

    def owns(self, task: Task) -> bool:
        """Whether `task` is the job of this dialog."""
        return task.operation is self._operation

    def action_close(self) -> None:
        """Close; passwords that nobody has seen are asked about."""
        ask_before_losing(self, self.unseen, self.hand_over)

    def hand_over(self) -> None:
        """Note that the passwords were shown, copied or given up."""
        self._handed_over = True
        self.console.session.hand_over(self._operation)

    @property
    def unseen(self) -> list[str]:
        """The users whose passwords would be lost now."""
        tasks = self.console.session.tray.tasks
        running = any(t.state is TaskState.RUNNING for t in tasks if self.owns(t))
        return unseen_names(
            self._operation.users, self.added, running=running, seen=self._handed_over
        )

    def action_reveal(self) -> None:
        """Show or hide the passwords."""
        self._revealed = not self._revealed
        self.hand_over()
        if self._revealed:
            names = ", ".join(user.name for user in self.added)
            self.console.note_secret_use("reveal", "passwords", names)
        self._show_users()

    def action_copy(self) -> None:
        """Copy names and passwords; the clipboard is cleared after a while."""
        lines = [f"{user.name} {user.password.reveal()}" for user in self.added]
        if lines:
            self.hand_over()
            text = Secret("\n".join(lines))
            self.console.copy_out(text, f"{len(lines)} user(s) with passwords")

    def action_kits(self) -> None:
        """Make kits, which know the passwords that were just made."""
        added = self._operation.added
        if added:
            adding = self._operation
            owner = adding.wanted.owner.key if isinstance(adding, AddUsers) else None
            open_kits(self.console, "", added, owner_key=owner, handed=self.hand_over)
