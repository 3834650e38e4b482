"""Networks and VPCs, and the VPN of each."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType

from screens.acquire import AcquireDialog
from screens.details import facts_text
from screens.disable import ask_to_disable
from screens.enable import EnableScreen
from screens.network_columns import NETWORK_COLUMNS
from screens.places import PlaceScreen
from screens.section_keys import bindings_of
from screens.verdict import VerifyDialog
from tui.actions import Action
from tui.session.inventory import Kind
from tui.session.place_rows import things_of
from tui.session.views import NetworkRow, network_rows
from tui.vpn.users import DEFAULT_LIMIT


class NetworksScreen(PlaceScreen[NetworkRow]):
    """Every network that stands for itself, and every VPC."""

    SECTION = "networks"
    WHAT = "networks"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "networks.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("networks")
    KINDS = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.VPNS, Kind.USERS, Kind.ROUTERS)
    COLUMNS = NETWORK_COLUMNS

    def rows(self) -> Sequence[NetworkRow]:
        return network_rows(self.session.inventory)

    def key_of(self, row: NetworkRow) -> str:
        return row.key

    def owner_of(self, row: NetworkRow) -> str:
        return row.owner

    def place_key_of(self, row: NetworkRow) -> str:
        return row.key

    def address_id_of(self, row: NetworkRow) -> str:
        return row.address.id if row.address else ""

    def router_id_of(self, row: NetworkRow) -> str:
        return row.routers[0].id if row.routers else ""

    def things_of(self, row: NetworkRow) -> Iterable[tuple[Kind, str]]:
        return things_of(row)

    def title_of(self, row: NetworkRow) -> str:
        return row.name

    def note_when_empty(self) -> str:
        return (
            "There is no network here that these credentials may see.\n"
            "Create an isolated network or a VPC in CloudStack, or open another profile with P."
        )

    def text_to_copy(self, row: NetworkRow) -> tuple[str, str]:
        if row.address is not None:
            return row.address.address, f"Address of {row.name}"
        return row.name, "Name"

    def details(self, row: NetworkRow) -> tuple[str, Content]:
        facts = [
            ("Type", row.type),
            ("State", str(row.state)),
            ("CIDR", row.cidr),
            ("Owner", row.owner),
            ("Zone", row.zone),
            ("Source NAT", row.address.address if row.address else "none yet"),
            ("VPN", str(row.vpn_mark)),
            ("Clients", "" if row.clients is None else f"{row.clients} at once"),
            ("VPN users", f"{row.users} of {DEFAULT_LIMIT}"),
            *[
                (f"Router {number}", f"{router.name} {router.state.lower()} {router.version}")
                for number, router in enumerate(row.routers, 1)
            ],
            ("Offering", row.network.network_offering_name if row.network else ""),
            ("Id", row.key),
        ]
        notes = [row.vpn_mark.means, row.state.means]
        if row.network is not None and row.network.display_text:
            notes.append(row.network.display_text)
        return row.name, facts_text(facts, notes)

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        row = self.row
        if reason is not None or row is None:
            return reason
        if action.name == "enable":
            return reason_against_enabling(row)
        if action.name == "disable" and row.vpn is None and row.vpn_mark.word != "half-made":
            return f"{row.name} has no VPN to disable."
        if action.name in ("rotate", "change_range") and row.vpn is None:
            return f"{row.name} has no VPN that runs."
        if action.name in ("repair", "restart") and row.address is None:
            return f"{row.name} has no public address, so nothing of a VPN can be there."
        if action.name == "verify" and not row.routers:
            return f"No router of {row.name} is known to ask."
        if action.name == "go_firewall" and row.address is None:
            return f"{row.name} has no public address yet."
        return None

    # Actions.

    def action_enable(self) -> None:
        """Open the guided screen for the network under the cursor."""
        if self.row is not None:
            self.app.push_screen(EnableScreen(self.row.key))

    def action_disable(self) -> None:
        """Disable the VPN of the network under the cursor."""
        if self.row is not None and self.row.address is not None:
            ask_to_disable(self, self.row.address.id)

    def action_acquire(self) -> None:
        """Acquire an address, for the network under the cursor unless another is chosen."""
        self.app.push_screen(AcquireDialog(self.row.key if self.row else ""))

    def action_verify(self) -> None:
        """Ask the routers of the network."""
        if self.row is not None:
            self.app.push_screen(VerifyDialog(self.row.key))


def reason_against_enabling(place: NetworkRow) -> str | None:
    """Why no VPN can be enabled on this network, as far as the lists tell; None if one can."""
    if place.vpn is not None:
        return f"{place.name} has a VPN already; see it with 3."
    if place.vpn_mark.word == "n/a":
        if place.type == "shared":
            return f"{place.name} is a shared network; a VPN needs an isolated network or a VPC."
        if place.type == "L2":
            return f"{place.name} is a layer 2 network without a router, so nothing can run a VPN."
        return f"The offering of {place.name} has no Vpn service."
    return None
