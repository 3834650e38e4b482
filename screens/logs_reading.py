"""Lines on the screen: what a feed brings, through the filter, into the view, with what waits."""

import time
from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from screens.filterline import FilterLine
from screens.frame import SectionScreen
from screens.logs_intake import FIRST_PORTION_SECONDS, PORTION_SECONDS, Intake, Sifted
from screens.logs_lines import Entry, LineList, Look
from tui.logs.line import LogLine
from tui.logs.merge import LogBlock
from tui.logs.segment import StoredLine
from tui.router.errors import RouterError
from tui.session.logfeed import FeedEvent, LinesArrived, LogFeed, RouterFailed
from tui.widgets.chips import ChipBar
from tui.widgets.logview import LogView

_STATE_SECONDS = 0.25
"""Seconds between two showings of what has come: each lays out the whole screen."""
_AT_ONCE = 6.0
"""Showings that may come sooner after a while without any."""
_SLACK = 4
"""Cells that the words of the pill may be shorter than their place."""
_PAUSE = 0.002
"""Seconds between two portions, for keys."""
_REST = 0.02
"""Seconds that a feed waits that is too fast."""


class Pill(Static):
    """What is new below, or held back; a click goes there."""

    ALLOW_SELECT = False
    words = ""

    class Pressed(Message):
        """Somebody wants to see the end."""

    def on_click(self) -> None:
        self.post_message(self.Pressed())

    def say(self, words: str) -> None:
        """Say something else, or nothing. What fits where the last words were needs no other layout
        of the whole screen."""
        if words == self.words:
            return
        room = self.content_size.width - 2
        fits = bool(words) and bool(self.words) and 0 <= room - cell_len(words) <= _SLACK
        self.words = words
        self.display = bool(words)
        self.update(Content(f" {words.ljust(room) if fits else words} "), layout=not fits)


