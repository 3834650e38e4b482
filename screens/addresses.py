"""Public IP addresses and what each is for."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType

from screens.acquire import AcquireDialog
from screens.details import facts_text
from screens.enable import EnableScreen
from screens.many import Piece, ask_for_all
from screens.networks import reason_against_enabling
from screens.places import PlaceScreen
from screens.section_keys import bindings_of
from tui.actions import Action
from tui.operations.addresses import ReleaseAddress, release_findings
from tui.operations.facts import Owner
from tui.session.inventory import Kind
from tui.session.status import words_for_moment
from tui.session.views import AddressRow, address_rows, row_of_address
from tui.vpn.states import address_mark
from tui.widgets.columns import Cell, Column, text_column


def _address_order(row: AddressRow) -> tuple[int, ...]:
    return tuple(int(part) for part in row.address.address.split(".") if part.isdigit())


def _vpn(row: AddressRow) -> Cell:
    return Cell(str(row.vpn_mark), row.vpn_mark.tone)


class AddressesScreen(PlaceScreen[AddressRow]):
    """Every public address that the credentials may see."""

    SECTION = "addresses"
    WHAT = "addresses"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "addresses.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("addresses")
    KINDS = (Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.VPNS, Kind.ROUTERS)
    COLUMNS: ClassVar[tuple[Column[AddressRow], ...]] = (
        Column(
            "ADDRESS",
            lambda r: Cell(r.address.address),
            widest=15,
            narrowest=13,
            order=_address_order,
        ),
        text_column("FOR", attrgetter("place"), widest=28, narrowest=14),
        text_column("PURPOSE", attrgetter("purpose"), widest=24, narrowest=10),
        Column("VPN", _vpn, widest=16, narrowest=15),
        Column(
            "STATE",
            lambda r: Cell(str(address_mark(r.address.state))),
            widest=11,
            narrowest=8,
            rank=2,
        ),
        text_column("ACCOUNT", attrgetter("owner"), widest=18, narrowest=8, rank=1),
        text_column("ZONE", attrgetter("zone"), widest=12, rank=3),
    )

    def rows(self) -> Sequence[AddressRow]:
        return address_rows(self.session.inventory)

    def key_of(self, row: AddressRow) -> str:
        return row.key

    def owner_of(self, row: AddressRow) -> str:
        return row.owner

    def address_id_of(self, row: AddressRow) -> str:
        return row.key

    def router_id_of(self, row: AddressRow) -> str:
        place = row_of_address(self.session.inventory, row.key)
        return place.routers[0].id if place and place.routers else ""

    def things_of(self, row: AddressRow) -> Iterable[tuple[Kind, str]]:
        yield Kind.ADDRESSES, row.key

    def title_of(self, row: AddressRow) -> str:
        return row.address.address

    def note_when_empty(self) -> str:
        return "No public address is acquired. Press a to acquire one for a network or a VPC."

    def text_to_copy(self, row: AddressRow) -> tuple[str, str]:
        return row.address.address, "Address"

    def details(self, row: AddressRow) -> tuple[str, Content]:
        address = row.address
        facts = [
            ("For", row.place),
            ("Purpose", row.purpose),
            ("VPN", str(row.vpn_mark)),
            ("State", str(address_mark(address.state))),
            ("Owner", row.owner),
            ("Zone", row.zone),
            ("Since", words_for_moment(address.allocated)),
            *[(tag.key, tag.value) for tag in address.tags],
            ("Id", address.id),
        ]
        notes = []
        if not address.is_source_nat:
            notes.append(
                "A VPN is not possible on this address: CloudStack takes only the source NAT "
                "address of a network or a VPC for it."
            )
        return address.address, facts_text(facts, notes)

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        row = self.row
        if reason is not None or row is None:
            return reason
        if action.name == "enable":
            return self._against_enabling(row)
        if action.name == "release":
            return self._against_releasing()
        if action.name == "go_firewall" and not (row.address.network_id or row.address.vpc_id):
            return (
                f"{row.address.address} belongs to no network, so nothing decides who reaches it."
            )
        return None

    def _against_releasing(self) -> str | None:
        """Marked rows are released all of them, or none."""
        for row in self.chosen:
            if row.address.is_source_nat:
                return (
                    f"{row.address.address} is the source NAT address of {row.place}; CloudStack "
                    "releases it only together with its network."
                )
        return None

    def _against_enabling(self, row: AddressRow) -> str | None:
        if not row.address.is_source_nat:
            return (
                f"A VPN needs the source NAT address, and {row.address.address} is not one. "
                "Any other address is refused by CloudStack."
            )
        place = row_of_address(self.session.inventory, row.key)
        return None if place is None else reason_against_enabling(place)

    # Actions.

    def action_enable(self) -> None:
        """Open the guided screen for the network of the address."""
        place = row_of_address(self.session.inventory, self.row.key) if self.row else None
        if place is not None:
            self.app.push_screen(EnableScreen(place.key))

    def action_acquire(self) -> None:
        """Acquire an address."""
        self.app.push_screen(AcquireDialog(""))

    def action_release(self) -> None:
        """Release the address, after asking."""
        pieces: list[Piece] = []
        sentences: list[str] = []
        for row in self.chosen:
            address = row.address
            has_vpn = self.session.inventory.vpn_of(address) is not None
            operation = ReleaseAddress(
                self.session.client, address.id, address.address, owner=Owner.of(address)
            )
            pieces.append((operation, partial(self._start_releasing, operation)))
            sentences += [
                f"{address.address} goes back to the pool; somebody else may get it.",
                *(finding.says for finding in release_findings(address, has_vpn=has_vpn)),
            ]
        if pieces:
            one = len(pieces) == 1
            typed = self.title_of(self.chosen[0]) if one else self.session.profile.name
            title = f"Release {len(pieces)} addresses"
            ask_for_all(self, title, pieces, sentences, "Release", typed=typed)

    def _start_releasing(self, operation: ReleaseAddress) -> None:
        self.session.start(operation, (Kind.ADDRESSES, Kind.VPNS))
