"""Let VPN clients into a tier of a VPC."""

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from screens.findings import FindingField
from screens.frame import Console
from tui.operations.acl import AllowClients, ClientsWanted
from tui.session.tiers import TierRow, change_sentences
from tui.vpn.acls import OPENING_RULE, read_opening
from tui.vpn.findings import Finding


class TierDialog(ModalScreen[AllowClients]):
    """Returns the change that was asked for; None when nothing is to be changed."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, row: TierRow) -> None:
        super().__init__()
        self._row = row

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"Let VPN clients into {self._row.tier.name}")
            yield Static(Content(f"Now: {self._row.verdict.says}"), classes="words")
            yield FindingField(f"What ({OPENING_RULE})", "opening", "all")
            yield Static("", id="words", classes="words")
            yield Static("", id="calls", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Let in", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self.query_one("#opening", FindingField).input.focus()

    def _wanted(self) -> ClientsWanted | None:
        """What is typed, if it can be done; shows why not."""
        field = self.query_one("#opening", FindingField)
        opening = read_opening(field.text)
        if opening is None:
            says = f"“{field.text}” cannot be let in; allowed: {OPENING_RULE}."
            field.say([Finding("error", "opening", says)])
            return None
        wanted = self._row.wanted(opening)
        if isinstance(wanted, str):
            field.say([Finding("error", "acl", wanted)])
            return None
        field.say(())
        return wanted

    @on(Input.Changed)
    def _show(self) -> None:
        wanted = self._wanted()
        self.query_one("#go", Button).disabled = wanted is None
        words, calls = "", ""
        if wanted is not None:
            words = "\n".join(f"• {each}" for each in change_sentences(self._row, wanted.change))
            plan = AllowClients(self.console.session.client, wanted).plan()
            lines = [f"  {step.call.cloudmonkey()}" for step in plan if step.call]
            calls = "\n".join(["Will be sent:", *lines])
        self.query_one("#words", Static).update(Content(words))
        self.query_one("#calls", Static).update(Content(calls))

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _done(self, event: Input.Submitted | Button.Pressed) -> None:
        if isinstance(event, Button.Pressed) and event.button.id != "go":
            self.dismiss(None)
            return
        wanted = self._wanted()
        if wanted is not None:
            self.dismiss(AllowClients(self.console.session.client, wanted))
