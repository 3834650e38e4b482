"""Write what is filtered or marked in the Logs section to a file, without secrets."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Static

from screens.fields import CheckBox
from screens.logs_background import TidyingLogs
from screens.logs_lines import LineList
from tui.logs.export import ExportedLine, ExportProblem, Form, write_export

ENDINGS: Final[dict[Form, str]] = {"text": ".log", "json": ".jsonl"}


class Wish(msgspec.Struct, frozen=True):
    """What to write where."""

    path: Path
    only_marked: bool
    form: Form
    overwrite: bool


class ExportDialog(ModalScreen[Wish | None]):
    """Asks which lines, in which form, and where they go."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("f10", "go", "Write"),
    ]

    def __init__(self, path: Path, shown: int, marked: int) -> None:
        """`path` is what is offered; `shown` and `marked` say how many lines there are."""
        super().__init__()
        self._path = path
        self._shown = shown
        self._marked = marked

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Write lines to a file")
            box.border_subtitle = "f10 writes   escape cancels"
            yield Static("File", classes="quiet")
            yield Input(str(self._path), id="path", compact=True, select_on_focus=False)
            yield CheckBox(
                Content(
                    f"only the marked lines, {self._marked:,} of {self._shown:,} that are shown"
                ),
                id="marked",
                compact=True,
            )
            yield CheckBox("as JSON lines, one document each", id="json", compact=True)
            yield CheckBox("overwrite the file if it is there", id="overwrite", compact=True)
            yield Static(
                "Times are in UTC, with the clocks of the routers put right. Passwords, keys and "
                "what they can be guessed from are left out.",
                classes="words quiet",
            )
            yield Static("", id="problem", classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Write", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#path", Input).focus()

    def _is(self, name: str) -> bool:
        return self.query_one(f"#{name}", CheckBox).value

    @on(Checkbox.Changed, "#json")
    def _other_form(self) -> None:
        """The ending follows the form, unless somebody chose another."""
        field = self.query_one("#path", Input)
        old, new = (ENDINGS["text"], ENDINGS["json"])[:: 1 if self._is("json") else -1]
        if field.value.endswith(old):
            field.value = field.value.removesuffix(old) + new

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_go()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.action_go()
        else:
            self.dismiss(None)

    def _problem(self, path: Path) -> str:
        if self._is("marked") and not self._marked:
            return "No line is marked. Press m on some, or write all that are shown."
        if not self._is("marked") and not self._shown:
            return "The filter shows no lines."
        if not path.name:
            return "Name a file."
        if path.exists() and not self._is("overwrite"):
            return f"{path} is there already. Name another file, or choose to overwrite it."
        return ""

    def action_go(self) -> None:
        """Write them."""
        path = Path(self.query_one("#path", Input).value.strip()).expanduser()
        problem = self._problem(path)
        if problem:
            words = Content.styled(f"✘ {problem}", "$text-error")
            self.query_one("#problem", Static).update(words)
            return
        form: Form = "json" if self._is("json") else "text"
        self.dismiss(Wish(path, self._is("marked"), form, self._is("overwrite")))


class ExportingLogs(TidyingLogs):
    """Writes in the background: half a million lines take their time."""

    class Exported(Message):
        """Lines were written, or could not be."""

        def __init__(self, wish: Wish, count: int, problem: ExportProblem | None) -> None:
            super().__init__()
            self.wish = wish
            self.count = count
            self.problem = problem

    def action_export(self) -> None:
        """Ask what to write where, and write it."""
        shown = self.list
        name = self.feed.routers[0].name if self.feed is not None else "logs"
        path = Path.cwd() / f"{name}-{datetime.now():%Y%m%d-%H%M%S}{ENDINGS['text']}"

        def answered(wish: Wish | None) -> None:
            if wish is not None:
                marked = [ExportedLine(mark.kept, mark.note) for mark in self.marks.all]
                self._export(wish, marked if wish.only_marked else self._lines_of(shown))

        self.app.push_screen(ExportDialog(path, shown.line_count, len(self.marks.all)), answered)

    def _lines_of(self, shown: LineList) -> Iterable[ExportedLine]:
        """The lines that are shown now, with their notes, made as they are written."""
        notes = {mark.kept: mark.note for mark in self.marks.all}
        return (
            ExportedLine(entry.kept, notes.get(entry.kept) if notes else None, entry.is_context)
            for entry in shown.entries()
            if not entry.words
        )

    @work(group="export", exclusive=True, exit_on_error=False)
    async def _export(self, wish: Wish, lines: Iterable[ExportedLine]) -> None:
        try:
            count = await asyncio.to_thread(
                write_export, wish.path, lines, form=wish.form, overwrite=wish.overwrite
            )
        except ExportProblem as problem:
            self.post_message(self.Exported(wish, 0, problem))
        else:
            self.post_message(self.Exported(wish, count, None))

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        event.stop()
        if event.problem is not None:
            self.notify(
                f"{event.problem.what}. To do: {event.problem.remedy}.",
                title="Nothing was written",
                severity="error",
            )
        else:
            self.notify(f"{event.count:,} line(s) are in {event.wish.path}.", title="Export")
