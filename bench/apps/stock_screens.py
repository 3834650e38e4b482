"""Stock Textual: a screen with a table and one with a log; `x` goes from one to the other."""

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable, Log

from bench.apps.rows import COLUMNS, rows_of
from bench.lines import lines

ROWS = 1000
LINES = 1000


class TableScreen(Screen[None]):
    """A thousand networks."""

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        table.add_rows(rows_of(ROWS))


class LogScreen(Screen[None]):
    """A thousand lines."""

    def compose(self) -> ComposeResult:
        yield Log()

    def on_mount(self) -> None:
        self.query_one(Log).write_lines(lines(LINES))


class StockScreens(App[None]):
    """Both, kept as modes."""

    ENABLE_COMMAND_PALETTE = False
    MODES = {"table": TableScreen, "log": LogScreen}  # noqa: RUF012 - Textual declares it so

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.switch_mode("table")

    def key_x(self) -> None:
        """The other screen."""
        self.switch_mode("log" if self.current_mode == "table" else "table")


if __name__ == "__main__":
    StockScreens().run()
