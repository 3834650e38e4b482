"""Firewall rules on public addresses and egress rules of networks (recording 09)."""

import ipaddress

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, denied, invalid, malformed
from tui.lab.cloud.firewall import apply_rules, conflict_with, port_conflict, revoke_rules
from tui.lab.cloud.scope import visible

_ANYWHERE = "0.0.0.0/0"


def _sources(text: str) -> tuple[str, ...]:
    """The CIDRs of a list. A mask is needed; host bits may be set."""
    cidrs = tuple(part.strip() for part in text.split(",") if part.strip()) or (_ANYWHERE,)
    for cidr in cidrs:
        try:
            if "/" not in cidr:
                raise ValueError(cidr)
            ipaddress.ip_interface(cidr)
        except ValueError:
            raise malformed(f"Source CIDRs formatting error {cidr}") from None
    return cidrs


def _ports(call: Call) -> tuple[int | None, int | None]:
    start, end = call.integer("startport"), call.integer("endport")
    if end is None:
        end = start
    if start is None and end is not None:
        start = end
    for port in (start, end):
        if port is not None and not 0 <= port <= 65535:
            raise invalid(f"publicPort is an invalid value: {port}")
    if start is not None and end is not None and start > end:
        raise invalid("Start port can't be bigger than end port")
    return start, end


def _match(call: Call) -> tuple[str, int | None, int | None]:
    """Protocol and ports of a new rule, checked in the recorded order."""
    protocol = call.text("protocol").lower()
    if protocol != "icmp" and (call.given("icmptype") or call.given("icmpcode")):
        raise invalid("Can specify icmpCode and icmpType for ICMP protocol only")
    start, end = _ports(call)
    if protocol not in ("tcp", "udp", "icmp"):
        raise invalid(
            f"Protocol {call.text('protocol')} is not supported in zone "
            f"{call.cloud.world.zone.number}"
        )
    if protocol == "icmp" and start is not None:
        raise invalid("Can't specify start/end port when protocol is ICMP")
    return protocol, start, end


async def create(call: Call) -> Deferred:
    """createFirewallRule."""
    world = call.cloud.world
    address = call.thing("ipaddressid", e.PublicIp)
    if address is None:
        raise invalid("Unable to create firewall rule; couldn't locate IP address by id")
    call.must_own(address.account)
    sources = _sources(call.text("cidrlist"))
    if not address.network:
        raise invalid(
            f"Unable to create firewall rule for the IP address ID={address.number} as IP is not "
            f"associated with any network and no networkId is passed in"
        )
    protocol, start, end = _match(call)
    conflict = conflict_with(world, address.id, "Firewall", protocol, start, end, sources)
    if conflict is not None:
        raise port_conflict(world, start, end, conflict, 4360)
    rule = e.Rule(
        id=world.new_id(),
        number=world.number("rules"),
        purpose="Firewall",
        address=address.id,
        network=address.network,
        account=address.account,
        protocol=protocol,
        start=start,
        end=end,
        cidrs=sources,
        state="Add",
        icmp_type=call.integer("icmptype"),
        icmp_code=call.integer("icmpcode"),
    )
    world.rules[rule.id] = rule

    async def work() -> Body:
        if not await apply_rules(call, address):
            # The server takes the rule back the same way; refused again, it stays as `Deleting`.
            await revoke_rules(call, address, [rule])
            raise Refusal(530, "Failed to create firewall rule")
        return {"firewallrule": rows.firewall_rule(call, rule)}

    trail = Trail(
        "FIREWALL.OPEN",
        f"Creating firewall rule for IP={address.address}",
        f"creating firewall rule. Rule Id: {rule.number}",
        "FirewallRule",
        created=True,
    )
    return Deferred(
        work, trail, rule.id, ("FirewallRule", rule.id), f"network {address.network}", rule.account
    )


