"""What a preflight has learnt beside the lists that screens show, per network."""

import msgspec

from tui.vpn.ports import Forwarding
from tui.vpn.preflight_facts import WAITING, RouterSaid, Trace, Unasked


class Settings(msgspec.Struct, frozen=True):
    """Settings that decide for a VPN of one owner."""

    user_limit: int | Unasked = WAITING
    client_range: str | Unasked = WAITING
    """`remote.access.vpn.client.iprange` as it is in force for the owner."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one preflight; what is still on its way says so."""

    version: str | Unasked = WAITING
    refused: dict[str, str] = {}
    """Lists that the role may not ask for, by name, and why."""
    rights: dict[str, bool | Unasked] = {}
    """Whether the role has a command, by command."""
    balancers: tuple[Forwarding, ...] | Unasked = WAITING
    traces: tuple[Trace, ...] | Unasked = WAITING
    settings: Settings = Settings()
    address_limit: int | Unasked = WAITING
    addresses_free: int | Unasked = WAITING
    routers: dict[str, RouterSaid | Unasked] = {}
    """By the id of the router."""
    cloud_is_known: bool = False
    """Whether every answer of the cloud is here; routers may take longer."""