class ReadingLogs(SectionScreen):
    """Lines are kept while other sections are looked at."""

    AUTO_FOCUS: ClassVar[str | None] = "LogView"

    class Arrived(Message):
        """Lines or news from a router."""

        def __init__(self, feed: LogFeed, event: FeedEvent) -> None:
            super().__init__()
            self.feed = feed
            self.event = event

    def __init__(self) -> None:
        super().__init__()
        self.look = Look()
        self.intake = Intake(self.look)
        self.feed: LogFeed | None = None
        self.is_frozen = False
        self._sifting = False
        self._unseen = Sifted()
        """What came to the list since its end was last on the screen."""
        self._state_timer: Timer | None = None
        self._shown_at = 0.0
        self._shows_left = 0.0
        self._counts = ""
        self._sought: tuple[StoredLine, int | None] | None = None
        """The line to come back to, and where the cursor waits for it."""

    def compose_body(self) -> Iterable[Widget]:
        yield Static("", id="feed")
        yield FilterLine()
        yield ChipBar(id="chips")
        with Container(id="body"):
            yield LogView(id="lines")
            yield from self.compose_beside()
        with Horizontal(id="foot"):
            yield Static("", id="meaning")
            yield Pill("", id="pill")

    def compose_beside(self) -> Iterable[Widget]:
        """The widgets beside the lines."""
        return ()

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one("#lines", LogView)

    @property
    def list(self) -> LineList:
        """The lines that the filter lets through, with those that the view does not know yet."""
        return self.intake.shown

    @property
    def entry(self) -> Entry | None:
        """The line under the cursor."""
        cursor, shown = self.view.cursor, self.view.lines
        return shown.entry(cursor) if cursor is not None and isinstance(shown, LineList) else None

    @property
    def line(self) -> LogLine | None:
        """The same, read; None where words of our own stand there."""
        entry = self.entry
        return None if entry is None or entry.words else entry.kept.line

    # What comes.

    def start(self, feed: LogFeed) -> None:
        """Follow other logs, from a little before their end."""
        self.feed = feed
        self.look.names_routers = len(feed.routers) > 1
        self._freeze(False)
        self.intake.clear()
        self._unseen = Sifted()
        self.view.follow()
        self.show_list(None)
        self.follow_feed(feed)

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def follow_feed(self, feed: LogFeed) -> None:
        """Hand on what comes, and make the routers wait while too much of it waits here."""
        try:
            async for event in feed.events():
                self.post_message(self.Arrived(feed, event))
                while self.is_behind() and feed is self.feed:
                    await self.wait_a_moment()
        except RouterError as error:
            self.post_message(self.Arrived(feed, RouterFailed(feed.routers[0], error)))

    def is_behind(self) -> bool:
        """Whether so much waits that the routers should wait too."""
        return self.intake.is_behind

    async def wait_a_moment(self) -> None:
        """Let everything else go on."""
        from asyncio import sleep

        await sleep(_REST)

    @on(Arrived)
    def _arrived(self, event: Arrived) -> None:
        event.stop()
        if event.feed is not self.feed:
            return
        if isinstance(event.event, LinesArrived):
            self.take(event.event.block)
        self.take_news(event.event)

    def take_news(self, event: FeedEvent) -> None:
        """Subclasses show what they know of the link."""

    def take(self, block: LogBlock) -> None:
        """Keep lines and show them as soon as there is time."""
        if self.intake.take(block):
            self.show_list(self.place())
        self.sift_soon()
        self.lines_came(block)

    def lines_came(self, block: LogBlock) -> None:
        """Subclasses look at lines that came after all others of their log."""

    def lines_changed(self) -> None:
        """Subclasses look again at all lines that are kept: some came before others."""

    def sift_soon(self) -> None:
        """Filter what waits, unless that goes on already."""
        if not self._sifting:
            self._sift(PORTION_SECONDS)

    def _sift(self, seconds: float) -> None:
        unseen = self.is_frozen or not self.view.following
        sifted = self.intake.sift(seconds, errors=unseen)
        if unseen:
            self._unseen.lines += sifted.lines
            self._unseen.errors += sifted.errors
        self.view.grown()
        self._return()
        self._sifting = self.intake.waiting > 0
        if self._sifting:
            self.set_timer(_PAUSE, self._sift_on)
        self.show_state_soon()

    def _sift_on(self) -> None:
        self._sift(PORTION_SECONDS)

    # What is shown.

    def place(self) -> StoredLine | None:
        """The line to come back to when the list is another one; None for its end."""
        entry = self.entry
        return None if entry is None or self.view.following else entry.kept

    def refilter(self) -> None:
        """Show the lines anew, staying at the one under the cursor or near it."""
        place = self.place()
        self.intake.refilter(place)
        self.show_list(place)

    def show_list(self, place: StoredLine | None) -> None:
        """Show the list that has begun anew, first of all what is there at once."""
        unseen = self._unseen
        self._unseen = Sifted()
        self._sift(FIRST_PORTION_SECONDS)
        self._unseen = unseen
        self.view.show(self.list, None if place is None else self.list.nearest(place))
        self._sought = None
        if place is not None and self.intake.waiting and self.list.number_of(place) is None:
            self._sought = place, self.view.cursor
        self.show_counts()

    def _return(self) -> None:
        """Go to the line that the cursor was on, as soon as it has passed the filter, unless
        somebody has moved meanwhile."""
        if self._sought is None:
            return
        place, cursor = self._sought
        number = self.list.number_of(place)
        if self.view.cursor != cursor:
            self._sought = None
        elif number is not None or not self.intake.waiting:
            self._sought = None
            self.view.show(self.list, self.list.nearest(place))

    def go_to_line(self, kept: StoredLine) -> bool:
        """Put the cursor on a line; false where it is not shown."""
        number = self.list.number_of(kept)
        if number is None:
            return False
        self.view.go_to(number)
        return True

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        if self.view.following and not self.is_frozen:
            self._unseen = Sifted()
            self.show_state_soon()
        else:
            self.show_state()

    def show_state(self) -> None:
        """Show the pill, how many lines there are, and what the one under the cursor means."""
        self._shown_at = time.monotonic()
        if self._state_timer is not None:
            self._state_timer.stop()
            self._state_timer = None
        self.show_pill()
        self.show_counts()
        self.show_meaning()

    def show_state_soon(self) -> None:
        """The same for lines that arrive: only a few times a second."""
        if self._state_timer is not None:
            return
        # A few may come at once, so that what is said is true when things begin to happen.
        now = time.monotonic()
        self._shows_left = min(_AT_ONCE, self._shows_left + (now - self._shown_at) / _STATE_SECONDS)
        if self._shows_left >= 1:
            self._shows_left -= 1
            self.show_state()
        else:
            self._state_timer = self.set_timer(_STATE_SECONDS, self.show_state)

    def show_counts(self) -> None:
        """How many lines there are, and how many of them are shown."""
        words = self.count_words()
        if words != self._counts:
            self._counts = words
            self.query_one(FilterLine).count(words)

    def count_words(self) -> str:
        """How many lines there are, in words."""
        words = f"{self.view.count:,} of {len(self.intake.store):,}"
        gone = self.intake.store.dropped
        return f"{words} ({gone:,} older ones had to go)" if gone else words

    def show_meaning(self) -> None:
        """Subclasses say what the line under the cursor means."""

    def show_pill(self) -> None:
        """What is new below, and what is held back from the screen."""
        self.query_one(Pill).say(self.pill_words())

    def pill_words(self) -> str:
        """What the pill says; nothing when the end is on the screen."""
        new = f"{self._unseen.lines:,} new"
        if self._unseen.errors:
            new += f", {self._unseen.errors:,} of them errors"
        waiting = self.intake.waiting
        if waiting and not self.is_frozen:
            return f"▼ {waiting:,} lines not drawn yet"
        if self.is_frozen:
            return f"‖ frozen, {new} (space goes on)"
        return "" if self.view.following else f"↓ {new} (G follows)"

    @on(Pill.Pressed)
    def _pill_pressed(self, event: Pill.Pressed) -> None:
        event.stop()
        self.action_follow()

    # Actions.

    def _freeze(self, frozen: bool) -> None:
        self.is_frozen = frozen
        if frozen:
            self.intake.freeze()
        else:
            self.intake.thaw()

    def action_freeze(self) -> None:
        """Freeze the view, or go on with all that came meanwhile."""
        self._freeze(not self.is_frozen)
        if not self.is_frozen:
            self.view.follow()
        self.show_pill()

    def action_follow(self) -> None:
        """Go to the end."""
        if self.is_frozen:
            self.action_freeze()
        self.view.follow()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.view.wrapping = not self.view.wrapping

    def action_times(self) -> None:
        """Show times in the next way."""
        self.look.next_times()
        self.view.redraw()
