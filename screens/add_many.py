"""Add many VPN users at once: paste names or a table, see every line judged, send all of it."""

from pathlib import Path
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static, TextArea

from screens.bulk_results import BulkResultsDialog
from screens.findings import GLYPHS, STYLES, finding_lines
from screens.frame import Console
from screens.owners import OwnerSelect
from tui.operations.users import AddUsers
from tui.session.people import (
    learn_limit,
    new_users,
    remarks_of,
    room_of,
    start_noted,
    today,
)
from tui.session.views import OwnerKey
from tui.vpn.passwords import PasswordStyle, password_words
from tui.vpn.usercheck import CheckedList, check_list
from tui.vpn.userfile import (
    COLUMNS,
    LARGEST_LIST,
    Line,
    Reading,
    UserFile,
    list_text,
    read_users,
)

SHOWN: Final = 100
"""Lines of the preview; those that are wrong come first when there are more."""

_HINT: Final = (
    "alice bob carol\nor a table, one user a line:\n" + ",".join(COLUMNS) + "\nalice,,sales,+30d,"
)


class AddManyDialog(ModalScreen[None]):
    """A box for a list, and below it what the list says, line by line.

    Nothing is sent before every line is right. Groups, notes and expiry dates go to the roster.
    """

    CSS_PATH = ["dialogs.tcss", "add_many.tcss"]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("ctrl+s", "send", "Add all"),
    ]

    def __init__(self, owner: OwnerKey | None, text: str = "") -> None:
        """`owner` is the account that is chosen to begin with, `text` what stands in the box."""
        super().__init__()
        self._owner = owner
        self._text = text
        self._file = UserFile("names")
        self._checked = CheckedList(())

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog many") as box:
            box.border_title = "Add many VPN users"
            box.border_subtitle = "tab goes on   ^s adds all   escape cancels"
            yield OwnerSelect(self.console, self._owner)
            yield TextArea(self._text, id="list", placeholder=_HINT, tab_behavior="focus")
            yield Input(placeholder="or the path of a CSV file, then enter", compact=True)
            with Horizontal(classes="line"):
                yield Select[Reading](
                    [("names", "names"), ("a table", "table")],
                    prompt="read as it looks",
                    id="reading",
                    compact=True,
                )
                yield Select[PasswordStyle](
                    [(password_words(each), each) for each in ("characters", "words")],
                    value="characters",
                    allow_blank=False,
                    id="style",
                    compact=True,
                )
            yield Static("", id="counts", classes="words")
            with VerticalScroll(id="preview", can_focus=True):
                yield Static("", id="lines")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Add all", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self.query_one(TextArea).focus()
        self._learn()

    @work(group="limit", exclusive=True, exit_on_error=False)
    async def _learn(self) -> None:
        """The roster knows names that no list shows, the server perhaps the limit."""
        session = self.console.session
        await session.roster.load()
        await learn_limit(session)
        self._show()

    # What is typed.

    @on(TextArea.Changed)
    @on(Select.Changed)
    def _show(self) -> None:
        chosen = self.query_one(OwnerSelect).chosen
        reading = self.query_one("#reading", Select).value
        known: Reading | None = reading if reading in ("names", "table") else None
        self._file = read_users(self.query_one(TextArea).text, today(), known)
        session = self.console.session
        if chosen is None:
            self._checked = CheckedList(self._file.lines)
            self.query_one("#counts", Static).update("Choose an account.")
        else:
            room = room_of(session, chosen[0])
            self._checked = check_list(self._file.lines, room)
            self.query_one("#counts", Static).update(self._counts(room.words))
        self.query_one("#lines", Static).update(preview_lines(self._checked.lines))
        self.query_one("#go", Button).disabled = chosen is None or not self._checked.is_right

    def _counts(self, room: str) -> Content:
        head = f"{room}. "
        if self._checked.lines:
            head += f"Read as {self._file.words}: {self._checked.counts}."
        parts = [Content(head)]
        if self._checked.findings:
            parts.append(finding_lines(self._checked.findings))
        elif self.console.session.roster.trouble is not None:
            trouble = self.console.session.roster.trouble
            parts.append(Content.styled(f"▲ {trouble.says}", "$text-warning"))
        return Content("\n").join(parts)

    # A file.

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._read(event.value.strip())

    @work(thread=True, group="file", exclusive=True, exit_on_error=False)
    def _read(self, typed: str) -> None:
        """Put the text of a file into the box, or say why not."""
        try:
            text = read_list(Path(typed).expanduser())
        except (OSError, ValueError) as error:
            says = getattr(error, "strerror", None) or str(error)
            self.app.call_from_thread(
                self.notify, f"{typed}: {says}", title="Not read", severity="error"
            )
            return
        self.app.call_from_thread(self._take, text)

    def _take(self, text: str) -> None:
        self.query_one(TextArea).text = text
        self.query_one(TextArea).focus()

    # Going on.

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.action_send()
        else:
            self.dismiss()

    def action_send(self) -> None:
        """Add all users of the list, where all of it is right."""
        chosen = self.query_one(OwnerSelect).chosen
        if chosen is None or not self._checked.is_right:
            says = "Every line has to be right before anything is sent."
            self.notify(says, title="Not sent", severity="warning")
            return
        key, owner = chosen
        session = self.console.session
        style = self.query_one("#style", Select).value
        users = new_users(self._checked.entries, "words" if style == "words" else "characters")
        session.roster.soon(session.roster.remember(key, remarks_of(self._checked.entries)))
        operation = AddUsers(session.client, users, owner=owner)
        start_noted(session, operation, key)
        self.app.switch_screen(BulkResultsDialog(operation, owner, key))


def read_list(path: Path) -> str:
    """The text of a file of users. Raises `OSError`, and `ValueError` where it is none."""
    with path.open("rb") as file:
        return list_text(file.read(LARGEST_LIST + 1))


def preview_lines(lines: tuple[Line, ...]) -> Content:
    """The preview: number, name, group and expiry date of each line, and what is to say about it.

    A password is never shown, only whether one was given.
    """
    shown = lines
    if len(lines) > SHOWN:
        wrong = [line for line in lines if not line.is_right]
        shown = tuple([*wrong, *(line for line in lines if line.is_right)][:SHOWN])
    width = min(max((len(line.entry.name) for line in shown), default=0), 24)
    rows = [_row(line, width) for line in shown]
    if len(shown) < len(lines):
        rows.append(Content(f"… and {len(lines) - len(shown):,} more lines"))
    return Content("\n").join(rows)


def _row(line: Line, width: int) -> Content:
    entry = line.entry
    facts = [entry.name.ljust(width), entry.group]
    facts += [f"until {entry.expires.isoformat()}"] if entry.expires else []
    facts += ["own password"] if entry.password else []
    head = f"{line.number:4}  {'  '.join(fact for fact in facts if fact)}"
    if not line.findings:
        return Content.assemble(Content(head), Content.styled("  ✔", "$text-success"))
    said = [
        Content.styled(f"      {GLYPHS[each.severity]} {each.says}", STYLES[each.severity])
        for each in line.findings
    ]
    return Content("\n").join([Content(head), *said])
