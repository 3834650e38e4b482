"""The call that takes back what a call has made, where there is one."""

import msgspec

from tui.cloud.models import Job
from tui.operations.call_states import CallState
from tui.operations.ledger import CallEntry
from tui.operations.sending import PlannedCall

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

    A VPN that the router has refused stays in the database: in no list, its ports taken. Deleting
    it by its address removes it (recording 10). Any other creation is taken back by the server.
    """
    if entry.state is not CallState.FAILED or not entry.last.by_job:
        return None
    if entry.command != "createRemoteAccessVpn":
        return None
    return PlannedCall.of("deleteRemoteAccessVpn", publicipid=entry.parameters["publicipid"])
