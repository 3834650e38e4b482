"""Marks in the Logs section: lines to come back to, with notes."""

from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.logs_finding import FindingLogs
from screens.logs_lines import Entry, text_of
from tui.logs.segment import StoredLine

LONGEST_NOTE = 200


class Marked(msgspec.Struct, frozen=True):
    """A marked line."""

    kept: StoredLine
    note: str = ""


class Marks:
    """The marks, in the order of their lines."""

    def __init__(self, marked: set[StoredLine]) -> None:
        """`marked` is kept up to date for those who paint lines."""
        self._marked = marked
        self._notes: dict[StoredLine, str] = {}

    @property
    def all(self) -> list[Marked]:
        """All of them."""
        lines = sorted(self._notes, key=lambda kept: kept.at)
        return [Marked(kept, self._notes[kept]) for kept in lines]

    def note(self, kept: StoredLine) -> str | None:
        """The note on a line, which may be empty; None where it is not marked."""
        return self._notes.get(kept)

    def put(self, kept: StoredLine, note: str = "") -> None:
        """Mark a line."""
        self._notes[kept] = note
        self._marked.add(kept)

    def take(self, kept: StoredLine) -> None:
        """Take a mark away."""
        self._notes.pop(kept, None)
        self._marked.discard(kept)

    def clear(self) -> None:
        """Take all marks away."""
        self._notes.clear()
        self._marked.clear()


class NoteDialog(ModalScreen[str | None]):
    """Returns the note, which may be empty."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, line: str, note: str) -> None:
        super().__init__()
        self._line = line
        self._note = note

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content("Note on this line")
            box.border_subtitle = "enter keeps it   escape cancels"
            yield Static(Content(self._line), classes="words quiet")
            yield Input(
                self._note, placeholder="what about it?", compact=True, max_length=LONGEST_NOTE
            )

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())


class MarksDialog(ModalScreen[StoredLine | None]):
    """Lists the marks; returns the line to go to."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("a", "note", "Note"),
        Binding("delete,x", "remove", "Remove"),
    ]

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content("Marks")
            box.border_subtitle = "enter goes there   a note   x removes   escape closes"
            yield OptionList(markup=False)
            yield Static("", id="nothing", classes="words quiet")

    def on_mount(self) -> None:
        self._show()
        self.query_one(OptionList).focus()

    def _show(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.clear_options()
        for mark in self._marks.all:
            options.add_option(Option(Content(_words(mark))))
        if options.option_count:
            options.highlighted = min(at, options.option_count - 1)
        nothing = "" if options.option_count else "No line is marked. Press m on one."
        self.query_one("#nothing", Static).update(Content(nothing))

    def _at_cursor(self) -> Marked | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._marks.all[at]

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        mark = self._at_cursor()
        self.dismiss(None if mark is None else mark.kept)

    def action_note(self) -> None:
        """Write another note."""
        mark = self._at_cursor()
        if mark is None:
            return

        def answered(note: str | None) -> None:
            if note is not None:
                self._marks.put(mark.kept, note)
                self._show()

        self.app.push_screen(NoteDialog(text_of(mark.kept.line), mark.note), answered)

    def action_remove(self) -> None:
        """Take the mark away."""
        mark = self._at_cursor()
        if mark is not None:
            self._marks.take(mark.kept)
            self._show()


def _words(mark: Marked) -> str:
    line = mark.kept.line
    clock = f"{line.time:%H:%M:%S} " if line.time else ""
    note = f"{mark.note}: " if mark.note else ""
    return f"◆ {clock}{note}{text_of(line)}"[:300]


class MarkedLogs(FindingLogs):
    """Marks stay while the same logs are followed."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks(self.look.marked)

    def _line_to_mark(self) -> Entry | None:
        entry = self.entry
        if entry is None or entry.words:
            self.notify("There is no line of a log under the cursor.")
            return None
        return entry

    def action_mark(self) -> None:
        """Mark the line, or take its mark away."""
        entry = self._line_to_mark()
        if entry is None:
            return
        if self.marks.note(entry.kept) is None:
            self.marks.put(entry.kept)
        else:
            self.marks.take(entry.kept)
        self._marks_changed()

    def action_note(self) -> None:
        """Mark the line with a note."""
        entry = self._line_to_mark()
        if entry is None:
            return

        def answered(note: str | None) -> None:
            if note is not None:
                self.marks.put(entry.kept, note)
                self._marks_changed()

        before = self.marks.note(entry.kept) or ""
        self.app.push_screen(NoteDialog(text_of(entry.kept.line), before), answered)

    def _marks_changed(self) -> None:
        self.view.redraw()
        self.show_meaning()

    def action_marks(self) -> None:
        """List the marks."""

        def answered(kept: StoredLine | None) -> None:
            self._marks_changed()
            if kept is not None and not self.go_to_line(kept):
                self.notify("The filter hides this line. Press F to take the filter out.")

        self.app.push_screen(MarksDialog(self.marks), answered)

    def _to_mark(self, step: int) -> None:
        cursor = self.view.cursor
        marked = self.look.marked
        where = "below" if step > 0 else "above"
        shown = [number for kept in marked if (number := self.list.number_of(kept)) is not None]
        ahead = [number for number in shown if cursor is not None and (number - cursor) * step > 0]
        if ahead:
            self.view.go_to(min(ahead) if step > 0 else max(ahead))
        else:
            none = "No line is marked. Press m on one."
            self.notify(f"No further mark {where}." if marked else none)

    def action_next_mark(self) -> None:
        """Go to the next mark."""
        self._to_mark(1)

    def action_previous_mark(self) -> None:
        """Go to the previous mark."""
        self._to_mark(-1)
