"""What an operation can reach beyond its plan: the cloud, and the routers where one may."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.models import Router

if TYPE_CHECKING:
    from tui.router.connection import RouterConnection


class RouterWord(msgspec.Struct, frozen=True):
    """What the router itself says about the VPN."""

    ok: bool | None
    """None: it could not be asked."""
    says: str


Verify = Callable[[], Awaitable[RouterWord]]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation is given when it is built again after the program has ended."""

    client: CloudClient
    verifier: Callable[[str], Verify | None] = lambda _: None
    """What asks the routers of the network or VPC of this id; None where nobody can."""
    connection: "Callable[[Router], Awaitable[RouterConnection]] | None" = None
    """The SSH connection to a router; None where the profile does not say how."""
