"""Sections whose rows stand for a network: from each of them to its users, firewall and logs."""

from collections.abc import Iterable
from typing import TypeVar

from screens.repair import ask_to_repair
from screens.restart import ask_to_restart
from screens.rotate import ask_to_remake
from screens.tables import TableScreen
from screens.why import open_why
from tui.session.questions import about_place
from tui.session.views import network_row

Row = TypeVar("Row")


class PlaceScreen(TableScreen[Row]):
    """A table over networks, addresses or VPNs; subclasses say whose and where a row is."""

    def owner_of(self, row: Row) -> str:
        """The account or project that owns the row."""
        raise NotImplementedError

    def address_id_of(self, row: Row) -> str:
        """The id of the row's public address; "" without one."""
        raise NotImplementedError

    def router_id_of(self, row: Row) -> str:
        """The id of the router that serves the row; "" when none is known."""
        raise NotImplementedError

    def place_key_of(self, row: Row) -> str:
        """The id of the row's network or VPC."""
        raise NotImplementedError

    def ids_of(self, row: Row) -> Iterable[str]:
        return self.key_of(row), self.address_id_of(row)

    def action_rotate(self) -> None:
        """Give the VPN another key."""
        if self.row is not None:
            ask_to_remake(self, self.place_key_of(self.row), new_range=False)

    def action_change_range(self) -> None:
        """Give the VPN another client range."""
        if self.row is not None:
            ask_to_remake(self, self.place_key_of(self.row), new_range=True)

    def action_repair(self) -> None:
        """Look what is wrong, and mend it."""
        if self.row is not None:
            ask_to_repair(self, self.place_key_of(self.row))

    def action_restart(self) -> None:
        """Restart the router or the network."""
        if self.row is not None:
            ask_to_restart(self, self.place_key_of(self.row))

    def action_why(self) -> None:
        """Find out why people cannot connect."""
        place = (
            network_row(self.session.inventory, self.place_key_of(self.row)) if self.row else None
        )
        if place is not None:
            open_why(self, about_place(place))

    def action_go_users(self) -> None:
        """Go to the users of the account."""
        if self.row is not None:
            self.console.go_to("users", filter_text=owner_filter(self.owner_of(self.row)))

    def action_go_firewall(self) -> None:
        """Go to the rules of the address."""
        if self.row is not None and self.address_id_of(self.row):
            self.console.go_to("firewall", key=self.address_id_of(self.row))

    def action_go_logs(self) -> None:
        """Go to the logs of the router."""
        if self.row is not None:
            self.console.go_to("logs", key=self.router_id_of(self.row))


def owner_filter(owner: str) -> str:
    """A filter line that keeps the rows of one owner."""
    return f"account:{owner.split()[-1]}" if owner else ""
