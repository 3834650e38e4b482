"""A view of log lines: follows the end, leaves when scrolled, wraps, searches.

Only the lines on the screen are turned into strips. Which lines there are is for the screen to
say (`replace`, `append`); the view knows nothing of logs.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Tone

LARGEST = 20_000
"""Lines that are kept; the oldest leave first."""


class LogRow(NamedTuple):
    """One line as it is shown."""

    text: str
    tone: Tone = ""
    head: int = 0
    """Characters at the beginning (time, source) that are shown dim."""


class _Piece(NamedTuple):
    """What stands on one line: a row, or a part of one that is wrapped."""

    row: int
    text: str
    first: bool
    """Whether it is the row's first."""


class LogView(ScrollView, can_focus=True):
    """Lines with a follow mode; see the module."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogView { width: 1fr; height: 1fr; scrollbar-size-horizontal: 0; }
    LogView > .log--head { color: $text-muted; }
    LogView > .log--warn { color: $text-warning; }
    LogView > .log--bad { color: $text-error; }
    LogView > .log--ok { color: $text-success; }
    LogView > .log--off { color: $text-muted; }
    LogView > .log--match { text-style: reverse; }
    LogView > .log--found { background: $primary-darken-1; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--head",
        "log--warn",
        "log--bad",
        "log--ok",
        "log--off",
        "log--match",
        "log--found",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "top", "First", show=False),
        Binding("left", "sideways(-1)", "Left", show=False),
        Binding("right", "sideways(1)", "Right", show=False),
    ]

    following: reactive[bool] = reactive(True)
    wrapping: reactive[bool] = reactive(False)

    class Moved(Message):
        """Whether the end is followed has changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[LogRow] = []
        self._pieces: list[_Piece] = []
        """What stands on each line."""
        self._pattern: re.Pattern[str] | None = None
        self._found: int | None = None
        """The row that the last search stopped at."""
        self._shift = 0
        self._placing = False
        """Whether the view scrolls by itself, which says nothing of what the person wants."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    # Content.

    def replace(self, rows: Sequence[LogRow]) -> None:
        """Show other rows. The end is followed if it was; else what is on the first line of the
        screen stays there, if the new rows have it too."""
        top = self._top_row()
        first = self._rows[top] if self._rows else None
        self._rows = list(rows[-LARGEST:])
        self._found = None
        same = (number for number, row in enumerate(self._rows) if row == first)
        self._lay_out(min(same, key=lambda number: abs(number - top), default=top))

    def append(self, rows: Sequence[LogRow]) -> None:
        """Add rows at the end."""
        if not rows:
            return
        self._rows.extend(rows)
        if len(self._rows) > LARGEST + LARGEST // 10:
            self._drop(len(self._rows) - LARGEST)
            return
        first = len(self._rows) - len(rows)
        for number, row in enumerate(rows, first):
            self._pieces.extend(self._cut(number, row))
        self._show_end_or_stay()

    def _drop(self, count: int) -> None:
        """Let the oldest rows go; what is on the screen stays there while it can."""
        top = self._top_row()
        del self._rows[:count]
        if self._found is not None:
            self._found = self._found - count if self._found >= count else None
        self._lay_out(max(0, top - count))

    def _top_row(self) -> int:
        """The row on the first line of the screen."""
        top = int(self.scroll_offset.y)
        return self._pieces[top].row if top < len(self._pieces) else 0

    def _lay_out(self, top_row: int = 0) -> None:
        """Cut all rows anew; the row `top_row` comes first unless the end is followed."""
        self._pieces = [
            piece for number, row in enumerate(self._rows) for piece in self._cut(number, row)
        ]
        self._show_end_or_stay()
        if not self.following:
            self._scroll_to_line(self._line_of(top_row))

    def _line_of(self, row: int) -> int:
        """The first line of a row."""
        return bisect_left(self._pieces, row, key=lambda piece: piece.row)

    def _scroll_to_line(self, line: int) -> None:
        # Forced: until the next layout there is no scroll bar, without which it would not move.
        top = max(0, min(line, self._last_top()))
        self._placing = True
        self.scroll_to(y=top, animate=False, force=True)
        self._placing = False

    def _cut(self, number: int, row: LogRow) -> list[_Piece]:
        width = self.size.width
        if not self.wrapping or width < 8 or cell_len(row.text) <= width:
            return [_Piece(number, row.text, True)]
        head, *rest = chop_cells(row.text, width)
        tail = "".join(rest)
        indented = [f"    {part}" for part in chop_cells(tail, width - 4)]
        return [_Piece(number, head, True), *(_Piece(number, part, False) for part in indented)]

    def _show_end_or_stay(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._pieces))
        if self.following:
            self._scroll_to_line(self._last_top())
        self.refresh()

    def _last_top(self) -> int:
        return max(0, len(self._pieces) - self.size.height)

    def watch_wrapping(self) -> None:
        self._shift = 0
        self._lay_out(self._top_row())

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(self._top_row())

    # Following.

    def follow(self) -> None:
        """Go to the end and follow it."""
        self.following = True
        self._show_end_or_stay()
        self.post_message(self.Moved())

    def _leave_or_return(self) -> None:
        at_end = int(self.scroll_offset.y) >= self._last_top()
        if at_end != self.following:
            self.following = at_end
            self.post_message(self.Moved())

    def _scroll_by(self, lines: int) -> None:
        self._scroll_to_line(int(self.scroll_offset.y) + lines)
        self._leave_or_return()

    def action_scroll(self, by: int) -> None:
        """Scroll by lines; upwards leaves the end."""
        self._scroll_by(by)

    def action_page(self, by: int) -> None:
        """Scroll by a screenful."""
        self._scroll_by(by * max(1, self.size.height - 1))

    def action_top(self) -> None:
        """Go to the first line."""
        self._scroll_by(-len(self._pieces))

    def action_sideways(self, by: int) -> None:
        """Move long lines by half a screen, as far as there is more to see of one."""
        step = max(1, self.size.width // 2)
        top = int(self.scroll_offset.y)
        shown = self._pieces[top : top + self.size.height]
        longest = max((cell_len(piece.text) for piece in shown), default=0)
        if not self.wrapping and (by < 0 or self._shift + self.size.width < longest):
            self._shift = max(0, self._shift + by * step)
            self.refresh()

    # Searching.

    def search(self, pattern: re.Pattern[str] | None) -> int:
        """Highlight `pattern` and go to its last match; returns how many rows match."""
        self._pattern = pattern
        self._found = None
        self.refresh()
        if pattern is None:
            return 0
        matches = sum(pattern.search(row.text) is not None for row in self._rows)
        self.find(-1)
        return matches

    def find(self, step: int) -> bool:
        """Go to the next match forwards (1) or backwards (-1); false when there is none more."""
        pattern = self._pattern
        if pattern is None:
            return False
        start = self._found if self._found is not None else (len(self._rows) if step < 0 else -1)
        numbers = range(start + step, len(self._rows) if step > 0 else -1, step)
        for number in numbers:
            if pattern.search(self._rows[number].text) is not None:
                self._found = number
                self._reveal(number)
                return True
        return False

    def _reveal(self, number: int) -> None:
        self._scroll_to_line(self._line_of(number) - self.size.height // 2)
        self.refresh()
        self._leave_or_return()

    # Painting.

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        self.refresh()
        if not self._placing:
            self._leave_or_return()  # the wheel was turned, or the scroll bar dragged

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        base = self.rich_style
        position = int(self.scroll_offset.y) + y
        if position >= len(self._pieces):
            return Strip.blank(width, base)
        number, text, first = self._pieces[position]
        row = self._rows[number]
        style = base
        if row.tone:
            style = base + self.get_component_rich_style(f"log--{row.tone}", partial=True)
        if number == self._found:
            style = style + self.get_component_rich_style("log--found", partial=True)
        segments = self._segments(text, row.head if first else 0, style, base)
        strip = Strip(segments)
        if self._shift and not self.wrapping:
            strip = strip.crop(self._shift)
        return strip.adjust_cell_length(width, base)

    def _segments(self, text: str, head: int, style: Style, base: Style) -> list[Segment]:
        segments = []
        if head:
            dim = base + self.get_component_rich_style("log--head", partial=True)
            segments.append(Segment(text[:head], dim))
            text = text[head:]
        if self._pattern is None:
            return [*segments, Segment(text, style)]
        match_style = style + self.get_component_rich_style("log--match", partial=True)
        end = 0
        for match in self._pattern.finditer(text):
            if match.end() == match.start():
                continue
            segments.append(Segment(text[end : match.start()], style))
            segments.append(Segment(match.group(), match_style))
            end = match.end()
        segments.append(Segment(text[end:], style))
        return segments
