"""Everything that is known before a VPN is disabled, and the plan that follows from it."""

from tui.operations.disable import DisablePlan
from tui.session.enabling import rules_of
from tui.session.reaching import refs_of
from tui.session.session import Session
from tui.session.verifying import connected_people
from tui.session.views import NetworkRow, range_of


async def disabling(session: Session, row: NetworkRow) -> DisablePlan | None:
    """The plan for the VPN of `row`, its rules and who is connected asked for anew; None where it
    has no address.

    The rules decide what is left afterwards.
    """
    if row.address is None:
        return None
    if row.kind == "network":
        await session.inventory.refresh_rules(row.address.id)
    whole = range_of(row.vpn) if row.vpn else None
    people = await connected_people(session, row)
    return DisablePlan(
        place=row.place,
        address_id=row.address.id,
        public_ip=row.address.address,
        client_range=str(whole) if whole else "",
        rules=rules_of(session.inventory, row) if row.kind == "network" else (),
        users=row.users,
        connected=None if people is None else len(people),
        names=people or (),
        routers=refs_of(session, row.routers),
    )
