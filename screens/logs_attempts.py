"""The connection attempts beside the lines: who tried, how far they came, how it ended."""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from screens.logs_attempt_words import COLUMNS, key_of, ladder, name_of, short_ladder
from screens.logs_chips import names_of
from screens.logs_marks import MarkedLogs
from screens.why import open_why
from tui.cloud.models import Router
from tui.logs.attempts import Attempt
from tui.logs.belonging import Belonging, identity_of, named_by
from tui.logs.filter import OF_ATTEMPTS
from tui.logs.folding import Folding
from tui.logs.merge import LogBlock
from tui.logs.segment import StoredLine
from tui.session.logfeed import LogFeed
from tui.session.questions import about_client
from tui.widgets.table import ResourceTable

_SECONDS_BETWEEN: Final = 0.5
"""How often the attempts are looked at while lines come in."""
_LINES_BEFORE: Final = 60
"""Lines looked at to find whose a line is: charon names the client some lines before."""
_NEAR: Final = 24
"""Attempts that a line may belong to."""


class AttemptsPane(Container):
    """The attempts, the newest first, and the rungs of the one under the cursor."""

    def compose(self) -> ComposeResult:
        yield AttemptsTable(COLUMNS, key_of, id="attempts", sort=0)
        with VerticalScroll(id="ladder", can_focus=False):
            yield Static("", id="rungs")

    def on_mount(self) -> None:
        table = self.table
        table.turn_round()
        table.note = "Nobody has tried to connect as far as these lines go."

    @property
    def table(self) -> ResourceTable[Attempt]:
        """The attempts."""
        table: ResourceTable[Attempt] = self.query_one("#attempts", ResourceTable)
        return table

    def show(self, attempts: Sequence[Attempt]) -> None:
        """Show the attempts as they are now."""
        self.table.show(attempts)
        self.show_rungs()

    def show_rungs(self) -> None:
        """Show the rungs of the attempt under the cursor."""
        attempt = self.table.fact_under_cursor
        words = ladder if self.screen.has_class("-wide") else short_ladder
        shown = Content("") if attempt is None else words(attempt)
        self.query_one("#rungs", Static).update(Content.assemble(shown))

    def on_resize(self) -> None:
        self.show_rungs()


class AttemptsTable(ResourceTable[Attempt]):
    """Escape goes back to the lines."""

    BINDINGS = [Binding("escape", "screen.leave_attempts", "Back", show=False)]  # noqa: RUF012


