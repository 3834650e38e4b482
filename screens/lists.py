"""The dialog of messages: everything that the console has said."""

import time
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Notice(msgspec.Struct, frozen=True):
    """One message that was shown."""

    when: float
    """Seconds since the epoch."""
    severity: str
    title: str
    message: str


class NoticesDialog(ModalScreen[None]):
    """Every message of this console, the newest first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close")]

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__()
        self._notices = tuple(reversed(notices))

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content("Messages")
            box.border_subtitle = "escape closes"
            if not self._notices:
                yield Static("No messages yet.")
            for notice in self._notices:
                clock = time.strftime("%H:%M:%S", time.localtime(notice.when))
                glyph = {"error": "✘", "warning": "▲"}.get(notice.severity, "✔")
                head = f"{clock}  {glyph} {notice.title}".rstrip()
                yield Static(Content.styled(head, "bold"), classes="words")
                yield Static(Content(notice.message), classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
