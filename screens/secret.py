"""Ask for the secret of a profile that no store has, and see that it works before it is kept."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.fields import TextField
from screens.profile_checks import needed
from tui.cloud.errors import CloudError
from tui.safety.credentials import Store, StoreState
from tui.safety.secret import Secret
from tui.safety.text import clean
from tui.session.launch import Launcher, SecretMissing, secret_words
from tui.session.session import Session
from tui.widgets.failures import TellsFailures


class SecretDialog(TellsFailures, ModalScreen[Session | None]):
    """Returns a session whose server has accepted the secret."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    class Tried(Message):
        """The server has answered, or has not."""

        def __init__(self, session: Session | None, error: CloudError | None = None) -> None:
            super().__init__()
            self.session = session
            self.error = error

    def __init__(self, launcher: Launcher, missing: SecretMissing) -> None:
        super().__init__()
        self._launcher = launcher
        self._missing = missing
        self._words = secret_words(missing.profile)

    def compose(self) -> ComposeResult:
        profile = self._missing.profile
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"{self._words.capitalize()} of {profile.name}")
            box.border_subtitle = "⏎ open   esc cancel"
            yield Static(Content(clean(profile.url)), classes="words quiet")
            yield Static(Content(str(self._missing)), classes="words")
            yield TextField(self._words.capitalize(), id="secret", check=needed, secret=True)
            yield Static("", id="says", classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Open", id="open", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one(TextField).focus_field()
        self._show_store()

    @work(group="store", exclusive=True, exit_on_error=False)
    async def _show_store(self) -> None:
        self._say(keeping_words(await self._launcher.store_state()))

    def _say(self, text: str) -> None:
        self.query_one("#says", Static).update(Content(text))

    @on(TextField.Submitted)
    def _submitted(self) -> None:
        self._go()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "open":
            self._go()
        else:
            self.dismiss(None)

    def _go(self) -> None:
        field = self.query_one(TextField)
        field.complain()
        if field.is_wrong:
            field.focus_field()
            return
        self._say("Asking the server … esc gives up.")
        self.query_one("#open", Button).disabled = True
        self._try(Secret(field.text))

    @work(group="try", exclusive=True, exit_on_error=False)
    async def _try(self, secret: Secret) -> None:
        profile = self._missing.profile
        try:
            session = await self._launcher.try_out(profile, secret)
        except CloudError as error:
            self.post_message(self.Tried(None, error))
            return
        try:
            state = await self._launcher.keep(profile, secret)
        except asyncio.CancelledError:
            await session.aclose()
            raise
        self.notify(kept_words(self._words, state), title=profile.name)
        if not self.post_message(self.Tried(session)):
            await session.aclose()

    @on(Tried)
    def _tried(self, event: Tried) -> None:
        if event.session is not None:
            self.dismiss(event.session)
            return
        self.query_one("#open", Button).disabled = False
        self._say(error_words(event.error))
        self.query_one(TextField).focus_field()


def keeping_words(state: StoreState) -> str:
    """Where a secret will be kept, before it is."""
    if state.store is Store.KEYRING:
        return f"It will be kept in {state.name}, never in a file."
    if state.store is Store.FILE:
        how = {
            "none": ", under a passphrase that you will choose",
            "locked": ", whose passphrase you will be asked for",
        }
        return (
            f"It will be kept in {state.name}{how.get(state.standing, '')} "
            f"(no keyring: {state.reason})."
        )
    return f"It will be kept for this session only ({state.reason}), never in a file."


def standing_words(what: str, places: Sequence[StoreState], state: StoreState) -> str:
    """Where the secret of a profile is now, and where one that is typed will be kept."""
    will_be = keeping_words(state)
    if not places:
        return will_be.replace("It ", f"The {what} ", 1)
    first = places[0]
    if first.store in {Store.ENVIRONMENT, Store.COMMAND}:
        return f"The {what} comes from {clean(first.name)}, before any that is kept."
    return f"The {what} is in {clean(first.name)}. {will_be.replace('It ', 'A new one ', 1)}"


def kept_words(what: str, state: StoreState) -> str:
    """Where a secret is kept now."""
    if state.store in {Store.KEYRING, Store.FILE}:
        return f"The {what} is kept in {state.name}."
    return f"The {what} is kept for this session only: {state.reason}."


def error_words(error: CloudError | None) -> str:
    """What went wrong and what to do, for a line of a form."""
    if error is None:
        return ""
    return f"✘ {error.text}\n{error.remedy}".rstrip()
