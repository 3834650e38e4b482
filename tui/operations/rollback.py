"""Take back what an operation has made: its calls' inverses, the last first."""

from collections.abc import Iterable, Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed, Validation
from tui.operations.call_states import CallState
from tui.operations.inverses import what_remains
from tui.operations.journal import KeptOperation
from tui.operations.ledger import CallEntry, CallKey, Record, entries_of
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step

_ALREADY_GONE = (
    "Could not find VPN user",
    "not allocated to any account",
    "Unable to find firewall rule",
    "Unable to find network ACL",
    "entity does not exist",
)
"""What the server says of something that is not there any more (recordings 06, 08 and 09)."""


class UndoCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that takes one call back."""

    step: str
    number: int
    title: str
    """What is taken back: `Add the user alice`."""
    command: str
    parameters: dict[str, str]

    @property
    def key(self) -> CallKey:
        """The call that it takes back."""
        return self.step, self.number


class RollBackPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taken back, of which operation."""

    original: str
    title: str
    subject: str
    target: tuple[str, str, str] = ("", "", "")
    calls: tuple[UndoCall, ...]


class Reversal(msgspec.Struct, frozen=True):
    """What rolling an operation back can and cannot do."""

    calls: tuple[UndoCall, ...]
    staying: tuple[CallEntry, ...]
    """Calls that are done and that nothing takes back."""
    unsettled: tuple[CallEntry, ...]
    """Calls of which it is not known what became of them."""


def reversal(records: Iterable[Record], titles: dict[str, str]) -> Reversal:
    """What takes back what `records` tell. `titles` are the titles of steps by their names.

    The last is taken back first: users before the VPN that they are on, since a user who is removed
    without one stays on the router; the address at the end.
    """
    entries = entries_of(records)
    done = _still_there([entry for entry in entries.values() if entry.state is CallState.DONE])
    left = [entry for entry in entries.values() if what_remains(entry) is not None]
    calls = [
        UndoCall(
            step=entry.step,
            number=entry.number,
            title=titles.get(entry.step, entry.step),
            command=undo[0],
            parameters=undo[1],
        )
        for entry in sorted(done + left, key=lambda entry: entry.last.at, reverse=True)
        if (undo := _undo_of(entry)) is not None
    ]
    return Reversal(
        tuple(calls),
        tuple(entry for entry in done if entry.last.undo is None),
        tuple(
            entry
            for entry in entries.values()
            if not entry.settled and entry.state is not CallState.INTENT
        ),
    )


def _still_there(done: list[CallEntry]) -> list[CallEntry]:
    """The calls in their order, without those that a later one has taken back, and without that.

    A user whose password was lost is added, removed and added again by one operation.
    """
    left: list[CallEntry] = []
    for entry in sorted(done, key=lambda entry: entry.last.at):
        sent = entry.command, entry.parameters
        before = [each for each in left if each.last.undo == sent]
        if before:
            left.remove(before[-1])
        else:
            left.append(entry)
    return left


def _undo_of(entry: CallEntry) -> tuple[str, dict[str, str]] | None:
    """What takes a call back, or cleans up after one that failed half-way."""
    remains = what_remains(entry)
    return remains.plain if remains is not None else entry.last.undo


class RollBack(Operation):
    """Take back what another operation has made, going on after a failure."""

    KIND = "roll-back"
    WANTED = RollBackPlan
    wanted: RollBackPlan

    def __init__(self, client: CloudClient, wanted: RollBackPlan) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.taken_back: list[CallKey] = []

    @classmethod
    def of(cls, client: CloudClient, original: KeptOperation, undone: Reversal) -> "RollBack":
        """What takes back `original`."""
        return cls(
            client,
            RollBackPlan(
                original=original.id,
                title=original.title,
                subject=original.subject,
                target=original.target,
                calls=undone.calls,
            ),
        )

    @property
    def title(self) -> str:
        return f"Roll back: {self.wanted.title}"

    @property
    def subject(self) -> str:
        return self.wanted.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return self.wanted.target

    @property
    def all_back(self) -> bool:
        """Whether everything was taken back."""
        return len(self.taken_back) == len(self.wanted.calls)

    def _actions(self) -> Sequence[Action]:
        return [self._action(call) for call in self.wanted.calls]

    def _action(self, undo: UndoCall) -> Action:
        call = PlannedCall(undo.command, tuple(undo.parameters.items()))
        step = Step(f"undo {undo.step} {undo.number}", f"Take back: {undo.title}", call)

        async def do() -> Outcome:
            warning = not await self._send(call)
            self.taken_back.append(undo.key)
            return Outcome("It was gone already." if warning else "Taken back.", warning=warning)

        return Action(step, do, essential=False)

    async def _send(self, call: PlannedCall) -> bool:
        """False where there was nothing to take back any more."""

        async def not_seen() -> bool:
            return False  # what takes something back may be sent again: then it is gone already

        try:
            await self.send(call, look=not_seen)
        except (JobFailed, Validation) as problem:
            if not any(words in problem.text for words in _ALREADY_GONE):
                raise
            return False
        return True
