"""Look at packets on a router for some seconds: whose, how long, and what that does."""

from ipaddress import AddressValueError, IPv4Address
from typing import ClassVar, Final

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from screens.said import Said, SayingDialog

SHORTEST: Final = 5
LONGEST: Final = 120
USUAL: Final = 20


class CaptureWish(msgspec.Struct, frozen=True):
    """What is to be captured."""

    seconds: int
    client: str
    """Only packets from and to this address; empty: of everybody."""


def read_wish(seconds: str, client: str) -> CaptureWish | str:
    """What was typed, or what is wrong with it."""
    if not seconds.strip().isdigit() or not SHORTEST <= int(seconds) <= LONGEST:
        return f"{seconds.strip() or 'nothing'}: the seconds are a number, {SHORTEST} to {LONGEST}."
    address = client.strip()
    if address:
        try:
            IPv4Address(address)
        except AddressValueError:
            return f"{address} is no IPv4 address; leave it empty to see the packets of everybody."
    return CaptureWish(int(seconds), address)


class CaptureDialog(SayingDialog[CaptureWish | None]):
    """Returns what is to be captured, or None."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, router: str, client: str) -> None:
        super().__init__()
        self._router = router
        self._client = client

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"Look at the packets on {self._router}")
            with Said(typed=True):
                yield Static(
                    Content(
                        "• tcpdump runs on the router for so many seconds and ends then by itself, "
                        "or when you press escape.\n"
                        "• It looks at the packets of the VPN only: UDP 500, 4500 and 1701, ESP, "
                        "and answers that something cannot be reached. Only heads of packets are "
                        "read; nothing is changed or kept on the router.\n"
                        "• Ask the user to connect while it runs."
                    ),
                    classes="words",
                )
            yield Static("Seconds", classes="quiet")
            yield Input(str(USUAL), id="seconds", compact=True)
            yield Static("Only from and to this address (empty: everybody)", classes="quiet")
            yield Input(self._client, id="client", compact=True)
            yield Static("", id="problem", classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Capture", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#seconds", Input).focus()

    @property
    def _wish(self) -> CaptureWish | str:
        return read_wish(
            self.query_one("#seconds", Input).value, self.query_one("#client", Input).value
        )

    @on(Input.Changed)
    def _typed(self) -> None:
        wish = self._wish
        words = f"✘ {wish}" if isinstance(wish, str) else ""
        self.query_one("#problem", Static).update(Content.styled(words, "$text-error"))
        self.query_one("#go", Button).disabled = isinstance(wish, str)

    @on(Input.Submitted)
    def _entered(self) -> None:
        wish = self._wish
        if not isinstance(wish, str):
            self.dismiss(wish)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self._entered()
        else:
            self.dismiss(None)
