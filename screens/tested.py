"""What a test of a new profile has found: who we are there, which server, which zones."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.details import facts_text
from tui.cloud.clock import clock_words
from tui.session.session import Session
from tui.session.status import words_for_delay
from tui.settings.urls import is_unprotected


class TestedDialog(ModalScreen[bool]):
    """Returns whether to open the profile now."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Later")]
    __test__ = False  # the name is not that of a test

    def __init__(self, session: Session, kept: str) -> None:
        """`kept` says where the secret is now; empty when it stays where it was."""
        super().__init__()
        self._session = session
        self._kept = kept

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"✔ {self._session.profile.name} works and is saved")
            yield Static(facts_text(*found_in(self._session, self._kept)), classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Later", id="later", compact=True)
                yield Button("Open", id="open", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#open").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "open")


def found_in(session: Session, kept: str = "") -> tuple[list[tuple[str, str]], list[str]]:
    """Facts by name, and sentences, about a session that was opened."""
    identity = session.identity
    zones = sorted(zone.name for zone in session.inventory.zones.rows.values())
    without_way = [zone for zone in zones if session.profile.ssh_path(zone) is None]
    facts = [
        ("Server", session.profile.url),
        ("CloudStack", identity.server_version or "does not tell its version"),
        ("Account", identity.who or "does not tell who we are"),
        ("Role", identity.role),
        ("Zones", ", ".join(zones) or "none that these credentials may see"),
        ("Answers in", words_for_delay(session.client.round_trip)),
    ]
    notes = [kept] if kept else []
    clock = clock_words(session.client.clock_offset)
    if clock:
        notes.append(f"▲ This machine's clock is {clock}; that is allowed for.")
    if is_unprotected(session.profile.url):
        notes.append("▲ HTTP without TLS: keys and passwords cross the network readable.")
    if without_way:
        notes.append(
            f"No way to the routers of {', '.join(without_way)} is known, so logs and checks on "
            "the router are not possible there. Add one in the profile when you need them."
        )
    return facts, notes
