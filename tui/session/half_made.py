"""VPNs that a router refused half-way: no list shows them, so their jobs are remembered."""

from typing import Final

from tui.cloud.errors import JobFailed
from tui.session.inventory import Inventory
from tui.session.tray import Task

_DECIDING: Final = ("gone", "delete", "create", "vpn")
"""Names of the steps that delete or make a VPN, in whatever operation."""


def note_half_made(inventory: Inventory, address_id: str, task: Task) -> None:
    """Remember, or forget, that the VPN on the address is half-made, after `task` on it.

    Only the steps that make or delete it decide, the last one of them: users and ports may fail on
    a VPN that is fine. Without an address (it was acquired on the way) nothing is noted.
    """
    if not address_id:
        return
    for event in task.latest.values():
        if event.step.name not in _DECIDING:
            continue
        if event.state == "failed" and isinstance(event.error, JobFailed):
            inventory.half_made[address_id] = event.says
        elif event.state == "done":
            inventory.half_made.pop(address_id, None)
