"""Port forwarding, load balancing, static NAT: what else may be on a VPN's ports (recording 07)."""

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import invalid
from tui.lab.cloud.firewall import conflict_with, port_conflict
from tui.lab.cloud.scope import visible


async def create(call: Call) -> Deferred:
    """createPortForwardingRule."""
    world = call.cloud.world
    address = call.thing("ipaddressid", e.PublicIp)
    machine = call.thing("virtualmachineid", e.Machine)
    if address is None or machine is None:
        raise invalid("Unable to create port forwarding rule on address; no such address or VM")
    call.must_own(address.account)
    call.must_own(machine.account)
    protocol = call.text("protocol").lower()
    start = call.integer("publicport")
    end = call.integer("publicendport") or start
    conflict = conflict_with(world, address.id, "PortForwarding", protocol, start, end, ())
    if conflict is not None:
        raise port_conflict(world, start, end, conflict, 4360)
    private = call.integer("privateport")
    rule = e.Rule(
        id=world.new_id(),
        number=world.number("rules"),
        purpose="PortForwarding",
        address=address.id,
        network=address.network or machine.network,
        account=address.account,
        protocol=protocol,
        start=start,
        end=end,
        state="Add",
        machine=machine.id,
        private_start=private,
        private_end=call.integer("privateendport") or private,
    )
    world.rules[rule.id] = rule

    async def work() -> Body:
        for router in world.routers_behind(address):
            await call.cloud.routers.idle(router)
        rule.state = "Active"
        return {"portforwardingrule": rows.port_forwarding(call, rule)}

    trail = Trail(
        "NET.RULEADD",
        f"creating port forwarding rule for ip: {address.address}",
        f"creating port forwarding rule. Rule Id: {rule.number}",
        "PortForwardingRule",
        created=True,
    )
    return Deferred(
        work,
        trail,
        rule.id,
        ("FirewallRule", rule.id),
        f"network {rule.network}",
        rule.account,
    )


async def delete(call: Call) -> Deferred:
    """deletePortForwardingRule."""
    world = call.cloud.world
    rule = call.thing("id", e.Rule)
    if rule is None or rule.purpose != "PortForwarding":
        raise invalid(f"Unable to find port forwarding rule id={call.text('id')}")
    call.must_own(rule.account)

    async def work() -> Body:
        for router in world.routers_behind(world.addresses[rule.address]):
            await call.cloud.routers.idle(router)
        world.rules.pop(rule.id, None)
        return {"success": True}

    trail = Trail(
        "NET.RULEDELETE",
        f"Deleting port forwarding rule for id={rule.number}",
        "revoking forwarding rule",
        "PortForwardingRule",
    )
    return Deferred(work, trail, queue=f"network {rule.network}", account=rule.account)


async def list_rules(call: Call) -> Rows:
    """listPortForwardingRules."""
    sees = visible(call)
    address = call.thing("ipaddressid", e.PublicIp)
    network = call.thing("networkid", e.Network)
    wanted = call.thing("id", e.Rule)
    nothing = any(call.names_nothing(name) for name in ("id", "ipaddressid", "networkid"))
    found = [
        rule
        for rule in call.cloud.world.rules.values()
        if rule.purpose == "PortForwarding"
        and sees(rule.account)
        and (address is None or rule.address == address.id)
        and (network is None or rule.network == network.id)
        and (wanted is None or rule is wanted)
        and not nothing
    ]
    found.sort(key=lambda rule: -rule.number)
    return Rows("portforwardingrule", list(found), lambda thing: rows.port_forwarding(call, thing))


async def list_balancers(call: Call) -> Rows:
    """listLoadBalancerRules."""
    sees = visible(call)
    address, network = call.thing("publicipid", e.PublicIp), call.thing("networkid", e.Network)
    nothing = any(call.names_nothing(name) for name in ("id", "publicipid", "networkid"))
    found = [
        rule
        for rule in call.cloud.world.rules.values()
        if rule.purpose == "LoadBalancing"
        and sees(rule.account)
        and (address is None or rule.address == address.id)
        and (network is None or rule.network == network.id)
        and call.text("id", rule.id) == rule.id
        and call.text("name", rule.name) == rule.name
        and not nothing
    ]
    found.sort(key=lambda rule: -rule.number)
    return Rows("loadbalancerrule", list(found), lambda thing: rows.load_balancer(call, thing))


async def enable_static_nat(call: Call) -> Body:
    """enableStaticNat: never on a source NAT address."""
    world = call.cloud.world
    address = call.thing("ipaddressid", e.PublicIp)
    machine = call.thing("virtualmachineid", e.Machine)
    if address is None or machine is None:
        raise invalid("Unable to enable static nat; no such address or VM")
    call.must_own(address.account)
    call.must_own(machine.account)
    if address.source_nat:
        described = (
            f'IPAddress {{"address":"{address.address}","dataCenterId":{world.zone.number},'
            f'"id":{address.number},"uuid":"{address.id}"}}'
        )
        raise invalid(f"Can't enable static, ip address {described} is a sourceNat ip address")
    if world.rules_on(address.id):
        raise invalid(f"There are rules on the ip address id={address.number}")
    address.machine = machine.id
    return {"success": True}


async def disable_static_nat(call: Call) -> Deferred:
    """disableStaticNat."""
    address = call.thing("ipaddressid", e.PublicIp)
    if address is None or not address.machine:
        raise invalid("Specified IP address id is not associated with any vm Id")
    call.must_own(address.account)

    async def work() -> Body:
        address.machine = ""
        return {"success": True}

    trail = Trail("STATICNAT.DISABLE", "Disabling static nat", "disabling static nat")
    return Deferred(work, trail, account=address.account)


HANDLERS: dict[str, Handler] = {
    "createPortForwardingRule": create,
    "deletePortForwardingRule": delete,
    "listPortForwardingRules": list_rules,
    "listLoadBalancerRules": list_balancers,
    "enableStaticNat": enable_static_nat,
    "disableStaticNat": disable_static_nat,
}
