"""The routers of a network as operations take them: named, and reached when a step needs them."""

from collections.abc import Iterable

from tui.cloud.models import Router
from tui.operations.router_changes import Reaching, RouterHand, RouterRef
from tui.router.errors import PathUnknown, RouterError
from tui.session.session import Session
from tui.session.verifying import is_standby


def refs_of(session: Session, routers: Iterable[Router]) -> tuple[RouterRef, ...]:
    """Those routers that run and that the profile says how to reach."""
    found = []
    for router in routers:
        if router.state != "Running":
            continue
        try:
            session.routers.path_of(router)
        except PathUnknown:
            continue
        found.append(RouterRef(router.id, router.name, is_standby(router)))
    return tuple(found)


def reaching(session: Session) -> Reaching:
    """What opens the connection to a router by its id."""

    async def reach(router_id: str) -> RouterHand:
        router = session.inventory.routers.rows.get(router_id)
        if router is None:
            raise RouterError("the router is not listed any more", "list the routers again")
        return await session.routers.connection(router)

    return reach
