"""CloudMonkey's profiles: choose one, look it over in the form, test it, save it."""

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.profile_form import ProfileForm
from tui.safety.text import clean
from tui.session.launch import Launcher
from tui.session.session import Session
from tui.settings.cloudmonkey import CloudMonkeyImport, ImportedProfile
from tui.widgets.hints import Hint, HintBar, make_hints


def note_option(text: str) -> Option:
    """A sentence among the choices, so that it scrolls with them; it cannot be chosen."""
    return Option(Content(clean(text)), disabled=True)


class ImportScreen(Screen[Session | None]):
    """Returns the session to open; None when the person went back."""

    CSS_PATH = "welcome.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]

    def __init__(
        self, launcher: Launcher, found: CloudMonkeyImport, taken: Collection[str]
    ) -> None:
        """`taken` are the names of profiles that exist."""
        super().__init__()
        self._launcher = launcher
        self._found = found
        self._taken = frozenset(taken)

    def compose(self) -> ComposeResult:
        yield Static(" csvpn  Import from CloudMonkey", id="title")
        notes = [note_option(note) for note in self._notes()]
        yield OptionList(*notes, *(self._option(one) for one in self._found.profiles), id="choices")
        yield HintBar()

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        wanted = self._found.default
        if self._found.profiles and not wanted:
            wanted = self._found.profiles[0].profile.name
        if wanted:
            choices.highlighted = choices.get_option_index(wanted)
        self.query_one(HintBar).hints = make_hints(
            [
                Hint("choose", "⏎", "Look over, test and save"),
                Hint("screen.dismiss", "esc", "Back", always=True),
            ]
        )

    def _notes(self) -> list[str]:
        notes = [f"▲ {note}" for note in self._found.notes]
        if self._found.profiles:
            return [*notes, "CloudMonkey's own file is only read."]
        return [*notes, "The file has no profile that can be used."]

    def _option(self, imported: ImportedProfile) -> Option:
        profile = imported.profile
        marks = " · ".join(
            mark
            for mark in (
                "used by CloudMonkey now" if profile.name == self._found.default else "",
                "imported already" if profile.name in self._taken else "",
            )
            if mark
        )
        who = "API key" if profile.auth == "keys" else f"user {profile.username}"
        text = Content.assemble(
            Content.styled(clean(profile.name), "bold"),
            f"  {marks}\n  " if marks else "\n  ",
            Content.styled(clean(f"{profile.url}  {who}"), "dim"),
            *(f"\n  ▲ {clean(note)}" for note in imported.notes),
        )
        return Option(text, id=profile.name)

    @on(OptionList.OptionSelected, "#choices")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        imported = next(i for i in self._found.profiles if i.profile.name == event.option_id)
        form = ProfileForm(
            self._launcher,
            profile=imported.profile,
            secret=imported.secret,
            notes=imported.notes,
            taken=self._taken,
        )
        self.app.push_screen(form, self._take)

    def _take(self, session: Session | None) -> None:
        if session is not None:
            self.dismiss(session)

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        if event.name == "choose":
            self.query_one(OptionList).action_select()
        else:
            await self.run_action(event.name)
