"""Disable a VPN, after saying what that will and will not remove."""

from screens.frame import SectionScreen
from tui.operations.disable import DisablePlan, DisableVpn, consequences
from tui.session.enabling import rules_of
from tui.session.half_made import note_half_made
from tui.session.inventory import Kind
from tui.session.reaching import reaching, refs_of
from tui.session.verifying import connected_people
from tui.session.views import range_of, row_of_address


def ask_to_disable(section: SectionScreen, address_id: str) -> None:
    """Look at the rules of the address first, since they decide what is left; then ask."""
    section.run_worker(
        _ask(section, address_id), group="disable", exclusive=True, exit_on_error=False
    )


async def _ask(section: SectionScreen, address_id: str) -> None:
    session = section.session
    inventory = session.inventory
    row = row_of_address(inventory, address_id)
    if row is None or row.address is None:
        section.notify("The network of this address is not listed any more.", severity="warning")
        return
    if row.kind == "network":
        await inventory.refresh_rules(address_id)
    whole = range_of(row.vpn) if row.vpn else None
    plan = DisablePlan(
        place=row.place,
        address_id=address_id,
        public_ip=row.address.address,
        client_range=str(whole) if whole else "",
        rules=rules_of(inventory, row),
        users=row.users,
        connected=await connected_now(session, row),
    )
    section.ask_and_start(
        DisableVpn(session.client, plan),
        consequences(plan),
        "Disable",
        [Kind.VPNS, Kind.USERS, Kind.ADDRESSES],
        address_id=address_id if row.kind == "network" else "",
        after=lambda task: note_half_made(inventory, address_id, task),
    )
