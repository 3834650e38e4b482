"""A dialog that asks for a change with some choices in it: what it does follows every choice."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, RadioSet, Static

from screens.fields import TextField
from screens.frame import Console, SectionScreen
from screens.said import Said, SayingDialog
from tui.operations.steps import Operation
from tui.session.inventory import Kind
from tui.session.tray import Task


class ChangeDialog(SayingDialog[Operation | None]):
    """Returns the operation to be started, or None.

    Subclasses compose the choices, make the operation from them, and say what it does.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]
    ABSTRACT: ClassVar[bool] = True
    """It is shown only as one of its subclasses."""
    TITLE_WORDS: ClassVar[str] = ""
    GO: ClassVar[str] = ""

    def __init__(self, name: str) -> None:
        """`name` is what has to be typed on a production profile."""
        super().__init__()
        self._name_to_type = name

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    @property
    def _typed(self) -> str:
        return self._name_to_type if self.console.session.profile.production else ""

    def choices(self) -> Iterable[Widget]:
        """The widgets of what can be chosen."""
        return ()

    def operation(self) -> Operation | None:
        """What is to be done as it is chosen now; None while that makes no sense."""
        raise NotImplementedError

    def sentences(self) -> Sequence[str]:
        """What it does as it is chosen now."""
        raise NotImplementedError

    def title_words(self) -> str:
        """What stands in the border."""
        return self.TITLE_WORDS

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -destroys", can_focus=False) as box:
            box.border_title = Content(self.title_words())
            with Said(typed=bool(self._typed)):
                yield from self.choices()
                yield Static("", id="means", classes="words")
                yield Static("", id="calls", classes="words quiet")
            if self._typed:
                yield Static(Content(f"\nThis is a production profile: type {self._typed}"))
                yield Input(id="typed", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(Content(self.GO), id="go", variant="error", compact=True)

    def on_mount(self) -> None:
        self.refresh_words()
        self.focus_first()

    def focus_first(self) -> None:
        """Put the focus where it is wanted to begin with: on the safe answer."""
        self.query_one("#cancel", Button).focus()

    @on(TextField.Changed)
    @on(Checkbox.Changed)
    @on(RadioSet.Changed)
    def refresh_words(self) -> None:
        """Say what would be done now."""
        operation = self.operation()
        lines = [f"• {sentence}" for sentence in self.sentences()]
        self.query_one("#means", Static).update(Content("\n".join(lines)))
        steps = operation.plan() if operation is not None else ()
        done = [step.call.cloudmonkey() if step.call else step.title for step in steps]
        words = "\n".join(["", "Will be done:", *(f"  {line}" for line in done)]) if done else ""
        self.query_one("#calls", Static).update(Content(words))
        self._allow(operation is not None)

    def _allow(self, possible: bool) -> None:
        typed = self.query_one("#typed", Input).value if self._typed else ""
        self.query_one("#go", Button).disabled = not possible or typed != self._typed

    @on(Input.Changed, "#typed")
    def _typing(self) -> None:
        self._allow(self.operation() is not None)

    @on(Input.Submitted)
    @on(TextField.Submitted)
    def _entered(self) -> None:
        if not self.query_one("#go", Button).disabled:
            self.dismiss(self.operation())

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self.operation() if event.button.id == "go" else None)


def ask_for_change(
    section: SectionScreen,
    dialog: ChangeDialog,
    kinds: Iterable[Kind],
    *,
    address_id: str = "",
    started: Callable[[Operation], object] | None = None,
    after: Callable[[Task], object] | None = None,
) -> None:
    """Show the dialog, and start what comes out of it; `started` is told of it."""
    wanted = tuple(kinds)

    def answered(operation: Operation | None) -> None:
        if operation is not None:
            section.session.start(operation, wanted, address_id, after)
            if started is not None:
                started(operation)

    section.app.push_screen(dialog, answered)
