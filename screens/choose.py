"""Choose one of several things: an address, a router, an account."""

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

MOST_OPTIONS: Final = 200
"""Choices that are listed at once."""


class ChooseDialog(ModalScreen[str | None]):
    """Returns the key of the chosen one; typing narrows the list."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("down", "focus_list", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], empty: str) -> None:
        """`choices` are (key, words); `empty` is what stands there when there are none."""
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._empty = empty

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog choices") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "enter chooses   escape cancels"
            yield Input(placeholder="type to narrow", compact=True)
            if not self._choices:
                yield Static(Content(self._empty), classes="words")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._narrow("")
        self.query_one(Input).focus()

    def _narrow(self, text: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        wanted = text.lower().split()
        fitting = (
            Option(Content(words), id=key)
            for key, words in self._choices
            if all(part in words.lower() for part in wanted)
        )
        # Every option is laid out, seen or not; whoever has thousands of addresses types.
        options.add_options(islice(fitting, MOST_OPTIONS))
        if options.option_count == MOST_OPTIONS:
            more = Content.styled("… more: type to narrow", "dim")
            options.add_option(Option(more, disabled=True))
        if options.option_count:
            options.highlighted = 0

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_focus_list(self) -> None:
        """Go into the list."""
        self.query_one(OptionList).focus()
