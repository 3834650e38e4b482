"""Ours: the console's table of a thousand networks over the whole screen, written as it writes."""

from textual.app import ComposeResult

from bench.apps.ours import OurApp
from bench.apps.rows import COLUMNS, ROWS, Row, rows_of
from tui.widgets.columns import Cell, Column
from tui.widgets.table import ResourceTable


class OurTable(OurApp):
    """The resource table."""

    def compose(self) -> ComposeResult:
        columns: list[Column[Row]] = [
            Column(name, lambda row, place=place: Cell(row[place]), rank=place)  # type: ignore[misc]
            for place, name in enumerate(COLUMNS)
        ]
        yield ResourceTable(columns, lambda row: row[0])

    def on_mount(self) -> None:
        self.animation_level = "none"
        table = self.query_one(ResourceTable)
        table.show(rows_of(ROWS))
        table.focus()


if __name__ == "__main__":
    OurTable().run()
