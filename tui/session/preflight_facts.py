"""From the lists of a session and the answers of a preflight to the plain facts of the checks."""

from typing import Any, Final

import msgspec

from tui.cloud.models import Router
from tui.operations.facts import forwarding, ingress_rule, network_facts, vpc_facts
from tui.session.gathered import Gathered
from tui.session.inventory import Inventory, Kind, Shelf
from tui.session.verifying import is_standby
from tui.session.views import NetworkRow
from tui.vpn.cidrs import Sources
from tui.vpn.eligibility import Eligibility
from tui.vpn.findings import Finding
from tui.vpn.overlaps import Neighbour
from tui.vpn.ports import Forwarding, IngressRule
from tui.vpn.preflight_facts import (
    WAITING,
    OtherVpn,
    PreflightFacts,
    Right,
    RouterFacts,
    Unasked,
    Zone,
)

_NEIGHBOURS: Final = {
    "network": Kind.NETWORKS,
    "vpc": Kind.VPCS,
    "peer": Kind.GATEWAYS,
    "vpn": Kind.VPNS,
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, as far as it was read already."""

    eligibility: Eligibility
    neighbours: tuple[Neighbour, ...]
    range_text: str
    """Empty: left to what CloudStack is set to."""
    sources: Sources
    sources_given: bool
    openings: bool
    """Whether firewall rules are to be made."""
    users: tuple[tuple[str, tuple[Finding, ...]], ...]


def facts_of(inventory: Inventory, row: NetworkRow, asked: Asked) -> PreflightFacts:
    """Everything that is known now about a wish for `row`; asks nobody."""
    gathered = inventory.gathered.get(row.key, Gathered())
    lists = tuple(
        (str(kind), missing.why)
        for kind in Kind
        if (missing := _missing(inventory.shelf(kind), kind, gathered)) is not None
    )
    why = dict(lists)
    place = row.network or row.vpc
    if place is None:
        raise ValueError(f"{row.name} is neither a network nor a VPC")
    address = row.address
    addresses = _missing(inventory.addresses, Kind.ADDRESSES, gathered)
    needs_address = asked.eligibility.standing == "acquire"
    settings = gathered.settings
    return PreflightFacts(
        place=network_facts(row.network) if row.network else vpc_facts(place),  # type: ignore[arg-type]
        owner=row.owner,
        zone=_zone(inventory, place.zone_id, row.zone, gathered),
        server_version=gathered.version,
        rights=_rights(gathered, asked, needs_address=needs_address),
        lists=lists,
        eligibility=addresses or asked.eligibility,
        traces=gathered.traces,
        has_rules=True if row.vpc else address.has_rules if address else False,
        rules=_rules(inventory, address.id) if address else (),
        forwardings=_forwardings(inventory, address.id) if address else (),
        balancers=gathered.balancers,
        static_nat=addresses or _mapped_to(row),
        sources=asked.sources,
        sources_given=asked.sources_given,
        range_text=asked.range_text or settings.client_range,
        range_typed=bool(asked.range_text),
        neighbours=asked.neighbours,
        unlisted={name: why[str(kind)] for name, kind in _NEIGHBOURS.items() if str(kind) in why},
        routers=_missing(inventory.routers, Kind.ROUTERS, gathered)
        or tuple(_router(router, gathered) for router in row.routers),
        site_to_site=any(
            each.public_ip == address.address for each in inventory.connections.rows.values()
        )
        if address
        else False,
        users=_missing(inventory.users, Kind.USERS, gathered) or _users(inventory, row),
        about_users=asked.users,
        limit=settings.user_limit,
        needs_address=needs_address,
        addresses_used=sum(
            each.owner_key == row.owner_key for each in inventory.addresses.rows.values()
        ),
        address_limit=gathered.address_limit,
        addresses_free=gathered.addresses_free,
        other_vpns=_missing(inventory.routers, Kind.ROUTERS, gathered)
        or _missing(inventory.vpns, Kind.VPNS, gathered)
        or _other_vpns(inventory, row),
    )


def _missing(shelf: Shelf[Any], kind: Kind | str, gathered: Gathered) -> Unasked | None:
    """Why a list is not to be relied on; None when it is there."""
    refused = gathered.refused.get(str(kind))
    if refused is not None:
        return Unasked(refused)
    if shelf.error is not None:
        return Unasked(f"The {kind} could not be listed: {shelf.error.text}")
    return WAITING if shelf.fetched is None else None


def _zone(inventory: Inventory, zone_id: str, name: str, gathered: Gathered) -> Zone | Unasked:
    zone = inventory.zones.rows.get(zone_id)
    if zone is not None:
        return Zone(zone.name, zone.network_type)
    missing = _missing(inventory.zones, Kind.ZONES, gathered)
    return missing or Unasked(f"The zone {name} is not in the list of zones.")


def _rights(gathered: Gathered, asked: Asked, *, needs_address: bool) -> tuple[Right, ...]:
    wanted = ["createRemoteAccessVpn"]
    wanted += ["createFirewallRule"] if asked.openings else []
    wanted += ["addVpnUser"] if asked.users else []
    wanted += ["associateIpAddress"] if needs_address else []
    found = []
    for command in wanted:
        answer = gathered.rights.get(command, WAITING)
        if isinstance(answer, Unasked):
            found.append(Right(command, None, answer.why))
        else:
            found.append(Right(command, answer))
    return tuple(found)


def _rules(inventory: Inventory, address_id: str) -> tuple[IngressRule, ...] | Unasked:
    shelf = inventory.rules.get(address_id)
    if shelf is None:
        return WAITING
    missing = _missing(shelf, "firewall rules", Gathered())
    return missing or tuple(ingress_rule(rule) for rule in shelf.rows.values())


def _forwardings(inventory: Inventory, address_id: str) -> tuple[Forwarding, ...] | Unasked:
    shelf = inventory.forwardings.get(address_id)
    if shelf is None:
        return WAITING
    missing = _missing(shelf, "port forwarding rules", Gathered())
    found = (forwarding(rule) for rule in shelf.rows.values())
    return missing or tuple(each for each in found if each is not None)


def _mapped_to(row: NetworkRow) -> str:
    """The VM that the whole address belongs to; a VPC's router has its own that way."""
    address = row.address
    if address is None or not address.is_static_nat:
        return ""
    if address.virtual_machine_type == "DomainRouter":
        return ""
    return address.virtual_machine_name or "a machine"


def _router(router: Router, gathered: Gathered) -> RouterFacts:
    down = Unasked(f"{router.name} does not run, so it could not be asked.")
    said = gathered.routers.get(router.id, WAITING)
    return RouterFacts(
        id=router.id,
        name=router.name,
        state=router.state,
        version=router.software_version or router.version,
        needs_upgrade=router.requires_upgrade,
        stands_by=is_standby(router),
        addresses=tuple(
            (nic.traffic_type, nic.ip_address) for nic in router.nics if nic.ip_address
        ),
        said=said if router.state == "Running" else down,
    )


def _users(inventory: Inventory, row: NetworkRow) -> tuple[str, ...]:
    users = inventory.users.rows.values()
    return tuple(user.user_name for user in users if user.owner_key == row.owner_key)


def _other_vpns(inventory: Inventory, row: NetworkRow) -> tuple[OtherVpn, ...]:
    """The account's other VPNs, listed or known to be half-made, and which routers are down."""
    found = []
    for key in dict.fromkeys((*inventory.vpns.rows, *inventory.half_made)):
        address = inventory.addresses.rows.get(key)
        if address is None or address.owner_key != row.owner_key:
            continue
        place = address.vpc_id or address.network_id
        if place and place != row.key:
            down = tuple(
                f"{router.name} is {router.state.lower()}"
                for router in inventory.routers.rows.values()
                if (router.vpc_id == place or router.serves(place)) and router.state != "Running"
            )
            name = address.vpc_name or address.network_name
            found.append(OtherVpn(name, bool(address.vpc_id), down))
    return tuple(found)
