"""The two lines on top: where you are and whether you may write; the sections."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static


class HeaderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the header tells; every text is clean already."""

    profile: str = ""
    who: str = ""
    """`account@domain` of the credentials."""
    zone: str = ""
    read_only: bool = False
    production: bool = False
    jobs: int = 0
    """Operations of this console that are running."""
    age: str = ""
    """Age of what the screen shows, in words: `12s`."""
    link: str = ""
    """How long the last call took: `38ms`."""
    unread: int = 0
    """Warnings and errors not looked at yet."""
    note: str = ""
    """What is wrong with the connection, if anything."""
    journal: str = ""
    """Why nothing can be changed because of the journal, in a few words."""
    unfinished: int = 0
    """Operations that wait for somebody to go on with them."""


class _Part(NamedTuple):
    """A word of the header."""

    text: str
    style: str
    rank: int
    """Which leaves first when there is no room: the highest."""

    @property
    def cells(self) -> int:
        return cell_len(self.text) + 2


class ConsoleHeader(Static):
    """One line; what matters least leaves first when the screen is narrow."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ConsoleHeader { height: 1; width: 1fr; background: $primary-darken-2; color: $text; }
    ConsoleHeader.-production { background: $error-darken-2; }
    """
    facts: reactive[HeaderFacts] = reactive(HeaderFacts())

    def watch_facts(self, facts: HeaderFacts) -> None:
        self.set_class(facts.production, "-production")
        self.refresh()

    def render(self) -> Content:
        """Compose the line for the present width."""
        return compose_header(self.facts, self.size.width)


def compose_header(facts: HeaderFacts, width: int) -> Content:
    """The header in exactly `width` cells."""
    left = [
        _Part("csvpn", "bold", 0),
        _Part(facts.profile, "bold", 1),
        _Part("PRODUCTION" if facts.production else "", "bold", 2),
        _Part("READ-ONLY" if facts.read_only else "", "bold reverse", 2),
        _Part(facts.who, "", 6),
        _Part(f"zone {facts.zone}" if facts.zone else "", "", 8),
    ]
    right = [
        _Part(facts.journal, "bold reverse", 1),
        _Part(facts.note, "bold", 3),
        _Part(f"unfinished {facts.unfinished}" if facts.unfinished else "", "bold", 3),
        _Part(f"! {facts.unread}" if facts.unread else "", "bold reverse", 5),
        _Part(f"jobs {facts.jobs} ●" if facts.jobs else "", "bold", 4),
        _Part(f"age {facts.age}" if facts.age else "", "", 7),
        _Part(f"link {facts.link}" if facts.link else "", "", 9),
    ]
    return _between(left, right, width)


class SectionBar(Widget):
    """The sections with their numbers; the present one stands out by more than colour."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SectionBar { height: 1; width: 1fr; background: $surface; }
    """

    class Chosen(Message):
        """A section was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, sections: Sequence[tuple[str, str]], here: str) -> None:
        """`sections` are (name, title) in order; `here` is the name of the present one."""
        super().__init__()
        self._sections = tuple(sections)
        self._here = here

    def render(self) -> Content:
        """Compose the line; titles are shortened when the screen is narrow."""
        titles = self._titles()
        parts: list[Content | str] = [" "]
        for (name, _title), text in zip(self._sections, titles, strict=True):
            style = "bold reverse" if name == self._here else "dim"
            parts += [Content.styled(text, style), " "]
        return Content.assemble(*parts)

    def _titles(self) -> list[str]:
        """What is shown of each section: its title, closer together where there is less room, the
        present one's only, or numbers alone."""
        numbered = [(n, name, title) for n, (name, title) in enumerate(self._sections, 1)]
        full = [f" {n} {title} " for n, _, title in numbered]
        close = [text.strip() for text in full]
        short = [
            f" {n} {title} " if name == self._here else f" {n} " for n, name, title in numbered
        ]
        for texts in (full, close, short):
            if sum(cell_len(text) + 1 for text in texts) + 1 <= self.size.width:
                return texts
        return [str(n) for n, _, _ in numbered]

    def on_click(self, event: events.Click) -> None:
        left = 1
        for (name, _title), text in zip(self._sections, self._titles(), strict=True):
            if left <= event.x < left + cell_len(text):
                self.post_message(self.Chosen(name))
                return
            left += cell_len(text) + 1


def _between(left: Sequence[_Part], right: Sequence[_Part], width: int) -> Content:
    """Put `left` and `right` at the two ends of `width` cells.

    Parts of the highest rank leave first when there is no room; of the last one the end is cut.
    """
    parts = sorted((part for part in (*left, *right) if part.text), key=lambda part: part.rank)
    while len(parts) > 1 and sum(part.cells for part in parts) > width:
        parts.pop()
    gap = max(0, width - sum(part.cells for part in parts))
    pieces: list[Content | str] = []
    for side in (left, right):
        for part in side:
            if part in parts:
                text = (
                    part.text
                    if part.cells <= width
                    else set_cell_size(part.text, max(0, width - 2))
                )
                pieces += [" ", Content.styled(text, part.style), " "]
        if side is left:
            pieces.append(" " * gap)
    return Content.assemble(*pieces)
