"""VPN users, by account: CloudStack knows no others."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType

from screens.add_users import AddUsersDialog
from screens.details import facts_text
from screens.frame import bindings_of
from screens.kit import open_kits
from screens.tables import TableScreen
from tui.operations.facts import Owner
from tui.operations.users import RemoveUsers, removing_means
from tui.session.inventory import Kind
from tui.session.kits import KitUser
from tui.session.views import UserRow, user_rows
from tui.widgets.columns import Cell, Column


def _reaches(row: UserRow) -> Cell:
    return Cell(", ".join(row.reaches)) if row.reaches else Cell("no VPN yet", "off")


class UsersScreen(TableScreen[UserRow]):
    """Every VPN user, with the VPNs that its account has."""

    SECTION = "users"
    WHAT = "VPN users"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "users.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("users")
    KINDS = (Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)
    COLUMNS: ClassVar[tuple[Column[UserRow], ...]] = (
        Column("USER", lambda r: Cell(r.user.user_name), widest=32, narrowest=10),
        Column("ACCOUNT", lambda r: Cell(r.owner), widest=20, narrowest=8),
        Column("STATE", lambda r: Cell(str(r.mark), r.mark.tone), widest=12),
        Column("OF LIMIT", lambda r: Cell(r.place_in_limit), widest=8, rank=1),
        Column("REACHES", _reaches, widest=48, narrowest=12),
        Column("DOMAIN", lambda r: Cell(r.domain), widest=24, narrowest=8, rank=2),
    )

    def rows(self) -> Sequence[UserRow]:
        return user_rows(self.session.inventory)

    def key_of(self, row: UserRow) -> str:
        return row.key

    def title_of(self, row: UserRow) -> str:
        return row.user.user_name

    def note_when_empty(self) -> str:
        return (
            "There are no VPN users. Press a to add some.\n"
            "Users belong to an account and reach every VPN of it; they need no network of their "
            "own."
        )

    def text_to_copy(self, row: UserRow) -> tuple[str, str]:
        return row.user.user_name, "User name"

    def details(self, row: UserRow) -> tuple[str, Content]:
        facts = [
            ("State", str(row.mark)),
            ("Account", row.owner),
            ("Domain", row.domain),
            ("Of limit", row.place_in_limit),
            ("Reaches", ", ".join(row.reaches) or "no VPN yet"),
            ("Id", row.key),
        ]
        notes = [
            row.mark.means,
            "A password cannot be read back or changed: remove the user and add it again.",
        ]
        return row.user.user_name, facts_text(facts, notes)

    # Actions.

    def action_add_users(self) -> None:
        """Add users, to the account of the row under the cursor unless another is chosen."""
        self.app.push_screen(AddUsersDialog(self.row.owner_key if self.row else None))

    def action_kits(self) -> None:
        """Make a kit for the user under the cursor."""
        if self.row is not None:
            user = KitUser(self.row.user.user_name)
            open_kits(self.console, "", [user], owner_key=self.row.owner_key)

    def action_remove_user(self) -> None:
        """Remove the user under the cursor, after asking."""
        row = self.row
        if row is None:
            return
        name = row.user.user_name
        others = [
            user.user_name
            for user in self.session.inventory.users.rows.values()
            if user.owner_key == row.owner_key and user.user_name != name
        ]
        operation = RemoveUsers(self.session.client, [name], owner=Owner.of(row.user))
        self.ask_and_start(operation, removing_means([name], others), "Remove", [Kind.USERS])
