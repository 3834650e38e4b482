"""With which command of the API each list of a profile is asked for, and what its rows are."""

from collections.abc import Mapping
from typing import Any, Final

from tui.cloud import listings
from tui.session.shelf import Kind

LISTINGS: Final[Mapping[Kind, listings.Listing[Any]]] = {
    Kind.ZONES: listings.ZONES,
    Kind.NETWORKS: listings.NETWORKS,
    Kind.VPCS: listings.VPCS,
    Kind.ADDRESSES: listings.ADDRESSES,
    Kind.VPNS: listings.VPNS,
    Kind.USERS: listings.VPN_USERS,
    Kind.ROUTERS: listings.ROUTERS,
    Kind.GATEWAYS: listings.VPN_CUSTOMER_GATEWAYS,
    Kind.CONNECTIONS: listings.VPN_CONNECTIONS,
}
