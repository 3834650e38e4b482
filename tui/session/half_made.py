"""VPNs that a router refused half-way: no list shows them, so their jobs are remembered."""

from tui.cloud.errors import JobFailed
from tui.session.inventory import Inventory
from tui.session.tray import Task


def note_half_made(inventory: Inventory, address_id: str, task: Task) -> None:
    """Remember, or forget, that the VPN on the address is half-made, after `task` on it.

    Only the step that enables or disables decides: users and ports may fail on a VPN that is fine.
    Without an address (it was acquired on the way) nothing is noted.
    """
    event = task.latest.get("vpn")
    if event is None or not address_id:
        return
    if event.state == "failed" and isinstance(event.error, JobFailed):
        inventory.half_made[address_id] = event.says
    elif event.state == "done":
        inventory.half_made.pop(address_id, None)
