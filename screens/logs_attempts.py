"""The connection attempts beside the lines: who tried, how far they came, how it ended."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
from tui.logs.merge import LogBlock, Origin
from tui.logs.segment import StoredLine
from tui.logs.weaving import pieces_of
from tui.session.logfeed import LogFeed
from tui.session.questions import about_client
from tui.widgets.table import ResourceTable

_SECONDS_BETWEEN: Final = 0.5
"""How often the attempts are looked at while lines come in."""
_SHARE: Final = 15
"""How many times as long as looking at the attempts took it is not done again."""
_FOLDING_SECONDS: Final = 0.004
_PAUSE: Final = 0.004
_PIECE: Final = 8 * 1024
"""Bytes that are folded before the clock is looked at."""
_MOST_UNFOLDED: Final = 32 * 1024 * 1024
"""Bytes that may wait for folding before the routers have to."""
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
        shown = Content("") if attempt is None else Content.assemble(words(attempt))
        rungs = self.query_one("#rungs", Static)
        now = rungs.content
        if not isinstance(now, Content) or (now.plain, now.spans) != (shown.plain, shown.spans):
            rungs.update(shown)

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
        self._rest = _SECONDS_BETWEEN
        self._to_fold: deque[tuple[Origin, Iterator[bytes]]] = deque()
        """Lines whose attempts nobody has looked for yet."""
        self._unfolded = 0
        """Bytes of those that have come last."""
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
        self._fold_anew(())
        self._attempts = []
        super().start(feed)
        self._look_at_attempts()
        self._looked_at = 0.0

    def is_behind(self) -> bool:
        return super().is_behind() or self._unfolded > _MOST_UNFOLDED

    def lines_came(self, block: LogBlock) -> None:
        self._unfolded += len(block.text)
        self._to_fold.append((block.origin, pieces_of(block.text, _PIECE)))
        if len(self._to_fold) == 1:
            self._fold_some()

    def lines_changed(self) -> None:
        store = self.intake.store
        self._fold_anew(
            (origin, iter((segment.part(low, high),)))
            for segment in store.segments
            for low, high, origin in segment.parts(segment.skip, segment.count)
        )
        self._fold_some()

    def _fold_anew(self, parts: Iterable[tuple[Origin, Iterator[bytes]]]) -> None:
        self._folding.clear()
        self._to_fold.clear()
        self._unfolded = 0
        self._to_fold.extend(parts)

    def _fold_some(self) -> None:
        """Fold for as long as no key has to wait, and go on in a moment."""
        deadline = time.monotonic() + _FOLDING_SECONDS
        queue = self._to_fold
        while queue and time.monotonic() < deadline:
            origin, pieces = queue[0]
            piece = next(pieces, None)
            if piece is None:
                queue.popleft()
            else:
                self._folding.feed(LogBlock(origin, piece))
                self._unfolded = max(0, self._unfolded - len(piece))
        if queue:
            self.set_timer(_PAUSE, self._fold_on)
        self._look_soon()

    def _fold_on(self) -> None:
        if self._to_fold:
            self._fold_some()

    def _look_soon(self) -> None:
        """Look at the attempts unless that was done a moment ago."""
        if self._is_waiting:
            return
        wait = self._looked_at + self._rest - time.monotonic()
        if wait <= 0:
            self._look_at_attempts()
        else:
            self._is_waiting = True
            self.set_timer(wait, self._look_at_attempts)

    def _look_at_attempts(self) -> None:
        begun = time.monotonic()
        self._is_waiting = False
        self._attempts = self._folding.attempts()
        self.pane.show(self._attempts)
        self.show_meaning()
        if self._answered != self._answer() and self.intake.wanted.asks_for_attempts:
            self.refilter()
        self._looked_at = time.monotonic()
        # Where many attempts come in, that takes its time, and keys should have most of it.
        self._rest = max(_SECONDS_BETWEEN, _SHARE * (self._looked_at - begun))

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
