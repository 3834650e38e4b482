"""Let VPN clients into a tier: an entry of its ACL list for the client range."""

from collections.abc import Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import Validation
from tui.cloud.listings import ACLS
from tui.cloud.models import AclList, Job, NetworkAcl
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.acls import AclChange, AclEntry, AclFacts, judge_acl
from tui.vpn.cidrs import readable_networks


def acl_entry(row: NetworkAcl) -> AclEntry:
    """An entry of an ACL list."""
    return AclEntry(
        id=row.id,
        number=row.number if row.number is not None else 0,
        allows=row.action.lower() == "allow",
        protocol=row.protocol.lower() or "all",
        start=row.start_port,
        end=row.end_port,
        cidrs=tuple(part.strip() for part in row.cidr_list.split(",") if part.strip()),
        ingress=row.traffic_type.lower() != "egress",
        reason=row.reason,
    )


def acl_facts(acl: AclList, rows: Sequence[NetworkAcl]) -> AclFacts:
    """An ACL list with its entries; one of no VPC is one of the cloud's own."""
    entries = tuple(acl_entry(row) for row in rows if row.acl_id in ("", acl.id))
    return AclFacts(acl.id, acl.name, not acl.vpc_id, entries)


class ClientsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which clients are to be let into which tier."""

    acl_id: str
    acl_name: str
    tier: str
    """Name of the tier that it is done for; others may use the list as well."""
    change: AclChange


class AllowClients(Operation):
    """Make the entry, remove the ones that it replaces, and look once more."""

    KIND = "allow-clients"
    WANTED = ClientsWanted
    wanted: ClientsWanted

    def __init__(self, client: CloudClient, wanted: ClientsWanted) -> None:
        super().__init__(client)
        self.wanted = wanted

    @property
    def title(self) -> str:
        return f"Let VPN clients reach {self.wanted.change.opening} of {self.wanted.tier}"

    @property
    def subject(self) -> str:
        return f"acl {self.wanted.acl_id}"

    @property
    def target(self) -> tuple[str, str, str]:
        return "NetworkACL", self.wanted.acl_id, self.wanted.acl_name

    def _actions(self) -> Sequence[Action]:
        wanted = self.wanted
        call = _creating(wanted.acl_id, wanted.change)
        title = f"Add entry {wanted.change.number} to {wanted.acl_name}"
        look = Step("acl", f"See what VPN clients reach of {wanted.tier}")
        return [
            Action(Step("entry", title, call), self._add),
            *(self._removing(entry) for entry in wanted.change.replaces),
            Action(look, self._look),
        ]

    async def _entries(self) -> list[NetworkAcl]:
        return await self.rows(ACLS, aclid=self.wanted.acl_id, listall="true")

    async def _add(self) -> Outcome:
        change = self.wanted.change

        async def look() -> str:
            return next((r.id for r in await self._entries() if _is(acl_entry(r), change)), "")

        await self.send(_creating(self.wanted.acl_id, change), look=look)
        return Outcome(f"Entry {change.number} lets {', '.join(change.cidrs)} in.")

    def _removing(self, entry: AclEntry) -> Action:
        call = PlannedCall.of("deleteNetworkACL", id=entry.id)
        title = f"Remove entry {entry.number}, which was for another client range"

        async def gone() -> bool:
            return all(row.id != entry.id for row in await self._entries())

        async def do() -> Outcome:
            try:
                undo = _creating_again(self.wanted.acl_id, entry)
                _job: Job = await self.send(call, look=gone, undo=undo)
            except Validation:
                if not await gone():
                    raise
                return Outcome(f"Somebody else has removed entry {entry.number}.", warning=True)
            return Outcome(f"Entry {entry.number} is removed.")

        return Action(Step(f"delete {entry.id}", title, call), do, essential=False)

    async def _look(self) -> Outcome:
        wanted = self.wanted
        rows = await self._entries()
        facts = AclFacts(wanted.acl_id, wanted.acl_name, False, tuple(map(acl_entry, rows)))
        if not any(_is(entry, wanted.change) for entry in facts.entries):
            says = f"Entry {wanted.change.number} is not in {wanted.acl_name}."
            raise StepFailed(says, "Somebody else may have changed the list; look at it again.")
        waiting = any(_is(acl_entry(r), wanted.change) and r.state != "Active" for r in rows)
        remedy = "The router has not taken the entry yet: look at its state." if waiting else ""
        verdict = judge_acl(facts, readable_networks(wanted.change.cidrs))
        return Outcome(f"{wanted.tier}: {verdict.says}", warning=waiting, remedy=remedy)


def _is(entry: AclEntry, change: AclChange) -> bool:
    return (entry.number, entry.allows, {*entry.cidrs}) == (change.number, True, {*change.cidrs})


def _creating(acl_id: str, change: AclChange) -> PlannedCall:
    opening = change.opening
    entry = AclEntry(
        "", change.number, True, opening.protocol, opening.start, opening.end, change.cidrs,
        reason=change.reason,
    )  # fmt: skip
    return _creating_again(acl_id, entry)


def _creating_again(acl_id: str, entry: AclEntry) -> PlannedCall:
    parameters = {"aclid": acl_id, "number": str(entry.number), "protocol": entry.protocol}
    if entry.start is not None:
        end = entry.end if entry.end is not None else entry.start
        parameters |= {"startport": str(entry.start), "endport": str(end)}
    elif entry.protocol == "icmp":
        parameters |= {"icmptype": "-1", "icmpcode": "-1"}
    parameters |= {
        "action": "Allow" if entry.allows else "Deny",
        "traffictype": "Ingress",
        "cidrlist": ",".join(entry.cidrs),
    }
    if entry.reason:
        parameters["reason"] = entry.reason
    return PlannedCall.of("createNetworkACL", **parameters)
