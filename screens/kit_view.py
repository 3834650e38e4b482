"""What one person has to be told to connect, on the screen: the page and a code for the camera."""

from collections.abc import Callable, Sequence
from typing import ClassVar, cast

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widgets import Static

from screens.frame import Console
from tui.session.kits import KitUser, KitVpn, KitWish, settings_for
from tui.vpn.kits import handout
from tui.vpn.kits.choices import ASKED, SHOWN, Place
from tui.vpn.kits.pages import to_text
from tui.vpn.kits.qr import half_blocks, settings_text
from tui.vpn.kits.settings import KitSettings, checked

_WIDTH = 66


class KitView(ModalScreen[None]):
    """The page of each user, one at a time. Secrets are masked until they are asked for."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialogs.tcss", "kit.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss", "Close"),
        Binding("p", "reveal", "Show the secrets"),
        Binding("c", "next_code", "Another code"),
        Binding("right,n", "next_user(1)", "Next user"),
        Binding("left,N", "next_user(-1)", "Previous user"),
    ]

    def __init__(
        self,
        vpn: KitVpn,
        users: Sequence[KitUser],
        wish: KitWish,
        handed: Callable[[], object] | None = None,
    ) -> None:
        """`handed` is called when a password was shown."""
        super().__init__()
        self._vpn = vpn
        self._users = tuple(users)
        self._wish = wish
        self._handed = handed
        self._at = 0
        self._revealed = False
        self._code = 0

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_subtitle = Content(self._hints())
            yield Static("", id="code", classes="code")
            yield Static("", id="page", classes="words")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._show()

    def _hints(self) -> str:
        others = "   ← → other users" if len(self._users) > 1 else ""
        return f"p shows secrets   c another code{others}   esc close"

    @property
    def _user(self) -> KitUser:
        return self._users[self._at]

    @property
    def _settings(self) -> KitSettings:
        """The kit's settings, with what is known of the secrets only when they were asked for."""

        def place(known: object) -> Place:
            return SHOWN if self._revealed and known is not None else ASKED

        wish = msgspec.structs.replace(
            self._wish, key_place=place(self._vpn.key), password_place=place(self._user.password)
        )
        return checked(settings_for(self._vpn, self._user, wish))

    def _codes(self) -> list[tuple[str, str]]:
        """What can be shown as a code, by its name; never two secrets in one."""
        settings = self._settings
        codes = [
            ("the settings, without a secret", settings_text(settings)),
            ("the pre-shared key alone", settings.key_shown),
            ("the password alone", settings.password_shown),
        ]
        return [(name, text) for name, text in codes if text]

    def _show(self) -> None:
        box = self.query_one(VerticalScroll)
        place = f" ({self._at + 1} of {len(self._users)})" if len(self._users) > 1 else ""
        box.border_title = Content(f"{self._vpn.network}: {self._user.name}{place}")
        codes = self._codes()
        name, text = codes[self._code % len(codes)]
        # Light letters on a dark ground need the light modules drawn, or the code is inverted.
        drawn = half_blocks(text, light_blocks=self.app.current_theme.dark, border=2)
        self.query_one("#code", Static).update(Content("\n".join([*drawn, name])))
        lines = to_text(handout.page(self._settings), _WIDTH).rstrip("\n")
        self.query_one("#page", Static).update(Content(lines))

    def _note(self) -> None:
        """Somebody was shown secrets: into the audit trail."""
        names = [name for name, known in self._known().items() if known]
        if self._revealed and names:
            what = " and ".join(names)
            self.console.note_secret_use("reveal", what, f"{self._vpn.words} for {self._user.name}")
            if self._user.password is not None and self._handed is not None:
                self._handed()

    def _known(self) -> dict[str, bool]:
        return {
            "pre-shared key": self._vpn.key is not None,
            "password": self._user.password is not None,
        }

    # Actions.

    def action_reveal(self) -> None:
        """Show or hide the secrets that are known here."""
        if not any(self._known().values()):
            self.notify(
                "Neither the key nor the password is known here: CloudStack does not show them.",
                severity="warning",
            )
            return
        self._revealed = not self._revealed
        self._code = 0
        self._note()
        self._show()

    def action_next_code(self) -> None:
        """Show the code of the settings, of the key, of the password, one after another."""
        if len(self._codes()) == 1:
            self.notify("Press p first: then the key and the password have a code each.")
        self._code += 1
        self._show()

    def action_next_user(self, step: int) -> None:
        """Go to another user; a secret that was shown is shown for this one too."""
        self._at = (self._at + step) % len(self._users)
        self._code = 0
        self._note()
        self._show()
