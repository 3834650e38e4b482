"""Virtual Routers: list, start, stop, reboot, rebuild, checks (recordings 04, 10, 14)."""

import random

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows_networks
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.scope import visible
from tui.lab.cloud.world import World, stamp


def control_address(world: World) -> str:
    """A free link-local address: a router gets a new one each time it starts."""
    used = {router.control_ip for router in world.routers.values()}
    while True:
        address = f"169.254.{random.randint(1, 254)}.{random.randint(2, 254)}"  # noqa: S311
        if address not in used:
            return address


def new_router(
    world: World, *, account: str, network: str = "", vpc: str = "", public_ip: str, guest_ip: str
) -> e.Router:
    """A router row, not yet part of the world."""
    number = world.number("routers")
    hosts = list(world.hosts)
    return e.Router(
        id=world.new_id(),
        number=number,
        name=f"r-{number}-VM",
        account=account,
        network=network,
        vpc=vpc,
        state="Running",
        control_ip=control_address(world),
        public_ip=public_ip,
        guest_ip=guest_ip,
        host=hosts[number % len(hosts)] if hosts else "",
        scripts_version=world.new_id(),
        created=stamp(),
    )


async def rebuild(call: Call, router: e.Router) -> e.Router:
    """Replace a router by a new one with everything configured."""
    world = call.cloud.world
    new = new_router(
        world,
        account=router.account,
        network=router.network,
        vpc=router.vpc,
        public_ip=router.public_ip,
        guest_ip=router.guest_ip,
    )
    new.redundant, new.redundant_state = router.redundant, router.redundant_state
    router.state = "Stopping"
    await call.cloud.routers.idle(router)
    world.routers.pop(router.id, None)
    world.routers[new.id] = new
    call.cloud.routers.replaced(router, new)
    return new


async def list_routers(call: Call) -> Rows:
    """listRouters: by internal number; only one's own without `listall`, even for root."""
    sees = visible(call)
    world = call.cloud.world
    wanted = call.thing("id", e.Router)
    network, vpc = call.thing("networkid", e.Network), call.thing("vpcid", e.Vpc)
    host = call.thing("hostid", e.Host)
    keyword, name, state = call.optional("keyword"), call.optional("name"), call.optional("state")
    nothing = any(call.names_nothing(n) for n in ("id", "networkid", "vpcid", "zoneid", "hostid"))

    def matches(router: e.Router) -> bool:
        serves = network is None or router.network == network.id
        if network is not None and network.vpc:
            serves = router.vpc == network.vpc
        return (
            sees(router.account)
            and serves
            and (wanted is None or router is wanted)
            and (vpc is None or router.vpc == vpc.id)
            and (host is None or router.host == host.id)
            and (name is None or router.name == name)
            and (state is None or router.state == state)
            and (not call.given("forvpc") or bool(router.vpc) == call.boolean("forvpc"))
            and (
                not call.given("healthchecksfailed")
                or router.checks_failed == call.boolean("healthchecksfailed")
            )
            and (keyword is None or keyword.lower() in _searched(world, router).lower())
        )

    found = [router for router in world.routers.values() if not nothing and matches(router)]
    found.sort(key=lambda router: router.number)
    with_checks = call.boolean("fetchhealthcheckresults")

    def draw(thing: e.Entity) -> Body:
        row = rows_networks.router(call, thing)
        if with_checks and call.caller.is_root and isinstance(thing, e.Router):
            row["healthcheckresults"] = _checks(thing)
        return row

    return Rows("router", list(found), draw)


def _searched(world: World, router: e.Router) -> str:
    place = world.vpcs[router.vpc].name if router.vpc else world.networks[router.network].name
    return f"{router.name} {router.state} {place} {router.redundant_state}"


def _router_asked_for(call: Call, name: str = "id") -> e.Router:
    router = call.thing(name, e.Router)
    if router is None:
        raise invalid(f"Unable to find router by id {call.text(name)}.")
    call.must_own(router.account)
    return router


