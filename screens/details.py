"""Details of one row: beside the table on a wide screen, as a dialog on a narrow one."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

LONGEST_BESIDE: Final = 30
"""Characters of a value that fit beside its name in the pane."""


class DetailsPane(VerticalScroll, can_focus=False):
    """The pane on the right; hidden below 120 columns (see frame.tcss)."""

    def compose(self) -> ComposeResult:
        yield Static("", id="details-text")

    def show(self, title: str, text: Content) -> None:
        """Show the details of another row."""
        self.border_title = Content(title)
        self.query_one("#details-text", Static).update(text)

    def clear(self) -> None:
        """Show nothing."""
        self.border_title = ""
        self.query_one("#details-text", Static).update("")


class DetailsDialog(ModalScreen[None]):
    """The same as the pane, over the table."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close"),
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "escape closes"
            yield Static(self._text)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def facts_text(facts: list[tuple[str, str]], notes: list[str] | None = None) -> Content:
    """Lines of `name  value`, then sentences; what has no value is left out."""
    width = max((len(name) for name, value in facts if value), default=0)
    lines = [_fact_line(name, value, width) for name, value in facts if value]
    for note in notes or []:
        lines += [Content(""), Content(note)]
    return Content("\n").join(lines)


def _fact_line(name: str, value: str, width: int) -> Content:
    """One fact; a long value stands below its name, so that it does not wrap under it."""
    if len(value) <= LONGEST_BESIDE:
        return Content.assemble(Content.styled(name.ljust(width + 2), "dim"), Content(value))
    return Content.assemble(Content.styled(f"{name}\n", "dim"), Content(f"  {value}"))
