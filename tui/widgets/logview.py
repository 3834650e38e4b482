"""A view of log lines with a cursor: follows the end, leaves when moved up, wraps.

Which lines there are, how they look and what they mean is for the screen to say (`LogLines`); the
view draws the few that are on the screen, at most `FRAMES` times a second however many arrive.

By itself, over the lines of a file that others write:

    class Lines:
        def __init__(self, store: LogStore) -> None:
            self.store = store
        @property
        def first(self) -> int:
            return self.store.first
        @property
        def end(self) -> int:
            return self.store.end
        def row(self, number: int) -> LogRow:
            segment, index = self.store.place(number)
            return LogRow(segment.read(index).text)

    view.show(Lines(store))
    ...
    store.add(LogBlock(Origin("", "a.log", now), whole_lines))   # as often as some come
    view.grown()

One log keeps its numbers. Where several are in one store, `Added.is_anew` says when lines went in
elsewhere than at the end: then `view.show(lines, cursor)` says where the cursor is now.
"""

import re
import time
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from tui.widgets.logrows import GUTTER, LogLines, Piece, paint
from tui.widgets.logwindow import LogWindow, Top

FRAMES: Final = 10
"""Most drawings a second of lines that arrive; keys draw at once."""
QUIET: Final = 0.02
"""Seconds without a line after which a burst is taken to be over, and its end drawn."""
BURSTS: Final = 0.5
"""Seconds from one such end to the next at the least: a line now and then is no burst."""
_LATEST: Final = 0.9
"""Seconds that drawing waits longer at the most where the machine has other things to do."""
POINTER: Final = "▸"
MARK: Final = "◆"
MARK_AT_POINTER: Final = "◈"


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines with a cursor and a follow mode; see the module."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogView { width: 1fr; height: 1fr; scrollbar-size-horizontal: 0; }
    LogView > .log--head { color: $text-muted; }
    LogView > .log--warn { color: $text-warning; }
    LogView > .log--bad { color: $text-error; }
    LogView > .log--ok { color: $text-success; }
    LogView > .log--off { color: $text-muted; }
    LogView > .log--match { text-style: reverse; }
    LogView > .log--mark { color: $text-accent; text-style: bold; }
    LogView > .log--cursor { background: $surface-lighten-2; }
    LogView:focus > .log--cursor { background: $primary-darken-1; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--head",
        "log--warn",
        "log--bad",
        "log--ok",
        "log--off",
        "log--match",
        "log--mark",
        "log--cursor",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "top", "First", show=False),
        Binding("left", "sideways(-1)", "Left", show=False),
        Binding("right", "sideways(1)", "Right", show=False),
    ]

    following: reactive[bool] = reactive(True, init=False)
    """Whether the cursor stays on the newest line."""
    wrapping: reactive[bool] = reactive(False, init=False)

    class Moved(Message):
        """The cursor is on another line, or whether the end is followed has changed."""

        def can_replace(self, message: Message) -> bool:
            """Where the cursor was in between matters to nobody."""
            return isinstance(message, LogView.Moved)

    class TopReached(Message):
        """Somebody wants to go further up than the oldest line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._window = LogWindow()
        self._cursor = 0
        self._shift = 0
        self._pattern: re.Pattern[str] | None = None
        self._placing = False
        """Whether the view scrolls by itself, which says nothing of what the person wants."""
        self._frame: Timer | None = None
        self._drawn = self._due = self._late = 0.0
        self._grown = self._ended = 0.0

    # Lines.

    @property
    def lines(self) -> LogLines:
        """The lines that are shown."""
        return self._window.lines

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self.lines.end - self.lines.first

    @property
    def cursor(self) -> int | None:
        """Number of the line under the cursor; None without lines."""
        if not self.count:
            return None
        return max(self.lines.first, min(self._cursor, self.lines.end - 1))

    def show(self, lines: LogLines, cursor: int | None = None) -> None:
        """Show other lines, the cursor on line `cursor`, which stays at its height on the screen.
        The end is followed if it was, or if there is no such line."""
        window = self._window
        height = window.height_of(self._cursor)
        window.lines = lines
        if cursor is None or self.following:
            self.following = True
            self._catch_up()
            return
        self._cursor = cursor
        self._measure()
        self._put(window.top_for(cursor, height))
        self._tell()

    def grown(self) -> None:
        """Lines were added or have left: draw, unless that was done a moment ago."""
        self._grown = now = time.monotonic()
        if self._frame is not None:
            return
        wait = self._drawn + 1 / FRAMES + self._late - now
        if wait <= 0:
            self._catch_up()
        else:
            self._due = now + wait
            self._frame = self.set_timer(min(wait, QUIET), self._draw_or_wait)

    def _draw_or_wait(self) -> None:
        """Draw if it is time, or if nothing more seems to come."""
        now = time.monotonic()
        left = self._due - now
        is_over = now - self._grown >= QUIET and now - self._ended >= BURSTS
        if left > 0 and not is_over:
            self._frame = self.set_timer(min(left, QUIET), self._draw_or_wait)
            return
        if left > 0:
            self._ended = now
        self._catch_up()

    def redraw(self) -> None:
        """Draw the same lines, which look different."""
        self._measure()
        self._put(self._window.top)

    def _catch_up(self) -> None:
        if self._frame is not None:
            self._frame.stop()
            self._frame = None
            # A timer that comes late says that the machine or the link cannot keep up.
            self._late = min(_LATEST, 2 * max(0.0, time.monotonic() - self._due))
        self._drawn = time.monotonic()
        self._measure()
        window = self._window
        if self.following:
            self._cursor = max(window.first, window.end - 1)
            self._put(window.last_top())
        else:
            self._cursor = max(self._cursor, window.first)
            self._put(window.top)
        self._tell()

    def _tell(self) -> None:
        self.post_message(self.Moved())

    def _measure(self) -> None:
        window = self._window
        window.width = max(1, self.size.width - GUTTER)
        window.height = max(1, self.size.height)
        window.wrapping = self.wrapping
        self._say_how_much(Size(self.size.width, window.measure() + window.height))

    def _say_how_much(self, size: Size) -> None:
        """Tell the scroll bar how much there is. The screen is laid out anew only where the bar
        comes or goes: for lines that come that would cost more than drawing them."""
        has_bar = size.height > self.container_size.height
        if size.width != self.virtual_size.width or has_bar != self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        self.set_reactive(LogView.virtual_size, size)
        if has_bar:
            self.vertical_scrollbar.window_virtual_size = size.height

    def _put(self, top: Top) -> None:
        """Scroll to a top."""
        window = self._window
        window.put(top)
        # Forced: until the next layout there is no scroll bar, without which it would not move.
        self._placing = True
        self.scroll_to(y=window.top[0] - window.first, animate=False, force=True)
        self._placing = False
        self.refresh()

    def _reveal(self) -> None:
        """Scroll as little as is needed to see the line under the cursor."""
        self._put(self._window.top_showing(self._cursor))

    def watch_wrapping(self) -> None:
        self._shift = 0
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        self._measure()
        if self.following:
            self._put(self._window.last_top())
        else:
            self._put((self._window.top[0], 0))
            self._reveal()

    # Moving.

    def follow(self) -> None:
        """Go to the end and follow it."""
        self.following = True
        self._catch_up()

    def highlight(self, pattern: re.Pattern[str] | None) -> None:
        """Let what matches `pattern` stand out, or nothing."""
        self._pattern = pattern
        self.refresh()

    def go_to(self, number: int) -> None:
        """Put the cursor on line `number`, in the middle of the screen unless it is seen."""
        self._measure()
        seen = number in self._window.numbers()
        self._cursor = number
        self._leave_or_return()
        if seen:
            self._reveal()
        else:
            middle = self._window.top_for(number, self._window.height // 2)
            self._put(min(middle, (number, 0)))

    def _draw_first_lines(self) -> None:
        """Who moves before the first lines are drawn moves among those lines."""
        if self._window.end == self._window.first and self.count:
            self._catch_up()

    def _leave_or_return(self) -> None:
        self.following = self._cursor >= self._window.end - 1
        self._tell()

    def _move_to(self, number: int) -> None:
        first, end = self._window.first, self._window.end
        if number < first or end == first:
            self.post_message(self.TopReached())
        self._cursor = max(first, min(number, end - 1))
        self._leave_or_return()

    def action_move(self, by: int) -> None:
        """Move the cursor by lines; upwards leaves the end. A line that is taller than the screen
        is scrolled first."""
        self._draw_first_lines()
        top, skip = self._window.top
        if by > 0 and self._window.hidden_below(self._cursor):
            self._put((top, skip + 1))
        elif by < 0 and skip and top == self._cursor:
            self._put((top, skip - 1))
        else:
            self._move_to(self._cursor + by)
            self._reveal()

    def action_page(self, by: int) -> None:
        """Move the cursor and the screen by a screenful."""
        self._draw_first_lines()
        step = by * max(1, len(self._window.numbers()) - 1)
        self._move_to(self._cursor + step)
        self._put((self._window.top[0] + step, 0))
        self._reveal()

    def action_top(self) -> None:
        """Go to the first line."""
        self._draw_first_lines()
        # One more than there is: whoever is there wants what was before.
        self._move_to(self._window.first - (self._cursor == self._window.first))
        self._reveal()

    def action_sideways(self, by: int) -> None:
        """Move long lines by half a screen, as far as there is more to see of one."""
        room = self._window.width
        longest = max((cell_len(piece.text) for piece in self._window.pieces()), default=0)
        if not self.wrapping and (by < 0 or self._shift + room < longest):
            self._shift = max(0, self._shift + by * max(1, room // 2))
            self.refresh()

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        window = self._window
        if self._placing or window.height != max(1, self.size.height):
            return  # nobody scrolls: another size, which is dealt with in a moment
        # The wheel was turned, or the scroll bar dragged: the cursor stays on the screen.
        last = window.last_top()
        at_end = window.first + int(new) >= last[0]
        window.put(last if at_end else (window.first + int(new), 0))
        self.refresh()
        seen = window.numbers()
        if at_end and new > old:
            self._cursor = window.end - 1
        elif seen:
            self._cursor = max(seen[0], min(self._cursor, seen[-1]))
        self._leave_or_return()

    def on_click(self, event: events.Click) -> None:
        pieces = self._window.pieces()
        if event.y < len(pieces):
            self._move_to(pieces[event.y].number)
            self._reveal()

    # Painting.

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, base = self.size.width, self.rich_style
        pieces = self._window.pieces()
        if y >= len(pieces):
            return Strip.blank(width, base)
        piece = pieces[y]
        at_cursor = piece.number == self.cursor
        if at_cursor:
            base = base + self._style("cursor")
        plain = base + self._style(piece.row.tone) if piece.row.tone else base
        head = base + self._style("head")
        text = Strip(paint(piece, plain, head, self._style("match"), self._pattern))
        if self._shift and not self.wrapping:
            text = text.crop(self._shift)
        gutter = Segment(_sign(piece, at_cursor), base + self._style("mark"))
        line = Strip([gutter, *text.adjust_cell_length(self._window.width, base)])
        return line.adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"log--{name}", partial=True)


def _sign(piece: Piece, at_cursor: bool) -> str:
    if not piece.is_first:
        return " "
    if piece.row.marked:
        return MARK_AT_POINTER if at_cursor else MARK
    return POINTER if at_cursor else " "
