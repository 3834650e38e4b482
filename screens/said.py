"""Dialogs that say what they will do: the words scroll, the buttons stay in sight."""

from typing import Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

Result = TypeVar("Result")


class SayingDialog(ModalScreen[Result]):
    """Has its words in a `Said` and its buttons below it, within a container `.dialog`.

    The arrow keys scroll the words wherever the focus is, unless what has it uses them itself.
    """

    ABSTRACT: ClassVar[bool] = True
    """It is shown only as one of its subclasses."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_words(-1)", show=False),
        Binding("down", "scroll_words(1)", show=False),
        Binding("pageup", "scroll_words(-10)", show=False),
        Binding("pagedown", "scroll_words(10)", show=False),
    ]

    def action_scroll_words(self, lines: int) -> None:
        """Scroll what is said by so many lines."""
        self.query_one(Said).scroll_relative(y=lines, animate=False)


class Said(VerticalScroll):
    """What a dialog says; tells in the border that there is more than fits."""

    def __init__(self, *, typed: bool = False, **fields: Any) -> None:
        """`typed`: room is needed for a field below it."""
        super().__init__(can_focus=False, classes="said -typed" if typed else "said", **fields)

    def on_resize(self) -> None:
        """Tell how to see the rest, where there is one."""
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        more = self.max_scroll_y > 0
        for box in self.ancestors:
            if isinstance(box, Widget) and box.has_class("dialog"):
                box.border_subtitle = "↑ ↓ scroll   esc cancels" if more else ""
