"""Add VPN users to an account: names, passwords, and what the server will say to them."""

from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from screens.add_many import AddManyDialog
from screens.bulk_results import BulkResultsDialog
from screens.findings import FindingField
from screens.frame import Console
from screens.owners import OwnerSelect
from tui.operations.facts import Owner
from tui.operations.roster import Remark
from tui.operations.users import AddUsers, NewUser
from tui.safety.secret import Secret
from tui.session.people import new_user, room_of, start_noted, today
from tui.session.views import OwnerKey
from tui.vpn.expiry import FORMS, ExpiryError, read_expiry
from tui.vpn.findings import Finding, errors
from tui.vpn.passwords import PasswordStyle, estimate, password_words
from tui.vpn.usercheck import LONGEST_GROUP, Room, check_room, check_words, hidden_name
from tui.vpn.users import check_new_user


class AddUsersDialog(ModalScreen[None]):
    """One name with a typed password, or several names with generated ones."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("ctrl+n", "many", "Many at once"),
    ]

    def __init__(self, owner: OwnerKey | None) -> None:
        """`owner` is the account that is chosen to begin with."""
        super().__init__()
        self._owner = owner

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Add VPN users")
            yield Static("Account", classes="quiet")
            yield OwnerSelect(self.console, self._owner)
            yield FindingField(
                "Names, several with blanks between", "names", placeholder="alice bob"
            )
            yield FindingField(
                "Password (empty: a strong one is made for each)",
                "password",
                password=True,
            )
            with Horizontal(classes="line"):
                yield Static("Made passwords", classes="quiet")
                yield Select[PasswordStyle](
                    [(password_words(each), each) for each in ("characters", "words")],
                    value="characters",
                    allow_blank=False,
                    id="style",
                    compact=True,
                )
            yield FindingField("Group, for this console only", "group", placeholder="sales")
            yield FindingField("Last day", "expires", placeholder=f"empty, or {FORMS}")
            yield Static("", id="calls", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Many …", id="many", compact=True)
                yield Button("Add", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self._field("names").input.focus()

    # What is typed.

    @property
    def _chosen(self) -> tuple[OwnerKey, Owner] | None:
        return self.query_one(OwnerSelect).chosen

    @property
    def _style(self) -> PasswordStyle:
        return "words" if self.query_one("#style", Select).value == "words" else "characters"

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    def _users(self) -> list[NewUser]:
        names = self._field("names").text.replace(",", " ").split()
        password = self._field("password").input.value
        return [new_user(name, password, self._style) for name in names]

    def _room(self, key: OwnerKey) -> Room:
        return room_of(self.console.session, key)

    @property
    def _remark(self) -> tuple[Remark, list[Finding], list[Finding]]:
        """What the roster is to keep, and what is wrong with group and expiry date."""
        group = self._field("group").text
        wrong = check_words("group", group, LONGEST_GROUP)
        try:
            expires = read_expiry(self._field("expires").text, today())
        except ExpiryError as problem:
            found = [Finding("error", "file-expires", str(problem))]
            return Remark(), [wrong] if wrong else [], found
        return Remark(group=group, expires=expires), [wrong] if wrong else [], []

    @on(Select.Changed)
    @on(Input.Changed)
    def _show(self) -> None:
        chosen = self._chosen
        users = self._users()
        there = self._room(chosen[0]) if chosen else Room()
        names = self._name_findings(users, there)
        room = there.words if chosen else "choose an account"
        self._field("names").say(names, f"{room}; {len(users)} to add" if users else room)
        self._say_password(users)
        _, group, expires = self._remark
        self._field("group").say(group)
        self._field("expires").say(expires)
        bad = errors([*names, *self._password_findings(users), *group, *expires])
        self.query_one("#go", Button).disabled = bool(bad) or not users or chosen is None
        lines = [] if chosen is None else self._calls(users, chosen[1])
        self.query_one("#calls", Static).update(Content("\n".join(lines)))

    def _name_findings(self, users: list[NewUser], room: Room) -> list[Finding]:
        found: list[Finding] = []
        known = list(room.existing)
        for user in users:
            hits = check_new_user(user.name, "Abc123", known, room.limit + len(users) + len(known))
            found += [hit for hit in hits if hit.code != "user-limit"]
            if user.name in room.unseen:
                found.append(hidden_name(user.name))
            known.append(user.name)
        return [*found, *check_room(len(users), room)] if users else found

    def _password_findings(self, users: list[NewUser]) -> list[Finding]:
        if not users or users[0].generated:
            return []
        hits = check_new_user("abc", users[0].password.reveal())
        return [hit for hit in hits if hit.code == "user-password"]

    def _say_password(self, users: list[NewUser]) -> None:
        typed = self._field("password").input.value
        field = self._field("password")
        if not typed:
            made = password_words(self._style)
            field.say([], f"{made} each; shown once when the user is added")
            return
        found = self._password_findings([NewUser("abc", Secret(typed))])
        if found:
            field.say(found)
            return
        strength = estimate(typed, [user.name for user in users])
        warnings = []
        if strength.strength != "strong":
            warnings.append(Finding("warning", "password-strength", strength.says))
        if len(users) > 1:
            says = f"All {len(users)} of them get this one password."
            warnings.append(Finding("warning", "password-shared", says))
        field.say(warnings, strength.says)

    def _calls(self, users: list[NewUser], owner: Owner) -> list[str]:
        plan = AddUsers(self.console.session.client, users, owner=owner).plan()
        lines = [step.call.cloudmonkey() for step in plan if step.call]
        return ["Will be sent:", *(f"  {line}" for line in lines)] if lines else []

    # Going on.

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _done(self, event: Input.Submitted | Button.Pressed) -> None:
        go = isinstance(event, Input.Submitted) or event.button.id == "go"
        if not go:
            self.dismiss()
            return
        chosen = self._chosen
        if chosen is None or self.query_one("#go", Button).disabled:
            return
        key, owner = chosen
        session = self.console.session
        users = self._users()
        remark = self._remark[0]
        if remark.group or remark.expires:
            remarks = {user.name: remark for user in users}
            session.roster.soon(session.roster.remember(key, remarks))
        operation = AddUsers(session.client, users, owner=owner)
        start_noted(session, operation, key)
        self.app.switch_screen(BulkResultsDialog(operation, owner, key))

    @on(Button.Pressed, "#many")
    def _many(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_many()

    def action_many(self) -> None:
        """Go on with a box for a whole list, with the names that stand here."""
        chosen = self._chosen
        text = self._field("names").text
        self.app.switch_screen(AddManyDialog(chosen[0] if chosen else None, text))

    def on_paste(self, event: events.Paste) -> None:
        """A paste of several lines is a list: an input would take the first line only."""
        if len(event.text.strip().splitlines()) > 1:
            event.stop()
            event.prevent_default()
            chosen = self._chosen
            self.app.switch_screen(AddManyDialog(chosen[0] if chosen else None, event.text))
