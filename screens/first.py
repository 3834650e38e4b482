"""What is shown while a profile is being opened: its networks as they were last seen.

It loads nothing but what it shows. Moving, filtering and sorting work at once; what needs the
profile is done as soon as that is open, when the section of the networks takes this one's place.
"""

import asyncio
import time
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.types import CSSPathType
from textual.widgets import Static

from screens.details import DetailsPane, facts_text
from screens.filterline import FilterLine, FilterPlace
from screens.network_columns import NETWORK_COLUMNS, NetworkLine
from screens.section_keys import TITLES, bindings_of
from tui.actions import SECTIONS, action, actions_on
from tui.session.glimpse import GlimpsedNetwork
from tui.session.start import Start
from tui.session.status import words_for_age, words_for_past
from tui.widgets.failures import TellsFailures
from tui.widgets.header import ConsoleHeader, HeaderFacts, SectionBar
from tui.widgets.hints import Hint, HintBar, make_hints
from tui.widgets.table import ResourceTable

SECTION: Final = SECTIONS[0]

AT_ONCE: Final = frozenset({"filter", "sort", "reverse"})
"""Actions of the section that need nothing but the rows."""
WIDE: Final = 120
"""Columns from which details stand beside the rows."""

OF_APP_AT_ONCE: Final = frozenset({"quit", "repaint", "show_notifications"})
"""Actions of the application that need no profile."""


REST: Final = 0.01
"""Seconds without work after the first frame: a thread writes it, and Python has one at a time."""


class FirstScreen(TellsFailures, Screen[None]):
    """The networks of a profile that is being opened."""

    AUTO_FOCUS: ClassVar[str | None] = "ResourceTable"
    CSS_PATH: ClassVar[CSSPathType | None] = "frame.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(SECTION)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012

    class Drawn(Message):
        """The first frame is on the terminal."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._start = start
        self._placing = asyncio.Lock()
        self._shown = ""
        """How many rows are shown, in words."""
        self.wish = ""
        """The last action that was asked for and needs the open profile."""

    def compose(self) -> ComposeResult:
        yield ConsoleHeader()
        yield SectionBar([(name, TITLES[name]) for name in SECTIONS], SECTION)
        yield FilterPlace()
        # They were kept in their order.
        table = ResourceTable(NETWORK_COLUMNS, _key_of, id="rows", sort=None)
        if self.app.size.width < WIDE:
            yield table
        else:
            with Horizontal(classes="body"):
                yield table
                yield DetailsPane()
        yield HintBar()

    def on_mount(self) -> None:
        start = self._start
        glimpse = start.glimpse
        self.query_one(ConsoleHeader).facts = HeaderFacts(
            profile=start.profile.name,
            read_only=start.read_only,
            production=start.profile.production,
            age="" if glimpse is None else words_for_age(max(0.0, time.time() - glimpse.listed)),
            note="opening …",
        )
        self.query_one(HintBar).hints = make_hints(
            [
                Hint(each.name, each.key, each.label, always=each.of_app)
                for each in actions_on(SECTION)
                if each.hint
            ]
        )
        table = self.table
        table.note = "Asking the server for its networks …"
        if glimpse is not None:
            table.show(glimpse, kept=True)
        self.call_after_refresh(self.set_timer, REST, self._drawn)

    async def _drawn(self) -> None:
        await self._filter_line()
        self.post_message(self.Drawn())

    async def _filter_line(self) -> FilterLine:
        """The filter line, put in its place if it is not there yet."""
        async with self._placing:
            for place in self.query(FilterPlace):
                await self.mount(FilterLine(), after=place)
                await place.remove()
                self._count()
        return self.query_one(FilterLine)

    def _count(self) -> None:
        """Show how many rows there are, and from when."""
        glimpse, shown = self._start.glimpse, self._shown
        said = "" if glimpse is None else f"from {words_for_past(time.time() - glimpse.listed)}"
        for line in (*self.query(FilterPlace), *self.query(FilterLine)):
            line.count(shown, said if shown else "")

    @property
    def table(self) -> "ResourceTable[GlimpsedNetwork]":
        """The networks."""
        table: ResourceTable[GlimpsedNetwork] = self.query_one("#rows", ResourceTable)
        return table

    @property
    def key(self) -> str:
        """The network under the cursor, where somebody has moved it; else empty."""
        row = self.table.fact_under_cursor
        return "" if row is None or self.table.cursor == 0 else row.key

    @property
    def filter_text(self) -> str:
        """The filter as typed."""
        return next((line.text for line in self.query(FilterLine)), "")

    @property
    def is_filtering(self) -> bool:
        """Whether somebody is typing a filter."""
        return any(line.has_focus_within for line in self.query(FilterLine))

    def say(self, words: str) -> None:
        """Say above the rows what the opening waits for."""
        lines = self.query("#trouble").results(Static)
        line = next(lines, None)
        if line is None:
            line = Static("", id="trouble")
            self.mount(line, before=self.query_one(".body, #rows"))
        line.display = bool(words)
        line.update(Content(words))

    # Rows.

    @on(ResourceTable.Counted)
    def _counted(self, event: ResourceTable.Counted) -> None:
        self._shown = f"{event.shown} of {event.total} …"
        self._count()
        if self.filter_text:
            self.table.note = "No row matches the filter. Press / to change it."

    @on(ResourceTable.Highlighted)
    def _highlighted(self, event: ResourceTable.Highlighted) -> None:
        row = self.table.fact_under_cursor
        if row is None or not self.query(DetailsPane):
            return
        facts = [
            ("Type", row.type),
            ("CIDR", row.cidr),
            ("Owner", row.owner),
            ("Zone", row.zone),
            ("VPN", row.vpn_words),
            ("Clients", "" if row.clients is None else f"{row.clients} at once"),
            ("Router", row.router_words),
        ]
        self.query_one(DetailsPane).show(row.name, facts_text(facts, ["As it was last seen."]))

    @on(FilterLine.Changed)
    def _filtered(self, event: FilterLine.Changed) -> None:
        self.table.filter_by(event.text)

    @on(FilterLine.Left)
    def _filter_left(self, event: FilterLine.Left) -> None:
        self.table.focus()

    # Actions.

    async def action_perform(self, name: str) -> None:
        """Do the action `name` of the registry, now or when the profile is open."""
        if name in AT_ONCE:
            await self.run_action(f"screen.{name}")
        elif name in OF_APP_AT_ONCE:
            await self.run_action(f"app.{name}")
        else:
            self.wish = name
            profile = self._start.profile.name
            self.say(f" ▲ {profile} is being opened; then: {action(name).label}.")

    async def action_filter(self) -> None:
        """Type a filter."""
        (await self._filter_line()).focus_field()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.turn_round()

    def key_escape(self) -> None:
        """Escape on the rows clears the filter, and what was to be done next."""
        if self.filter_text:
            self.query_one(FilterLine).set_text("")
        self.wish = ""
        self.say("")

    @on(ResourceTable.Selected)
    async def _selected(self, event: ResourceTable.Selected) -> None:
        await self.action_perform("details")

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        await self.action_perform(event.name)

    @on(SectionBar.Chosen)
    async def _section_chosen(self, event: SectionBar.Chosen) -> None:
        await self.action_perform(f"section_{event.name}")


def _key_of(row: NetworkLine) -> str:
    return row.key
