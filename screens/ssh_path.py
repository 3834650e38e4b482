"""How to reach the Virtual Routers of one zone: one page of the profile's form."""

from collections.abc import Collection
from typing import ClassVar, Literal, cast

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Select, Static

from screens import profile_checks as checks
from screens.fields import TextField
from tui.settings.model import SshPath

Via = Literal["direct", "kvm", "management"]

VIAS: tuple[tuple[str, Via], ...] = (
    ("straight to the router (VMware)", "direct"),
    ("through its KVM host", "kvm"),
    ("through the management server", "management"),
)


class WayAnswer(msgspec.Struct, frozen=True):
    """What the page gives back."""

    zone: str
    way: SshPath | None
    """None: there is no way to this zone any more."""
    instead_of: str = ""
    """The zone as it was called before."""


class SshPathScreen(ModalScreen[WayAnswer | None]):
    """Zone, way, jump hosts, keys. What the page does not show of a way stays as it was."""

    CSS_PATH = ["dialogs.tcss", "ssh_path.tcss"]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Cancel"),
        Binding("ctrl+s", "keep", "Keep"),
    ]

    def __init__(
        self, zone: str = "*", way: SshPath | None = None, *, taken: Collection[str] = ()
    ) -> None:
        """Without `way` the page is for a new one; `taken` are zones that have one already."""
        super().__init__()
        self._zone = zone
        self._is_new = way is None
        self._way = way or SshPath()
        self._taken = frozenset(taken) - (set() if way is None else {zone})

    def compose(self) -> ComposeResult:
        way = self._way
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = "Way to the routers (SSH)"
            box.border_subtitle = "^s keep   esc cancel"
            yield TextField(
                "Zone", self._zone, id="zone", hint="* is every other", check=self._check_zone
            )
            with Horizontal(classes="row"):
                yield Label("Way")
                yield Select(VIAS, value=way.via, allow_blank=False, compact=True, id="via")
            yield TextField(
                "Server", way.management_host, id="server", check=checks.check_host,
                hint="the management server's name or address",
            )  # fmt: skip
            yield TextField(
                "Login there", way.host_user, id="user", hint="root", check=checks.check_user
            )
            yield TextField("Port there", str(way.host_port), id="port", check=checks.check_port)
            yield TextField(
                "Jump hosts", checks.spell_hops(way.jump), id="jump", check=checks.check_hops,
                hint="me@bastion:22, in their order",
            )  # fmt: skip
            yield TextField(
                "Key file", way.key_file, id="key", check=checks.check_file,
                hint="empty: SSH agent and usual keys",
            )  # fmt: skip
            yield TextField(
                "Router's key", way.router_key_file, id="router-key", check=checks.check_file,
                hint="where it differs from the key above",
            )  # fmt: skip
            yield TextField(
                "Forwarded", checks.spell_addresses(way.addresses), id="forwarded",
                hint="r-4-VM=127.0.0.1:2222", check=checks.check_addresses,
            )  # fmt: skip
            yield Static(self._explain(way.via), id="means", classes="words quiet")
            with Horizontal(classes="buttons"):
                if not self._is_new:
                    yield Button("Remove", id="remove", compact=True)
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Keep", id="keep", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show_for(self._way.via)
        self._field("zone").focus_field()

    @property
    def _old_zone(self) -> str:
        return "" if self._is_new else self._zone

    def _check_zone(self, text: str) -> checks.Remark | None:
        if text in self._taken:
            return checks.Remark("error", f"There is a way for {text} already.")
        return checks.needed(text)

    @property
    def via(self) -> Via:
        """The way that is chosen now."""
        return cast(Via, self.query_one("#via", Select).value)

    def _field(self, name: str) -> TextField:
        return self.query_one(f"#{name}", TextField)

    def _fields(self) -> list[TextField]:
        return list(self.query(TextField))

    @on(Select.Changed, "#via")
    def _via_changed(self) -> None:
        self._show_for(self.via)

    def _show_for(self, via: Via) -> None:
        self._field("server").display = via == "management"
        for name in ("user", "port"):
            self._field(name).display = via != "direct"
        self.query_one("#means", Static).update(self._explain(via))

    @staticmethod
    def _explain(via: Via) -> Content:
        words = {
            "direct": "Routers answer on port 3922 of their control address. On VMware that is an "
            "address of the management network, which this machine or the last jump host reaches.",
            "kvm": "A router's control address is known only to the host that runs it. The login "
            "is to that host; CloudStack tells which one it is, to root admins only.",
            "management": "The login is to the management server, which reaches the routers' "
            "control addresses on VMware.",
        }
        return Content(
            f"{words[via]} The router's key is the management server's, "
            "/root/.ssh/id_rsa.cloud: copy it here, or name one that the router accepts."
        )

    def action_keep(self) -> None:
        """Give the way back, unless something in it is wrong."""
        for field in self._fields():
            field.complain()
        wrong = next((field for field in self._fields() if field.is_wrong), None)
        if wrong is not None:
            wrong.focus_field()
            return
        self.dismiss(WayAnswer(self._field("zone").text, self._made(), self._old_zone))

    def _made(self) -> SshPath:
        via = self.via
        text = {field.id or "": field.text for field in self._fields()}
        return msgspec.structs.replace(
            self._way,
            via=via,
            management_host=text["server"] if via == "management" else "",
            host_user=(text["user"] or "root") if via != "direct" else "root",
            host_port=int(text["port"] or 22) if via != "direct" else 22,
            jump=checks.parse_hops(text["jump"]),
            key_file=text["key"],
            router_key_file=text["router-key"],
            addresses=checks.parse_addresses(text["forwarded"]),
        )

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "keep":
            self.action_keep()
        elif event.button.id == "remove":
            self.dismiss(WayAnswer(self._zone, None, self._old_zone))
        else:
            self.dismiss(None)
