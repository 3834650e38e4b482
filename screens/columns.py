"""Choose the columns of a table."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from screens.choose_logs import TickList


class ColumnsDialog(ModalScreen[tuple[str, ...] | None]):
    """Returns the titles that are ticked, in their order; none of them for the usual look, and
    None when nothing was chosen."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("f10", "go", "Show these"),
        Binding("a", "usual", "All of them, the usual look"),
    ]

    def __init__(self, titles: Sequence[str], chosen: Collection[str]) -> None:
        """`titles` are all that there are."""
        super().__init__()
        self._titles = tuple(titles)
        self._chosen = frozenset(chosen)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Which columns?")
            box.border_subtitle = "space chooses   a all of them   f10 shows   escape cancels"
            yield TickList([(each, each) for each in self._titles], self._chosen, id="columns")

    def on_mount(self) -> None:
        self.query_one(TickList).focus()

    def action_go(self) -> None:
        """Show what is ticked."""
        chosen = self.query_one(TickList).chosen
        titles = tuple(each for each in self._titles if each in chosen)
        if not titles:
            self.notify("A table needs a column at least.", severity="warning")
            return
        self.dismiss(() if titles == self._titles else titles)

    def action_usual(self) -> None:
        """Show all columns for which there is room."""
        self.dismiss(())
