"""Client kits: for whom, what goes in, and where they are written."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from screens.fields import CheckBox
from screens.findings import finding_lines
from screens.frame import Console
from screens.kit_view import KitView
from tui.operations.kit_files import KitNotWritten, Written
from tui.operations.kit_register import due_kits
from tui.operations.users import AddedUser
from tui.session.kits import (
    KitUser,
    KitVpn,
    KitWish,
    check_kits,
    kit_vpns,
    make_kits,
    place_findings,
    secrets_shown,
    users_of,
    write_and_remember,
)
from tui.session.views import OwnerKey
from tui.settings.errors import SettingsError
from tui.vpn.findings import Finding, errors
from tui.vpn.kits.choices import ASKED, KEEP_DAYS, LEFT_OUT, PLATFORMS, SHOWN, Place
from tui.vpn.kits.kit import NAMES
from tui.vpn.kits.settings import KitImpossible, SecretName
from tui.widgets.failures import TellsFailures

USUAL_FOLDER: Final = "~/vpn-kits"
_PLACES: Final[dict[Place, str]] = {
    ASKED: "asked for when it is installed",
    SHOWN: "in clear text in the files",
    LEFT_OUT: "left out, and not kept by the client",
}


class KitDialog(TellsFailures, ModalScreen[None]):
    """Makes kits for some users of a VPN, or for all of its account."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialogs.tcss", "kit.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    class Ended(Message):
        """Kits were written, or were not."""

        def __init__(self, written: Sequence[Written], failure: str = "") -> None:
            super().__init__()
            self.written = tuple(written)
            self.failure = failure

    def __init__(
        self,
        vpns: Sequence[KitVpn],
        users: Sequence[KitUser],
        *,
        address_id: str = "",
        handed: Callable[[], object] | None = None,
    ) -> None:
        """`vpns` are offered, the one on `address_id` first; without `users` all of its account.

        `handed` is called when passwords of `users` were shown or written.
        """
        super().__init__()
        self._vpns = tuple(sorted(vpns, key=lambda vpn: vpn.address_id != address_id))
        self._users = tuple(users)
        self._handed = handed

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        knows = all(user.password is not None for user in self._users) and bool(self._users)
        passwords = [place for place in _PLACES if knows or place != SHOWN]
        platforms = [("everything", ""), *((title, name) for name, title in PLATFORMS.items())]
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Client kits")
            box.border_subtitle = "esc close"
            yield from _choice("VPN", "vpn", [(v.words, v.address_id) for v in self._vpns])
            yield from _choice("For", "people", self._people())
            yield from _choice("Files for", "platform", platforms)
            yield from _choice("Key", "key", [(_PLACES[p], p) for p in self._key_places()])
            yield from _choice("Password", "password", [(_PLACES[p], p) for p in passwords])
            yield from _choice("Tunnel", "tunnel", _TUNNELS)
            yield from _choice("As", "form", _FORMS)
            with Horizontal(classes="row"):
                yield Label(Content("Folder"))
                yield Input(USUAL_FOLDER, id="folder", compact=True, select_on_focus=False)
            yield Static("", id="says", classes="words")
            yield CheckBox("write it there all the same", id="anyway", compact=True)
            yield Static("", id="due", classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Close", id="close", compact=True)
                yield Button("Show", id="show", compact=True)
                yield Button("Write", id="write", variant="primary", compact=True)

    def _people(self) -> list[tuple[str, str]]:
        named = ", ".join(user.name for user in self._users)
        everybody = [("every user of the account", "all")]
        groups = [(f"the group {group}", f"group {group}") for group in self._groups()]
        first = [(named, "named")] if self._users else []
        return [*first, *everybody, *groups]

    def _groups(self) -> list[str]:
        """The groups of the roster among the owners of the VPNs; they are one owner's mostly."""
        roster = self.console.session.roster
        owners = dict.fromkeys(vpn.owner_key for vpn in self._vpns)
        return sorted({group for owner in owners for group in roster.groups(owner)})

    def _key_places(self) -> list[Place]:
        known = any(vpn.key is not None for vpn in self._vpns)
        return [place for place in _PLACES if known or place != SHOWN]

    def on_mount(self) -> None:
        self._show()
        self._look_for_due()
        if not self.console.session.roster.is_loaded:
            self._learn_groups()
        self.query_one("#write", Button).focus()

    @work(group="groups", exclusive=True, exit_on_error=False)
    async def _learn_groups(self) -> None:
        await self.console.session.roster.load()
        chooser = self.query_one("#people", Select)
        chosen = chooser.value
        chooser.set_options([(Content(words), value) for words, value in self._people()])
        chooser.value = chosen

    @work(group="due", exclusive=True, exit_on_error=False)
    async def _look_for_due(self) -> None:
        """Say which kits of this machine should have been deleted by now."""
        try:
            due = await asyncio.to_thread(due_kits, state=self.console.session.state)
        except SettingsError as error:
            words = str(error)
        else:
            kits = "One kit" if len(due) == 1 else f"{len(due)} kits"
            words = f"{kits} should have been deleted by now: csvpn kits delete --due" * bool(due)
        lines = finding_lines([Finding("warning", "kit-due", words)] if words else [])
        self.query_one("#due", Static).update(lines)

    # What is chosen.

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{name}", Select).value)

    @property
    def _vpn(self) -> KitVpn:
        wanted = self._chosen("vpn")
        return next(vpn for vpn in self._vpns if vpn.address_id == wanted)

    def _for_whom(self) -> tuple[KitUser, ...]:
        if self._chosen("people") == "named":
            return self._users
        known = {user.name: user for user in self._users}
        session = self.console.session
        names = users_of(session.inventory, self._vpn)
        if self._chosen("people").startswith("group "):
            grouped = session.roster.group(
                self._vpn.owner_key, self._chosen("people").removeprefix("group ")
            )
            names = [name for name in names if name in grouped]
        return tuple(known.get(name, KitUser(name)) for name in names)

    def _wish(self) -> KitWish:
        platform = self._chosen("platform")
        return KitWish(
            platforms=(platform,) if platform else (),
            key_place=cast(Place, self._chosen("key")),
            password_place=cast(Place, self._chosen("password")),
            split=self._chosen("tunnel") == "split",
        )

    @property
    def _folder(self) -> Path:
        return Path(self.query_one("#folder", Input).value.strip() or USUAL_FOLDER)

    @on(Select.Changed)
    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _show(self) -> None:
        """Say what will be made, and what speaks against writing it there."""
        people, wish = self._for_whom(), self._wish()
        clear = secrets_shown(wish)
        wrong = self._wrong(people, wish)
        place = [] if wrong else place_findings(self._folder, secret=bool(clear))
        box = self.query_one("#anyway", CheckBox)
        box.set_class(bool(errors(place)), "-shown")
        stopped = bool(wrong) or bool(errors(place) and not box.value)
        self.query_one("#write", Button).disabled = stopped
        self.query_one("#show", Button).disabled = bool(wrong)
        count = "one kit" if len(people) == 1 else f"{len(people)} kits"
        good = f"{count}, without a secret in the files"
        lines = finding_lines([*wrong, *place, *self._in_clear(clear)], good)
        self.query_one("#says", Static).update(lines)

    def _wrong(self, people: Sequence[KitUser], wish: KitWish) -> list[Finding]:
        if not people:
            return [Finding("error", "kit", "There is no VPN user here to make a kit for.")]
        try:
            check_kits(self._vpn, people, wish)
        except KitImpossible as problem:
            return [Finding("error", "kit", str(problem))]
        return []

    def _in_clear(self, secrets: Sequence[SecretName]) -> list[Finding]:
        if not secrets:
            return []
        words = " and ".join(NAMES[name] for name in secrets)
        zipped = " A zip encrypts nothing." if self._chosen("form") == "zip" else ""
        says = f"The {words} will stand in clear text in the files.{zipped}"
        return [Finding("warning", "kit-clear", says)]

    # Going on.

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "close":
            self.dismiss()
        elif event.button.id == "show":
            self._view()
        else:
            self._go()

    @on(Input.Submitted)
    def _go(self) -> None:
        if not self.query_one("#write", Button).disabled:
            self.query_one("#write", Button).disabled = True
            as_zip = self._chosen("form") == "zip"
            self._write(self._vpn, self._for_whom(), self._wish(), self._folder, as_zip)

    def _view(self) -> None:
        self.app.push_screen(KitView(self._vpn, self._for_whom(), self._wish(), self._handed))

    @work(group="write", exclusive=True, exit_on_error=False)
    async def _write(
        self,
        vpn: KitVpn,
        people: Sequence[KitUser],
        wish: KitWish,
        into: Path,
        as_zip: bool,
    ) -> None:
        state = self.console.session.state

        def make_and_write() -> list[Written]:
            kits = make_kits(vpn, people, wish)
            return write_and_remember(kits, vpn, into, as_zip=as_zip, state=state)

        try:
            written = await asyncio.to_thread(make_and_write)
        except KitNotWritten as error:
            self.post_message(self.Ended((), f"{error.what}; {error.remedy}."))
            return
        self.post_message(self.Ended(written))

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self.query_one("#write", Button).disabled = False
        says = self.query_one("#says", Static)
        if event.failure:
            says.update(Content.styled(f"✘ {event.failure}", "$text-error"))
            return
        lines = [Content.styled(f"✔ {each.path}", "$text-success") for each in event.written]
        lines.append(
            Content(
                f"Hand them over and delete them: csvpn kits calls them due in {KEEP_DAYS} days."
            )
        )
        says.update(Content("\n").join(lines))
        self.query_one("#close", Button).focus()
        for secret, name in NAMES.items():
            people = [each.user for each in event.written if secret in each.secrets]
            if people:
                target = f"{self._vpn.words} for {', '.join(people)}"
                self.console.note_secret_use("export", name, target)
        if self._handed is not None and any("password" in e.secrets for e in event.written):
            self._handed()


_TUNNELS: Final = [
    ("only the network of the VPN", "split"),
    ("everything (the router gives no internet)", "everything"),
]
_FORMS: Final = [("a folder for each", "folder"), ("a zip for each (not encrypted)", "zip")]


def _choice(label: str, name: str, options: Sequence[tuple[str, str]]) -> ComposeResult:
    """A label and what can be chosen; the first to begin with."""
    with Horizontal(classes="row"):
        yield Label(Content(label))
        yield Select(
            [(Content(words), value) for words, value in options],
            value=options[0][1],
            allow_blank=False,
            compact=True,
            id=name,
        )


def open_kits(
    console: Console,
    address_id: str,
    users: Sequence[AddedUser | KitUser],
    *,
    owner_key: OwnerKey | None = None,
    handed: Callable[[], object] | None = None,
) -> bool:
    """Open the dialog for `users`, with the passwords that are known of them.

    Without `users` it is for everybody of the account. `address_id` is that of the VPN, or "" for
    any VPN of the owner. `handed` is called when passwords were shown or written. Returns whether
    there is a VPN to make kits for; a message says so where there is none.
    """
    app = cast(App[Any], console)
    known = kit_vpns(console.session.inventory)
    at = next((vpn for vpn in known if vpn.address_id == address_id), None)
    owner = at.owner_key if at is not None else owner_key
    people = [KitUser(user.name, user.password) for user in users]
    if owner is not None:
        known = [vpn for vpn in known if vpn.owner_key == owner]
    else:
        names = {user.name for user in people}
        inventory = console.session.inventory
        known = [vpn for vpn in known if names <= set(users_of(inventory, vpn))]
    if not known:
        app.notify(
            "The account has no running VPN, so there is nothing to connect to yet.",
            title="No kits",
            severity="warning",
        )
        return False
    app.push_screen(KitDialog(known, people, address_id=address_id, handed=handed))
    return True
