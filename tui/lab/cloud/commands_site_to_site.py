"""Site-to-site VPN beside the Remote Access VPN of a VPC (recording 16)."""

from typing import cast

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.scope import owner_asked_for, visible


async def list_gateways(call: Call) -> Rows:
    """listVpnGateways."""
    sees, vpc = visible(call), call.thing("vpcid", e.Vpc)
    wanted = call.thing("id", e.VpnGateway)
    found = [
        gateway
        for gateway in call.cloud.world.vpn_gateways.values()
        if sees(gateway.account)
        and (vpc is None or gateway.vpc == vpc.id)
        and (wanted is None or gateway is wanted)
    ]
    return Rows("vpngateway", list(found), lambda thing: rows.vpn_gateway(call, thing))


async def create_gateway(call: Call) -> Deferred:
    """createVpnGateway: one per VPC, on its source NAT address."""
    world = call.cloud.world
    vpc = call.thing("vpcid", e.Vpc)
    if vpc is None:
        raise invalid("Invalid VPC")
    call.must_own(vpc.account)
    if any(gateway.vpc == vpc.id for gateway in world.vpn_gateways.values()):
        raise invalid(f"The VPN gateway of VPC {vpc.name} already existed!")
    address = world.source_nat(vpc=vpc.id)
    if address is None:
        raise Refusal(530, f"Cannot found source nat ip of vpc {vpc.name}")
    gateway = e.VpnGateway(id=world.new_id(), vpc=vpc.id, account=vpc.account, address=address.id)
    world.vpn_gateways[gateway.id] = gateway

    async def work() -> Body:
        return {"vpngateway": rows.vpn_gateway(call, gateway)}

    trail = Trail("VPN.S2S.VPN.GATEWAY.CREATE", "Create site-to-site VPN gateway")
    return Deferred(work, trail, gateway.id, ("None", ""), account=vpc.account)


async def list_customers(call: Call) -> Rows:
    """listVpnCustomerGateways."""
    sees, wanted = visible(call), call.thing("id", e.CustomerGateway)
    found = [
        gateway
        for gateway in call.cloud.world.customer_gateways.values()
        if sees(gateway.account) and (wanted is None or gateway is wanted)
    ]
    return Rows("vpncustomergateway", list(found), lambda thing: rows.customer_gateway(call, thing))


async def create_customer(call: Call) -> Deferred:
    """createVpnCustomerGateway."""
    world = call.cloud.world
    account = owner_asked_for(call)
    name = call.text("name") or f"VPN-{call.text('gateway')}"
    taken = (g for g in world.customer_gateways.values() if g.account == account)
    if any(gateway.name == name for gateway in taken):
        raise invalid(f"The customer gateway with name {name} already existed!")
    gateway = e.CustomerGateway(
        id=world.new_id(),
        name=name,
        account=account,
        gateway=call.text("gateway"),
        cidrs=call.text("cidrlist"),
        preshared_key=call.text("ipsecpsk"),
        ike_policy=call.text("ikepolicy"),
        esp_policy=call.text("esppolicy"),
    )
    world.customer_gateways[gateway.id] = gateway

    async def work() -> Body:
        return {"vpncustomergateway": rows.customer_gateway(call, gateway)}

    trail = Trail("VPN.S2S.CUSTOMER.GATEWAY.CREATE", "Create site-to-site VPN customer gateway")
    return Deferred(work, trail, gateway.id, ("VpnCustomerGateway", ""), account=account)


async def list_connections(call: Call) -> Rows:
    """listVpnConnections."""
    world = call.cloud.world
    sees, vpc = visible(call), call.thing("vpcid", e.Vpc)
    wanted = call.thing("id", e.VpnConnection)
    found = [
        connection
        for connection in world.vpn_connections.values()
        if sees(connection.account)
        and (vpc is None or world.vpn_gateways[connection.gateway].vpc == vpc.id)
        and (wanted is None or connection is wanted)
    ]
    return Rows("vpnconnection", list(found), lambda thing: rows.vpn_connection(call, thing))


async def create_connection(call: Call) -> Deferred:
    """createVpnConnection: it stays `Connecting`, as nobody answers at the other end."""
    world = call.cloud.world
    gateway = call.thing("s2svpngatewayid", e.VpnGateway)
    customer = call.thing("s2scustomergatewayid", e.CustomerGateway)
    if gateway is None or customer is None:
        raise invalid("Unable to found specified Site to Site VPN gateway or customer gateway")
    call.must_own(gateway.account)
    call.must_own(customer.account)
    connection = e.VpnConnection(
        id=world.new_id(),
        gateway=gateway.id,
        customer=customer.id,
        account=gateway.account,
        state="Pending",
        passive=call.boolean("passive"),
    )
    world.vpn_connections[connection.id] = connection

    async def work() -> Body:
        for router in world.routers_of(vpc=gateway.vpc):
            await call.cloud.routers.idle(router)
        connection.state = "Disconnected" if connection.passive else "Connecting"
        return {"vpnconnection": rows.vpn_connection(call, connection)}

    trail = Trail("VPN.S2S.CONNECTION.CREATE", "Create site-to-site VPN connection")
    return Deferred(work, trail, connection.id, ("None", ""), account=gateway.account)


def _deleting(kind: type[e.Entity], table: str, event: str) -> Handler:
    """A command that deletes one of the three kinds."""

    async def delete(call: Call) -> Deferred:
        world = call.cloud.world
        thing = call.thing("id", kind)
        if thing is None:
            raise invalid("Unable to find the specified object")
        account = cast(e.VpnGateway, thing).account
        call.must_own(account)
        used = {c.gateway for c in world.vpn_connections.values()}
        used |= {c.customer for c in world.vpn_connections.values()}
        if thing.id in used:
            raise invalid(f"Unable to delete {thing.id}: there is still a VPN connection on it")

        async def work() -> Body:
            getattr(world, table).pop(thing.id, None)
            return {"success": True}

        return Deferred(work, Trail(event, "Delete site-to-site VPN part"), account=account)

    return delete


HANDLERS: dict[str, Handler] = {
    "listVpnGateways": list_gateways,
    "createVpnGateway": create_gateway,
    "deleteVpnGateway": _deleting(e.VpnGateway, "vpn_gateways", "VPN.S2S.VPN.GATEWAY.DELETE"),
    "listVpnCustomerGateways": list_customers,
    "createVpnCustomerGateway": create_customer,
    "deleteVpnCustomerGateway": _deleting(
        e.CustomerGateway, "customer_gateways", "VPN.S2S.CUSTOMER.GATEWAY.DELETE"
    ),
    "listVpnConnections": list_connections,
    "createVpnConnection": create_connection,
    "deleteVpnConnection": _deleting(
        e.VpnConnection, "vpn_connections", "VPN.S2S.CONNECTION.DELETE"
    ),
}
