"""The call that takes back what a call has made, where there is one."""

from typing import Final

import msgspec

from tui.cloud.models import Job
from tui.operations.call_states import CallState
from tui.operations.ledger import CallEntry
from tui.operations.sending import PlannedCall

LEAVE_REMAINS: Final = frozenset({"createRemoteAccessVpn"})
"""Commands whose job, when it fails, leaves something that has to be cleaned up."""

_OWNER = ("account", "domainid", "projectid")
_MADE = {
    "createFirewallRule": ("firewallrule", "deleteFirewallRule"),
    "createEgressFirewallRule": ("firewallrule", "deleteEgressFirewallRule"),
    "createNetworkACL": ("networkacl", "deleteNetworkACL"),
    "createNetworkACLList": ("networkacllist", "deleteNetworkACLList"),
    "associateIpAddress": ("ipaddress", "disassociateIpAddress"),
}


class _Made(msgspec.Struct, frozen=True):
    id: str = ""


def inverse(call: PlannedCall, job: Job) -> PlannedCall | None:
    """What takes `call` back after `job` has ended well; None where nothing can.

    A removal cannot be taken back from its own parameters: whoever plans one says how.
    """
    given = {name: str(value) for name, value in call.parameters}
    match call.command:
        case "createRemoteAccessVpn":
            return PlannedCall.of("deleteRemoteAccessVpn", publicipid=given["publicipid"])
        case "addVpnUser":
            owner = {name: given[name] for name in _OWNER if name in given}
            return PlannedCall.of("removeVpnUser", username=given["username"], **owner)
        case "createTags":
            kept = ("resourceids", "resourcetype", "tags[0].key")
            names = {name: given[name] for name in kept if name in given}
            return PlannedCall("deleteTags", tuple(names.items()))
    if call.command not in _MADE:
        return None
    key, command = _MADE[call.command]
    made = job.outcome(key, _Made)
    object_id = (made.id if made is not None else "") or job.instance_id
    return PlannedCall.of(command, id=object_id) if object_id else None


def what_remains(entry: CallEntry) -> PlannedCall | None:
    """The call that cleans up after one whose job has failed half-way; None where nothing is left.

    Only with what its own operation would take it back: one that makes a VPN anew after deleting
    it would otherwise end with none.
    """
    if not is_half_made(entry) or entry.last.undo is None:
        return None
    command, parameters = entry.last.undo
    return PlannedCall(command, tuple(parameters.items()))


def is_half_made(entry: CallEntry) -> bool:
    """Whether a call has left a VPN half-made: one that a router has refused stays in the database,
    in no list, its ports taken (recordings 06 and 10). Every other creation is taken back by the
    server when its job fails."""
    failed = entry.state is CallState.FAILED and entry.last.by_job
    return failed and entry.command in LEAVE_REMAINS
