"""A table over facts: only the rows on the screen are formatted, refresh keeps the cursor.

The widget keeps the facts as they are and an index of those that pass the filter, in the order of
the sorting. A refresh replaces the facts; cursor, scrolling and marks stay on the objects they were
on, by key.

Rows may be tuples, frozen structs, anything: a column says what it shows of one. `show` replaces
all of them and costs next to nothing for those that are the same objects as before (provided that
their type cannot change); `merge` replaces or adds some. What is left to do then (the rest of a
long order, the texts that filters look at) is done in idle moments.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final, Generic

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from tui.widgets.columns import GAP, Cell, Column, Fact
from tui.widgets.rowpaint import POINTER
from tui.widgets.tableview import TableView

WORK_SECONDS: Final = 0.004
"""How long idle work may hold up everything else."""
REST_SECONDS: Final = 0.015
"""How long it then leaves to everything else."""


class ResourceTable(TableView[Fact], Generic[Fact], can_focus=True):
    """Rows of facts with a cursor and marks; see the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("left,shift+left", "shift(-1)", "Columns to the left", show=False),
        Binding("right,shift+right", "shift(1)", "Columns to the right", show=False),
        Binding("enter", "select", "Open", show=False),
    ]

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
        """The number of rows that pass the filter, of all, or of marked ones has changed."""

        def __init__(
            self, table: "ResourceTable[Any]", shown: int, total: int, marked: int = 0
        ) -> None:
            super().__init__()
            self.table = table
            self.shown = shown
            self.total = total
            self.marked = marked

    class Viewed(Message):
        """Other rows stand on the screen: somebody has scrolled, filtered or sorted, rows have come
        or gone, or the size has changed. Showing the same rows again does not tell it.

        `keys` are the keys of the rows on the screen, from top to bottom; `table.visible_facts` has
        their facts. Only the newest of a burst is delivered.
        """

        def __init__(self, table: "ResourceTable[Any]", keys: tuple[str, ...]) -> None:
            super().__init__()
            self.table = table
            self.keys = keys

        def can_replace(self, message: Message) -> bool:
            """Whether `message`, which waits, is not worth delivering any more."""
            return isinstance(message, ResourceTable.Viewed) and message.table is self.table

    def __init__(
        self,
        columns: Sequence[Column[Fact]],
        key: Callable[[Fact], str],
        *,
        id: str | None = None,
        sort: int | None = 0,
    ) -> None:
        """`sort` is the number of the column that orders the rows; None leaves them as they come,
        which costs nothing however many there are. `key` tells rows apart, across refreshes."""
        super().__init__(columns, key, id=id, sort=sort)
        self._moved = False
        """Whether anybody has put the cursor anywhere, or chosen rows by a filter."""
        self._viewed: tuple[str, ...] = ()
        self._work: Iterator[None] | None = None

    # Facts, filter, sorting.

    def show(self, facts: Iterable[Fact], *, kept: bool = False) -> None:
        """Replace the rows; cursor and scrolling stay on the same object where it still is.

        Until somebody has moved, the first row is looked at, whatever arrives before it; and who
        looks at the first rows goes on seeing the first rows. With `kept` the rows are a sequence
        that never changes, which may make each of them when it is looked at.
        """
        self._replace(lambda: self._rows.replace(facts, kept=kept))

    def merge(self, facts: Iterable[Fact]) -> None:
        """Replace the rows that have the keys of `facts`, and add those that are new."""
        self._replace(lambda: self._rows.merge(facts))

    def _replace(self, replace: Callable[[], None]) -> None:
        kept = self.key_under_cursor if self._moved else None
        top = self._top
        line = self.cursor - top
        at_cursor = 0 <= line < self._lines
        anchor, line = (kept, line) if at_cursor else (self._rows.key_at(top), 0)
        replace()
        self._measure()
        self._arrange(kept, None if top == 0 else anchor, line)

    def filter_by(self, text: str) -> None:
        """Show only the rows that match the filter line `text`."""
        kept = self.key_under_cursor
        self._rows.filter_by(text)
        self._arrange(kept)
        self._moved = True

    def prepare_filter(self) -> None:
        """Somebody is about to type a filter: make the texts that it looks at, in idle moments,
        however many there are."""
        self._begin_work(self._rows.catching_up(all_texts=True))

    def sort_by_next(self) -> str:
        """Sort by the next column that is shown; returns its title."""
        current = -1 if self._rows.sort is None else self._rows.sort
        shown = sorted(self._rows.columns.index(column) for column in self._layout.columns)
        return self.sort_by(next((n for n in shown if n > current), shown[0]))

    def sort_by(self, number: int) -> str:
        """Sort by column `number`; by the same one again turns the order round."""
        if number == self._rows.sort:
            return self._sort(number, not self._rows.reverse)
        return self._sort(number, False)

    def turn_round(self) -> None:
        """Reverse the order."""
        self._sort(self._rows.sort, not self._rows.reverse)

    def _sort(self, number: int | None, reverse: bool) -> str:
        kept = self.key_under_cursor
        self._rows.sort, self._rows.reverse = number, reverse
        self._rows.arrange()
        self._arrange(kept)
        return "" if number is None else self._rows.columns[number].title

    @property
    def key_under_cursor(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows.key_at(self.cursor)

    @property
    def fact_under_cursor(self) -> Fact | None:
        """The fact under the cursor."""
        return self._rows.fact_at(self.cursor)

    @property
    def visible_facts(self) -> tuple[Fact, ...]:
        """The facts that are on the screen now."""
        return self._rows.between(self._top, self._top + self._lines)

    @property
    def filtered_facts(self) -> tuple[Fact, ...]:
        """All facts that the filter leaves, in their order."""
        return self._rows.shown

    def go_to(self, key: str) -> bool:
        """Put the cursor on the row `key`; false when it is not shown."""
        place = self._rows.place_of(key)
        if place is not None:
            self._moved = True
            self.cursor = place
        return place is not None

    def _arrange(self, kept: str | None, anchor: str | None = None, line: int = 0) -> None:
        """Show what the rows have become. The cursor goes to the row `kept`, and the row `anchor`
        stays on the line `line` of the screen; without an anchor the cursor is brought into
        sight."""
        place = self._rows.place_of(kept)
        if place is None:
            place = max(0, min(self.cursor, len(self._rows) - 1))
        self._lay_out()
        anchored = place if anchor is not None and anchor == kept else self._rows.place_of(anchor)
        self.set_reactive(ResourceTable.cursor, place)
        if anchored is not None:
            self._scroll(anchored - line)
        else:
            self._reveal(place)
        self.post_message(self.Highlighted(self, self.key_under_cursor))
        self._count()
        self._tell_view()
        self._begin_work(self._rows.catching_up())

    def _count(self) -> None:
        shown, total = len(self._rows), len(self._rows.facts)
        self.post_message(self.Counted(self, shown, total, len(self._rows.marked)))

    def _tell_view(self) -> None:
        """Say which rows stand on the screen, if others did before."""
        self._follow_with_caret()
        keys = tuple(map(self._rows.key_of, self.visible_facts))
        if keys != self._viewed:
            self._viewed = keys
            self.post_message(self.Viewed(self, keys))

    # Idle work.

    def _begin_work(self, work: Iterator[None]) -> None:
        """Do `work` in small parts after the rows are painted; what was under way is left."""
        begin = self._work is None
        self._work = work
        if begin:
            self.call_after_refresh(self._go_on_working)

    def _go_on_working(self) -> None:
        work = self._work
        end = time.perf_counter() + WORK_SECONDS
        while work is not None and time.perf_counter() < end:
            if next(work, self) is self:
                work = self._work = None
        if work is not None:
            self.set_timer(REST_SECONDS, self._go_on_working)

    # Marks.

    @property
    def marked_facts(self) -> tuple[Fact, ...]:
        """The marked rows, in their order; those that the filter hides come last."""
        return self._rows.marked

    def action_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go to the next one."""
        key = self.key_under_cursor
        if key is not None:
            self._rows.turn_mark(key)
            self._marks_changed()
            self._move_to(self.cursor + 1)

    def action_mark_shown(self) -> None:
        """Mark every row that the filter leaves."""
        self._rows.mark_shown()
        self._marks_changed()

    def action_clear_marks(self) -> None:
        """Take every mark away."""
        self._rows.marks.clear()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self._repaint()
        self._count()

    # Moving.

    def watch_cursor(self, old: int, new: int) -> None:
        self._reveal(new)
        for place in (old, new):
            self.refresh(Region(0, place - self._top + 1, self.size.width, 1))
        self._follow_with_caret()
        self.post_message(self.Highlighted(self, self.key_under_cursor))

    def _reveal(self, place: int) -> None:
        top = self._top
        if place < top:
            self._scroll(place)
        elif place >= top + max(1, self._lines):
            self._scroll(place - max(1, self._lines) + 1)

    def _scroll(self, top: int) -> None:
        # Forced: until the next layout there is no scroll bar, without which it would not move.
        self.scroll_to(y=max(0, top), animate=False, force=True)

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        self.refresh()
        self._tell_view()

    def _move_to(self, place: int) -> None:
        self._moved = True
        if len(self._rows):
            self.cursor = max(0, min(place, len(self._rows) - 1))

    def action_move(self, by: int) -> None:
        """Move the cursor by `by` rows."""
        self._move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self._move_to(self.cursor + by * max(1, self.size.height - 2))

    def action_edge(self, edge: int) -> None:
        """Move the cursor to the first (0) or the last (-1) row."""
        self._move_to(0 if edge == 0 else len(self._rows) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        key = self.key_under_cursor
        if key is not None:
            self.post_message(self.Selected(self, key))

    def action_shift(self, by: int) -> None:
        """Move the columns beside the first one by `by`."""
        self._shift = max(0, min(self._shift + by, self.last_shift))
        self._lay_out()

    def on_focus(self) -> None:
        self._follow_with_caret()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()
        self._reveal(self.cursor)
        self._tell_view()

    # Mouse. The wheel and the scroll bar are Textual's.

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        self.action_shift(-1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        self.action_shift(1)

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # Textual would select the whole table on a double click
        if self.text_selection is not None:
            return  # the end of a selection is not meant for a row
        if event.y == 0:
            self._click_head(event.x)
            return
        place = self._top + event.y - 1
        if place < len(self._rows):
            self._move_to(place)
            if event.chain == 2:
                self.action_select()

    def _click_head(self, x: int) -> None:
        left = GAP
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            if left <= x < left + cells + GAP:
                self.sort_by(self._rows.columns.index(column))
                return
            left += cells + GAP


__all__ = ["POINTER", "Cell", "Column", "ResourceTable"]
