"""CloudMonkey's profiles: choose one, look it over in the form, test it, save it."""

from collections.abc import Collection
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
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


class ImportScreen(Screen[Session | None]):
    """Returns the session to open; None when the person went back."""

    CSS_PATH = "welcome.tcss"
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
        with VerticalScroll(can_focus=False, id="body"):
            yield Static(self._notes(), id="notes")
            yield OptionList(*(self._option(one) for one in self._found.profiles), id="choices")
        yield HintBar()

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        names = [one.profile.name for one in self._found.profiles]
        if names:
            default = self._found.default
            choices.highlighted = names.index(default) if default in names else 0
        self.query_one(HintBar).hints = make_hints(
            [
                Hint("choose", "⏎", "Look over, test and save"),
                Hint("screen.dismiss", "esc", "Back", always=True),
            ]
        )

    def _notes(self) -> Content:
        lines = [f"▲ {clean(note)}" for note in self._found.notes]
        if not self._found.profiles:
            lines.append("The file has no profile that can be used.")
        else:
            lines.append("CloudMonkey's own file is only read.")
        return Content("\n".join(lines))

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
        imported = self._found.profiles[event.option_index]
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
