"""queryAsyncJobResult, listAsyncJobs and the failure injection of the simulator."""

from tui.lab.cloud import entities as e
from tui.lab.cloud.binding import no_such_value
from tui.lab.cloud.call import Body, Call, Handler, Rows
from tui.lab.cloud.errors import Refusal, malformed
from tui.lab.cloud.jobs import PENDING, Job
from tui.lab.cloud.world import World
from tui.lab.state import FaultUnknown

_SERVER: Body = {
    "managementserverid": "868f2dce-952c-45b5-b8b0-1f9c0ec7a1b4",
    "managementservername": "localhost",
}


def _row(world: World, job: Job) -> Body:
    account = job.caller.account
    domain = world.domains[account.domain]
    body: Body = {
        "accountid": account.id,
        "account": account.name,
        "domainid": domain.id,
        "domainpath": domain.path,
        "userid": job.caller.person.id,
        "cmd": job.java_class,
        "jobprocstatus": 0,
        "jobresultcode": job.code,
    }
    if job.result is not None:
        body |= {"jobresulttype": "object", "jobresult": job.result}
    if job.instance:
        body["jobinstancetype"] = job.instance[0]
        if job.instance[1]:
            body["jobinstanceid"] = job.instance[1]
    if job.status == PENDING:
        body |= _SERVER
    body["created"] = job.created
    if job.completed:
        body["completed"] = job.completed
    return body | {"jobid": job.id, "jobstatus": job.status}


async def query(call: Call) -> Body:
    """queryAsyncJobResult: one's own jobs, for root everybody's."""
    world = call.cloud.world
    job = call.cloud.jobs.find(call.text("jobid"))
    if job is None:
        raise no_such_value(call.command.name, "jobid", call.text("jobid"))
    caller = call.caller.account
    if not world.may_use(caller, job.caller.account.id):
        described = (
            f'Account [{{"accountName":"{caller.name}","id":{caller.number},"uuid":"{caller.id}"}}]'
        )
        raise Refusal(
            531, f"Account {described} is not authorized to see job id={job.number}", 4365
        )
    return _as_seen_by(call, _row(world, job))


def _as_seen_by(call: Call, body: Body) -> Body:
    """Rows in a result are drawn for who asks: `fordisplay` is for root."""
    result = body.get("jobresult")
    if isinstance(result, dict):
        for key in ("remoteaccessvpn", "firewallrule"):
            row = result.get(key)
            if isinstance(row, dict):
                shown = {name: value for name, value in row.items() if name != "fordisplay"}
                if call.caller.is_root:
                    shown["fordisplay"] = True
                body["jobresult"] = {key: shown}
    return body


class _Pending(e.Entity):
    """A job as a row."""

    job: Job


async def pending(call: Call) -> Rows:
    """listAsyncJobs: what still runs, one's own unless `listall`."""
    world, caller = call.cloud.world, call.caller.account
    wide = call.boolean("listall")
    found: list[e.Entity] = [
        _Pending(id=job.id, job=job)
        for job in call.cloud.jobs.pending()
        if job.caller.account.id == caller.id
        or (wide and world.may_use(caller, job.caller.account.id))
    ]

    def draw(thing: e.Entity) -> Body:
        if not isinstance(thing, _Pending):
            raise TypeError(thing)
        return _row(world, thing.job)

    return Rows("asyncjobs", found, draw)


_FAULTS = {"RouterFault": 2, "VpnClient": 3}
"""How many words each takes."""


async def configure_simulator(call: Call) -> Body:
    """configureSimulator: what the next commands to a router will do, or what breaks on it now.

    Beyond the names of CloudStack's simulator: `RouterFault` with `ROUTER:FAULT`, and `VpnClient`
    with `ROUTER:USER:HABIT`.
    """
    name, value = call.text("name"), call.text("value")
    parts = value.split(":")
    if name not in _FAULTS:
        call.cloud.simulator.configure(name, value, call.integer("count"))
        return {"success": True}
    if len(parts) != _FAULTS[name]:
        form = "ROUTER:FAULT" if name == "RouterFault" else "ROUTER:USER:HABIT"
        raise malformed(f"Invalid configureSimulator value {value}: {name} takes {form}")
    try:
        call.cloud.routers.fail(parts[0], parts[1] if len(parts) == 3 else "", parts[-1])
    except FaultUnknown as error:
        raise malformed(f"Invalid configureSimulator value {value}: {error}") from error
    return {"success": True}


HANDLERS: dict[str, Handler] = {
    "queryAsyncJobResult": query,
    "listAsyncJobs": pending,
    "configureSimulator": configure_simulator,
}
