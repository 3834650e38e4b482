"""The line at the bottom: which key does what here, and what cannot be done now."""

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Hint(msgspec.Struct, frozen=True):
    """One action on the line."""

    name: str
    key: str
    label: str
    disabled: bool = False
    always: bool = False
    """Kept at the right end however narrow the screen is."""


class HintBar(Widget):
    """One line of keys; a disabled one is dim and struck out, never colour alone."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HintBar { height: 1; width: 1fr; background: $surface; }
    """
    hints: reactive[tuple[Hint, ...]] = reactive(())

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def _placed(self) -> list[tuple[int, Hint]]:
        """The hints that fit, each with its first cell."""
        width = self.size.width
        fixed = [hint for hint in self.hints if hint.always]
        right = sum(_cells(hint) for hint in fixed)
        placed: list[tuple[int, Hint]] = []
        x = 1
        for hint in self.hints:
            if hint.always:
                continue
            if x + _cells(hint) + right > width:
                break
            placed.append((x, hint))
            x += _cells(hint)
        for hint in fixed:
            if x + _cells(hint) - 2 <= width:
                placed.append((x, hint))
                x += _cells(hint)
        return placed

    def render(self) -> Content:
        """Compose the line for the present width."""
        parts: list[Content | str] = [" "]
        for _x, hint in self._placed():
            key = "bold" if not hint.disabled else "dim"
            label = "" if not hint.disabled else "dim strike"
            parts += [
                Content.styled(hint.key, key),
                " ",
                Content.styled(hint.label, label),
                "  ",
            ]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        for x, hint in self._placed():
            if x <= event.x < x + _cells(hint) - 1:
                self.post_message(self.Pressed(hint.name))
                return


def _cells(hint: Hint) -> int:
    return cell_len(hint.key) + 1 + cell_len(hint.label) + 2


def make_hints(hints: Sequence[Hint]) -> tuple[Hint, ...]:
    """The hints with the permanent ones last."""
    return (*(h for h in hints if not h.always), *(h for h in hints if h.always))
