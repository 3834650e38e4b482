"""Stock Textual: a table of a thousand networks over the whole screen."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from bench.apps.rows import COLUMNS, ROWS, rows_of


class StockTable(App[None]):
    """Textual's `DataTable`, with a cursor that marks rows as ours does."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        self.animation_level = "none"
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        table.add_rows(rows_of(ROWS))


if __name__ == "__main__":
    StockTable().run()
