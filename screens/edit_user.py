"""What the roster keeps about a VPN user: group, last day, note. CloudStack is not asked."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from screens.findings import FindingField
from tui.operations.roster import Person, Remark
from tui.session.people import today
from tui.vpn.expiry import FORMS, ExpiryError, read_expiry
from tui.vpn.findings import Finding
from tui.vpn.usercheck import LONGEST_GROUP, LONGEST_NOTE, check_words


class EditUserDialog(ModalScreen[Remark | None]):
    """Returns what is to be written; None where it was left."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, person: Person) -> None:
        super().__init__()
        self._person = person

    def compose(self) -> ComposeResult:
        person = self._person
        expires = person.expires.isoformat() if person.expires else ""
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"Group, last day and note of {person.name}")
            yield FindingField("Group", "group", person.group, placeholder="sales")
            yield FindingField("Last day", "expires", expires, placeholder=f"empty, or {FORMS}")
            yield FindingField("Note", "note", person.note)
            yield Static(
                "\nOnly this console knows them: they stay in the roster of this machine. Nobody "
                "is cut off when the last day is over; the console reminds of it.",
                classes="words quiet",
            )
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Keep", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self._field("group").input.focus()

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    @on(Input.Changed)
    def _show(self) -> None:
        self.query_one("#go", Button).disabled = self._remark() is None

    def _remark(self) -> Remark | None:
        """What stands in the fields; None where something is wrong, which is said below it."""
        good = True
        for name, longest in (("group", LONGEST_GROUP), ("note", LONGEST_NOTE)):
            wrong = check_words(name, self._field(name).text, longest)
            self._field(name).say([wrong] if wrong else [])
            good = good and wrong is None
        typed = self._field("expires").text
        try:
            # A day that is over may stay as it was.
            was = self._person.expires
            same = was is not None and typed == was.isoformat()
            expires = was if same else read_expiry(typed, today())
        except ExpiryError as problem:
            self._field("expires").say([Finding("error", "file-expires", str(problem))])
            return None
        self._field("expires").say([])
        if not good:
            return None
        return Remark(
            group=self._field("group").text, note=self._field("note").text, expires=expires
        )

    @on(Input.Submitted)
    def _entered(self) -> None:
        remark = self._remark()
        if remark is not None:
            self.dismiss(remark)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self._remark() if event.button.id == "go" else None)