class AttemptsLogs(MarkedLogs):
    """Attempts are folded from all lines, whatever the filter shows of them."""

    def __init__(self) -> None:
        super().__init__()
        self._folding = Folding()
        self._attempts: list[Attempt] = []
        self._is_waiting = False
        """Whether lines have come since the attempts were looked at."""
        self._looked_at = 0.0
        self._answered: list[tuple[object, ...]] = []
        """What the chips about attempts were answered with."""
        self.intake.whose = self._folding.lines

    def compose_beside(self) -> Iterable[Widget]:
        yield AttemptsPane(id="beside")

    @property
    def pane(self) -> AttemptsPane:
        """The pane beside the lines, or below them."""
        return self.query_one(AttemptsPane)

    @property
    def attempts(self) -> Sequence[Attempt]:
        """The attempts as of a moment ago, the newest first."""
        return self._attempts

    def start(self, feed: LogFeed) -> None:
        self._folding.begin_again(())
        self._attempts = []
        super().start(feed)
        self._look_at_attempts()
        self._looked_at = 0.0

    def lines_came(self, block: LogBlock) -> None:
        self._folding.feed(block)
        if self._is_waiting:
            return
        wait = self._looked_at + _SECONDS_BETWEEN - time.monotonic()
        if wait <= 0:
            self._look_at_attempts()
        else:
            self._is_waiting = True
            self.set_timer(wait, self._look_at_attempts)

    def lines_changed(self) -> None:
        self._folding.begin_again(self.intake.store)
        self._look_at_attempts()

    def _look_at_attempts(self) -> None:
        self._is_waiting = False
        self._looked_at = time.monotonic()
        self._attempts = self._folding.attempts()
        self.pane.show(self._attempts)
        self.show_meaning()
        if self._answered != self._answer() and self.intake.wanted.asks_for_attempts:
            self.refilter()

    # The filter.

    def _answer(self) -> list[tuple[object, ...]]:
        """What decides which lines the chips about attempts let through."""
        chips = [chip for chip in self.intake.wanted.chips if chip.kind in OF_ATTEMPTS]
        return [
            identity_of(attempt)
            for chip in chips
            for attempt in filter(named_by(chip), self._attempts)
        ]

    def show_list(self, place: StoredLine | None) -> None:
        self._answered = self._answer()
        super().show_list(place)

    def attempt_of(self, kept: StoredLine) -> Attempt | None:
        """The attempt that a line belongs to."""
        position = self.intake.store.position(kept)
        if position is None:
            return None
        moment = kept.at + kept.origin.clock.offset
        begun = [each for each in self._attempts if (each.started or 0.0) <= moment + 2]
        first = max(0, position - _LINES_BEFORE)
        before = [
            (each, each.line)
            for each in self.intake.store.portion(first, position + 1 - first)
            if each.origin.router == kept.origin.router
        ]
        for attempt in begun[:_NEAR]:
            belonging = Belonging(attempt)
            if [belonging.holds(each, line) for each, line in before][-1]:
                return attempt
        return None

    def attempt_under_cursor(self) -> Attempt | None:
        """The attempt that the keys mean: the one in the pane, or that of the line."""
        if self.pane.has_focus_within:
            return self.pane.table.fact_under_cursor
        entry = self.entry
        return None if entry is None or entry.words else self.attempt_of(entry.kept)

    def chips_of_attempt(self) -> list[tuple[str, str]]:
        attempt = self.attempt_under_cursor()
        if attempt is None:
            return []
        found = [(f"attempt:{attempt.number}", f"attempt  of {name_of(attempt)}")]
        if attempt.user:
            found.append((f"user:{attempt.user}", f"user     {attempt.user}"))
        if attempt.client:
            found.append((f"client:{attempt.client}", f"client   {attempt.client}"))
        return found

    # The pane.

    @on(ResourceTable.Highlighted)
    def _highlighted(self, event: ResourceTable.Highlighted) -> None:
        event.stop()
        self.pane.show_rungs()

    @on(ResourceTable.Selected)
    def _selected(self, event: ResourceTable.Selected) -> None:
        """Show only the lines of the attempt; the same again shows all lines again."""
        event.stop()
        attempt = self.pane.table.fact_under_cursor
        if attempt is None:
            return
        wanted = [f"attempt:{attempt.number}"]
        if self.look.names_routers:
            wanted.append(f"router:{attempt.router}")
        again = set(wanted) <= set(self.chips)
        self.chips = [each for each in self.chips if not each.startswith(("attempt:", "router:"))]
        if not again:
            self.chips += wanted
        self.use_filter()
        self.view.follow()

    @on(ResourceTable.Counted)
    def _counted(self, event: ResourceTable.Counted) -> None:
        event.stop()

    def action_attempts(self) -> None:
        """Show the attempts and go to them; from there, back to the lines and hide them."""
        pane = self.pane
        if pane.display and pane.has_focus_within:
            self.set_class(True, "-no-attempts")
            self.set_class(False, "-attempts")
            self.view.focus()
        else:
            self.set_class(False, "-no-attempts")
            self.set_class(True, "-attempts")
            pane.table.focus()

    def action_leave_attempts(self) -> None:
        """Back to the lines; the attempts stay on the screen."""
        self.view.focus()

    # Why.

    def action_why(self) -> None:
        """Find out why the client of the line, or of the attempt in the pane, cannot connect."""
        asked = self._whom_to_ask_about()
        if asked is None:
            self.notify("There is no line of a log under the cursor.")
            return
        router, user, client = asked
        open_why(self, about_client(router, user, client))

    def _whom_to_ask_about(self) -> tuple[Router, str, str] | None:
        """Router, user and client of the attempt that the keys mean, else of the line itself."""
        attempt = self.attempt_under_cursor()
        line = self.line
        name = attempt.router if attempt is not None else line.router if line is not None else ""
        routers = self.feed.routers if self.feed is not None else ()
        router = next((each for each in routers if each.name == name), None)
        if router is None:
            return None
        if attempt is not None:
            return router, attempt.user, attempt.client
        users = names_of("user", line) if line is not None else []
        clients = names_of("client", line) if line is not None else []
        return router, "".join(users[:1]), "".join(clients[:1])
