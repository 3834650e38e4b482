"""Everything that is known before a router or a network is restarted, and the plan."""

from tui.operations.restart import RestartPlan, Way
from tui.operations.router_changes import RouterRef
from tui.session.session import Session
from tui.session.verifying import connected_people, is_standby
from tui.session.views import NetworkRow


async def restart_plan(
    session: Session, row: NetworkRow, way: Way, router_name: str = ""
) -> RestartPlan | str:
    """The plan, or why there is none in a sentence.

    Of several routers one has to be named; without a name the only one is meant.
    """
    routers = list(row.routers)
    if way == "router":
        if router_name:
            routers = [each for each in routers if router_name in (each.name, each.id)]
        names = ", ".join(each.name for each in row.routers)
        if not routers:
            known = f"; it has {names}" if names else ", none of its routers is known"
            return f"{row.name} has no router {router_name}{known}."
        if len(routers) > 1:
            return f"{row.name} has several routers: name one of {names}."
        if routers[0].state != "Running":
            return f"{routers[0].name} is {routers[0].state}; only a running one can be rebooted."
    elif row.network is not None and row.network.state not in ("Implemented", "Setup"):
        return f"{row.name} is {row.network.state}: no machine has used it, so nothing runs yet."
    return RestartPlan(
        place=row.place,
        way=way,
        routers=tuple(RouterRef(each.id, each.name, is_standby(each)) for each in routers),
        connected=await connected_people(session, row) if row.vpn is not None else (),
        has_vpn=row.vpn is not None,
    )
