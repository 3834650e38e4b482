"""A table over facts: only the rows on the screen are formatted, refresh keeps the cursor.

The widget keeps the facts as they are and an index of those that pass the filter, in the order of
the sorting. A refresh replaces the facts; the cursor stays on the object it was on, by key.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import GAP, Cell, Column, Fact, Layout, lay_out
from tui.widgets.rowfilter import RowFilter

POINTER = "▸"


class ResourceTable(ScrollView, Generic[Fact], can_focus=True):
    """Rows of facts with a cursor; see the module."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ResourceTable { width: 1fr; height: 1fr; scrollbar-size-horizontal: 0; }
    ResourceTable > .table--head { color: $text-muted; text-style: bold; }
    ResourceTable > .table--cursor { background: $surface-lighten-2; text-style: bold; }
    ResourceTable:focus > .table--cursor { background: $primary-darken-1; color: $text; }
    ResourceTable > .table--note { color: $text-muted; }
    ResourceTable > .table--ok { color: $text-success; }
    ResourceTable > .table--warn { color: $text-warning; }
    ResourceTable > .table--bad { color: $text-error; }
    ResourceTable > .table--off { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        "table--note",
        "table--ok",
        "table--warn",
        "table--bad",
        "table--off",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("enter", "select", "Open", show=False),
    ]

    cursor: reactive[int] = reactive(0, init=False)
    note: reactive[str] = reactive("")
    """What stands in place of rows when there are none; may have several lines."""

    class Highlighted(Message):
        """The cursor is on another row, or the row under it has changed."""

        def __init__(self, table: "ResourceTable[Any]", key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Selected(Message):
        """Enter or a double click on a row."""

        def __init__(self, table: "ResourceTable[Any]", key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Counted(Message):
        """The number of rows that pass the filter, or of all, has changed."""

        def __init__(self, table: "ResourceTable[Any]", shown: int, total: int) -> None:
            super().__init__()
            self.table = table
            self.shown = shown
            self.total = total

    def __init__(
        self,
        columns: Sequence[Column[Fact]],
        key: Callable[[Fact], str],
        *,
        id: str | None = None,
        sort: int = 0,
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._key = key
        self._facts: Sequence[Fact] = ()
        self._index: list[int] = []
        self._filter = RowFilter()
        self._sort: int | None = sort
        self._reverse = False
        self._layout: Layout[Fact] = lay_out(self._columns, (), 80)
        self._texts: dict[str, Mapping[str, str]] = {}
        self._moved = False
        """Whether anybody has put the cursor anywhere, or chosen rows by a filter."""

    # Facts, filter, sorting.

    def show(self, facts: Sequence[Fact]) -> None:
        """Replace the rows; cursor and scrolling stay on the same object where it still is.

        Until somebody has moved, the first row is looked at, whatever arrives before it; and who
        looks at the first rows goes on seeing the first rows.
        """
        kept = self.key_under_cursor if self._moved else None
        line = self.cursor - int(self.scroll_offset.y)
        at_cursor = 0 <= line < self._lines
        anchor, line = (kept, line) if at_cursor else (self._key_at(self.cursor - line), 0)
        at_top = int(self.scroll_offset.y) == 0
        self._facts = facts
        self._texts = {}
        self._reindex(kept, None if at_top else anchor, line)

    def filter_by(self, text: str) -> None:
        """Show only the rows that match the filter line `text`."""
        fields = tuple(column.title.lower() for column in self._columns)
        self._filter = RowFilter.parse(text, fields)
        self._reindex(self.key_under_cursor)
        self._moved = True

    def sort_by_next(self) -> str:
        """Sort by the next column that is shown; returns its title."""
        current = -1 if self._sort is None else self._sort
        shown = [self._columns.index(column) for column in self._layout.columns]
        return self.sort_by(next((n for n in shown if n > current), shown[0]))

    def sort_by(self, number: int) -> str:
        """Sort by column `number`; by the same one again turns the order round."""
        if number == self._sort:
            self._reverse = not self._reverse
        else:
            self._sort, self._reverse = number, False
        self._reindex(self.key_under_cursor)
        return self._columns[number].title

    def turn_round(self) -> None:
        """Reverse the order."""
        self._reverse = not self._reverse
        self._reindex(self.key_under_cursor)

    @property
    def key_under_cursor(self) -> str | None:
        """The key of the row under the cursor."""
        fact = self.fact_under_cursor
        return None if fact is None else self._key(fact)

    @property
    def fact_under_cursor(self) -> Fact | None:
        """The fact under the cursor."""
        return self._facts[self._index[self.cursor]] if self._is_row(self.cursor) else None

    @property
    def visible_facts(self) -> tuple[Fact, ...]:
        """The facts that are on the screen now."""
        top = int(self.scroll_offset.y)
        return tuple(self._facts[i] for i in self._index[top : top + self._lines])

    @property
    def filtered_facts(self) -> tuple[Fact, ...]:
        """All facts that the filter leaves, in their order."""
        return tuple(self._facts[number] for number in self._index)

    def go_to(self, key: str) -> bool:
        """Put the cursor on the row `key`; false when it is not shown."""
        position = self._position_of(key)
        if position is not None:
            self._moved = True
            self.cursor = position
        return position is not None

    @property
    def _lines(self) -> int:
        """How many rows fit below the head."""
        return max(0, self.size.height - 1)

    def _key_at(self, position: int) -> str | None:
        return self._key(self._facts[self._index[position]]) if self._is_row(position) else None

    def _is_row(self, position: int) -> bool:
        return 0 <= position < len(self._index)

    def _position_of(self, key: str | None) -> int | None:
        if key is None:
            return None
        found = (p for p, n in enumerate(self._index) if self._key(self._facts[n]) == key)
        return next(found, None)

    def _cells(self, number: int) -> Mapping[str, str]:
        fact = self._facts[number]
        key = self._key(fact)
        texts = self._texts.get(key)
        if texts is None:
            texts = {c.title.lower(): c.show(fact).text.lower() for c in self._columns}
            self._texts[key] = texts
        return texts

    def _reindex(self, kept: str | None, anchor: str | None = None, line: int = 0) -> None:
        """Filter and sort again. The cursor goes to the row `kept`, and the row `anchor` stays on
        the line `line` of the screen; without an anchor the cursor is brought into sight."""
        numbers = range(len(self._facts))
        if self._filter.terms:
            index = [n for n in numbers if self._filter.keeps(lambda n=n: self._cells(n))]  # type: ignore[misc]
        else:
            index = list(numbers)
        if self._sort is not None:
            sort_key = self._columns[self._sort].sort_key
            keys = {number: sort_key(self._facts[number]) for number in index}
            index.sort(key=keys.__getitem__, reverse=self._reverse)
        self._index = index
        self._measure()
        position = self._position_of(kept)
        if position is None:
            position = max(0, min(self.cursor, len(index) - 1))
        same = anchor is not None and anchor == kept
        anchored = position if same else self._position_of(anchor)
        if anchored is not None:
            self._scroll(anchored - line)
        else:
            self._reveal(position)
        self.set_reactive(ResourceTable.cursor, position)
        self.post_message(self.Highlighted(self, self.key_under_cursor))
        self.post_message(self.Counted(self, len(index), len(self._facts)))
        self.refresh()

    def _measure(self) -> None:
        # All facts, not only those that pass: columns must not move while a filter is typed.
        self._layout = lay_out(self._columns, self._facts, max(10, self.size.width - GAP))
        self.virtual_size = Size(self.size.width, len(self._index) + 1)

    # Painting.

    def render_line(self, y: int) -> Strip:
        """Format one line of the screen: the head, a row, or a line of the note."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            return self._head(width, base)
        if not self._index:
            return self._note_line(y - 1, width, base)
        position = int(self.scroll_offset.y) + y - 1
        if position >= len(self._index):
            return Strip.blank(width, base)
        return self._row(position, width, base)

    def _head(self, width: int, base: Style) -> Strip:
        style = base + self.get_component_rich_style("table--head", partial=True)
        segments = [Segment(" " * GAP, style)]
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            mark = ""
            if self._sort is not None and column is self._columns[self._sort]:
                mark = "▾" if self._reverse else "▴"
            # The mark may stand in the gap, so that a narrow column shows it too.
            title = set_cell_size(column.title, min(cells, cell_len(column.title))) + mark
            segments.append(Segment(set_cell_size(title, cells + GAP), style))
        return Strip(segments).adjust_cell_length(width, style)

    def _row(self, position: int, width: int, base: Style) -> Strip:
        fact = self._facts[self._index[position]]
        on_cursor = position == self.cursor
        if on_cursor:
            base = base + self.get_component_rich_style("table--cursor", partial=True)
        # Neighbours of one style are one segment: what a terminal costs grows with their number.
        segments: list[Segment] = []
        plain = (POINTER if on_cursor else " ").ljust(GAP)
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            text, tone = column.show(fact)
            if tone:
                style = base + self.get_component_rich_style(f"table--{tone}", partial=True)
                segments += [Segment(plain, base), Segment(_fit(text, cells), style)]
                plain = " " * GAP
            else:
                plain += _fit(text, cells) + " " * GAP
        segments.append(Segment(plain, base))
        return Strip(segments).adjust_cell_length(width, base)

    def _note_line(self, y: int, width: int, base: Style) -> Strip:
        lines = [
            part
            for line in self.note.splitlines()
            for part in textwrap.wrap(line, max(10, width - 2 * GAP)) or [""]
        ]
        if not 1 <= y <= len(lines):
            return Strip.blank(width, base)
        style = base + self.get_component_rich_style("table--note", partial=True)
        return Strip([Segment("  " + lines[y - 1], style)]).adjust_cell_length(width, style)

    def watch_note(self) -> None:
        self.refresh()

    # Moving.

    def watch_cursor(self, old: int, new: int) -> None:
        self._reveal(new)
        top = int(self.scroll_offset.y)
        for position in (old, new):
            self.refresh(Region(0, position - top + 1, self.size.width, 1))
        self.post_message(self.Highlighted(self, self.key_under_cursor))

    def _reveal(self, position: int) -> None:
        top = int(self.scroll_offset.y)
        if position < top:
            self._scroll(position)
        elif position >= top + max(1, self._lines):
            self._scroll(position - max(1, self._lines) + 1)

    def _scroll(self, top: int) -> None:
        # Forced: until the next layout there is no scroll bar, without which it would not move.
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        self.refresh()

    def _move_to(self, position: int) -> None:
        self._moved = True
        if self._index:
            self.cursor = max(0, min(position, len(self._index) - 1))

    def action_move(self, by: int) -> None:
        """Move the cursor by `by` rows."""
        self._move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self._move_to(self.cursor + by * max(1, self.size.height - 2))

    def action_edge(self, edge: int) -> None:
        """Move the cursor to the first (0) or the last (-1) row."""
        self._move_to(0 if edge == 0 else len(self._index) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        key = self.key_under_cursor
        if key is not None:
            self.post_message(self.Selected(self, key))

    def on_resize(self, event: events.Resize) -> None:
        self._measure()
        self._reveal(self.cursor)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            self._click_head(event.x)
            return
        position = int(self.scroll_offset.y) + event.y - 1
        if position < len(self._index):
            self._move_to(position)
            if event.chain == 2:
                self.action_select()

    def _click_head(self, x: int) -> None:
        left = GAP
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            if left <= x < left + cells + GAP:
                self.sort_by(self._columns.index(column))
                return
            left += cells + GAP


def _fit(text: str, cells: int) -> str:
    """`text` in exactly `cells` cells; an ellipsis says that some of it is cut off."""
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, cells - 1) + "…"


__all__ = ["Cell", "Column", "ResourceTable"]
