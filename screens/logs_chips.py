"""The filter of the Logs section: typed, made of the line under the cursor, taken out as chips."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from textual import on

from screens.choose import ChooseDialog
from screens.filterline import FilterLine
from screens.logs_history import HistoryLogs
from tui.logs.filter import Filter, FilterProblem, parse_filter
from tui.logs.line import LogLine
from tui.widgets.chips import ChipBar

CONTEXTS: Final = (0, 2, 5, 20)
"""Lines around each that matches, as the key goes through them."""
_ONLY_ONE: Final = ("level:", "context:", "before:", "after:")
"""Chips of which a later one takes the place of the earlier."""
_ADDRESS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_OWN_FIRST: Final = re.compile(r"sending packet: from|\d\.\.\.|\]\.\.\.|established between")
_USER: Final = re.compile(r'(?:name = |user |authenticating )"?([\w@.\-]{2,64})')
_WORD: Final = re.compile(r"[^\s\[\](){}<>,;=\"']{3,60}")
_MOST_WORDS: Final = 24


class FilteredLogs(HistoryLogs):
    """Chips, one after the other, and what is typed in the field."""

    def __init__(self) -> None:
        super().__init__()
        self.chips: list[str] = []
        self._problem = ""
        """Why what is typed means nothing."""

    def count_words(self) -> str:
        return self._problem or super().count_words()

    def set_filter(self, text: str) -> None:
        """Show only what `text` lets through, as chips."""
        wanted = parse_filter(text)
        if isinstance(wanted, Filter):
            self.chips = []
            self.add_chips(text)

    def add_chips(self, text: str) -> None:
        """Let less through: what `text` says too."""
        wanted = parse_filter(text)
        if isinstance(wanted, FilterProblem):
            self.notify(f"✘ {wanted.what}", title="Filter", severity="warning")
            return
        for chip in wanted.chips:
            only = next((key for key in _ONLY_ONE if chip.says.startswith(key)), None)
            if only is not None:
                self.chips = [each for each in self.chips if not each.startswith(only)]
            if chip.says not in self.chips and chip.says != "context:0":
                self.chips.append(chip.says)
        self.use_filter()

    def use_filter(self) -> None:
        """Filter by the chips and by what is typed."""
        typed = self.query_one(FilterLine).text
        wanted = parse_filter(" ".join([*self.chips, typed]))
        self._problem = f"✘ {wanted.what}" if isinstance(wanted, FilterProblem) else ""
        if isinstance(wanted, FilterProblem):
            self.show_counts()
            return
        self.query_one(ChipBar).show(self.chips)
        place = self.place()
        self.intake.filter_by(wanted, place)
        self.show_list(place)

    @on(FilterLine.Changed)
    def _typed(self, event: FilterLine.Changed) -> None:
        event.stop()
        self.use_filter()

    @on(FilterLine.Left)
    def _field_left(self, event: FilterLine.Left) -> None:
        """What was typed becomes chips, unless it means nothing."""
        event.stop()
        field = self.query_one(FilterLine)
        typed = field.text
        if typed and isinstance(parse_filter(typed), Filter):
            field.set_text("")
            self.add_chips(typed)
        self.view.focus()

    @on(ChipBar.Removed)
    def _chip_removed(self, event: ChipBar.Removed) -> None:
        event.stop()
        del self.chips[event.number : event.number + 1]
        if not self.chips:
            self.view.focus()
        self.use_filter()

    @on(ChipBar.Edited)
    def _chip_edited(self, event: ChipBar.Edited) -> None:
        event.stop()
        text = self.chips.pop(event.number)
        self.query_one(FilterLine).set_text(text)
        self.use_filter()
        self.action_filter()

    @on(ChipBar.Left)
    def _chips_left(self, event: ChipBar.Left) -> None:
        event.stop()
        self.view.focus()

    # Actions.

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).focus_field()

    def action_chips(self) -> None:
        """Go to the chips."""
        if self.chips:
            self.query_one(ChipBar).focus()
        else:
            self.notify("There is no filter. Press / to type one, i to make one of the line.")

    def action_clear_chips(self) -> None:
        """Take all chips out."""
        if not self.chips:
            self.notify("There is no filter.")
        self.chips = []
        self.query_one(FilterLine).set_text("")
        self.use_filter()

    def action_filter_in(self) -> None:
        """Show only lines like the one under the cursor."""
        self._choose_chip("Show only lines with", "")

    def action_filter_out(self) -> None:
        """Leave out lines like the one under the cursor."""
        self._choose_chip("Leave out lines with", "!")

    def _choose_chip(self, title: str, sign: str) -> None:
        line = self.line
        if line is None:
            self.notify("There is no line of a log under the cursor.")
            return
        found = [*self.chips_of_attempt(), *chips_of(line, self.look.names_routers)]
        if sign:
            found = [chip for chip in found if not chip[0].startswith("level:")]
        choices = [(f"{sign}{chip}", words) for chip, words in dict(found).items()]

        def answered(chip: str | None) -> None:
            if chip is not None:
                self.add_chips(chip)

        self.app.push_screen(ChooseDialog(title, choices, "The line says nothing."), answered)

    def chips_of_attempt(self) -> list[tuple[str, str]]:
        """Chips of the attempt that the line under the cursor belongs to, where that is known."""
        return []

    def action_context(self) -> None:
        """Show more lines around those that match, or none again."""
        if all(chip.startswith("context:") for chip in self.chips):
            self.notify("Context is shown around the lines of a filter; there is none.")
            return
        now = self.intake.wanted.before
        wider = next((lines for lines in CONTEXTS if lines > now), 0)
        self.add_chips(f"context:{wider}")


def chips_of(line: LogLine, names_router: bool) -> Iterator[tuple[str, str]]:
    """Chips that a line offers, each with its words: what it is about, where it is from, what it
    says."""
    for address in names_of("client", line):
        yield f"client:{address}", f"client   {address}"
    for user in names_of("user", line):
        yield f"user:{user}", f"user     {user}"
    if line.tag:
        yield f"tag:{line.tag}", f"program  {line.tag}"
    yield f"source:{line.source}", f"log      {line.source}"
    if names_router:
        yield f"router:{line.router}", f"router   {line.router}"
    yield f"level:{line.level}", f"level    {line.level} or worse"
    words = dict.fromkeys(match.rstrip(".:") for match in _WORD.findall(line.text))
    for word in list(words)[:_MOST_WORDS]:
        if word:
            yield f'"{word}"', f"word     {word}"


def names_of(what: Literal["client", "user"], line: LogLine) -> list[str]:
    """The users that a line names, or the addresses, that of the client first: charon writes the
    router's own before it where it sends, and where it names both ends."""
    pattern = _ADDRESS if what == "client" else _USER
    found = list(dict.fromkeys(pattern.findall(line.text)))
    return found[::-1] if what == "client" and _OWN_FIRST.search(line.text) else found
