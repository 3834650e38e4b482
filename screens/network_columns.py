"""The columns of the networks, for rows of the lists and for those that were seen last time."""

from operator import attrgetter
from typing import Final, Protocol

from tui.vpn.limits import DEFAULT_LIMIT
from tui.widgets.columns import Cell, Column, Tone, text_column


class NetworkLine(Protocol):
    """What a row shows of a network or VPC: see `tui.session.views.NetworkRow`."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def cidr(self) -> str: ...
    @property
    def vpn_words(self) -> str: ...
    @property
    def vpn_tone(self) -> Tone: ...
    @property
    def clients(self) -> int | None: ...
    @property
    def users(self) -> int: ...
    @property
    def router_words(self) -> str: ...
    @property
    def router_tone(self) -> Tone: ...
    @property
    def owner(self) -> str: ...
    @property
    def zone(self) -> str: ...


def _users(place: NetworkLine) -> Cell:
    return Cell(f"{place.users}/{DEFAULT_LIMIT}", "warn" if place.users >= DEFAULT_LIMIT else "")


def _clients(place: NetworkLine) -> Cell:
    text = "–" if place.clients is None else str(place.clients)
    return Cell(text, "off" if place.clients is None else "")


NETWORK_COLUMNS: Final[tuple[Column[NetworkLine], ...]] = (
    text_column("NETWORK", attrgetter("name"), widest=28, narrowest=14),
    text_column("TYPE", attrgetter("type"), widest=9, narrowest=8, rank=3),
    text_column("CIDR", attrgetter("cidr"), widest=18, narrowest=11, rank=2),
    Column("VPN", lambda p: Cell(p.vpn_words, p.vpn_tone), widest=16, narrowest=15),
    Column("CLIENTS", _clients, widest=7, rank=4, order=lambda p: p.clients or 0),
    Column("USERS", _users, widest=6, rank=1, order=lambda p: p.users),
    Column("ROUTER", lambda p: Cell(p.router_words, p.router_tone), 24, narrowest=17, rank=1),
    text_column("ACCOUNT", attrgetter("owner"), widest=18, narrowest=6, rank=1),
    text_column("ZONE", attrgetter("zone"), widest=12, rank=5),
)
