"""Ask for a time: when in the logs to go to."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

_AGO: Final = re.compile(r"-\s*(\d{1,6})\s*([smhd])", re.IGNORECASE)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
FORMS: Final = "14:05, 14:05:30, -10m, -2h, 2026-11-23 00:15"


def parse_moment(text: str, now: datetime, *, local: bool) -> datetime | str | None:
    """The time that `text` means, None for nothing, or what is wrong with it.

    A clock time is the latest one that is not after `now`. Without a zone it is in local time or in
    UTC, as times are shown.
    """
    typed = text.strip()
    if not typed:
        return None
    ago = _AGO.fullmatch(typed)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2].lower()]: int(ago[1])})
    zone = zone_of(local)
    clock = _CLOCK.fullmatch(typed)
    try:
        if clock is not None:
            hour, minute, second = (int(part or 0) for part in clock.groups())
            found = now.astimezone(zone).replace(
                hour=hour, minute=minute, second=second, microsecond=0
            )
            return found if found <= now else found - timedelta(days=1)
        found = datetime.fromisoformat(typed)
    except (ValueError, OverflowError):
        return f"{typed[:40]!r} is not a time. Write {FORMS}."
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def zone_of(local: bool) -> tzinfo | None:
    """The zone of times that name none."""
    return datetime.now().astimezone().tzinfo if local else UTC


class MomentDialog(ModalScreen[datetime | None]):
    """Returns the time."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, span: str, *, local: bool) -> None:
        """`span` says from when to when there are lines."""
        super().__init__()
        self._span = span
        self._local = local

    def compose(self) -> ComposeResult:
        zone = "local time" if self._local else "UTC"
        with Vertical(classes="dialog") as box:
            box.border_title = Content("Go to a time")
            box.border_subtitle = "enter goes there   escape cancels"
            yield Input(placeholder=FORMS, compact=True)
            yield Static(Content(f"In {zone}. {self._span}"), classes="words quiet")
            yield Static("", id="problem", classes="words")

    def _read(self, text: str) -> datetime | str | None:
        return parse_moment(text, datetime.now(UTC), local=self._local)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#problem", Static).update("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        found = self._read(event.value)
        if isinstance(found, str):
            self.query_one("#problem", Static).update(Content.styled(f"✘ {found}", "$text-error"))
        else:
            self.dismiss(found)
