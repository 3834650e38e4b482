"""Public addresses: list, acquire, release (recordings 05, 06, 18)."""

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.commands_vpn import remove_vpn
from tui.lab.cloud.errors import Refusal, denied, invalid
from tui.lab.cloud.scope import owner_asked_for, visible
from tui.lab.cloud.world import World, stamp


async def list_addresses(call: Call) -> Rows:
    """listPublicIpAddresses: in the order of their internal numbers."""
    world = call.cloud.world
    allocated_only = call.boolean("allocatedonly", True)
    state = call.optional("state")
    if state == "Free" and allocated_only:
        raise invalid("Conflict: allocatedonly is true but state is Free")
    sees = visible(call)
    network, vpc = call.thing("associatednetworkid", e.Network), call.thing("vpcid", e.Vpc)
    wanted = call.thing("id", e.PublicIp)
    text, keyword = call.optional("ipaddress"), call.optional("keyword")
    nothing = any(call.names_nothing(n) for n in ("id", "associatednetworkid", "vpcid", "zoneid"))

    def matches(address: e.PublicIp) -> bool:
        if address.state == "Free":
            shown = not allocated_only and not call.given("account")
        else:
            shown = sees(address.account)
        return (
            shown
            and (state is None or address.state == state)
            and (wanted is None or address is wanted)
            and (network is None or address.network == network.id)
            and (vpc is None or address.vpc == vpc.id)
            and (text is None or address.address == text)
            and (keyword is None or keyword in address.address)
            and (not call.given("issourcenat") or address.source_nat == call.boolean("issourcenat"))
            and (
                not call.given("isstaticnat")
                or bool(address.machine) == call.boolean("isstaticnat")
            )
        )

    found = [a for a in world.addresses.values() if not nothing and matches(a)]
    found.sort(key=lambda address: address.number)
    return Rows("publicipaddress", list(found), lambda thing: rows.public_ip(call, thing))


def _place(call: Call) -> tuple[str, str, str]:
    """Network, VPC and owner that an address is wanted for."""
    network, vpc = call.thing("networkid", e.Network), call.thing("vpcid", e.Vpc)
    if network is not None:
        if not network.account:
            raise denied()
        call.must_own(network.account)
        if network.vpc:
            raise invalid(
                "Can't assign ip to the network directly when network belongs to VPC.Specify vpcId "
                "to associate ip address to VPC"
            )
        return network.id, "", network.account
    if vpc is not None:
        call.must_own(vpc.account)
        return "", vpc.id, vpc.account
    if not call.given("zoneid"):
        raise invalid("Unable to figure out zone to assign ip to")
    return "", "", owner_asked_for(call)


def _take(world: World, wanted: str | None) -> e.PublicIp:
    """The address asked for, or the lowest free one; 533 if there is none."""
    free = sorted(
        (address for address in world.addresses.values() if address.state == "Free"),
        key=lambda address: address.number,
    )
    for address in free:
        if wanted is None or address.address == wanted:
            return address
    raise Refusal(533, "Insufficient address capacity", 9999)


async def associate(call: Call) -> Deferred:
    """associateIpAddress. The first address of a network without one becomes its source NAT."""
    world = call.cloud.world
    network, vpc, account = _place(call)
    owner = world.accounts[account]
    held = sum(1 for address in world.addresses.values() if address.account == account)
    if owner.address_limit >= 0 and held >= owner.address_limit:
        raise Refusal(
            532,
            f"Maximum number of public IP addresses for account: {owner.name} has been exceeded.",
            4280,
        )
    address = _take(world, call.optional("ipaddress"))
    address.account, address.network, address.vpc = account, network, vpc
    address.allocated = stamp()
    # An address of a network is ready only when its job is; a VPC's is at once (recording 05).
    address.state = "Allocating" if network else "Allocated"
    address.source_nat = bool(network) and (
        world.networks[network].kind == "Isolated" and world.source_nat(network=network) is None
    )

    async def work() -> Body:
        for router in world.routers_behind(address):
            await call.cloud.routers.idle(router)
        body = {"ipaddress": rows.public_ip(call, address)}
        address.state = "Allocated"
        return dict(body)

    trail = Trail(
        "NET.IPASSIGN",
        f"associating ip to network id: {network or vpc}",
        "associating Ip",
        "IpAddress",
        address.id,
        address.address,
        created=True,
    )
    queue = f"network {network}" if network else ""
    return Deferred(work, trail, address.id, ("IpAddress", address.id), queue, account)


async def disassociate(call: Call) -> Deferred:
    """disassociateIpAddress: that it is a source NAT address comes out only in the job."""
    world = call.cloud.world
    address = call.thing("id", e.PublicIp)
    if address is None and call.given("ipaddress"):
        text = call.text("ipaddress")
        address = next((a for a in world.addresses.values() if a.address == text), None)
    if address is None or address.state == "Free":
        raise Refusal(530, "The address is not allocated to any account", 4250)
    call.must_own(address.account)

    async def work() -> Body:
        place = world.networks.get(address.network)
        if address.source_nat and (place is None or place.state != "Allocated"):
            raise Refusal(
                530, "ip address is used for source nat purposes and can not be disassociated."
            )
        if not await remove_vpn(call, address):
            raise Refusal(530, "Failed to disassociate IP address")
        for rule in world.rules_on(address.id):
            world.rules.pop(rule.id, None)
        address.state, address.account, address.network, address.vpc = "Free", "", "", ""
        address.source_nat, address.machine, address.allocated = False, "", ""
        address.tags = {}
        return {"success": True}

    trail = Trail(
        "NET.IPRELEASE",
        f"Disassociating IP address id={address.number}",
        "disassociating Ip",
        "IpAddress",
        address.id,
        address.address,
    )
    queue = f"network {address.network}" if address.network else ""
    return Deferred(
        work, trail, instance=("IpAddress", address.id), queue=queue, account=address.account
    )


HANDLERS: dict[str, Handler] = {
    "listPublicIpAddresses": list_addresses,
    "associateIpAddress": associate,
    "disassociateIpAddress": disassociate,
}
