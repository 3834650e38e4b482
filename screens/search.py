"""Ask for a word or a regular expression to search for."""

import re
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

LONGEST = 200


class SearchDialog(ModalScreen[re.Pattern[str] | None]):
    """Returns the pattern; None ends searching. What is typed is searched for at once."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, typed: Callable[[re.Pattern[str] | None], None]) -> None:
        """`typed` is told each pattern; it answers with `tell`."""
        super().__init__()
        self._tell_typed = typed

    def tell(self, found: int, is_over: bool) -> None:
        """Say how many lines match what is typed."""
        if self.is_mounted:
            words = f"{found:,} line(s) match" + ("" if is_over else " so far …")
            self.query_one("#problem", Static).update(Content(words))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content("Search")
            box.border_subtitle = "enter searches   empty ends it"
            yield Input(placeholder="a word, or /a regular expression/", compact=True)
            yield Static("", id="problem", classes="words")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        pattern = read_pattern(event.value)
        words = f"✘ {pattern}" if isinstance(pattern, str) else ""
        self.query_one("#problem", Static).update(Content.styled(words, "$text-error"))
        self._tell_typed(None if isinstance(pattern, str) else pattern)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        pattern = read_pattern(event.value)
        if not isinstance(pattern, str):
            self.dismiss(pattern)


def read_pattern(text: str) -> re.Pattern[str] | str | None:
    """The pattern that `text` means, None for nothing, or what is wrong with it.

    Case counts only where the text has capitals, as in the filter.
    """
    if not text.strip():
        return None
    if len(text) > LONGEST:
        return f"at most {LONGEST} characters; these are {len(text)}"
    flags = re.NOFLAG if text != text.lower() else re.IGNORECASE
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        try:
            return re.compile(text[1:-1], flags)
        except (re.error, OverflowError, RecursionError) as error:
            return f"{text} is not a regular expression: {error}"
    return re.compile(re.escape(text.strip()), flags)
