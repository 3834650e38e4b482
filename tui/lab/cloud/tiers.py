"""What the network ACLs of a VPC's tiers become on its router."""

import ipaddress

from tui.lab.cloud import entities as e
from tui.lab.cloud.world import World
from tui.lab.state import LabTier


def tiers_of(world: World, vpc: str, client: str) -> list[LabTier]:
    """The tiers of a VPC; `client` is an address that VPN clients get, or empty."""
    networks = [network for network in world.networks.values() if network.vpc == vpc]
    return [_tier(world, network, client) for network in networks]


def _tier(world: World, network: e.Network, client: str) -> LabTier:
    items = [
        item
        for item in world.acl_items.values()
        if item.acl == network.acl and item.traffic == "Ingress" and item.state == "Active"
    ]
    items.sort(key=lambda item: item.position)
    return LabTier(
        network.cidr,
        network.gateway,
        tuple(rule for item in items for rule in _rules(item)),
        _lets_in(items, client),
    )


def _rules(item: e.AclItem) -> list[str]:
    """Each line of a list makes one rule per source."""
    match = "" if item.protocol == "all" else f" -p {item.protocol}"
    if item.protocol in {"tcp", "udp"} and item.start is not None:
        last = f":{item.end}" if item.end not in {None, item.start} else ""
        match += f" -m {item.protocol} --dport {item.start}{last}"
    target = "ACCEPT" if item.action == "Allow" else "DROP"
    sources = [f" -s {cidr}" if cidr != "0.0.0.0/0" else "" for cidr in item.cidrs]
    return [f"{source}{match} -j {target}".strip() for source in sources]


def _lets_in(items: list[e.AclItem], client: str) -> bool:
    """Whether the first line that is about everything a client sends allows it."""
    if not client:
        return True
    address = ipaddress.ip_address(client)
    for item in items:
        covered = any(address in ipaddress.ip_network(cidr, strict=False) for cidr in item.cidrs)
        if covered and item.protocol == "all":
            return item.action == "Allow"
    return False
