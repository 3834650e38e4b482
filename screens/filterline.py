"""The line above a table: the filter field and the count of rows."""

from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

HINT: Final = "filter: press /"
_SLACK: Final = 3
"""Cells that a count may be shorter than its place."""


class FilterLine(Horizontal):
    """The filter field and the count of rows: `12 of 340`."""

    DEFAULT_CSS = """
    FilterLine { height: 1; width: 1fr; }
    FilterLine > .filter--mark { width: 2; color: $text-muted; }
    FilterLine > Input { width: 1fr; height: 1; border: none; padding: 0; background: $background; }
    FilterLine > Input:focus { background: $surface; border: none; }
    FilterLine > .filter--count { width: auto; padding: 0 1; color: $text-muted; }
    """

    class Changed(Message):
        """The filter text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The field was left for the rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", show=False),
        Binding("enter,down", "leave", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        yield Static("/", classes="filter--mark")
        yield Input(placeholder=HINT, compact=True, select_on_focus=False)
        yield Static("", classes="filter--count")

    @property
    def text(self) -> str:
        """The filter as typed."""
        return self.query_one(Input).value

    def focus_field(self) -> None:
        """Put the keyboard focus into the field."""
        self.query_one(Input).focus()

    def set_text(self, text: str) -> None:
        """Replace the filter; whoever goes on typing does so behind it."""
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def count(self, text: str, warning: str = "") -> None:
        """Show how many rows there are, and what to bear in mind about them."""
        label = self.query_one(".filter--count", Static)
        before = f"◌ {warning}  " if warning else ""
        room, width = label.content_size.width, cell_len(before + text)
        # A count that fits where the last one was needs no other layout of the whole screen.
        fits = width <= room <= width + _SLACK
        said = " " * (room - width) + text if fits else text
        label.update(Content.assemble((before, "bold $text-warning"), said), layout=not fits)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the field work only while it has the focus."""
        return self.has_focus_within if action in ("leave", "clear") else True

    def action_clear(self) -> None:
        """Empty the field and leave it."""
        self.set_text("")
        self.post_message(self.Left())

    def action_leave(self) -> None:
        """Leave the field, keeping the filter."""
        self.post_message(self.Left())


class FilterPlace(Widget):
    """What a filter line looks like before it is used: one widget, while that one is five."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "FilterPlace { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._count = Content("")

    def count(self, text: str, warning: str = "") -> None:
        """The same as of a filter line."""
        before = f"◌ {warning}  " if warning else ""
        self._count = Content.assemble((before, "bold $text-warning"), (text, "$text-muted"))
        self.refresh()

    def render(self) -> Content:
        """Compose the line for the present width."""
        field = Content.assemble(("/ ", "$text-muted"), (HINT, "$text-disabled"))
        gap = self.size.width - field.cell_length - self._count.cell_length - 1
        return Content.assemble(field, " " * max(1, gap), self._count)