def _trail(router: e.Router, type_: str, doing: str) -> Trail:
    return Trail(
        type_,
        f"{doing.removesuffix(' Vm')}: {router.id}",
        f"{doing}. Router Id: {router.id}",
        "DomainRouter",
        router.id,
        router.name,
    )


async def _down(call: Call, router: e.Router) -> None:
    router.state = "Stopping"
    await call.cloud.routers.idle(router)
    router.state, router.control_ip = "Stopped", ""
    call.cloud.routers.stopped(router)


async def _up(call: Call, router: e.Router) -> None:
    router.state = "Starting"
    await call.cloud.routers.idle(router)
    router.control_ip = control_address(call.cloud.world)
    router.state = "Running"
    call.cloud.routers.started(router)


async def start(call: Call) -> Deferred:
    """startRouter: at its start a router gets all that it missed."""
    router = _router_asked_for(call)

    async def work() -> Body:
        if router.state != "Running":
            await _up(call, router)
        return {"router": rows_networks.router(call, router)}

    trail = _trail(router, "ROUTER.START", "starting router Vm")
    return Deferred(work, trail, instance=("DomainRouter", router.id), account=router.account)


async def stop(call: Call) -> Deferred:
    """stopRouter."""
    router = _router_asked_for(call)

    async def work() -> Body:
        if router.state == "Running":
            await _down(call, router)
        return {"router": rows_networks.router(call, router)}

    trail = _trail(router, "ROUTER.STOP", "stopping router Vm")
    return Deferred(work, trail, instance=("DomainRouter", router.id), account=router.account)


async def reboot(call: Call) -> Deferred:
    """rebootRouter: stop and start; every tunnel drops."""
    router = _router_asked_for(call)

    async def work() -> Body:
        if router.state != "Running":
            raise Refusal(
                534,
                f"Resource [DataCenter:{call.cloud.world.zone.number}] is unreachable: Unable to "
                f"reboot domR, it is not in right state {router.state}",
            )
        await _down(call, router)
        await _up(call, router)
        return {"router": rows_networks.router(call, router)}

    trail = _trail(router, "ROUTER.REBOOT", "rebooting router Vm")
    return Deferred(work, trail, instance=("DomainRouter", router.id), account=router.account)


async def health_checks(call: Call) -> Body:
    """getRouterHealthCheckResults: the two basic checks, which know nothing of VPNs."""
    router = _router_asked_for(call, "routerid")
    if router.state != "Running":
        raise Refusal(
            530,
            f"No health check results found for the router. Router {router.name} is not running",
        )
    return {"routerhealthchecks": {"routerid": router.id, "healthchecks": _checks(router)}}


def _checks(router: e.Router) -> list[Body]:
    good = not router.checks_failed
    return [
        {
            "checkname": name,
            "checktype": "basic",
            "success": good,
            "status": "SUCCESS" if good else "FAILED",
            "lastupdated": stamp(),
            "details": "" if good else "Failed to connect",
        }
        for name in ("connectivity.test", "filesystem.writable.test")
    ]


async def diagnose(call: Call) -> Deferred:
    """runDiagnostics: ping and the like from a router, answered as the simulator does."""
    router = _router_asked_for(call, "targetid")
    kind = call.text("type")
    if kind.lower() not in ("ping", "ping6", "traceroute", "traceroute6", "arping"):
        raise invalid(f"{kind} Is not a valid diagnostics command type. ")

    async def work() -> Body:
        await call.cloud.routers.idle(router)
        said = f"{kind.upper()} {call.text('ipaddress')} executed in {router.name}"
        return {"diagnostics": {"stdout": said, "stderr": "", "exitcode": "0"}}

    trail = Trail("SYSTEM.VM.DIAGNOSTICS", "Executing diagnostics", "running diagnostics")
    return Deferred(work, trail, instance=("DomainRouter", router.id), account=router.account)


HANDLERS: dict[str, Handler] = {
    "listRouters": list_routers,
    "startRouter": start,
    "stopRouter": stop,
    "rebootRouter": reboot,
    "getRouterHealthCheckResults": health_checks,
    "runDiagnostics": diagnose,
}
