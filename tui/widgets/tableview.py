"""How a table of facts is painted: head, rows, and what stands in their place without any.

A line that was painted once is kept until something of it changes, so that scrolling by a line
formats one row. What a terminal would have to be told to follow a text with the mouse is made only
for the line that the mouse asks about.
"""

import textwrap
from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Generic

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.widgets.columns import GAP, Column, Fact, Layout, Tone, last_shift, natural_widths, shifted
from tui.widgets.rowpaint import RowPaint, row_words
from tui.widgets.rowset import RowSet

KEPT_LINES: Final = 512
"""Painted lines that are kept."""


class TableView(ScrollView, Generic[Fact]):
    """The painted part of `tui.widgets.table.ResourceTable`."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    TableView { width: 1fr; height: 1fr; scrollbar-size-horizontal: 0; }
    TableView > .table--head { color: $text-muted; text-style: bold; }
    TableView > .table--cursor { background: $surface-lighten-2; text-style: bold; }
    TableView:focus > .table--cursor { background: $primary-darken-1; color: $text; }
    TableView > .table--marked { color: $text-accent; }
    TableView > .table--note { color: $text-muted; }
    TableView > .table--ok { color: $text-success; }
    TableView > .table--warn { color: $text-warning; }
    TableView > .table--bad { color: $text-error; }
    TableView > .table--off { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        "table--marked",
        "table--note",
        "table--ok",
        "table--warn",
        "table--bad",
        "table--off",
    }

    cursor: reactive[int] = reactive(0, init=False)
    """The place of the row under the cursor, from 0."""
    note: reactive[str] = reactive("")
    """What stands in place of rows when there are none; may have several lines."""
    note_tone: reactive[Tone] = reactive("")
    """`bad` when the note tells of a failure."""
    plain: reactive[bool] = reactive(False, init=False)
    """Rows as words, each title before its text, for screen readers and braille lines."""

    def __init__(
        self,
        columns: Sequence[Column[Fact]],
        key: Callable[[Fact], str],
        *,
        id: str | None = None,
        sort: int | None = 0,
    ) -> None:
        super().__init__(id=id)
        self._rows: RowSet[Fact] = RowSet(columns, key, sort)
        self._offered: tuple[Column[Fact], ...] = self._rows.columns
        self._natural: tuple[int, ...] = natural_widths(self._offered, ())
        self._shift = 0
        self._layout: Layout[Fact] = shifted(self._offered, self._natural, 80, 0)
        self._styles: dict[str, Style] = {}
        self._painted: dict[tuple[int, bool], Strip] = {}
        self._paint: RowPaint[Fact] | None = None

    # Columns.

    @property
    def shift(self) -> int:
        """How far the columns are moved to the left; the first one stays."""
        return self._shift

    @property
    def last_shift(self) -> int:
        """How far they can be moved; 0 when every column is shown."""
        return last_shift(self._offered, self._natural, self._room)

    def offer_columns(self, titles: Sequence[str]) -> None:
        """Show only the columns with these titles, in this order; all of them without any that
        there is. Filters look at every column all the same."""
        by_title = {column.title: column for column in self._rows.columns}
        chosen = tuple(by_title[title] for title in titles if title in by_title)
        self._offered = chosen or self._rows.columns
        self._shift = 0
        self._measure()
        self._lay_out()

    @property
    def columns_offered(self) -> tuple[str, ...]:
        """The titles of the columns that are shown where there is room."""
        return tuple(column.title for column in self._offered)

    @property
    def _room(self) -> int:
        return max(10, self.size.width - GAP)

    def _measure(self) -> None:
        # All facts, not only those that pass: columns must not move while a filter is typed.
        self._natural = natural_widths(self._offered, self._rows.facts)

    def _lay_out(self) -> None:
        self._shift = min(self._shift, self.last_shift) if self._shift else 0
        self._layout = shifted(self._offered, self._natural, self._room, self._shift)
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self._repaint()

    def _repaint(self) -> None:
        """Forget every painted line."""
        self._painted.clear()
        self._paint = None
        self.refresh()

    # Lines.

    @property
    def _lines(self) -> int:
        """How many rows fit below the head."""
        return max(0, self.size.height - 1)

    @property
    def _top(self) -> int:
        """The place of the first row on the screen."""
        return int(self.scroll_offset.y)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the part `crop` of the widget, as they go to the screen."""
        styles = self.styles
        if styles.gutter.totals != (0, 0) or styles.tint.a or self.opacity != 1.0:
            return super().render_lines(crop)
        width = self.size.width
        strips = [self._line(y, width) for y in crop.line_range]
        filters = self.get_line_filters()
        if filters:
            background = self.background_colors[1]
            for each in filters:
                strips = [strip.apply_filter(each, background) for strip in strips]
        if crop.column_span != (0, width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line, told where each of its texts stands: Textual's selection asks for that."""
        return self._line(y, self.size.width).apply_offsets(0, y + (self._top if y else 0))

    def _line(self, y: int, width: int) -> Strip:
        if not len(self._rows) and y:
            return self._note_line(y - 1, width)
        place = self._top + y - 1 if y else -1
        known = (place, place == self.cursor)
        strip = self._painted.get(known)
        if strip is None:
            if len(self._painted) >= KEPT_LINES:
                self._painted.clear()
            strip = self._painted[known] = self._painted_line(place, width)
        return strip

    def _painted_line(self, place: int, width: int) -> Strip:
        base, paint = self.rich_style, self._row_paint()
        if place < 0:
            by = None if self._rows.sort is None else self._rows.columns[self._rows.sort]
            segments = paint.head(by, reverse=self._rows.reverse)
            strip = Strip(segments, paint.cells)
            strip = strip.adjust_cell_length(width, segments[0].style)
            return self._with_selection(strip, 0)
        fact = self._rows.fact_at(place)
        if fact is None:
            return Strip.blank(width, base)
        on_cursor = place == self.cursor
        marked = self._rows.is_marked(fact)
        if self.plain:
            columns = (self._offered[0], *self._offered[max(1, self._shift) :])
            segments = paint.words(columns, fact, on_cursor=on_cursor, marked=marked)
            strip = Strip(segments)
        else:
            segments = paint.row(fact, on_cursor=on_cursor, marked=marked)
            strip = Strip(segments, paint.cells)
        strip = strip.adjust_cell_length(width, segments[-1].style)
        return self._with_selection(strip, place + 1)

    def _row_paint(self) -> RowPaint[Fact]:
        if self._paint is None:
            self._paint = RowPaint(self._layout, self.rich_style, self._style_of)
        return self._paint

    def _style_of(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(f"table--{name}", partial=True)
            self._styles[name] = style
        return style

    def notify_style_update(self) -> None:
        """Textual says that colours may have changed."""
        super().notify_style_update()
        self._styles.clear()
        self._painted.clear()
        self._paint = None

    def _note_line(self, y: int, width: int) -> Strip:
        base = self.rich_style
        lines = self._note_lines(width)
        if not 1 <= y <= len(lines):
            return Strip.blank(width, base)
        tone = self.note_tone if y == 1 and self.note_tone else "note"
        style = base + self._style_of(tone)
        strip = Strip([Segment("  " + lines[y - 1], style)]).adjust_cell_length(width, style)
        return self._with_selection(strip, y + 1)

    def _note_lines(self, width: int) -> list[str]:
        return [
            part
            for line in self.note.splitlines()
            for part in textwrap.wrap(line, max(10, width - 2 * GAP)) or [""]
        ]

    def watch_note(self) -> None:
        self.refresh()

    def watch_note_tone(self) -> None:
        self.refresh()

    def watch_plain(self) -> None:
        self._repaint()
        self._follow_with_caret()

    # Selection with the mouse. Lines are counted as they scroll: the head is 0, then the rows.

    def _with_selection(self, strip: Strip, line: int) -> Strip:
        """The strip with what is selected of it in the style for that."""
        selection = self.text_selection
        span = None if selection is None else selection.get_span(line)
        if span is None:
            return strip
        text = strip.text
        first, last = span[0], len(text) if span[1] < 0 else span[1]
        style = self.screen.get_component_rich_style("screen--selection")
        segments: list[Segment] = []
        at = 0
        for each, own, _ in strip:
            left, right = max(0, first - at), max(0, last - at)
            parts = ((each[:left], own), (each[left:right], (own or Style.null()) + style))
            segments += [Segment(part, s) for part, s in (*parts, (each[right:], own)) if part]
            at += len(each)
        return Strip(segments, strip.cell_length)

    def selection_updated(self, selection: Selection | None) -> None:
        """Textual says that another part is selected."""
        self._repaint()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that is selected, rows in lines."""
        width = self.size.width
        start = selection.start or Offset(0, 0)
        rows = len(self._rows)
        count = rows + 1 if rows else len(self._note_lines(width)) + 2
        end = selection.end or Offset(-1, count - 1)
        lines = []
        for line in range(start.y, min(end.y, count - 1) + 1):
            text = self._text_of_line(line, width)
            last = end.x if line == end.y and end.x >= 0 else len(text)
            lines.append(text[start.x if line == start.y else 0 : last].rstrip())
        return "\n".join(lines), "\n"

    def _text_of_line(self, line: int, width: int) -> str:
        if line and not len(self._rows):
            return self._note_line(line - 1, width).text
        return self._painted_line(line - 1, width).text

    # The terminal's own cursor, which screen readers and braille lines follow.

    def _follow_with_caret(self) -> None:
        """Put the terminal's cursor on the row under ours, where it is in sight."""
        line = self.cursor - self._top
        if self.has_focus and 0 <= line < self._lines:
            left = 0 if self.plain else GAP
            self.app.cursor_position = self.content_region.offset + Offset(left, line + 1)

    def words_of(self, fact: Fact) -> str:
        """A row in words: `NETWORK acme, VPN running`, with every column that is offered."""
        return row_words(self._offered, fact)
