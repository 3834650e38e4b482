"""Finding lines in the Logs section: matches, errors, times."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import neg
from typing import Final

from screens.logs_chips import FilteredLogs
from screens.logs_walk import Errors, Matching, Walk, Wanted
from screens.moments import MomentDialog
from screens.search import SearchDialog

_PAUSE: Final = 0.002


class FindingLogs(FilteredLogs):
    """Keys are answered while it looks; who moves meanwhile stays where they are."""

    def __init__(self) -> None:
        super().__init__()
        self._pattern: re.Pattern[str] | None = None
        self._walks: dict[str, Walk] = {}

    def _walk(
        self,
        what: str,
        walk: Walk,
        then: Callable[[Sequence[int]], None],
        so_far: Callable[[int, bool], None] | None = None,
    ) -> None:
        """Go on with a walk until it is over, or until a newer one takes its place; `so_far` is
        told how many were found, and whether it is over."""
        self._walks[what] = walk

        def go_on() -> None:
            if self._walks.get(what) is not walk:
                return
            walk.go_on()
            if so_far is not None:
                so_far(len(walk.found), walk.is_over)
            if walk.is_over:
                then(walk.found)
            else:
                self.set_timer(_PAUSE, go_on)

        go_on()

    def hunt(self, step: int, wanted: Wanted, missing: str) -> None:
        """Go to the next line below (1) or above (-1) the cursor that is `wanted`, or say that it
        is `missing`."""
        cursor = self.view.cursor
        if cursor is None:
            self.notify(missing)
            return
        lines = self.list

        def arrive(found: Sequence[int]) -> None:
            if not found:
                self.notify(missing)
            elif self.view.cursor == cursor and self.list is lines:
                self.view.go_to(found[0])

        self._walk("hunt", Walk(lines, cursor + step, step, wanted, 1), arrive)

    # Searching.

    def action_search(self) -> None:
        """Search without hiding the other lines. What is typed stands out at once, and is
        counted."""
        dialog = SearchDialog(lambda pattern: self._look_for(pattern, _nothing, dialog.tell))

        def answered(pattern: re.Pattern[str] | None) -> None:
            self._pattern = pattern
            self._look_for(pattern, self._arrive_at_match)

        self.app.push_screen(dialog, answered)

    def _look_for(
        self,
        pattern: re.Pattern[str] | None,
        then: Callable[[Sequence[int]], None],
        so_far: Callable[[int, bool], None] | None = None,
    ) -> None:
        """Let matches stand out, and find all of them, from the end upwards."""
        self._walks.pop("count", None)
        self.view.highlight(pattern)
        lines = self.list
        if pattern is not None:
            most = lines.end - lines.first + 1
            everything = Walk(lines, lines.end - 1, -1, Matching(pattern), most)
            self._walk("count", everything, then, so_far)

    def _arrive_at_match(self, found: Sequence[int]) -> None:
        """Go to the last match at the cursor or above, else to the first below."""
        cursor = self.view.cursor
        if found and cursor is not None:
            at = bisect_left(found, -cursor, key=neg)
            self.view.go_to(found[min(at, len(found) - 1)])
        self.notify(
            f"{len(found):,} line(s) match; n and N go to the next and the previous one.",
            severity="information" if found else "warning",
        )

    def _find(self, step: int) -> None:
        if self._pattern is None:
            self.notify("Nothing is searched for. Press s.")
            return
        where = "below" if step > 0 else "above"
        self.hunt(step, Matching(self._pattern), f"No further match {where}.")

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._find(1)

    def action_previous_match(self) -> None:
        """Go to the previous match."""
        self._find(-1)

    # Errors.

    def action_next_error(self) -> None:
        """Go to the next error."""
        self.hunt(1, Errors(), "No further error below.")

    def action_previous_error(self) -> None:
        """Go to the previous error."""
        self.hunt(-1, Errors(), "No further error above.")

    # Times.

    def action_go_to_time(self) -> None:
        """Go to the first line that was not written before a time."""

        def answered(moment: datetime | None) -> None:
            number = None if moment is None else self.list.number_at(moment.timestamp())
            if number is not None:
                self.view.go_to(number)

        local = self.look.times == "local"
        self.app.push_screen(MomentDialog(self._span(local), local=local), answered)

    def _span(self, local: bool) -> str:
        store = self.intake.store
        if not len(store):
            return "There are no lines yet."
        first, last = (
            datetime.fromtimestamp(store[place].at, UTC).astimezone(None if local else UTC)
            for place in (0, len(store) - 1)
        )
        return f"There are lines from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S}."


def _nothing(found: Sequence[int]) -> None:
    """Nobody waits for what is found."""
