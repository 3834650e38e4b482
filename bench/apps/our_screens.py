"""Ours: a screen with a table and one with a log; `x` goes from one to the other."""

from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.screen import Screen

from bench.apps.our_log import Stored
from bench.apps.ours import OurApp
from bench.apps.rows import COLUMNS, Row, rows_of
from bench.lines import lines
from tui.logs.merge import block_of
from tui.logs.store import LogStore
from tui.widgets.columns import Cell, Column
from tui.widgets.logview import LogView
from tui.widgets.table import ResourceTable

ROWS = 1000
LINES = 1000


class TableScreen(Screen[None]):
    """A thousand networks."""

    def compose(self) -> ComposeResult:
        columns: list[Column[Row]] = [
            Column(name, lambda row, place=place: Cell(row[place]), rank=place)  # type: ignore[misc]
            for place, name in enumerate(COLUMNS)
        ]
        yield ResourceTable(columns, lambda row: row[0])

    def on_mount(self) -> None:
        table = self.query_one(ResourceTable)
        table.show(rows_of(ROWS))
        table.focus()


class LogScreen(Screen[None]):
    """A thousand lines."""

    def compose(self) -> ComposeResult:
        yield LogView()

    def on_mount(self) -> None:
        store = LogStore()
        raw = [line.encode() for line in lines(LINES)]
        store.add(block_of(raw, "daemon", router="r-42-VM", now=datetime.now(UTC)))
        view = self.query_one(LogView)
        view.show(Stored(store))
        view.focus()


class OurScreens(OurApp):
    """Both, kept as modes."""

    MODES = {"table": TableScreen, "log": LogScreen}  # noqa: RUF012 - Textual declares it so

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.switch_mode("table")

    def key_x(self) -> None:
        """The other screen."""
        self.switch_mode("log" if self.current_mode == "table" else "table")


if __name__ == "__main__":
    OurScreens().run()
