"""Where to go: a profile that exists, the demo, CloudMonkey's profiles, or a new one."""

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.confirm import ConfirmDialog
from screens.frame import SectionScreen
from screens.import_profiles import ImportScreen, note_option
from screens.profile_form import ProfileForm
from screens.secret import SecretDialog
from tui.safety.text import clean
from tui.session.launch import Launcher, SecretMissing
from tui.session.session import Session
from tui.settings.cloudmonkey import CloudMonkeyImport
from tui.settings.errors import SettingsError
from tui.settings.model import Profile, Profiles
from tui.widgets.failures import TellsFailures
from tui.widgets.hints import Hint, HintBar, make_hints

_DEMO: Final = "\x00demo"
_IMPORT: Final = "\x00import"
_NEW: Final = "\x00new"
"""Lines that are no profile; no profile can have these names."""


class WelcomeScreen(TellsFailures, Screen[Session | None]):
    """Returns the session to open; None when the person went back."""

    CSS_PATH = "welcome.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("e", "edit", "Edit"),
        Binding("x", "remove", "Remove"),
        Binding("n", "new", "New"),
    ]

    class Opened(Message):
        """A profile was opened, or its secret is missing, or that failed."""

        def __init__(self, session: Session | None, error: Exception | None = None) -> None:
            super().__init__()
            self.session = session
            self.error = error

    class Removed(Message):
        """A profile was removed, or that failed."""

        def __init__(self, error: SettingsError | None = None) -> None:
            super().__init__()
            self.error = error

    def __init__(self, launcher: Launcher, missing: SecretMissing | None = None) -> None:
        """`missing` is asked for at once: a profile could not be opened without it."""
        super().__init__()
        self._launcher = launcher
        self._missing = missing
        self._profiles = Profiles()
        self._import = CloudMonkeyImport()
        self._known: frozenset[str] | None = None
        """Names of the profiles when they were last read; None before."""

    def compose(self) -> ComposeResult:
        yield Static(" csvpn  Remote Access VPN on Apache CloudStack", id="title")
        yield OptionList(id="choices")
        yield Static("", id="says")
        yield HintBar()

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._say("")
        wanted, self._launcher.wanted = self._launcher.wanted, ""
        self._read()
        profile = self._profiles.chosen(wanted) if wanted else None
        if profile is not None:
            self._open(profile)
        if self._missing is not None:
            self._ask_for(self._missing)

    def on_screen_resume(self) -> None:
        """A form may have added or changed a profile."""
        self._read()

    # What is shown.

    def _read(self) -> None:
        """Read the files again and show what they have."""
        known = self._known
        notes = []
        try:
            self._profiles = self._launcher.profiles()
        except SettingsError as error:
            self._profiles = Profiles()
            notes.append(f"✘ The profiles cannot be read: {error}")
        try:
            self._import = self._launcher.importable()
        except SettingsError as error:
            self._import = CloudMonkeyImport()
            notes.append(f"▲ CloudMonkey's profiles cannot be read: {error}")
        if not notes and not self._profiles.profiles:
            notes.append(self._first_words())
        self._known = frozenset(self._profiles.profiles)
        new = [name for name in self._known if known is not None and name not in known]
        self._show(
            [*(note_option(note) for note in notes), *self._choices()], new[0] if new else ""
        )

    def _first_words(self) -> str:
        demo = "Look around in the demo, or tell" if self._launcher.offers_demo else "Tell"
        return f"There is no profile yet. {demo} csvpn about your cloud."

    def _choices(self) -> Iterable[Option]:
        for profile in self._profiles.profiles.values():
            yield Option(_profile_lines(profile, self._profiles.default), id=profile.name)
        if self._launcher.offers_demo:
            yield Option(
                _lines("Demo", "A cloud and its routers in this program; nothing to set up."),
                id=_DEMO,
            )
        count = len(self._import.profiles)
        if count or self._import.notes:
            what = "one profile" if count == 1 else f"{count} profiles"
            yield Option(_lines("Import", f"{what} of CloudMonkey (~/.cmk/config)."), id=_IMPORT)
        yield Option(_lines("New profile", "URL and credentials of a cloud."), id=_NEW)

    def _show(self, options: list[Option], go_to: str) -> None:
        """Show `options` with the cursor on the profile `go_to`, or where it was."""
        choices = self.query_one(OptionList)
        before = choices.highlighted_option
        choices.clear_options()
        choices.add_options(options)
        ids = [option.id for option in options]
        wanted = go_to or (before.id if before is not None else self._profiles.default)
        first = next(number for number, option in enumerate(options) if not option.disabled)
        choices.highlighted = ids.index(wanted) if wanted in ids else first
        self._show_hints()

    def _say(self, text: str, *, bad: bool = False) -> None:
        line = self.query_one("#says", Static)
        line.display = bool(text)
        line.set_class(bad, "-bad")
        line.update(Content(clean(text)))

    @on(OptionList.OptionHighlighted)
    def _show_hints(self) -> None:
        """`e` and `x` are for profiles only."""
        no_profile = self._under_cursor() is None
        leave = "Back" if isinstance(self.app.screen_stack[0], SectionScreen) else "Quit"
        self.query_one(HintBar).hints = make_hints(
            [
                Hint("choose", "⏎", "Open"),
                Hint("edit", "e", "Edit", disabled=no_profile),
                Hint("remove", "x", "Remove", disabled=no_profile),
                Hint("new", "n", "New"),
                Hint("leave", "esc", leave, always=True),
            ]
        )

    def _under_cursor(self) -> Profile | None:
        option = self.query_one(OptionList).highlighted_option
        return self._profiles.profiles.get(option.id or "") if option is not None else None

    # Opening.

    @on(OptionList.OptionSelected, "#choices")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        name = event.option_id
        if name == _DEMO:
            self._say("Starting the demo …")
            self._open_demo()
        elif name == _IMPORT:
            self.app.push_screen(
                ImportScreen(self._launcher, self._import, self._profiles.profiles), self._take
            )
        elif name == _NEW:
            self.action_new()
        else:
            self._open(self._profiles.profiles[name or ""])

    def _open(self, profile: Profile) -> None:
        self._say(f"Opening {profile.name} …")
        self._open_profile(profile)

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open_profile(self, profile: Profile) -> None:
        try:
            session = await self._launcher.open(profile)
        except SecretMissing as missing:
            self.post_message(self.Opened(None, missing))
            return
        await self._hand_over(session)

    @work(group="open", exclusive=True, exit_on_error=False)
    async def _open_demo(self) -> None:
        try:
            session = await self._launcher.open_demo()
        except OSError as error:
            self.post_message(self.Opened(None, error))
            return
        await self._hand_over(session)

    async def _hand_over(self, session: Session) -> None:
        if not self.post_message(self.Opened(session)):
            await session.aclose()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        self._say("")
        if event.session is not None:
            self.dismiss(event.session)
        elif isinstance(event.error, SecretMissing):
            self._ask_for(event.error)
        else:
            self._say(f"✘ The demo could not be started: {event.error}", bad=True)

    def _ask_for(self, missing: SecretMissing) -> None:
        self.app.push_screen(SecretDialog(self._launcher, missing), self._take)

    def _take(self, session: Session | None) -> None:
        if session is not None:
            self.dismiss(session)

    # Changing profiles.

    def action_new(self) -> None:
        """Write down another cloud."""
        form = ProfileForm(self._launcher, taken=self._profiles.profiles)
        self.app.push_screen(form, self._take)

    def action_edit(self) -> None:
        """Change the profile under the cursor."""
        profile = self._under_cursor()
        if profile is not None:
            form = ProfileForm(self._launcher, profile=profile, is_new=False)
            self.app.push_screen(form, self._take)

    def action_remove(self) -> None:
        """Remove the profile under the cursor, after a question."""
        profile = self._under_cursor()
        if profile is None:
            return

        def go(answer: bool | None) -> None:
            if answer and profile is not None:
                self._remove(profile)

        sentences = [
            f"{profile.name} is taken out of the file of profiles, and its secret is forgotten.",
            "Nothing changes on the server.",
        ]
        self.app.push_screen(ConfirmDialog(f"Remove {profile.name}", sentences, "Remove"), go)

    @work(group="remove", exclusive=True, exit_on_error=False)
    async def _remove(self, profile: Profile) -> None:
        try:
            await self._launcher.remove(profile)
        except SettingsError as error:
            self.post_message(self.Removed(error))
        else:
            self.post_message(self.Removed())

    @on(Removed)
    def _removed(self, event: Removed) -> None:
        if event.error is not None:
            self._say(f"✘ {event.error}", bad=True)
        self._read()

    def action_leave(self) -> None:
        """Go back to where this was opened; on the first run that is the end."""
        self.dismiss(None)

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        if event.name == "choose":
            self.query_one(OptionList).action_select()
        else:
            await self.run_action(f"screen.{event.name}")


def _profile_lines(profile: Profile, default: str) -> Content:
    marks = [
        "default" if profile.name == default else "",
        "PRODUCTION" if profile.production else "",
        "read-only" if profile.read_only else "",
    ]
    shown = " · ".join(mark for mark in marks if mark)
    who = "API key" if profile.auth == "keys" else f"user {profile.username}"
    return _lines(profile.name, f"{profile.url}  {who}", shown)


def _lines(title: str, words: str, marks: str = "") -> Content:
    """Two lines: what it is, and about it."""
    return Content.assemble(
        Content.styled(clean(title), "bold"),
        f"  {marks}\n  " if marks else "\n  ",
        Content.styled(clean(words), "dim"),
    )
