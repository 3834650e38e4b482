"""Acquire a public address for a network or a VPC."""

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from screens.findings import FindingField
from screens.frame import Console
from tui.operations.addresses import AcquireAddress
from tui.session.inventory import Kind
from tui.session.views import NetworkRow, network_rows
from tui.vpn.findings import Finding


class AcquireDialog(ModalScreen[None]):
    """Which network, and which address if a certain one is wanted."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, key: str) -> None:
        """`key` is the id of the network or VPC that is chosen to begin with."""
        super().__init__()
        self._key = key

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        rows = [
            row
            for row in network_rows(self.console.session.inventory)
            if row.type in ("isolated", "VPC")
        ]
        self._rows = {row.key: row for row in sorted(rows, key=lambda row: row.name)}
        options = [
            (Content(f"{row.name}  {row.type}  {row.owner}"), key)
            for key, row in self._rows.items()
        ]
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content("Acquire a public address")
            yield Static("For", classes="quiet")
            yield Select(
                options,
                value=self._key if self._key in self._rows else Select.NULL,
                prompt="choose a network or a VPC",
                compact=True,
            )
            yield FindingField(
                "Address (empty: any free one)", "wanted", placeholder="203.0.113.20"
            )
            yield Static("", id="advice", classes="words")
            yield Static("", id="call", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Acquire", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self.query_one(Select).focus()

    @property
    def _row(self) -> NetworkRow | None:
        value = self.query_one(Select).value
        return self._rows.get(value) if isinstance(value, str) else None

    @on(Select.Changed)
    @on(Input.Changed)
    def _show(self) -> None:
        row = self._row
        wanted = self.query_one(FindingField).text
        self.query_one(FindingField).say(_findings(wanted))
        self.query_one("#go", Button).disabled = row is None or bool(_findings(wanted))
        call = self._operation(row).plan()[0].call if row else None
        self.query_one("#call", Static).update(
            Content(f"Will be sent: {call.cloudmonkey()}" if call else "")
        )
        self.query_one("#advice", Static).update(Content(_advice(row)))

    def _operation(self, row: NetworkRow) -> AcquireAddress:
        return AcquireAddress(
            self.console.session.client, row.place, self.query_one(FindingField).text
        )

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _done(self, event: Input.Submitted | Button.Pressed) -> None:
        row = self._row
        go = isinstance(event, Input.Submitted) or event.button.id == "go"
        if not go:
            self.dismiss()
        elif row is not None and not self.query_one("#go", Button).disabled:
            self.console.session.start(
                self._operation(row), [Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS]
            )
            self.dismiss()


def _advice(row: NetworkRow | None) -> str:
    if row is None:
        return ""
    if row.address is None:
        return (
            f"{row.name} has no source NAT address yet: the first one that is acquired becomes it, "
            "and can have the VPN."
        )
    return (
        f"{row.name} has its source NAT address {row.address.address}, the only one that can have "
        "the VPN. Another one is of use for port forwarding, static NAT and load balancing."
    )


def _findings(wanted: str) -> list[Finding]:
    parts = wanted.split(".")
    if not wanted or (
        len(parts) == 4 and all(p.isdigit() and p.isascii() and int(p) < 256 for p in parts)
    ):
        return []
    says = f"“{wanted}” is not an IPv4 address; write it like 203.0.113.20, or leave it empty."
    return [Finding("error", "address-form", says)]
