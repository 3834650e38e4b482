"""A wish for a network where everything is as it should be, to change one fact of at a time."""

from typing import Any

import msgspec

from tui.vpn.cidrs import parse_sources
from tui.vpn.eligibility import Address, NetworkFacts, VpcFacts, judge_network, judge_vpc
from tui.vpn.eligibility import RouterFacts as RunningOrNot
from tui.vpn.overlaps import Kind, Neighbour
from tui.vpn.preflight import preflight
from tui.vpn.preflight_facts import (
    Check,
    Disk,
    Memory,
    PreflightFacts,
    Right,
    RouterFacts,
    RouterSaid,
    Unasked,
    Zone,
)

NET = NetworkFacts(
    name="acme-prod",
    type="Isolated",
    state="Implemented",
    services=("SourceNat", "Vpn"),
    conserve_mode=True,
)
VPC = VpcFacts(name="acme-vpc", state="Enabled", services=("SourceNat", "Vpn"))
NAT = Address(id="a", address="203.0.113.10", is_source_nat=True)
WHY = Unasked("Your role may not ask.")

SAID = RouterSaid(
    forwards=True,
    addresses=("10.1.1.1", "169.254.77.42", "203.0.113.10"),
    clock_ahead=0.3,
    disks=(Disk("/", 100, 80),),
    memory=Memory(100, 80),
    daemons=(),
    has_key=False,
    range="",
    logins=(),
)
ROUTER = RouterFacts(
    id="r",
    name="r-42-VM",
    state="Running",
    version="4.22.0",
    addresses=(("Guest", "10.1.1.1"), ("Public", "203.0.113.10")),
    said=SAID,
)
NEIGHBOURS = (
    Neighbour(Kind.OWN_NETWORK, "acme-prod", "10.1.1.0/24"),
    Neighbour(Kind.NETWORK, "acme-office", "10.2.1.0/24"),
    Neighbour(Kind.VPC, "acme-dev", "10.9.0.0/16"),
    Neighbour(Kind.PEER, "branch", "192.168.50.0/24"),
    Neighbour(Kind.VPN, "acme-lab", "10.3.2.1-10.3.2.8"),
)


def said(**changes: Any) -> RouterFacts:
    """The router, with other answers."""
    return msgspec.structs.replace(ROUTER, said=msgspec.structs.replace(SAID, **changes))


def facts(**changes: Any) -> PreflightFacts:
    """The facts with `changes`; the verdict on the place follows from `place` and `address`.

    `address` is the source NAT address or None; `network` are fields of the network to change.
    """
    network = msgspec.structs.replace(NET, **changes.pop("network", {}))
    place = changes.pop("place", network)
    address = changes.pop("address", NAT)
    addresses = [address] if address is not None else []
    routers = changes.get("routers", (ROUTER,))
    running = (
        []
        if isinstance(routers, Unasked)
        else [RunningOrNot(router.name, router.state) for router in routers]
    )
    verdict = (
        judge_vpc(place, addresses, running)
        if isinstance(place, VpcFacts)
        else judge_network(place, addresses, running)
    )
    usual: dict[str, Any] = {
        "place": place,
        "owner": "acme",
        "zone": Zone("dc1", "Advanced"),
        "server_version": "4.22.0.0",
        "rights": (Right("createRemoteAccessVpn", True),),
        "eligibility": verdict,
        "traces": (),
        "has_rules": True,
        "sources": parse_sources(changes.pop("typed", "")),
        "sources_given": False,
        "range_text": "10.201.0.1-10.201.0.8",
        "range_typed": True,
        "neighbours": NEIGHBOURS,
        "routers": (ROUTER,),
        "users": ("alice", "bob"),
        "limit": 8,
        "needs_address": verdict.standing == "acquire",
        "address_limit": 20,
        "addresses_free": 12,
        "other_vpns": (),
    }
    return PreflightFacts(**(usual | changes))


def check(name: str, **changes: Any) -> Check:
    """One check of the changed facts."""
    (found,) = [each for each in preflight(facts(**changes)) if each.name == name]
    return found
