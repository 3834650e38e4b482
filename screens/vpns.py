"""The Remote Access VPNs."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from screens.details import DetailsDialog, facts_text
from screens.disable import ask_to_disable
from screens.enable import EnableScreen
from screens.kit import open_kits
from screens.places import PlaceScreen
from screens.section_keys import bindings_of
from screens.verdict import VerifyDialog
from tui.actions import Action
from tui.safety.secret import MASK
from tui.session.inventory import Kind
from tui.session.key_ages import KeyAges
from tui.session.tray import Task, TaskState
from tui.session.views import VpnRow, vpn_rows
from tui.vpn.ports import VPN_PORTS
from tui.vpn.users import DEFAULT_LIMIT
from tui.widgets.columns import Cell, Column, Tone, text_column


def _clients(row: VpnRow) -> Cell:
    if row.clients is None:
        return Cell("–", "off")
    return Cell(str(row.clients), "warn" if row.clients < max(1, row.users) else "")


def _ports(row: VpnRow) -> Cell:
    if not row.address.network_id:
        return Cell("by router")
    if row.open_ports is None:
        return Cell("…", "off")
    tone: Tone = "ok" if row.open_ports == len(VPN_PORTS) else "bad"
    glyph = "✔" if tone == "ok" else "✘"
    return Cell(f"{glyph} {row.open_ports} of {len(VPN_PORTS)}", tone)


def _key(row: VpnRow) -> Cell:
    if row.vpn is None:
        return Cell("–", "off")
    if row.key_age is None:
        return Cell("…", "off")
    tones: dict[str, Tone] = {"fresh": "ok", "due soon": "warn", "overdue": "bad"}
    return Cell(str(row.key_age), tones.get(row.key_age.state, "off"))


def _about_ports(row: VpnRow) -> str:
    """What closed ports mean for a VPN that CloudStack calls running; empty if none are."""
    if row.mark.word != "running" or row.open_ports is None or row.open_ports == len(VPN_PORTS):
        return ""
    number = f"Only {row.open_ports}" if row.open_ports else "None"
    return (
        f"{number} of the {len(VPN_PORTS)} VPN ports can be reached, and a client needs all of "
        "them. Press f, then o to open the others."
    )


class VpnDetailsDialog(DetailsDialog):
    """The details of the VPN under the cursor, with its key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "key('reveal')", "Show the key"),
        Binding("y", "key('copy')", "Copy the key"),
    ]

    def __init__(self, section: "VpnsScreen") -> None:
        self._section = section
        super().__init__(*section.details_of_row())

    async def action_key(self, name: str) -> None:
        """Do what the key does in the section, and show what came of it."""
        await self._section.action_perform(name)
        self.query_one(Static).update(self._section.details_of_row()[1])


