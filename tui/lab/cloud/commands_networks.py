"""Networks and VPCs: list, restart (recordings 03, 04, 10, 18)."""

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows_networks
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.commands_routers import rebuild
from tui.lab.cloud.errors import Refusal, denied, invalid
from tui.lab.cloud.scope import visible
from tui.lab.cloud.world import World


def _supports(world: World, network: e.Network, services: str) -> bool:
    return all(world.has_service(network, name) for name in services.split(",") if name)


async def list_networks(call: Call) -> Rows:
    """listNetworks: the newest first; shared networks belong to nobody and are shown to all."""
    world = call.cloud.world
    sees = visible(call)
    wanted, vpc = call.thing("id", e.Network), call.thing("vpcid", e.Vpc)
    offering = call.thing("networkofferingid", e.Offering)
    keyword, name, kind = call.optional("keyword"), call.optional("name"), call.optional("type")
    in_project = call.given("projectid") and call.text("projectid") != "-1"
    nothing = any(call.names_nothing(n) for n in ("id", "vpcid", "networkofferingid", "zoneid"))

    def matches(network: e.Network) -> bool:
        if not network.account:
            shown = not in_project and not call.given("account")
        else:
            shown = sees(network.account)
        return (
            shown
            and (wanted is None or network is wanted)
            and (vpc is None or network.vpc == vpc.id)
            and (offering is None or network.offering == offering.id)
            and (keyword is None or keyword.lower() in network.name.lower())
            and (name is None or network.name.lower() == name.lower())
            and (kind is None or network.kind.lower() == kind.lower())
            and (not call.given("forvpc") or bool(network.vpc) == call.boolean("forvpc"))
            and (
                not call.given("supportedservices")
                or _supports(world, network, call.text("supportedservices"))
            )
            and (
                not call.given("restartrequired")
                or network.restart_required == call.boolean("restartrequired")
            )
        )

    found = [n for n in world.networks.values() if not nothing and matches(n)]
    found.sort(key=lambda network: -network.number)
    return Rows(
        "network",
        list(found),
        lambda thing: rows_networks.network(call, thing),
        cost=call.cloud.pace.network,
    )


async def list_vpcs(call: Call) -> Rows:
    """listVPCs, with their tiers."""
    sees = visible(call)
    wanted = call.thing("id", e.Vpc)
    keyword, name = call.optional("keyword"), call.optional("name")
    nothing = call.names_nothing("id")
    found = [
        vpc
        for vpc in call.cloud.world.vpcs.values()
        if not nothing
        and sees(vpc.account)
        and (wanted is None or vpc is wanted)
        and (keyword is None or keyword.lower() in vpc.name.lower())
        and (name is None or name.lower() == vpc.name.lower())
    ]
    found.sort(key=lambda vpc: -vpc.number)
    return Rows("vpc", list(found), lambda thing: rows_networks.vpc(call, thing))


async def restart_network(call: Call) -> Deferred:
    """restartNetwork: without cleanup every VPN row is started again, which repairs one that is
    half-made; with cleanup new routers take over. A network nobody uses is refused in the job."""
    world = call.cloud.world
    network = call.thing("id", e.Network)
    if network is None:
        raise invalid("Network with specified id doesn't exist")
    if not network.account:
        raise denied()
    call.must_own(network.account)
    cleanup = call.boolean("cleanup")

    async def work() -> Body:
        if network.state not in ("Implemented", "Setup"):
            raise invalid(
                "Network is not in the right state to be restarted. Correct states are: "
                "Implemented, Setup"
            )
        if network.vpc and cleanup:
            raise invalid("Cannot restart a VPC tier with cleanup, please restart the whole VPC.")
        routers = world.routers_of(network=network.id, vpc=network.vpc)
        if cleanup:
            for router in routers:
                await rebuild(call, router)
        for vpn in world.vpns.values():
            if vpn.network and vpn.network == network.id:
                await call.cloud.routers.start_vpn(vpn)
                vpn.state = "Running"
        network.restart_required = False
        return {"success": True}

    return Deferred(
        work,
        Trail(
            "NETWORK.RESTART",
            f"Restarting network: {network.number}",
            "restarting network",
            "Network",
            network.id,
            network.display_text or network.name,
        ),
        instance=("Network", ""),
        queue=f"network {network.id}",
        account=network.account,
    )


async def restart_vpc(call: Call) -> Deferred:
    """restartVPC: with cleanup new routers; without it the VPN is not pushed again."""
    world = call.cloud.world
    vpc = call.thing("id", e.Vpc)
    if vpc is None:
        raise invalid("Unable to find vpc by id")
    call.must_own(vpc.account)
    cleanup = call.boolean("cleanup")

    async def work() -> Body:
        routers = world.routers_of(vpc=vpc.id)
        if not routers:
            raise Refusal(530, f"Failed to restart VPC {vpc.name}")
        for router in routers:
            if cleanup:
                await rebuild(call, router)
            else:
                await call.cloud.routers.idle(router)
        return {"success": True}

    trail = Trail(
        "VPC.RESTART", f"restarting VPC {vpc.number}", "restarting VPC", "Vpc", vpc.id, vpc.name
    )
    return Deferred(work, trail, queue=f"vpc {vpc.id}", account=vpc.account)


HANDLERS: dict[str, Handler] = {
    "listNetworks": list_networks,
    "listVPCs": list_vpcs,
    "restartNetwork": restart_network,
    "restartVPC": restart_vpc,
}
