"""What the Users section can do to a user: new password, suspend, return, edit, remove, export."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from textual import work

from screens.bulk_results import BulkResultsDialog
from screens.confirm import ConfirmDialog
from screens.edit_user import EditUserDialog
from screens.many import ask_for_all
from screens.tables import TableScreen
from tui.operations.facts import Owner
from tui.operations.roster import Remark
from tui.operations.steps import Operation
from tui.operations.user_changes import (
    ResetUsers,
    ReturnUsers,
    SuspendUsers,
    UserChange,
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
    """The actions on users that ask first: on the marked ones, or the one under the cursor."""

    def _by_owner(self, rows: Iterable[PersonRow]) -> list[list[PersonRow]]:
        """The rows of each owner, for CloudStack changes the users of one account at a time."""
        owners: dict[object, list[PersonRow]] = {}
        for row in rows:
            owners.setdefault(row.owner_key, []).append(row)
        return list(owners.values())

    def _others(self, rows: Sequence[PersonRow]) -> list[str]:
        names = names_of(self.session, rows[0].owner_key)
        return [name for name in names if name not in _names(rows)]

    def _ask(
        self,
        rows: Sequence[PersonRow],
        make: Callable[[Sequence[PersonRow]], tuple[Operation, Callable[[], None], Sequence[str]]],
        go: str,
    ) -> None:
        """Say what will be done to `rows`, an operation for each owner, and do it on a yes."""
        made = [make(mine) for mine in self._by_owner(rows)]
        ask_for_all(
            self,
            f"{go} {len(rows)} VPN users",
            [(operation, start) for operation, start, _ in made],
            [sentence for _, _, means in made for sentence in means],
            go,
            typed=rows[0].name if len(rows) == 1 else self.session.profile.name,
        )

    def action_remove_user(self) -> None:
        """Remove users, after asking; suspended ones leave the roster."""
        here = [row for row in self.chosen if not row.is_suspended]
        if here:
            self._ask(here, self._removing, "Remove")
        elif self.chosen:
            self._forget(self.chosen)

    def _removing(
        self, rows: Sequence[PersonRow]
    ) -> tuple[Operation, Callable[[], None], Sequence[str]]:
        names = _names(rows)
        operation = RemoveUsers(self.session.client, names, owner=Owner.of(rows[0].row.user))
        sentences = [
            *removing_means(names, self._others(rows)),
            f"{CANNOT_UNDO} z suspends instead, which keeps group, note and last day.",
        ]
        return operation, self._starting(operation, rows[0]), sentences

    def _starting(self, operation: Operation, row: PersonRow) -> Callable[[], None]:
        return lambda: _ignore(start_noted(self.session, operation, row.owner_key))

    def _forget(self, rows: Sequence[PersonRow]) -> None:
        names = ", ".join(_names(rows))
        removed = "is removed already" if len(rows) == 1 else "are removed already"
        sentences = [
            f"{names} {removed}; the roster of this machine forgets group, note and last day.",
            "Nothing is sent.",
        ]

        def answered(yes: bool | None) -> None:
            roster = self.session.roster
            for mine in self._by_owner(rows) if yes else ():
                roster.soon(roster.forget(mine[0].owner_key, _names(mine)))

        title = names if len(rows) == 1 else f"{len(rows)} VPN users"
        self.app.push_screen(ConfirmDialog(f"Forget {title}", sentences, "Forget"), answered)

    def action_new_password(self) -> None:
        """Remove users and add them with new passwords, after asking."""
        here = [row for row in self.chosen if not row.is_suspended]
        if here and self._are_of_one_account(here):
            self._ask(here, self._resetting, "New password")

    def _resetting(
        self, rows: Sequence[PersonRow]
    ) -> tuple[Operation, Callable[[], None], Sequence[str]]:
        operation = ResetUsers(self.session.client, self._anew(rows))
        means = resetting_means(_names(rows), self._others(rows))
        return operation, self._showing(operation, rows[0]), means

    def _anew(self, rows: Sequence[PersonRow]) -> UserChange:
        owner = Owner.of(rows[0].row.user)
        users = [new_user(name) for name in _names(rows)]
        return change_of(self.session, owner, rows[0].owner_key, users=users)

    def action_return_user(self) -> None:
        """Add suspended users again, with new passwords, after asking."""
        gone = [row for row in self.chosen if row.is_suspended]
        if gone and self._are_of_one_account(gone):
            self._ask(gone, self._returning, "Return")

    def _returning(
        self, rows: Sequence[PersonRow]
    ) -> tuple[Operation, Callable[[], None], Sequence[str]]:
        operation = ReturnUsers(self.session.client, self._anew(rows))
        return operation, self._showing(operation, rows[0]), returning_means(_names(rows))

    def _are_of_one_account(self, rows: Sequence[PersonRow]) -> bool:
        """Whether passwords can be made for them together, and handed over on one screen."""
        one = len(self._by_owner(rows)) == 1
        if not one:
            says = "The marked users belong to several accounts. Mark those of one account."
            self.notify(says, title="One account at a time", severity="warning")
        return one

    def _showing(self, operation: ResetUsers | ReturnUsers, row: PersonRow) -> Callable[[], None]:
        def start() -> None:
            start_noted(self.session, operation, row.owner_key)
            owner = Owner.of(row.row.user)
            self.app.push_screen(BulkResultsDialog(operation, owner, row.owner_key))

        return start

    def action_suspend_user(self) -> None:
        """Remove users and keep them in the roster, after asking."""
        here = [row for row in self.chosen if not row.is_suspended]
        if here:
            self._ask(here, self._suspending, "Suspend")

    def _suspending(
        self, rows: Sequence[PersonRow]
    ) -> tuple[Operation, Callable[[], None], Sequence[str]]:
        first, names = rows[0], _names(rows)
        wanted = change_of(self.session, Owner.of(first.row.user), first.owner_key, names=names)
        operation = SuspendUsers(self.session.client, wanted)
        means = suspending_means(names, self._others(rows))
        return operation, self._starting(operation, first), means

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
        piece = (operation, self._starting(operation, mine[0]))
        typed = self.session.profile.name
        ask_for_all(self, operation.title, [piece], sentences, "Remove", typed=typed)

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


def _names(rows: Iterable[PersonRow]) -> list[str]:
    return [row.name for row in rows]


def _ignore(_: object) -> None:
    """For a callback whose result nobody wants."""
