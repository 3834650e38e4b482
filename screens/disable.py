"""Disable a VPN, after saying what that will and will not remove."""

from screens.frame import SectionScreen
from screens.leftovers import offer_to_clean
from tui.operations.disable import DisableVpn, consequences
from tui.session.disabling import disabling
from tui.session.half_made import note_half_made
from tui.session.inventory import Kind
from tui.session.reaching import reaching
from tui.session.tray import Task
from tui.session.views import row_of_address


def ask_to_disable(section: SectionScreen, address_id: str) -> None:
    """Look at the rules of the address first, since they decide what is left; then ask."""
    section.run_worker(
        _ask(section, address_id), group="disable", exclusive=True, exit_on_error=False
    )


async def _ask(section: SectionScreen, address_id: str) -> None:
    session = section.session
    row = row_of_address(session.inventory, address_id)
    plan = await disabling(session, row) if row is not None else None
    if row is None or plan is None:
        section.notify("The network of this address is not listed any more.", severity="warning")
        return
    reach = reaching(session) if plan.routers else None
    operation = DisableVpn(session.client, plan, reach=reach)

    def ended(task: Task) -> None:
        note_half_made(session.inventory, address_id, task)
        if task.failure is None:
            offer_to_clean(section, operation)

    section.ask_and_start(
        operation,
        consequences(plan),
        "Disable",
        [Kind.VPNS, Kind.USERS, Kind.ADDRESSES],
        address_id=address_id if row.kind == "network" else "",
        after=ended,
    )
