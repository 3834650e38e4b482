"""What the Users section can do to a user: new password, suspend, return, edit, remove, export."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from textual import work

from screens.bulk_results import BulkResultsDialog
from screens.confirm import ConfirmDialog
from screens.edit_user import EditUserDialog
from screens.tables import TableScreen
from tui.operations.facts import Owner
from tui.operations.roster import Remark
from tui.operations.steps import Operation
from tui.operations.user_changes import (
    ResetUsers,
    ReturnUsers,
    SuspendUsers,
    resetting_means,
    returning_means,
    suspending_means,
)
from tui.operations.users import RemoveUsers, removing_means
from tui.session.people import (
    PersonRow,
    change_of,
    expired_rows,
    export_table,
    names_of,
    new_user,
    start_noted,
    today,
)
from tui.settings.errors import SettingsError
from tui.settings.private_file import write_private

CANNOT_UNDO: Final = "This cannot be undone: nobody knows the password, so a return has a new one."


class UserChanges(TableScreen[PersonRow]):
    """The actions on users that ask first."""

    def _others(self, row: PersonRow) -> list[str]:
        names = names_of(self.session, row.owner_key)
        return [name for name in names if name != row.name]

    def _ask(
        self,
        operation: Operation,
        sentences: Sequence[str],
        go: str,
        done: Callable[[], None],
        typed: str,
    ) -> None:
        """Say what an operation will do, and go on with `done` when the answer is yes."""
        production = self.session.profile.production
        calls = [step.call.cloudmonkey() for step in operation.plan() if step.call]
        dialog = ConfirmDialog(
            operation.title, sentences, go, calls=calls, typed=typed if production else ""
        )

        def answered(yes: bool | None) -> None:
            if yes:
                done()

        self.app.push_screen(dialog, answered)

    def action_remove_user(self) -> None:
        """Remove the user under the cursor, after asking; a suspended one leaves the roster."""
        row = self.row
        if row is None:
            return
        if row.is_suspended:
            self._forget(row)
            return
        operation = RemoveUsers(self.session.client, [row.name], owner=Owner.of(row.row.user))
        sentences = [
            *removing_means([row.name], self._others(row)),
            f"{CANNOT_UNDO} z suspends instead, which keeps group, note and last day.",
        ]
        self._ask(operation, sentences, "Remove", self._starting(operation, row), row.name)

    def _starting(self, operation: Operation, row: PersonRow) -> Callable[[], None]:
        return lambda: _ignore(start_noted(self.session, operation, row.owner_key))

    def _forget(self, row: PersonRow) -> None:
        sentences = [
            f"{row.name} is removed already; the roster of this machine forgets group, note and "
            "last day.",
            "Nothing is sent.",
        ]

        def answered(yes: bool | None) -> None:
            if yes:
                roster = self.session.roster
                roster.soon(roster.forget(row.owner_key, [row.name]))

        dialog = ConfirmDialog(f"Forget {row.name}", sentences, "Forget")
        self.app.push_screen(dialog, answered)

    def action_new_password(self) -> None:
        """Remove the user under the cursor and add it with a new password, after asking."""
        row = self.row
        if row is None:
            return
        owner = Owner.of(row.row.user)
        wanted = change_of(self.session, owner, row.owner_key, users=[new_user(row.name)])
        operation = ResetUsers(self.session.client, wanted)
        sentences = resetting_means([row.name], self._others(row))
        self._ask(operation, sentences, "New password", self._showing(operation, row), row.name)

    def action_return_user(self) -> None:
        """Add a suspended user again, with a new password, after asking."""
        row = self.row
        if row is None:
            return
        owner = Owner.of(row.row.user)
        wanted = change_of(self.session, owner, row.owner_key, users=[new_user(row.name)])
        operation = ReturnUsers(self.session.client, wanted)
        done = self._showing(operation, row)
        self._ask(operation, returning_means([row.name]), "Return", done, row.name)

    def _showing(self, operation: ResetUsers | ReturnUsers, row: PersonRow) -> Callable[[], None]:
        def start() -> None:
            start_noted(self.session, operation, row.owner_key)
            owner = Owner.of(row.row.user)
            self.app.push_screen(BulkResultsDialog(operation, owner, row.owner_key))

        return start

    def action_suspend_user(self) -> None:
        """Remove the user under the cursor and keep it in the roster, after asking."""
        row = self.row
        if row is None:
            return
        wanted = change_of(self.session, Owner.of(row.row.user), row.owner_key, names=[row.name])
        operation = SuspendUsers(self.session.client, wanted)
        sentences = suspending_means([row.name], self._others(row))
        self._ask(operation, sentences, "Suspend", self._starting(operation, row), row.name)

    def action_edit_user(self) -> None:
        """Change group, last day and note of the user under the cursor."""
        row = self.row
        if row is None:
            return

        def answered(remark: Remark | None) -> None:
            if remark is not None:
                self._keep(row, remark)

        self.app.push_screen(EditUserDialog(row.person), answered)

    @work(group="keep", exclusive=False, exit_on_error=False)
    async def _keep(self, row: PersonRow, remark: Remark) -> None:
        roster = self.session.roster
        if not await roster.remember(row.owner_key, {row.name: remark}) and roster.trouble:
            trouble = roster.trouble
            says = f"{trouble.says} {trouble.remedy}"
            self.notify(says, title="Not kept", severity="error")

    def action_remove_expired(self) -> None:
        """Remove everybody of one account whose last day is over, after asking."""
        rows = expired_rows(self.rows(), today())
        if not rows:
            return
        row = self.row
        key = row.owner_key if row is not None and _of(rows, row) else rows[0].owner_key
        mine = [each for each in rows if each.owner_key == key]
        names = [each.name for each in mine]
        others = [name for name in names_of(self.session, key) if name not in names]
        operation = RemoveUsers(self.session.client, names, owner=Owner.of(mine[0].row.user))
        days = [f"{each.name} until {each.person.expires}" for each in mine]
        sentences = [
            f"Their last day is over: {', '.join(days)}.",
            *removing_means(names, others),
            CANNOT_UNDO,
        ]
        if len(mine) < len(rows):
            sentences.append("Expired users of other accounts stay; X comes to them next.")
        typed = self.session.profile.name
        self._ask(operation, sentences, "Remove", self._starting(operation, mine[0]), typed)

    @work(group="export", exclusive=True, exit_on_error=False)
    async def action_export_users(self) -> None:
        """Write the rows that the filter leaves to a CSV file in the folder of the program."""
        path = Path.cwd() / f"vpn-users-{self.session.profile.name}-{today().isoformat()}.csv"
        text = export_table(self.table.filtered_facts)
        try:
            await asyncio.to_thread(write_private, path, text)
        except SettingsError as error:
            self.notify(str(error), title="Not written", severity="error")
            return
        self.notify(f"{path}, without passwords", title="Users are exported")


def _of(rows: Iterable[PersonRow], row: PersonRow) -> bool:
    return any(each.owner_key == row.owner_key for each in rows)


def _ignore(_: object) -> None:
    """For a callback whose result nobody wants."""
