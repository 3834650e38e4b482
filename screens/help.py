"""What every key does in the present section, from the registry."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.frame import SectionScreen
from screens.section_keys import TITLES
from tui.actions import Action, actions_on, spell_key

MOVING = (
    ("↑ ↓ k j", "Move the cursor."),
    ("pgup pgdn", "Move by a screenful."),
    ("home g / end G", "Go to the first, the last row."),
    ("← →", "Bring the columns that do not fit into sight; the first one stays."),
    ("tab", "Go to the next field or button."),
    ("esc", "Clear the filter, or close a dialog."),
)


class HelpDialog(ModalScreen[None]):
    """Keys with one sentence each; what cannot be done now says why."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", "Close")
    ]

    def __init__(self, section: SectionScreen) -> None:
        super().__init__()
        self._section = section

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = Content(f"Keys in {TITLES[self._section.SECTION]}")
            box.border_subtitle = "escape closes"
            yield Static(self._text())

    def _text(self) -> Content:
        lines = [self._line(each) for each in actions_on(self._section.SECTION)]
        lines.append(Content(""))
        lines += [_entry(keys, "", words) for keys, words in MOVING]
        return Content("\n").join(lines)

    def _line(self, action: Action) -> Content:
        reason = self._section.reason_against(action)
        words = action.help if reason is None else f"{action.help} Not now: {reason}"
        return _entry(" ".join(spell_key(key) for key in action.keys), action.label, words)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def _entry(keys: str, label: str, words: str) -> Content:
    return Content.assemble(
        Content.styled(keys.ljust(10), "bold"), Content.styled(label.ljust(15), "bold"), words
    )
