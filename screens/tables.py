"""Sections that are a table with a pane of details beside it."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar

from textual import on, work
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from screens.columns import ColumnsDialog
from screens.details import DetailsDialog, DetailsPane
from screens.filterline import FilterLine
from screens.frame import SectionScreen
from tui.actions import Action
from tui.cloud.errors import CloudError
from tui.session.freshness import is_dear, is_due, is_settled, wants_a_look
from tui.session.inventory import Kind, Shelf
from tui.settings.errors import SettingsError
from tui.widgets.columns import Column
from tui.widgets.table import ResourceTable

Row = TypeVar("Row")

LOOK_AFTER: Final = 0.4
"""Seconds for which rows have to stand on the screen before they are looked at."""
LOOK_EVERY: Final = 5.0
LOOK_WORKER: Final = "look"

NEEDS_THE_SERVER: Final = frozenset({"reveal", "kits"})
"""Actions that change nothing and yet need what is never kept on disk: the keys of VPNs."""


class TableScreen(SectionScreen, Generic[Row]):
    """One table; subclasses say columns, rows, details and what stands there without rows."""

    COLUMNS: ClassVar[tuple[Column[Any], ...]] = ()
    _look_later: Timer | None = None
    WHAT: ClassVar[str] = ""
    """What the rows are, in the plural: `networks`."""

    def compose_body(self) -> Iterable[Widget]:
        yield FilterLine()
        yield Static("", id="trouble")
        with Horizontal(classes="body"):
            yield ResourceTable(self.COLUMNS, self.key_of, id="rows")
            yield DetailsPane()

    @property
    def table(self) -> ResourceTable[Row]:
        """The table of the section."""
        table: ResourceTable[Row] = self.query_one("#rows", ResourceTable)
        return table

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.table.fact_under_cursor

    # What subclasses say.

    def rows(self) -> Sequence[Row]:
        """The rows, from the inventory."""
        raise NotImplementedError

    def key_of(self, row: Row) -> str:
        """What a row is known by across refreshes."""
        raise NotImplementedError

    def title_of(self, row: Row) -> str:
        """What a row is called."""
        raise NotImplementedError

    def name_of_row(self) -> str:
        return "" if self.row is None else self.title_of(self.row)

    def details(self, row: Row) -> tuple[str, Content]:
        """Title and text of the details of a row."""
        raise NotImplementedError

    def note_when_empty(self) -> str:
        """What stands in place of rows when the server has none: what to do then."""
        raise NotImplementedError

    def text_to_copy(self, row: Row) -> tuple[str, str]:
        """What `copy` sends to the clipboard, and its name."""
        raise NotImplementedError

    # Showing.

    def show_facts(self) -> None:
        table = self.table
        rows = self.rows()
        table.note = self._note()
        table.note_tone = "bad" if self._errors() else ""
        table.show(rows)
        self._show_trouble(beside_rows=bool(rows))

    def shelves(self) -> dict[str, Shelf[Any]]:
        """The lists that the rows are made from, by what they are called."""
        return {str(kind): self.session.inventory.shelf(kind) for kind in self.kinds}

    @property
    def is_filled(self) -> bool:
        return all(not shelf.loading and is_settled(shelf) for shelf in self.shelves().values())

    def _errors(self) -> list[tuple[str, CloudError]]:
        return [(what, s.error) for what, s in self.shelves().items() if s.error is not None]

    def _show_trouble(self, *, beside_rows: bool) -> None:
        """Say above the rows what they lack; without any row the table itself says it."""
        line = self.query_one("#trouble", Static)
        errors = self._errors() if beside_rows else []
        line.display = bool(errors)
        if errors:
            what, error = errors[0]
            words = f" ✘ The {what} could not be listed (r tries again): {error.explain()}"
            line.update(Content.styled(words, "bold $text-error"))

    def _note(self) -> str:
        errors = self._errors()
        if errors:
            return note_of(*errors[0])
        if any(shelf.loading or not is_settled(shelf) for shelf in self.shelves().values()):
            return f"Asking the server for its {self.WHAT} …"
        if self.query_one(FilterLine).text:
            return "No row matches the filter. Press / to change it, escape there to clear it."
        return self.note_when_empty()

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if action.name == "clear_marks" and not self.table.marked_facts:
            return "No row is marked."
        if reason is not None or not action.on_row:
            return reason
        row = self.row
        if row is None:
            return "There is no row here to do that with."
        known = action.writes or action.name in NEEDS_THE_SERVER
        remembered = filter(self.is_remembered, (row, *self.table.marked_facts) if known else ())
        for each in remembered:
            return (
                f"{self.title_of(each)} is what an earlier run has seen. Wait until the server has "
                "told of it, or press r to ask for all rows."
            )
        return None

    def ids_of(self, row: Row) -> Iterable[str]:
        """The ids of everything that the row is made from; a VPN has that of its address."""
        return (self.key_of(row),)

    def is_remembered(self, row: Row) -> bool:
        """Whether a part of the row was not told by the server since the console started."""
        inventory = self.session.inventory
        remembered = [inventory.shelf(kind).remembered for kind in Kind]
        return any(each in keys for each in self.ids_of(row) for keys in remembered if keys)

    @on(ResourceTable.Counted)
    def _counted(self, event: ResourceTable.Counted) -> None:
        more = " …" if any(shelf.loading for shelf in self.shelves().values()) else ""
        marked = f"{event.marked} marked, " if event.marked else ""
        count = f"{marked}{event.shown} of {event.total}{more}"
        self.query_one(FilterLine).count(count, self.words_for_memory)
        self.table.note = self._note()

    @on(ResourceTable.Highlighted)
    def _highlighted(self, event: ResourceTable.Highlighted) -> None:
        self.show_details(self.row)
        self.show_hints()

    def show_details(self, row: Row | None) -> None:
        """Show what is known about `row` in the pane."""
        pane = self.query_one(DetailsPane)
        if row is None:
            pane.clear()
        else:
            pane.show(*self.details(row))

    @on(ResourceTable.Selected)
    async def _selected(self, event: ResourceTable.Selected) -> None:
        await self.action_perform("details")

    # Filter.

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self.table.filter_by(event.text)

    @on(FilterLine.Left)
    def _filter_left(self, event: FilterLine.Left) -> None:
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.table.prepare_filter()
        self.query_one(FilterLine).focus_field()

    def filter_rows(self, text: str) -> None:
        """Set the filter from outside: from another section, say."""
        self.query_one(FilterLine).set_text(text)

    def arrive(self, key: str, filter_text: str) -> None:
        self.filter_rows(filter_text)
        if key:
            self.table.go_to(key)
        self.table.focus()

    def find_row(self, key: str) -> None:
        if key:
            self.table.go_to(key)

    def is_on(self, key: str) -> bool:
        return self.table.key_under_cursor == key

    def key_escape(self) -> None:
        """Escape on the rows clears the filter."""
        self.filter_rows("")

    # Looking again at what is on the screen.

    def things_of(self, row: Row) -> Iterable[tuple[Kind, str]]:
        """What the row is made from, as far as it may change by itself: list and id each."""
        return ()

    @on(ResourceTable.Viewed)
    def _viewed(self) -> None:
        # Whoever scrolls through thousands of rows does not look at all of them.
        if self._look_later is not None:
            self._look_later.stop()
        self._look_later = self.set_timer(LOOK_AFTER, self._look_again)

    def _look_again(self) -> None:
        """Ask again for the rows on the screen, where that was not done for a while."""
        inventory = self.session.inventory
        if not self.is_current or any(worker.group == LOOK_WORKER for worker in self.workers):
            return
        things = dict.fromkeys(
            thing for row in self.table.visible_facts for thing in self.things_of(row) if thing[1]
        )
        wanted = [
            (kind, key)
            for kind, key in things
            if self.session.may_list(kind) and wants_a_look(inventory.shelf(kind), key)
        ]
        single = [(kind, key) for kind, key in wanted if is_dear(inventory.shelf(kind))]
        whole = {kind for kind, _ in wanted} - {kind for kind, _ in single}
        if single:
            self.load(partial(inventory.look_at, single), LOOK_WORKER)
        self._ask_for(kind for kind in whole if is_due(inventory.shelf(kind)))

    def on_screen_suspend(self) -> None:
        """Nobody looks at the rows any more."""
        self.workers.cancel_group(self, LOOK_WORKER)

    # Marks: what works on many rows works on the marked ones, else on the one under the cursor.

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The marked rows, or else the row under the cursor."""
        row = self.row
        return self.table.marked_facts or (() if row is None else (row,))

    def action_mark_row(self) -> None:
        """Mark the row under the cursor, and go to the next one."""
        self.table.action_mark()

    def action_mark_shown(self) -> None:
        """Mark what the filter leaves."""
        self.table.action_mark_shown()

    def action_clear_marks(self) -> None:
        """Take every mark away."""
        self.table.action_clear_marks()

    # Looks.

    def on_mount(self) -> None:
        """Begin to look again, and give the table the look that was chosen for it."""
        self.set_interval(LOOK_EVERY, self._look_again)
        looks, table = self.console.looks, self.table
        table.plain = looks.preferences.plain_rows
        table.offer_columns(looks.columns_of(self.SECTION))
        if looks.trouble is not None:
            self.notify(str(looks.trouble), title="Preferences", severity="warning")

    def action_choose_columns(self) -> None:
        """Choose the columns of the section."""
        titles = [column.title for column in self.COLUMNS]

        def chosen(wanted: tuple[str, ...] | None) -> None:
            if wanted is not None:
                self.table.offer_columns(wanted)
                self.console.looks.choose_columns(self.SECTION, wanted)
                self._keep_looks()

        self.app.push_screen(ColumnsDialog(titles, self.table.columns_offered), chosen)

    def action_plain_rows(self) -> None:
        """Show rows as words, or in columns again."""
        plain = not self.table.plain
        self.table.plain = plain
        self.console.looks.choose_plain_rows(plain=plain)
        self.notify("Rows are shown as words." if plain else "Rows are shown in columns.")
        self._keep_looks()

    @work(group="looks", exclusive=True, exit_on_error=False)
    async def _keep_looks(self) -> None:
        try:
            await asyncio.to_thread(self.console.looks.keep)
        except SettingsError as error:
            self.notify(str(error), title="Not kept", severity="warning")

    # Actions of every table.

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.turn_round()

    def action_details(self) -> None:
        """Show the details, where the screen has no room for them beside the table."""
        row = self.row
        if row is not None:
            self.app.push_screen(DetailsDialog(*self.details(row)))

    def action_copy(self) -> None:
        """Copy what is selected with the mouse, or what names the marked rows or the row."""
        selected = self.get_selected_text()
        texts = [self.text_to_copy(row) for row in self.chosen]
        if selected:
            self.console.copy_out(selected, "Selection")
        elif len(texts) > 1:
            self.console.copy_out("\n".join(text for text, _ in texts), f"{len(texts)} rows")
        elif texts:
            self.console.copy_out(*texts[0])


def note_of(what: str, error: CloudError) -> str:
    """Words for a table that could not be filled, because the list `what` could not be had."""
    lines = [f"The {what} could not be listed.", str(error)]
    if error.remedy:
        lines.append(error.remedy)
    return "\n".join([*lines, "Press r to try again."])
