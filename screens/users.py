"""VPN users, by account: CloudStack knows no others; and what the roster has about them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType

from screens.add_many import AddManyDialog
from screens.add_users import AddUsersDialog
from screens.details import facts_text
from screens.frame import FactsChanged
from screens.kit import open_kits
from screens.section_keys import bindings_of
from screens.tables import TableScreen
from screens.user_audit import UserAuditDialog
from screens.user_changes import UserChanges
from screens.why import open_why
from tui.actions import Action
from tui.operations.roster import Person
from tui.session.inventory import Kind
from tui.session.kits import KitUser
from tui.session.people import PersonRow, expired_rows, person_rows, reminder, today
from tui.session.questions import about_user
from tui.vpn.expiry import expires_soon, expiry_words, is_expired
from tui.widgets.columns import Cell, Column, text_column

_NOT_SUSPENDED: Final = ("new_password", "suspend_user", "kits")
"""Actions that make no sense for a user that CloudStack does not have now."""


def _reaches(row: PersonRow) -> Cell:
    if row.is_suspended:
        return Cell("nothing", "off")
    return Cell(", ".join(row.row.reaches)) if row.row.reaches else Cell("no VPN yet", "off")


def _expires(row: PersonRow) -> Cell:
    expires, day = row.person.expires, today()
    words = expiry_words(expires, day)
    if is_expired(expires, day):
        return Cell(words, "bad")
    return Cell(words, "warn" if expires_soon(expires, day) else "")


def _seen(person: Person) -> str:
    when = person.last_seen_at
    return f"{when.astimezone():%Y-%m-%d}" if when is not None else ""


class UsersScreen(UserChanges, TableScreen[PersonRow]):
    """Every VPN user, with the VPNs that its account has."""

    SECTION = "users"
    WHAT = "VPN users"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "users.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("users")
    KINDS = (Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.ROUTERS)
    COLUMNS: ClassVar[tuple[Column[PersonRow], ...]] = (
        text_column("USER", attrgetter("name"), widest=32, narrowest=10),
        text_column("ACCOUNT", attrgetter("row.owner"), widest=20, narrowest=8),
        Column("STATE", lambda r: Cell(str(r.row.mark), r.row.mark.tone), widest=12),
        text_column("OF LIMIT", attrgetter("row.place_in_limit"), widest=8, rank=1),
        Column("REACHES", _reaches, widest=32, narrowest=12),
        text_column("GROUP", attrgetter("person.group"), widest=16, narrowest=5, rank=2),
        Column("LAST DAY", _expires, widest=12, narrowest=12, rank=2),
        Column("SEEN", lambda r: Cell(_seen(r.person)), widest=10, narrowest=10, rank=3),
        text_column("DOMAIN", attrgetter("row.domain"), widest=24, narrowest=8, rank=4),
    )

    _ends_listening: Callable[[], None] | None = None

    def on_mount(self) -> None:
        self._ends_listening = self.session.roster.listen(self._roster_changed)

    def _roster_changed(self) -> None:
        self.post_message(FactsChanged("roster"))

    def on_unmount(self) -> None:
        """Other screens go on with the roster."""
        if self._ends_listening is not None:
            self._ends_listening()

    def on_screen_resume(self) -> None:
        """Read the roster too, and remind of expiry dates once."""
        self.load(self._read_roster, "roster")

    async def _read_roster(self) -> None:
        roster = self.session.roster
        before = roster.trouble
        await roster.load()
        if roster.trouble is not None and before is None:
            says, remedy = roster.trouble.says, roster.trouble.remedy
            self.notify(f"{says} {remedy}", title="No roster", severity="warning")

    def show_facts(self) -> None:
        super().show_facts()
        roster = self.session.roster
        if roster.is_loaded and not roster.reminded and not self._errors():
            if any(shelf.fetched is None for shelf in self.shelves().values()):
                return
            roster.reminded = True
            says = reminder(self.session, today())
            if says:
                self.notify(says, title="Expiry dates", severity="warning", timeout=15)

    # Rows.

    def rows(self) -> Sequence[PersonRow]:
        return person_rows(self.session)

    def key_of(self, row: PersonRow) -> str:
        return row.key

    def title_of(self, row: PersonRow) -> str:
        return row.name

    def note_when_empty(self) -> str:
        return (
            "There are no VPN users. Press a to add some.\n"
            "Users belong to an account and reach every VPN of it; they need no network of their "
            "own."
        )

    def text_to_copy(self, row: PersonRow) -> tuple[str, str]:
        return row.name, "User name"

    def details(self, row: PersonRow) -> tuple[str, Content]:
        user, person = row.row, row.person
        facts = [
            ("State", str(user.mark)),
            ("Account", user.owner),
            ("Domain", user.domain),
            ("Of limit", user.place_in_limit),
            ("Reaches", ", ".join(user.reaches) or "no VPN yet"),
            ("Group", person.group),
            ("Last day", expiry_words(person.expires, today())),
            ("Note", person.note),
            ("Seen", f"{_seen(person)} on {person.seen_on}" if person.last_seen else ""),
            ("Added here", _day(person.added)),
            ("New password", _day(person.reset)),
            ("Suspended", _day(person.suspended) if row.is_suspended else ""),
            ("Id", "" if row.is_suspended else row.key),
        ]
        notes = [user.mark.means]
        if not row.is_suspended:
            notes.append("A password cannot be read back: n removes and adds with a new one.")
        trouble = self.session.roster.trouble
        if trouble is not None:
            notes.append(f"{trouble.says} {trouble.remedy}")
        return row.name, facts_text(facts, notes)

    # Actions.

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        row = self.row
        if reason is not None:
            return reason
        if self.table.marked_facts:
            return self._against_marked(action)
        if row is not None and row.is_suspended and action.name in _NOT_SUSPENDED:
            return f"{row.name} is suspended: b lets it return with a new password."
        if row is not None and not row.is_suspended and action.name == "return_user":
            return f"{row.name} is not suspended."
        if action.name == "remove_expired" and not expired_rows(self.rows(), today()):
            return "Nobody has expired."
        return None

    def _against_marked(self, action: Action) -> str | None:
        """What speaks against doing it to the marked users."""
        suspended = [row.is_suspended for row in self.chosen]
        if action.name in _NOT_SUSPENDED and all(suspended):
            return "Every marked user is suspended: b lets them return with new passwords."
        if action.name == "return_user" and not any(suspended):
            return "No marked user is suspended."
        return None

    def action_add_users(self) -> None:
        """Add users, to the account of the row under the cursor unless another is chosen."""
        self.app.push_screen(AddUsersDialog(self.row.owner_key if self.row else None))

    def action_kits(self) -> None:
        """Make kits for the marked users, or for the one under the cursor."""
        here = [row for row in self.chosen if not row.is_suspended]
        if here and self._are_of_one_account(here):
            people = [KitUser(row.name) for row in here]
            open_kits(self.console, "", people, owner_key=here[0].owner_key)

    def action_add_many(self) -> None:
        """Add a whole list of users."""
        self.app.push_screen(AddManyDialog(self.row.owner_key if self.row else None))

    def action_why(self) -> None:
        """Find out why the user under the cursor cannot connect."""
        if self.row is not None:
            question = about_user(self.session, self.row.name, self.row.owner_key)
            open_why(self, question)

    def action_audit_users(self) -> None:
        """Look for stale users, of the account of the row under the cursor."""
        self.app.push_screen(UserAuditDialog(self.row.owner_key if self.row else None))


def _day(moment: float | None) -> str:
    """A time of the roster as a day of this machine; empty for none."""
    return "" if moment is None else f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d}"