class VpnsScreen(PlaceScreen[VpnRow]):
    """Every VPN that CloudStack lists, and those that this console saw fail half-way."""

    SECTION = "vpns"
    WHAT = "VPNs"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "vpns.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("vpns")
    KINDS = (
        Kind.VPNS,
        Kind.ADDRESSES,
        Kind.NETWORKS,
        Kind.VPCS,
        Kind.USERS,
        Kind.ROUTERS,
    )
    COLUMNS: ClassVar[tuple[Column[VpnRow], ...]] = (
        text_column("NETWORK", attrgetter("place"), widest=28, narrowest=14),
        text_column("ADDRESS", attrgetter("address.address"), widest=15, narrowest=12),
        Column("STATE", lambda r: Cell(str(r.mark), r.mark.tone), widest=16, narrowest=15),
        Column("PORTS", _ports, widest=10, narrowest=8, order=lambda r: r.open_ports or 0),
        text_column("CLIENT RANGE", attrgetter("range"), widest=31, narrowest=18, rank=4),
        Column("CLIENTS", _clients, widest=7, rank=3, order=lambda r: r.clients or 0),
        Column("USERS", lambda r: Cell(f"{r.users}/{DEFAULT_LIMIT}"), widest=6, rank=5),
        Column(
            "KEY AGE",
            _key,
            widest=10,
            narrowest=8,
            rank=2,
            order=lambda r: (r.key_age.days or 0) if r.key_age else 0,
        ),
        text_column("ROUTER", attrgetter("router"), widest=24, narrowest=17, rank=1),
        text_column("ACCOUNT", attrgetter("owner"), widest=18, narrowest=6, rank=2),
        text_column("ZONE", attrgetter("zone"), widest=12, rank=6),
    )

    def __init__(self) -> None:
        super().__init__()
        self._revealed: str | None = None
        self._ages: KeyAges | None = None

    @property
    def ages(self) -> KeyAges:
        """The ages of the keys of this session."""
        if self._ages is None or self._ages.session is not self.session:
            self._ages = KeyAges(self.session)
        return self._ages

    def rows(self) -> Sequence[VpnRow]:
        return [
            msgspec.structs.replace(row, key_age=self.ages.age(row.address))
            if row.vpn is not None and self.ages.knows(row.key)
            else row
            for row in vpn_rows(self.session.inventory)
        ]

    def show_facts(self) -> None:
        super().show_facts()
        self.call_after_refresh(self._ask_for_ports)
        self.call_after_refresh(self._ask_for_ages)

    def action_refresh(self) -> None:
        """Ask the server again, for the ports of what is on the screen too."""
        super().action_refresh()
        self.ages.forget()
        self._ask_for_ports(again=True)

    def show_task(self, task: Task) -> None:
        """A job has come further; one that has ended may have made another key."""
        super().show_task(task)
        if task.state is not TaskState.RUNNING:
            self.ages.forget()

    def _ask_for_ages(self) -> None:
        """Ask when the VPNs on the screen were made, once."""
        wanted = [
            row.key
            for row in self.table.visible_facts
            if row.vpn is not None and not self.ages.knows(row.key)
        ]
        if wanted:
            self.load(lambda: self.ages.learn(wanted), "ages")

    def _ask_for_ports(self, *, again: bool = False) -> None:
        """Ask for the rules of the addresses on the screen; once, unless `again`."""
        inventory = self.session.inventory
        wanted = [
            row.address.id
            for row in self.table.visible_facts
            if row.address.network_id and (again or not inventory.knows_rules_of(row.address.id))
        ]
        if wanted:
            self.load(lambda: inventory.refresh_rules_of(wanted), "ports")

    def key_of(self, row: VpnRow) -> str:
        return row.key

    def owner_of(self, row: VpnRow) -> str:
        return row.owner

    def place_key_of(self, row: VpnRow) -> str:
        return row.place_key

    def address_id_of(self, row: VpnRow) -> str:
        return row.key

    def router_id_of(self, row: VpnRow) -> str:
        return row.routers[0].id if row.routers else ""

    def ids_of(self, row: VpnRow) -> Iterable[str]:
        return row.key, row.place_key

    def things_of(self, row: VpnRow) -> Iterable[tuple[Kind, str]]:
        yield Kind.VPNS, row.key
        for router in row.routers:
            yield Kind.ROUTERS, router.id

    def title_of(self, row: VpnRow) -> str:
        return row.place

    def hide_key(self) -> None:
        """Mask the key again."""
        self._revealed = None
        self.show_details(self.row)

    def note_when_empty(self) -> str:
        return (
            "There is no VPN yet. Press 1, choose a network and press e to enable one.\n"
            "A VPN that was left half-made is in no list of CloudStack: enable it again to finish."
        )

    def text_to_copy(self, row: VpnRow) -> tuple[str, str]:
        raise NotImplementedError

    def action_copy(self) -> None:
        """Copy the pre-shared key; it is cleared from the clipboard after a while."""
        row = self.row
        if row is None or row.vpn is None or row.vpn.preshared_key is None:
            self.notify("This VPN has no pre-shared key that could be copied.", severity="warning")
            return
        self.console.copy_out(row.vpn.preshared_key, f"Pre-shared key of {row.place}")

    def action_details(self) -> None:
        """Show the details, where the key can be shown and copied as beside the table."""
        if self.row is not None:
            # The key is not left open to be read beside the table.
            self.app.push_screen(VpnDetailsDialog(self), lambda _: self.hide_key())

    def details_of_row(self) -> tuple[str, Content]:
        """The same of the row under the cursor; empty where it is gone."""
        return (
            ("", Content("It is not listed any more."))
            if self.row is None
            else (self.details(self.row))
        )

    def details(self, row: VpnRow) -> tuple[str, Content]:
        key = row.vpn.preshared_key if row.vpn else None
        shown = "" if key is None else key.reveal() if row.key == self._revealed else MASK
        facts = [
            ("Server", row.address.address),
            ("Key", shown),
            ("State", str(row.mark)),
            ("Client range", row.range),
            ("Clients", "" if row.clients is None else f"{row.clients} at once"),
            ("VPN users", f"{row.users} of {DEFAULT_LIMIT}"),
            ("Owner", row.owner),
            ("Router", row.router),
            ("Zone", row.zone),
            *[(tag.key, tag.value) for tag in row.address.tags],
        ]
        notes = [_about_ports(row) or row.mark.means]
        if row.key_age is not None:
            rotate = " R rotates it." if row.key_age.is_due else ""
            notes.append(f"{row.key_age.says}{rotate}")
        if key is not None:
            notes.append("p shows the key, y copies it.")
        if row.clients is not None:
            notes.append(
                "The first address of the range is the router's own end of the tunnels, so the "
                "range serves one client less than it has addresses."
            )
        if row.mark.word == "running":
            notes.append("That it runs is CloudStack's word; press v to ask the router itself.")
        return row.place, facts_text(facts, notes)

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        row = self.row
        if reason is not None or row is None:
            return reason
        if action.name == "enable" and row.vpn is not None and row.vpn.state == "Running":
            return f"The VPN of {row.place} is enabled already."
        if action.name in ("rotate", "change_range") and row.vpn is None:
            return f"The VPN of {row.place} does not run; repair it first, with M."
        if action.name == "kits" and row.vpn is None:
            return "The VPN does not run, so there is nothing to connect to yet."
        if action.name == "verify" and not row.routers:
            return f"No router of {row.place} is known to ask."
        if action.name == "reveal" and (row.vpn is None or row.vpn.preshared_key is None):
            return "CloudStack shows no pre-shared key for this VPN."
        return None

    # Actions.

    def action_reveal(self) -> None:
        """Show or hide the pre-shared key of the row under the cursor."""
        row = self.row
        if row is not None:
            self._revealed = None if self._revealed == row.key else row.key
            if self._revealed is not None:
                self.console.note_secret_use("reveal", "pre-shared key", row.place)
            self.show_details(row)
            if not self.has_class("-wide") and self.app.screen is self:
                self.action_details()

    def action_kits(self) -> None:
        """Make kits for the users of the account."""
        if self.row is not None:
            open_kits(self.console, self.row.key, ())

    def action_enable(self) -> None:
        """Finish a VPN that is half-made."""
        if self.row is not None:
            self.app.push_screen(EnableScreen(self.row.place_key))

    def action_disable(self) -> None:
        """Disable the VPN."""
        if self.row is not None:
            ask_to_disable(self, self.row.key)

    def action_verify(self) -> None:
        """Ask the routers."""
        if self.row is not None:
            self.app.push_screen(VerifyDialog(self.row.place_key))
