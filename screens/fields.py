"""Fields of a form: a label, what is typed, and a remark under it that follows the typing."""

from collections.abc import Callable
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Label, RadioButton, Static

from screens.profile_checks import Remark

Check = Callable[[str], Remark | None]

GLYPHS: Final = {"error": "✘", "warning": "▲", "note": "→"}


class TextField(Vertical):
    """One line of text with its label and the remark on it.

    An empty field is not complained about before `complain` was called: nobody has been there yet.
    """

    DEFAULT_CSS = """
    TextField { height: auto; width: 1fr; }
    TextField > Horizontal { height: 1; width: 1fr; }
    TextField Label { width: 17; color: $text-muted; }
    TextField Input { width: 1fr; }
    TextField .remark { display: none; width: 1fr; height: auto; padding-left: 17; }
    TextField .remark.-shown { display: block; }
    TextField .remark.-error { color: $text-error; }
    TextField .remark.-warning { color: $text-warning; }
    TextField .remark.-note { color: $text-muted; }
    """

    class Changed(Message):
        """The text is another one."""

        def __init__(self, field: "TextField") -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> "TextField":
            """The field, for `@on(TextField.Changed, "#id")`."""
            return self.field

    class Submitted(Message):
        """Enter was pressed in the field."""

    def __init__(
        self,
        label: str,
        text: str = "",
        *,
        id: str,
        check: Check | None = None,
        hint: str = "",
        secret: bool = False,
        fixed: bool = False,
    ) -> None:
        """`hint` stands in the empty field; `fixed` text can be read and not changed."""
        super().__init__(id=id)
        self._label = label
        self._check = check
        self._touched = bool(text)
        self._input = Input(
            text,
            placeholder=hint,
            password=secret,
            disabled=fixed,
            compact=True,
            select_on_focus=False,
        )

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(Content(self._label))
            yield self._input
        yield Static("", classes="remark")

    def on_mount(self) -> None:
        self._show(self._remark())

    @property
    def text(self) -> str:
        """What stands in the field, without blanks around it (a secret exactly as typed)."""
        return self._input.value if self._input.password else self._input.value.strip()

    @property
    def is_wrong(self) -> bool:
        """Whether what stands in the field cannot be used."""
        remark = self._check(self.text) if self._check is not None else None
        return self.display and remark is not None and remark.tone == "error"

    def complain(self) -> None:
        """From now on say what is wrong even with an empty field."""
        self._touched = True
        self._show(self._remark())

    def focus_field(self) -> None:
        """Put the keyboard focus into the field."""
        self._input.focus()

    def _remark(self) -> Remark | None:
        if self._check is None or not (self._touched or self.text):
            return None
        return self._check(self.text)

    def _show(self, remark: Remark | None) -> None:
        line = self.query_one(".remark", Static)
        line.set_class(remark is not None, "-shown")
        for tone in GLYPHS:
            line.set_class(remark is not None and remark.tone == tone, f"-{tone}")
        line.update(Content("" if remark is None else f"{GLYPHS[remark.tone]} {remark.says}"))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:
            self._touched = True
        self._show(self._remark())
        self.post_message(self.Changed(self))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())


class CheckBox(Checkbox):
    """Textual's own shows whether it is ticked by colour alone; this one by its sign."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Show a tick or a blank."""
        self.BUTTON_INNER = "✔" if self.value else " "
        super().watch_value()


class Choice(RadioButton):
    """One of several; Textual's own shows which one is chosen by colour alone."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Show a dot or a blank."""
        self.BUTTON_INNER = "●" if self.value else " "
        super().watch_value()
