"""VPNs that a router refused half-way: no list shows them, so their jobs are remembered."""

from tui.cloud.errors import JobFailed
from tui.session.inventory import Inventory
from tui.session.tray import Task, TaskState


def note_half_made(inventory: Inventory, address_id: str, task: Task) -> None:
    """Remember, or forget, that the VPN on the address is half-made, after `task` on it."""
    if task.state is TaskState.DONE:
        inventory.half_made.pop(address_id, None)
        return
    for event in task.latest.values():
        if event.step.name == "vpn" and event.state == "failed":
            if isinstance(event.error, JobFailed):
                inventory.half_made[address_id] = event.says
            return
