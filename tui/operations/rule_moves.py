"""The steps that make and remove firewall rules in the order of a plan."""

from collections.abc import Sequence

import msgspec

from tui.cloud.errors import Conflict, Validation
from tui.cloud.listings import FIREWALL_RULES
from tui.cloud.models import Job
from tui.operations.facts import Owner, ingress_rule
from tui.operations.firewall import creating_call
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.cidrs import not_covered
from tui.vpn.moves import Move
from tui.vpn.ports import IngressRule, rule_sentence
from tui.vpn.slots import GONE, Slot, texts_of


class _Made(msgspec.Struct, frozen=True):
    id: str = ""


class RuleMover:
    """Makes the steps for the moves of one address, and remembers the ids of what was made."""

    def __init__(self, operation: Operation, address_id: str, owner: Owner) -> None:
        self._operation = operation
        self._owner = owner
        self.address_id = address_id
        self.ids: dict[str, str] = {}
        """The id of each rule that was made, by the name that the plan gives it; "" for one that
        somebody else has made instead."""
        self.removed: set[str] = set()
        """The ids of the rules that were removed, and not by somebody else."""

    async def rules(self) -> tuple[IngressRule, ...]:
        """The rules of the address as they are now."""
        rows = await self._operation.rows(
            FIREWALL_RULES, ipaddressid=self.address_id, **self._owner.listing
        )
        return tuple(ingress_rule(row) for row in rows)

    def actions(self, moves: Sequence[Move]) -> list[Action]:
        """The steps for `moves`; each of them needs the ones before."""
        return [self._making(m) if m.kind == "make" else self._removing(m) for m in moves]

    def _making(self, move: Move) -> Action:
        rule = move.rule
        call = creating_call(self.address_id, rule)
        title = f"Open {rule_sentence(rule)}"
        step = Step(
            rule.id, f"{title} while the rules are exchanged" if move.passing else title, call
        )

        async def do() -> Outcome:
            return await self._make(rule, call)

        return Action(step, do)

    async def _make(self, rule: IngressRule, call: PlannedCall) -> Outcome:
        async def look() -> str:
            return _same_as(rule, await self.rules())

        try:
            job = await self._operation.send(call, look=look)
        except Conflict:
            # Somebody else may have made just this rule meanwhile.
            slot = Slot.of(rule)
            covering = [one for one in await self.rules() if slot.lies_in(Slot.of(one))]
            if not_covered(rule.sources, texts_of(covering)):
                raise
            self.ids[rule.id] = ""
            return Outcome(
                f"{rule_sentence(rule)}: somebody else has just opened it.", warning=True
            )
        self.ids[rule.id] = _made_by(job) or await look()
        return Outcome(f"{rule_sentence(rule)}.")

    def _removing(self, move: Move) -> Action:
        rule = move.rule
        title = f"Delete the rule for {rule_sentence(rule)}"
        step = Step(f"delete {rule.id}", title, self._deleting(rule))

        async def do() -> Outcome:
            return await self._remove(rule)

        return Action(step, do)

    def _deleting(self, rule: IngressRule) -> PlannedCall:
        new = rule.id.partition(" ")[2]
        known = self.ids.get(rule.id) or (f"<id of {rule.id}>" if new else rule.id)
        return PlannedCall.of("deleteFirewallRule", id=known)

    async def _remove(self, rule: IngressRule) -> Outcome:
        if self.ids.get(rule.id) == "":
            return Outcome(f"{rule_sentence(rule)} is not ours to remove.", skipped=True)
        call = self._deleting(rule)
        key = dict(call.parameters)["id"]

        async def gone() -> bool:
            return all(other.id != key for other in await self.rules())

        try:
            undo = creating_call(self.address_id, rule)
            await self._operation.send(call, look=gone, undo=undo)
        except Validation:
            if not await gone():
                raise
            says = f"{rule_sentence(rule)}: somebody else has just removed it."
            return Outcome(says, warning=True)
        self.removed.add(rule.id)
        return Outcome(f"{rule_sentence(rule)} is removed.")

    def was_done(self, move: Move) -> bool:
        """Whether there is anything for a move of `plan_return` to take back."""
        if move.kind == "remove":
            return move.passing or move.rule.id in self.ids
        return move.passing or move.rule.id.removeprefix("again ") in self.removed


def _made_by(job: Job) -> str:
    made = job.outcome("firewallrule", _Made)
    return made.id if made is not None and made.id else job.instance_id


def _same_as(rule: IngressRule, present: Sequence[IngressRule]) -> str:
    """The id of the rule that lets in the same, however its sources are ordered; "" for none."""
    slot, texts = Slot.of(rule), texts_of([rule])
    same = (one.id for one in present if Slot.of(one) == slot and texts_of([one]) == texts)
    return next(same, "")


def compare(
    expected: Sequence[IngressRule], present: Sequence[IngressRule], slots: Sequence[Slot]
) -> tuple[str, ...]:
    """What the rules in `slots` have that was not expected, or lack, in sentences."""
    found = []
    for slot in slots:
        want, have = (
            texts_of(rule for rule in rules if Slot.of(rule) == slot and rule.state not in GONE)
            for rules in (expected, present)
        )
        for cidr in sorted(want - have):
            found.append(f"{rule_sentence(slot.rule('', [cidr]))} is missing")
        for cidr in sorted(have - want):
            found.append(f"{rule_sentence(slot.rule('', [cidr]))} is there too")
    return tuple(found)


def failed_check(found: Sequence[str], remedy: str) -> StepFailed:
    """What a last look raises when the rules are not as they should be."""
    return StepFailed(f"The rules are not as planned: {'; '.join(found)}.", remedy)
