"""The two lines on top: where you are and whether you may write; the sections."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len
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
        facts = self.facts
        left = [
            ("csvpn", "bold"),
            (facts.profile, "bold"),
            ("PRODUCTION" if facts.production else "", "bold"),
            ("READ-ONLY" if facts.read_only else "", "bold reverse"),
            (facts.who, ""),
            (f"zone {facts.zone}" if facts.zone else "", ""),
        ]
        right = [
            (facts.note, "bold"),
            (f"! {facts.unread}" if facts.unread else "", "bold reverse"),
            (f"jobs {facts.jobs} ●" if facts.jobs else "", "bold"),
            (f"age {facts.age}" if facts.age else "", ""),
            (f"link {facts.link}" if facts.link else "", ""),
        ]
        return _between(_kept(left), _kept(right), self.size.width)


class SectionBar(Widget):
    """The sections with their numbers; the present one stands out by more than colour."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    SectionBar { height: 1; width: 1fr; background: $surface; }
    SectionBar > .sections--here { text-style: bold reverse; }
    SectionBar > .sections--other { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"sections--here", "sections--other"}

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
        full = [f" {n} {title} " for n, (_, title) in enumerate(self._sections, 1)]
        if sum(cell_len(text) + 1 for text in full) + 1 <= self.size.width:
            return full
        short = [
            f" {n} {title} " if name == self._here else f" {n} "
            for n, (name, title) in enumerate(self._sections, 1)
        ]
        return short

    def on_click(self, event: object) -> None:
        x = getattr(event, "x", 0)
        left = 1
        for (name, _title), text in zip(self._sections, self._titles(), strict=True):
            if left <= x < left + cell_len(text):
                self.post_message(self.Chosen(name))
                return
            left += cell_len(text) + 1


def _kept(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(text, style) for text, style in parts if text]


def _between(left: list[tuple[str, str]], right: list[tuple[str, str]], width: int) -> Content:
    """Put `left` and `right` at the two ends of `width` cells, dropping from both if need be."""

    def length(parts: list[tuple[str, str]]) -> int:
        return sum(cell_len(text) + 2 for text, _ in parts)

    while length(left) + length(right) > width and (len(left) > 2 or right):
        if right and (len(left) <= 2 or len(right) > 2):
            right.pop()
        elif len(left) > 2:
            left.pop()
        else:
            right.pop()
    gap = max(1, width - length(left) - length(right))
    pieces: list[Content | str] = []
    for text, style in left:
        pieces += [" ", Content.styled(text, style), " "]
    pieces.append(" " * gap)
    for text, style in right:
        pieces += [" ", Content.styled(text, style), " "]
    return Content.assemble(*pieces)
