"""Small applications around one widget, and what stands on their screen."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.columns import Cell, Column
from tui.widgets.table import ResourceTable

Fact = tuple[str, str, int]
"""Key, name, size."""


def _size(fact: Fact) -> Cell:
    return Cell(str(fact[2]), "warn" if fact[2] > 99 else "")


COLUMNS: tuple[Column[Fact], ...] = (
    Column("NAME", lambda fact: Cell(fact[1]), widest=20, narrowest=6),
    Column("SIZE", _size, widest=6, rank=1, order=lambda fact: fact[2]),
    Column("KEY", lambda fact: Cell(fact[0]), widest=10, rank=2),
)


class OneWidget(App[None]):
    """Shows `widget`, and keeps the messages that reach the application."""

    CSS = "Screen { layout: vertical; }"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        if self.widget.can_focus:
            self.widget.focus()

    def on_resource_table_highlighted(self, event: Message) -> None:
        self.told.append(event)

    def on_resource_table_selected(self, event: Message) -> None:
        self.told.append(event)

    def on_resource_table_counted(self, event: Message) -> None:
        self.told.append(event)

    def on_resource_table_viewed(self, event: Message) -> None:
        self.told.append(event)

    def on_log_view_moved(self, event: Message) -> None:
        self.told.append(event)

    def on_log_view_top_reached(self, event: Message) -> None:
        self.told.append(event)

    def on_section_bar_chosen(self, event: Message) -> None:
        self.told.append(event)

    def on_hint_bar_pressed(self, event: Message) -> None:
        self.told.append(event)


def table_app() -> tuple[OneWidget, ResourceTable[Fact]]:
    """A table of facts."""
    table: ResourceTable[Fact] = ResourceTable(COLUMNS, lambda fact: fact[0])
    return OneWidget(table), table


def facts(*names: str) -> list[Fact]:
    """A fact for each name, its key being the name in capitals."""
    return [(name.upper(), name, size) for size, name in enumerate(names, 1)]


def strips(widget: Widget) -> list[Strip]:
    """What the widget draws, line by line, as it does for the screen."""
    return widget.render_lines(Region(0, 0, *widget.size))


def lines(widget: Widget) -> list[str]:
    """The same as text."""
    return [strip.text for strip in strips(widget)]


def told(app: OneWidget, kind: type[Message]) -> Sequence[Message]:
    """The messages of one kind."""
    return [message for message in app.told if isinstance(message, kind)]
