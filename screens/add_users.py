"""Add VPN users to an account: names, passwords, and what the server will say to them."""

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from screens.findings import FindingField
from screens.frame import Console
from screens.handover import HandoverDialog
from tui.operations.facts import Owner
from tui.operations.users import AddUsers, NewUser
from tui.safety.secret import Secret
from tui.session.inventory import Kind
from tui.session.views import OwnerKey, network_rows, user_rows
from tui.vpn.findings import Finding, errors
from tui.vpn.passwords import estimate
from tui.vpn.users import DEFAULT_LIMIT, check_limit, check_new_user


class AddUsersDialog(ModalScreen[None]):
    """One name with a typed password, or several names with generated ones."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, owner: OwnerKey | None) -> None:
        """`owner` is the account that is chosen to begin with."""
        super().__init__()
        self._owner = owner
        self._owners: dict[OwnerKey, tuple[str, Owner]] = {}

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        self._owners = owners_of(self.console)
        options = [
            (Content(words), index) for index, (words, _) in enumerate(self._owners.values())
        ]
        keys = list(self._owners)
        chosen = keys.index(self._owner) if self._owner in keys else (0 if keys else Select.NULL)
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Add VPN users")
            yield Static("Account", classes="quiet")
            yield Select(options, value=chosen, prompt="choose an account", compact=True)
            yield FindingField(
                "Names, several with blanks between", "names", placeholder="alice bob"
            )
            yield FindingField(
                "Password (empty: a strong one is made for each)",
                "password",
                password=True,
            )
            yield Static("", id="calls", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Add", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self._field("names").input.focus()

    # What is typed.

    @property
    def _chosen(self) -> tuple[OwnerKey, Owner] | None:
        value = self.query_one(Select).value
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        key = list(self._owners)[value]
        return key, self._owners[key][1]

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    def _users(self) -> list[NewUser]:
        names = self._field("names").text.replace(",", " ").split()
        password = self._field("password").input.value
        if not password:
            return [NewUser.generate(name) for name in names]
        return [NewUser(name, Secret(password)) for name in names]

    def _existing(self, key: OwnerKey) -> list[str]:
        users = self.console.session.inventory.users.rows.values()
        return [user.user_name for user in users if user.owner_key == key]

    @on(Select.Changed)
    @on(Input.Changed)
    def _show(self) -> None:
        chosen = self._chosen
        users = self._users()
        existing = self._existing(chosen[0]) if chosen else []
        names = self._name_findings(users, existing)
        room = f"{len(existing)} of {DEFAULT_LIMIT} used" if chosen else "choose an account"
        self._field("names").say(names, f"{room}; {len(users)} to add" if users else room)
        self._say_password(users)
        bad = errors([*names, *self._password_findings(users)])
        self.query_one("#go", Button).disabled = bool(bad) or not users or chosen is None
        lines = [] if chosen is None else self._calls(users, chosen[1])
        self.query_one("#calls", Static).update(Content("\n".join(lines)))

    def _name_findings(self, users: list[NewUser], existing: list[str]) -> list[Finding]:
        found: list[Finding] = []
        known = list(existing)
        for user in users:
            hits = check_new_user(user.name, "Abc123", known, DEFAULT_LIMIT + len(users))
            found += [hit for hit in hits if hit.code != "user-limit"]
            known.append(user.name)
        limit = check_limit(len(existing), len(users)) if users else None
        return [*found, limit] if limit else found

    def _password_findings(self, users: list[NewUser]) -> list[Finding]:
        if not users or users[0].generated:
            return []
        hits = check_new_user("abc", users[0].password.reveal())
        return [hit for hit in hits if hit.code == "user-password"]

    def _say_password(self, users: list[NewUser]) -> None:
        typed = self._field("password").input.value
        field = self._field("password")
        if not typed:
            field.say([], "20 random characters each; shown once when the user is added")
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
        operation = AddUsers(self.console.session.client, self._users(), owner=chosen[1])
        self.console.session.start(operation, [Kind.USERS])
        self.app.switch_screen(HandoverDialog(operation))


def owners_of(console: Console) -> dict[OwnerKey, tuple[str, Owner]]:
    """The accounts and projects that are known, with the words to choose them by."""
    inventory = console.session.inventory
    found: dict[OwnerKey, tuple[str, Owner]] = {}
    for row in sorted(network_rows(inventory), key=lambda each: each.owner):
        owned = row.network or row.vpc
        if owned is not None and row.owner_key not in found:
            words = f"{row.owner}  {owned.domain_path or owned.domain}"
            found[row.owner_key] = (f"{words}  {row.users}/{DEFAULT_LIMIT}", Owner.of(owned))
    for user in user_rows(inventory):
        if user.owner_key not in found:
            words = f"{user.owner}  {user.domain}  {user.place_in_limit}"
            found[user.owner_key] = (words, Owner.of(user.user))
    return found
