"""What came of adding users, row by row: passwords to hand over, retry of what failed, undo."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from screens.confirm import ConfirmDialog
from screens.handover import AddsUsers, HandoverDialog
from screens.kit import open_kits
from tui.operations.facts import Owner
from tui.operations.user_changes import ResetUsers, ReturnUsers
from tui.operations.users import AddedUser, AddUsers, RemoveUsers, removing_means
from tui.session.people import change_of, failed_users, names_of, start_noted
from tui.session.tray import Task, TaskState
from tui.session.views import OwnerKey


class BulkResultsDialog(HandoverDialog):
    """The steps with what became of each, and what can be done about it.

    What failed can be tried again by itself, with the same passwords; users that were added can be
    removed again. Passwords of an earlier try stay until they were handed over.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "retry", "Retry what failed"),
        Binding("z", "undo", "Undo"),
    ]

    def __init__(
        self,
        operation: AddsUsers,
        owner: Owner,
        key: OwnerKey | None,
        before: Sequence[AddsUsers] = (),
    ) -> None:
        """`before` are the earlier tries of the same piece of work."""
        super().__init__(operation)
        self._owner = owner
        self._key = key
        self._before = tuple(before)

    @property
    def added(self) -> Sequence[AddedUser]:
        tries = (*self._before, self._operation)
        return tuple(user for each in tries for user in each.added)

    def hand_over(self) -> None:
        for each in self._before:
            self.console.session.hand_over(each)
        super().hand_over()

    def on_mount(self) -> None:
        box = self.query_one(VerticalScroll)
        box.border_title = Content(self._operation.title)
        box.border_subtitle = "p passwords  y copy  k kits  t retry  z undo  esc close"

    @property
    def _job(self) -> Task | None:
        return next((t for t in self.console.session.tray.tasks if self.owns(t)), None)

    def _refuse(self, what: str, why: str) -> None:
        self.notify(why, title=f"{what} is not possible", severity="warning")

    def action_kits(self) -> None:
        """Make kits, which know the passwords that were made here."""
        if self.added:
            open_kits(self.console, "", self.added, owner_key=self._key, handed=self.hand_over)

    # Retry.

    def action_retry(self) -> None:
        """Try again what failed, and only that."""
        task = self._job
        if task is None or task.state is TaskState.RUNNING:
            self._refuse("Retry", "The job is still running.")
            return
        operation = self._operation
        failed = failed_users(operation.users, [user.name for user in operation.added])
        if not failed:
            self._refuse("Retry", "Nothing has failed.")
            return
        session = self.console.session
        again: AddUsers | ResetUsers | ReturnUsers = AddUsers(
            session.client, failed, owner=self._owner
        )
        if isinstance(operation, ResetUsers) and not operation.to_finish:
            # Nobody is gone: they have to be removed first, as before.
            wanted = change_of(session, self._owner, self._key, users=failed)
            again = ResetUsers(session.client, wanted)
        elif isinstance(operation, ResetUsers):
            again = AddUsers(session.client, operation.to_finish, owner=self._owner)
        elif isinstance(operation, ReturnUsers):
            wanted = change_of(session, self._owner, self._key, users=failed)
            again = ReturnUsers(session.client, wanted)
        start_and_show(self, again, self._owner, self._key, before=(*self._before, self._operation))

    # Undo.

    def action_undo(self) -> None:
        """Remove the users that were added here, and only these."""
        task = self._job
        if task is None or task.state is TaskState.RUNNING:
            self._refuse("Undo", "The job is still running.")
            return
        if isinstance(self._operation, ResetUsers):
            self._refuse("Undo", "Nobody knows the old passwords, so they cannot be put back.")
            return
        names = [user.name for user in self._operation.added]
        if not names:
            self._refuse("Undo", "Nobody was added.")
            return
        session = self.console.session
        others = [name for name in names_of(session, self._key) if name not in names]
        operation = RemoveUsers(session.client, names, owner=self._owner)
        dialog = ConfirmDialog(
            f"Undo: {operation.title.lower()}",
            [*removing_means(names, others), "That cannot be undone: their passwords are lost."],
            "Remove",
            calls=[step.call.cloudmonkey() for step in operation.plan() if step.call],
            typed=session.profile.name if session.profile.production else "",
        )

        def answered(yes: bool | None) -> None:
            if yes:
                start_noted(self.console.session, operation, self._key)
                self.hand_over()
                self.dismiss()

        self.app.push_screen(dialog, answered)


def start_and_show(
    dialog: HandoverDialog,
    operation: AddUsers | ResetUsers | ReturnUsers,
    owner: Owner,
    key: OwnerKey | None,
    *,
    before: Sequence[AddsUsers] = (),
) -> None:
    """Start an operation and show its results in place of `dialog`."""
    start_noted(dialog.console.session, operation, key)
    dialog.app.switch_screen(BulkResultsDialog(operation, owner, key, before))
