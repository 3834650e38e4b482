"""VMs: list, and deploy, because the first VM of a network starts its router (recording 18)."""

import ipaddress

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows_networks
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.commands_routers import new_router
from tui.lab.cloud.errors import Refusal, denied, invalid
from tui.lab.cloud.scope import owner_asked_for, visible
from tui.lab.cloud.world import World, stamp


async def list_machines(call: Call) -> Rows:
    """listVirtualMachines: by internal number."""
    world = call.cloud.world
    sees = visible(call)
    wanted, network = call.thing("id", e.Machine), call.thing("networkid", e.Network)
    vpc = call.thing("vpcid", e.Vpc)
    keyword, name, state = call.optional("keyword"), call.optional("name"), call.optional("state")
    nothing = any(call.names_nothing(n) for n in ("id", "networkid", "vpcid", "zoneid", "hostid"))
    found = [
        machine
        for machine in world.machines.values()
        if not nothing
        and sees(machine.account)
        and (wanted is None or machine is wanted)
        and (network is None or machine.network == network.id)
        and (vpc is None or world.networks[machine.network].vpc == vpc.id)
        and (keyword is None or keyword.lower() in machine.name.lower())
        and (name is None or machine.name == name)
        and (state is None or machine.state == state)
    ]
    found.sort(key=lambda machine: machine.number)
    return Rows("virtualmachine", list(found), lambda thing: rows_networks.machine(call, thing))


def _free_guest_address(world: World, network: e.Network) -> str:
    used = {machine.ip for machine in world.machines.values() if machine.network == network.id}
    for address in list(ipaddress.IPv4Network(network.cidr).hosts())[9:]:
        if str(address) not in used and str(address) != network.gateway:
            return str(address)
    raise Refusal(533, "Unable to acquire Guest IP address for network")


async def _implement(call: Call, network: e.Network) -> None:
    """Give a network that nobody used its source NAT address and its router."""
    world = call.cloud.world
    address = world.source_nat(network=network.id)
    if address is None:
        free = [a for a in world.addresses.values() if a.state == "Free"]
        if not free:
            raise Refusal(533, "Insufficient address capacity")
        address = min(free, key=lambda a: a.number)
        address.state, address.account, address.network = "Allocated", network.account, network.id
        address.source_nat, address.allocated = True, stamp()
    router = new_router(
        world,
        account=network.account,
        network=network.id,
        public_ip=address.address,
        guest_ip=network.gateway,
    )
    router.state = "Starting"
    world.routers[router.id] = router
    await call.cloud.routers.idle(router)
    router.state = "Running"
    network.state = "Implemented"
    call.cloud.routers.started(router)


async def deploy(call: Call) -> Deferred:
    """deployVirtualMachine in one network."""
    world = call.cloud.world
    account = owner_asked_for(call)
    wanted = [part for part in call.text("networkids").split(",") if part]
    if not wanted or any(part not in world.networks for part in wanted):
        raise invalid("Unable to find network by id in networkids")
    network = world.networks[wanted[0]]
    if network.account:
        call.must_own(network.account)
    elif call.caller.account.level == "project":
        raise denied()
    number = world.number("machines")
    name = call.text("name") or f"VM-{number}"
    hosts = list(world.hosts)
    machine = e.Machine(
        id=world.new_id(),
        number=number,
        name=name,
        display_name=call.text("displayname"),
        account=account,
        network=network.id,
        ip=_free_guest_address(world, network) if network.cidr else "",
        state="Starting",
        host=hosts[number % len(hosts)] if hosts else "",
        instance_name=f"i-{world.accounts[account].number}-{number}-VM",
        created=stamp(),
    )
    world.machines[machine.id] = machine

    async def work() -> Body:
        alone = network.state == "Allocated" and not network.vpc and network.kind == "Isolated"
        if alone:
            await _implement(call, network)
        elif network.state == "Allocated":
            network.state = "Implemented"
        machine.state = "Running"
        return {"virtualmachine": rows_networks.machine(call, machine)}

    trail = Trail(
        "VM.CREATE",
        f"starting Vm. Vm Id: {machine.id}",
        f"starting Vm. Vm Id: {machine.id}",
        "VirtualMachine",
        machine.id,
        machine.name,
        created=True,
    )
    queue = f"network {network.id}"
    return Deferred(work, trail, machine.id, ("VirtualMachine", machine.id), queue, account)


HANDLERS: dict[str, Handler] = {
    "listVirtualMachines": list_machines,
    "deployVirtualMachine": deploy,
}
