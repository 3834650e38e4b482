"""Ask before something is done: what will happen, what stays; the safe answer has the focus."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from screens.said import Said, SayingDialog


class ConfirmDialog(SayingDialog[bool]):
    """Returns whether to go on.

    With `typed`, the answer counts only once that word was typed: for destructive actions on a
    production profile.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", "Cancel"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(
        self,
        title: str,
        sentences: Sequence[str],
        go: str,
        *,
        calls: Sequence[str] = (),
        typed: str = "",
    ) -> None:
        """`go` is the button that goes on; `calls` are the API calls that will be made."""
        super().__init__()
        self._title = title
        self._sentences = tuple(sentences)
        self._go = go
        self._calls = tuple(calls)
        self._typed = typed

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -destroys", can_focus=False) as box:
            box.border_title = Content(self._title)
            with Said(typed=bool(self._typed)):
                for sentence in self._sentences:
                    yield Static(Content(f"• {sentence}"), classes="words")
                if self._calls:
                    yield Static(Content("\nWill be sent:"), classes="words quiet")
                    for call in self._calls:
                        yield Static(Content(f"  {call}"), classes="words quiet")
            if self._typed:
                yield Static(Content(f"\nThis is a production profile: type {self._typed}"))
                yield Input(id="typed", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(
                    Content(self._go),
                    id="go",
                    variant="error",
                    disabled=bool(self._typed),
                    compact=True,
                )

    def on_mount(self) -> None:
        self.query_one("#typed" if self._typed else "#cancel").focus()

    @on(Input.Changed, "#typed")
    def _typing(self, event: Input.Changed) -> None:
        self.query_one("#go", Button).disabled = event.value != self._typed

    @on(Input.Submitted, "#typed")
    def _typed_enter(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            self.dismiss(True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "go")

    def action_answer(self, go: bool) -> None:
        """Answer by key."""
        self.dismiss(go)