async def delete(call: Call) -> Deferred:
    """deleteFirewallRule and deleteEgressFirewallRule."""
    world = call.cloud.world
    rule = call.thing("id", e.Rule)
    if rule is None or rule.purpose != "Firewall":
        raise invalid(f"Unable to find firewall rule by ID={call.text('id')}")
    call.must_own(rule.account)

    async def work() -> Body:
        if rule.egress:
            world.rules.pop(rule.id, None)
        elif not await revoke_rules(call, world.addresses[rule.address], [rule]):
            raise Refusal(530, "Failed to delete firewall rule")
        return {"success": True}

    trail = Trail(
        "FIREWALL.EGRESS.CLOSE" if rule.egress else "FIREWALL.CLOSE",
        f"Deleting firewall rule ID={rule.number}",
        f"revoking firewall rule. Rule Id: {rule.number}",
        "FirewallRule",
    )
    return Deferred(work, trail, queue=f"network {rule.network}", account=rule.account)


async def update(call: Call) -> Deferred:
    """updateFirewallRule: it changes nothing that shows; the sources stay (recording 09)."""
    rule = call.thing("id", e.Rule)
    if rule is None:
        raise invalid(f"Unable to find firewall rule by ID={call.text('id')}")
    call.must_own(rule.account)

    async def work() -> Body:
        return {"firewallrule": rows.firewall_rule(call, rule)}

    trail = Trail("FIREWALL.UPDATE", "Updating firewall rule", "updating firewall rule")
    return Deferred(work, trail, account=rule.account)


async def list_rules(call: Call) -> Rows:
    """listFirewallRules: the newest first; the reserved VPN ports are not among them."""
    address = call.thing("ipaddressid", e.PublicIp)
    if address is not None and address.account:
        call.must_own(address.account)
    return _list(call, egress=False, address=address)


async def create_egress(call: Call) -> Deferred:
    """createEgressFirewallRule."""
    world = call.cloud.world
    network = call.thing("networkid", e.Network)
    if network is None:
        raise invalid("Unable to find network by id")
    if not network.account:
        raise denied()
    call.must_own(network.account)
    if network.vpc:
        raise invalid("Egress firewall rules are not supported for the VPC tier; use ACLs")
    protocol = call.text("protocol").lower()
    if protocol not in ("tcp", "udp", "icmp", "all"):
        raise invalid(
            f"Protocol {call.text('protocol')} is not supported in zone {world.zone.number}"
        )
    start, end = _ports(call)
    cidrs = _sources(call.text("cidrlist")) if call.given("cidrlist") else (network.cidr,)
    rule = e.Rule(
        id=world.new_id(),
        number=world.number("rules"),
        purpose="Firewall",
        network=network.id,
        account=network.account,
        protocol=protocol,
        start=start,
        end=end,
        cidrs=cidrs,
        destinations=tuple(part for part in call.text("destcidrlist").split(",") if part),
        state="Add",
        egress=True,
    )
    world.rules[rule.id] = rule

    async def work() -> Body:
        rule.state = "Active"
        return {"firewallrule": rows.firewall_rule(call, rule)}

    trail = Trail(
        "FIREWALL.EGRESS.OPEN",
        f"Creating firewall rule for network={network.number}",
        f"creating egress firewall rule. Rule Id: {rule.number}",
        "FirewallRule",
        created=True,
    )
    return Deferred(
        work, trail, rule.id, ("FirewallRule", rule.id), f"network {network.id}", rule.account
    )


async def list_egress(call: Call) -> Rows:
    """listEgressFirewallRules."""
    return _list(call, egress=True, address=None)


def _list(call: Call, *, egress: bool, address: e.PublicIp | None) -> Rows:
    sees = visible(call)
    network = call.thing("networkid", e.Network)
    wanted = call.thing("id", e.Rule)
    nothing = any(call.names_nothing(name) for name in ("id", "ipaddressid", "networkid"))
    found = [
        rule
        for rule in call.cloud.world.rules.values()
        if rule.purpose == "Firewall"
        and rule.egress == egress
        and sees(rule.account)
        and (address is None or rule.address == address.id)
        and (network is None or rule.network == network.id)
        and (wanted is None or rule is wanted)
        and not nothing
    ]
    found.sort(key=lambda rule: -rule.number)
    return Rows("firewallrule", list(found), lambda thing: rows.firewall_rule(call, thing))


HANDLERS: dict[str, Handler] = {
    "createFirewallRule": create,
    "deleteFirewallRule": delete,
    "updateFirewallRule": update,
    "listFirewallRules": list_rules,
    "createEgressFirewallRule": create_egress,
    "deleteEgressFirewallRule": delete,
    "listEgressFirewallRules": list_egress,
}
