"""VPNs that a router refused half-way: no list shows them, so their jobs are remembered, by this
console while it runs and by the journal for the next one."""

from collections.abc import Sequence
from typing import Final

from tui.cloud.errors import JobFailed
from tui.operations.journal import FORGOTTEN, OPEN
from tui.operations.unfinished import OpenOperation
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


def note_from_journal(
    inventory: Inventory, known: Sequence[OpenOperation], noted: dict[str, str]
) -> None:
    """Remember the half-made VPNs that operations in the journal tell of, and forget those of
    operations that are over: finished, taken back, or made unnecessary by another one.

    `noted` has the address that each operation has told of so far, by its id. An operation that a
    person has forgotten leaves its VPN as it is: half-made.
    """
    for operation in known:
        if operation.kept.outcome not in (OPEN, FORGOTTEN):
            inventory.half_made.pop(noted.pop(operation.kept.id, ""), None)
    for operation in known:
        address_id, says = operation.half_made
        if address_id and operation.kept.outcome == OPEN:
            inventory.half_made.setdefault(address_id, says)
            noted[operation.kept.id] = address_id
