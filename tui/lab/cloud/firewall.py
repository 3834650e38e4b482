"""Rules on a public address: what conflicts with what, and how rules are taken away."""

from __future__ import annotations

from collections.abc import Iterable

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Call
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.world import World


def port_conflict(
    world: World, start: int | None, end: int | None, rule: e.Rule, code: int
) -> Refusal:
    """537 with the other rule by number and UUID (recording 07)."""
    network = world.networks[rule.network].number if rule.network else 0
    other = (
        f'FirewallRule {{"id":{rule.number},"networkId":{network},'
        f'"purpose":"{rule.purpose}","state":"{rule.state}","uuid":"{rule.id}"}}'
    )
    return Refusal(
        537,
        f"The range specified, {start}-{end}, conflicts with rule {other} which has "
        f"{rule.start}-{rule.end}",
        code,
        plain=True,
    )


def conflict_with(
    world: World,
    address: str,
    purpose: e.Purpose,
    protocol: str,
    start: int | None,
    end: int | None,
    cidrs: Iterable[str],
) -> e.Rule | None:
    """The rule that a new one would collide with (FirewallManagerImpl.detectRulesConflict).

    Firewall rules collide with firewall rules only, when a source is written the same way;
    everything else collides with everything else on a common port of a common protocol.
    """
    sources = set(cidrs)
    for rule in world.rules_on(address):
        if rule.state == "Revoke" or rule.egress or rule.protocol != protocol:
            continue
        if (rule.purpose == "Firewall") != (purpose == "Firewall"):
            continue
        if purpose == "Firewall" and not sources & set(rule.cidrs):
            continue
        if start is None and rule.start is None and purpose == "Firewall":
            raise invalid(
                f"There is already a firewall rule specified with protocol = {protocol} and no "
                f"ports"
            )
        if start is None or end is None or rule.start is None or rule.end is None:
            continue
        if start <= rule.end and end >= rule.start:
            return rule
    return None


async def apply_rules(call: Call, address: e.PublicIp) -> bool:
    """Send the firewall rules of an address to its routers; what was revoked is then forgotten.

    False if a router refuses: all rules keep their states.
    """
    if not await call.cloud.routers.push_firewall(address):
        return False
    world = call.cloud.world
    for rule in world.rules_on(address.id, "Firewall"):
        if rule.state == "Revoke":
            world.rules.pop(rule.id, None)
        elif rule.state == "Add":
            rule.state = "Active"
    return True


async def revoke_rules(call: Call, address: e.PublicIp, rules: Iterable[e.Rule]) -> bool:
    """Take firewall rules off the routers and forget them; False leaves them in `Revoke`."""
    for rule in rules:
        rule.state = "Revoke"
    return await apply_rules(call, address)
