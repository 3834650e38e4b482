"""Ask for the passphrase of the encrypted file, or for a new one, typed twice."""

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.fields import TextField
from screens.profile_checks import Remark, needed
from tui.safety.encrypted_file import SHORTEST_PASSPHRASE
from tui.safety.secret import Secret
from tui.safety.text import clean
from tui.safety.vault import AskPassphrase, PassphraseWanted


class PassphraseDialog(ModalScreen[Secret | None]):
    """Returns what was typed; None to do without the file in this run."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Not now")]

    def __init__(self, wanted: PassphraseWanted) -> None:
        super().__init__()
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        wanted = self._wanted
        go, leave = ("Keep", "This run only") if wanted.is_new else ("Unlock", "Not now")
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(
                "Choose a passphrase" if wanted.is_new else "Passphrase of the encrypted file"
            )
            box.border_subtitle = Content(f"⏎ {go.lower()}   esc {leave.lower()}")
            for sentence in sentences_for(wanted):
                yield Static(Content(clean(sentence)), classes="words")
            if wanted.complaint:
                yield Static(Content(f"✘ {wanted.complaint}"), classes="words")
            yield TextField("Passphrase", id="passphrase", check=self._check, secret=True)
            if wanted.is_new:
                yield TextField("Once more", id="again", check=self._check_again, secret=True)
            with Horizontal(classes="buttons"):
                yield Button(Content(leave), id="leave", compact=True)
                yield Button(Content(go), id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#passphrase", TextField).focus_field()

    def _check(self, text: str) -> Remark | None:
        if self._wanted.is_new and 0 < len(text) < SHORTEST_PASSPHRASE:
            return Remark("error", f"At least {SHORTEST_PASSPHRASE} characters; a few words do.")
        return needed(text)

    def _check_again(self, text: str) -> Remark | None:
        if text != self.query_one("#passphrase", TextField).text:
            return Remark("error", "This is not the same.")
        return None

    @on(TextField.Submitted)
    def _submitted(self) -> None:
        self._go()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self._go()
        else:
            self.dismiss(None)

    def _go(self) -> None:
        fields = list(self.query(TextField))
        for field in fields:
            if field.text:
                field.complain()
            if not field.text or field.is_wrong:
                field.focus_field()
                return
        self.dismiss(Secret(fields[0].text))


def sentences_for(wanted: PassphraseWanted) -> list[str]:
    """What is asked and why."""
    if wanted.is_new:
        return [
            f"No keyring works here. An encrypted file, {wanted.path}, can be used "
            f"{wanted.purpose}.",
            "Its passphrase is asked for once after each start. Nobody can read the file without "
            "it, and it cannot be had again.",
        ]
    return [f"{wanted.path}: {wanted.purpose}."]


def asking_on(app: App[Any]) -> AskPassphrase:
    """Asks with this dialog, over whatever `app` shows."""

    async def ask(wanted: PassphraseWanted) -> Secret | None:
        answer: asyncio.Future[Secret | None] = asyncio.get_running_loop().create_future()

        def answered(passphrase: Secret | None) -> None:
            if not answer.done():
                answer.set_result(passphrase)

        dialog = PassphraseDialog(wanted)
        await app.push_screen(dialog, answered)
        try:
            return await answer
        except asyncio.CancelledError:
            if dialog in app.screen_stack:
                dialog.dismiss(None)
            raise

    return ask
