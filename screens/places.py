"""Sections whose rows stand for a network: from each of them to its users, firewall and logs."""

from typing import TypeVar

from screens.tables import TableScreen

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
