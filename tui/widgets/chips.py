"""A line of chips: the parts of a filter, each of which can be taken out again."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

LONGEST = 40
"""Cells of one chip that are shown."""


class ChipBar(Widget, can_focus=True):
    """One line; left and right go from chip to chip, delete takes one out. Not there without
    chips."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ChipBar { height: 1; width: 1fr; display: none; }
    ChipBar.-any { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Left", show=False),
        Binding("right,l", "step(1)", "Right", show=False),
        Binding("delete,backspace,x,d", "remove", "Take out", show=False),
        Binding("enter", "edit", "Change", show=False),
        Binding("escape,down,j", "leave", "Back", show=False),
    ]

    chips: reactive[tuple[str, ...]] = reactive(())
    at: reactive[int] = reactive(0)
    """The chip that the keys mean."""

    class Removed(Message):
        """A chip is to be taken out."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    class Edited(Message):
        """A chip is to be taken out and typed anew."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    class Left(Message):
        """The chips were left for the lines."""

    def show(self, chips: Sequence[str]) -> None:
        """Show other chips."""
        self.chips = tuple(chips)
        self.at = max(0, min(self.at, len(self.chips) - 1))
        self.set_class(bool(self.chips), "-any")

    def _placed(self) -> list[tuple[int, int, str]]:
        """The chips that fit, from the one in use on if need be: first cell, number, words."""
        words = [_words(chip) for chip in self.chips]
        width, start = max(1, self.size.width - 2), 0
        while start < self.at and sum(cell_len(w) + 1 for w in words[start : self.at + 1]) > width:
            start += 1
        placed: list[tuple[int, int, str]] = []
        x = 1
        for number, word in enumerate(words[start:], start):
            if x + cell_len(word) > width and placed:
                break
            placed.append((x, number, word))
            x += cell_len(word) + 1
        return placed

    def render(self) -> Content:
        """Each chip in reverse, one that leaves lines out with `!` and in another colour; the one
        in use in brackets, so that no colour is needed to find it."""
        parts: list[Content | str] = [" "]
        placed = self._placed()
        for _x, number, words in placed:
            used = self.has_focus and number == self.at
            style = "reverse $text-warning" if words[1] == "!" else "reverse $text-accent"
            shown = f"[{words[1:-1]}]" if used else words
            parts += [Content.styled(shown, f"bold {style}" if used else style), " "]
        if placed and len(placed) < len(self.chips):
            parts.append(f"+{len(self.chips) - len(placed)}")
        if self.has_focus:
            parts.append(Content.styled(" ←→ choose  del takes out  ⏎ changes  esc back", "dim"))
        return Content.assemble(*parts)

    def action_step(self, by: int) -> None:
        """Go to the next chip."""
        self.at = max(0, min(self.at + by, len(self.chips) - 1))

    def action_remove(self) -> None:
        """Take the chip out."""
        if self.chips:
            self.post_message(self.Removed(self.at))

    def action_edit(self) -> None:
        """Type the chip anew."""
        if self.chips:
            self.post_message(self.Edited(self.at))

    def action_leave(self) -> None:
        """Back to the lines."""
        self.post_message(self.Left())

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        for x, number, words in self._placed():
            if x <= event.x < x + cell_len(words):
                self.post_message(self.Removed(number))


def _words(chip: str) -> str:
    """A chip as it stands on the line, with a cell on each side and a cross to click on."""
    shown = chip if cell_len(chip) <= LONGEST else chip[: LONGEST - 1] + "…"
    return f" {shown} ✕ "
