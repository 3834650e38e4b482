"""Write down a cloud and an account in it; tested against the server before it is saved."""

import asyncio
from collections.abc import Collection, Iterable
from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Label, OptionList, Select, Static
from textual.widgets.option_list import Option

from screens import profile_checks as checks
from screens.confirm import ConfirmDialog
from screens.fields import CheckBox, TextField
from screens.secret import error_words, kept_words, standing_words
from screens.ssh_path import SshPathScreen, WayAnswer
from screens.tested import TestedDialog
from tui.cloud.errors import CloudError
from tui.safety.secret import Secret
from tui.safety.text import clean
from tui.session.launch import Launcher, SecretMissing, credential_of, secret_words
from tui.session.session import Session
from tui.settings.errors import SettingsError
from tui.settings.model import Profile, SshPath
from tui.settings.urls import normalise_url
from tui.vpn.psk_policy import DEFAULT_DAYS
from tui.widgets.failures import TellsFailures
from tui.widgets.hints import Hint, HintBar, make_hints

AUTHS = (("API key and secret key", "keys"), ("user name and password", "password"))
_NEW_WAY = "\x00new"
"""Stands for the line that adds a way; no zone has this name."""


class ProfileForm(TellsFailures, Screen[Session | None]):
    """Returns the session to open, or None. An error leaves everything as it was typed."""

    CSS_PATH = "profile_form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+s", "save", "Test and save"),
    ]

    class Tested(Message):
        """The connection was tested, and the profile saved if that went well."""

        def __init__(
            self, session: Session | None, kept: str = "", error: Exception | None = None
        ) -> None:
            super().__init__()
            self.session = session
            self.kept = kept
            self.error = error

    def __init__(
        self,
        launcher: Launcher,
        *,
        profile: Profile | None = None,
        secret: str = "",
        notes: Iterable[str] = (),
        is_new: bool = True,
        taken: Collection[str] = (),
    ) -> None:
        """`profile` fills the form; `is_new=False` changes that one, whose secret may be known
        already. `notes` are shown above the fields, `taken` are the names that exist."""
        super().__init__()
        self._launcher = launcher
        self._profile = profile or Profile(name="", url="")
        self._secret_at_start = secret
        self._notes = tuple(notes)
        self._is_new = is_new
        self._taken = frozenset(taken)
        self._zones: dict[str, SshPath] = dict(self._profile.zones)
        self._before: Profile | None = None
        self._testing = False

    def compose(self) -> ComposeResult:
        title = "New profile" if self._is_new else f"Profile {self._profile.name}"
        yield Static(Content(f" csvpn  {title}"), id="title")
        with VerticalScroll(id="fields", can_focus=False):
            for note in self._notes:
                yield Static(Content(clean(f"▲ {note}")), classes="note")
            yield from self._compose_cloud()
            yield from self._compose_account()
            yield from self._compose_options()
            yield Label("Ways to the routers (SSH): for their logs and for “Verify”", id="ways-of")
            yield OptionList(id="ways", compact=True)
            yield Static("", id="says")
            with Horizontal(id="buttons"):
                yield Button("Back", id="back", compact=True)
                yield Button("Test and save", id="save", variant="primary", compact=True)
        yield HintBar()

    def _compose_cloud(self) -> Iterable[Widget]:
        profile = self._profile
        yield TextField(
            "Name", profile.name, id="name", hint="what you call it: prod", fixed=not self._is_new,
            check=lambda text: checks.check_name(text, self._taken) if self._is_new else None,
        )  # fmt: skip
        yield TextField(
            "URL", clean(profile.url), id="url", hint="cloud.example.org or https://…/client/api",
            check=lambda text: checks.needed(text) or checks.check_url(text),
        )  # fmt: skip

    def _compose_account(self) -> Iterable[Widget]:
        profile = self._profile
        kept = "" if self._is_new else "empty: the one that is kept"
        by_key = profile.auth == "keys"
        secret = self._secret_at_start
        with Horizontal(classes="row"):
            yield Label("Sign in with")
            yield Select(AUTHS, value=profile.auth, allow_blank=False, compact=True, id="auth")
        yield TextField("API key", clean(profile.api_key), id="api-key", check=checks.needed)
        yield TextField(
            "Secret key", secret if by_key else "", id="secret-key", secret=True, hint=kept,
            check=self._check_secret,
        )  # fmt: skip
        yield TextField("User name", clean(profile.username), id="username", check=checks.needed)
        yield TextField(
            "Password", "" if by_key else secret, id="password", secret=True, hint=kept,
            check=self._check_secret,
        )  # fmt: skip
        yield TextField("Domain", clean(profile.domain), id="domain", hint="/ is ROOT")

    def _check_secret(self, text: str) -> checks.Remark | None:
        """A known profile may keep its secret, unless it signs in in another way now."""
        if not self._is_new and self._auth == self._profile.auth:
            return None
        return checks.needed(text)

    def _compose_options(self) -> Iterable[Widget]:
        profile = self._profile
        yield TextField(
            "CA file", clean(profile.ca_file), id="ca-file", check=checks.check_file,
            hint="PEM; empty: the system's authorities",
        )  # fmt: skip
        usual = profile.psk_days == DEFAULT_DAYS
        yield TextField(
            "Key lasts (days)", "" if usual else str(profile.psk_days), id="psk-days",
            check=checks.check_days, hint=f"empty: {DEFAULT_DAYS}",
        )  # fmt: skip
        with Horizontal(classes="row"):
            yield CheckBox("Read-only", profile.read_only, id="read-only", compact=True)
            yield CheckBox("Production", profile.production, id="production", compact=True)

    def on_mount(self) -> None:
        self.query_one(HintBar).hints = make_hints(
            [
                Hint("save", "^s", "Test and save"),
                Hint("leave", "esc", "Back"),
                Hint("app.quit", "^q", "Quit", always=True),
            ]
        )
        self._show_account()
        self._show_ways()
        self._before = self._made(checked=False)
        self._field("url" if not self._is_new else "name").focus_field()
        self._show_store()

    # What is shown.

    def _field(self, name: str) -> TextField:
        return self.query_one(f"#{name}", TextField)

    @property
    def _auth(self) -> str:
        return str(self.query_one("#auth", Select).value)

    @on(Select.Changed, "#auth")
    def _show_account(self) -> None:
        by_key = self._auth == "keys"
        for name in ("api-key", "secret-key"):
            self._field(name).display = by_key
        for name in ("username", "password", "domain"):
            self._field(name).display = not by_key

    def _show_ways(self) -> None:
        options = [
            Option(Content(checks.spell_way(zone, way)), id=zone)
            for zone, way in self._zones.items()
        ]
        empty = "Add a way" if options else "None yet: add a way"
        ways = self.query_one("#ways", OptionList)
        ways.clear_options()
        ways.add_options([*options, Option(Content(f"+ {empty}"), id=_NEW_WAY)])
        ways.highlighted = 0

    @work(group="store", exclusive=True, exit_on_error=False)
    async def _show_store(self) -> None:
        profile, launcher = self._profile, self._launcher
        places = () if self._is_new else await launcher.places(profile, credential_of(profile))
        words = standing_words(secret_words(profile), places, await launcher.store_state())
        if not self._testing:
            self._say(words)

    def _say(self, text: str, *, bad: bool = False) -> None:
        line = self.query_one("#says", Static)
        line.set_class(bad, "-bad")
        line.update(Content(text))

    # Ways to routers.

    @on(OptionList.OptionSelected, "#ways")
    def _way_selected(self, event: OptionList.OptionSelected) -> None:
        zone = event.option_id or _NEW_WAY
        if zone == _NEW_WAY:
            page = SshPathScreen("" if "*" in self._zones else "*", taken=self._zones)
        else:
            page = SshPathScreen(zone, self._zones[zone], taken=self._zones)
        self.app.push_screen(page, self._take_way)

    def _take_way(self, answer: WayAnswer | None) -> None:
        if answer is None:
            return
        if answer.way is None or answer.zone != answer.instead_of:
            self._zones.pop(answer.instead_of, None)
        if answer.way is not None:
            self._zones[answer.zone] = answer.way
        self._show_ways()

    # Testing and saving.

    def _made(self, *, checked: bool = True) -> Profile:
        """The profile as it stands in the form; not `checked`, its URL may be any text."""
        text = {field.id or "": field.text for field in self.query(TextField)}
        by_key = self._auth == "keys"
        return msgspec.structs.replace(
            self._profile,
            name=text["name"],
            url=normalise_url(text["url"]) if checked else text["url"],
            auth="keys" if by_key else "password",
            api_key=text["api-key"] if by_key else "",
            username="" if by_key else text["username"],
            domain="/" if by_key else text["domain"] or "/",
            ca_file=text["ca-file"],
            psk_days=_days(text["psk-days"], self._profile.psk_days),
            read_only=self.query_one("#read-only", CheckBox).value,
            production=self.query_one("#production", CheckBox).value,
            zones=dict(self._zones),
        )

    def _typed_secret(self) -> str:
        return self._field("secret-key" if self._auth == "keys" else "password").text

    def action_save(self) -> None:
        """Test the connection and save the profile, unless something in the form is wrong."""
        if self._testing:
            return
        fields = list(self.query(TextField))
        for field in fields:
            field.complain()
        wrong = next((field for field in fields if field.is_wrong), None)
        if wrong is not None:
            wrong.focus_field()
            return
        profile = self._made()
        typed = self._typed_secret()
        self._set_testing(True)
        self._say(f"Asking {profile.url} … esc gives up.")
        self._test(profile, Secret(typed) if typed else None)

    def _set_testing(self, testing: bool) -> None:
        self._testing = testing
        self.query_one("#save", Button).disabled = testing
        if testing:
            self.query_one("#fields", VerticalScroll).scroll_end(animate=False)

    @work(group="test", exclusive=True, exit_on_error=False)
    async def _test(self, profile: Profile, secret: Secret | None) -> None:
        try:
            known = secret or await self._launcher.secret_of(profile)
            session = await self._launcher.try_out(profile, known)
        except (CloudError, SecretMissing) as error:
            self.post_message(self.Tested(None, error=error))
            return
        try:
            state = await self._launcher.save(profile, secret)
        except SettingsError as error:
            await session.aclose()
            self.post_message(self.Tested(None, error=error))
            return
        except asyncio.CancelledError:
            await session.aclose()
            raise
        kept = kept_words(secret_words(profile), state) if secret is not None else ""
        if not self.post_message(self.Tested(session, kept)):
            await session.aclose()

    @on(Tested)
    def _tested(self, event: Tested) -> None:
        self._set_testing(False)
        if event.session is None:
            self._say(_words_for(event.error), bad=True)
            self.query_one("#fields", VerticalScroll).scroll_end(animate=False)
            return
        session = event.session
        self._before = self._made()

        def leave(go: bool | None) -> None:
            self._leave_with(session, bool(go))

        self.app.push_screen(TestedDialog(session, event.kept), leave)

    @work(group="leave", exclusive=True, exit_on_error=False)
    async def _leave_with(self, session: Session, go: bool) -> None:
        if not go:
            await session.aclose()
        self.dismiss(session if go else None)

    # Leaving.

    def action_leave(self) -> None:
        """Give up a test that runs; otherwise go back, asking first where something was typed."""
        if self._testing:
            self.workers.cancel_group(self, "test")
            self._set_testing(False)
            self._say("Given up; nothing was saved.", bad=True)
            return
        secret = self._typed_secret()
        if self._made(checked=False) == self._before and secret == self._secret_at_start:
            self.dismiss(None)
            return

        def discard(go: bool | None) -> None:
            if go:
                self.dismiss(None)

        sentences = ["What you typed is not saved and will be lost."]
        self.app.push_screen(ConfirmDialog("Go back", sentences, "Discard"), discard)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    @on(HintBar.Pressed)
    async def _hint_pressed(self, event: HintBar.Pressed) -> None:
        await self.run_action(event.name if "." in event.name else f"screen.{event.name}")


def _days(text: str, before: int) -> int:
    """The days that stand in the form; `before` for what is no number of days."""
    if not text:
        return DEFAULT_DAYS
    return before if checks.check_days(text) is not None else int(text)


def _words_for(error: Exception | None) -> str:
    if isinstance(error, CloudError):
        return error_words(error)
    if isinstance(error, SettingsError):
        words = clean(f"✘ The connection works, but nothing was saved: {error.what}")
        return f"{words}\n{clean(error.remedy)}".rstrip()
    return clean(f"✘ {error}")
