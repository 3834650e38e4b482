"""Run operations by the book: nothing is sent before the journal has it, and what was broken off is
settled, resumed, rolled back or forgotten later, by this process or another."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion, HeldElsewhere
from tui.operations.journal import (
    DONE,
    FAILED,
    FORGOTTEN,
    OPEN,
    ROLLED_BACK,
    Journal,
    KeptOperation,
    new_operation_id,
)
from tui.operations.keeping import Keeping
from tui.operations.ledger import CallEntry, JournalUnavailable, Ledger, Record, entries_of
from tui.operations.reach import Reach
from tui.operations.registry import BY_KIND
from tui.operations.rollback import Reversal, RollBack, reversal
from tui.operations.steps import Operation, Step, StepEvent

Witness = Callable[[KeptOperation, Record], Awaitable[None]]
"""Is told of each call before it is sent and after its end; what it raises stops the operation."""


class CannotRollBack(Exception):
    """Why an operation cannot be rolled back now; `str()` is a sentence with what to do."""


class OpenOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that has not come to its end."""

    kept: KeptOperation
    entries: tuple[CallEntry, ...]
    running: bool
    """Whether it, or another change of the same, is being run now."""

    @property
    def says(self) -> str:
        """What is known, in sentences."""
        if self.running:
            return "It is being run now, in this console or another."
        counts = {
            state: sum(1 for entry in self.entries if entry.state is state) for state in CallState
        }
        open_calls = [e for e in self.entries if not e.settled and e.state is not CallState.INTENT]
        words = [f"{counts[CallState.DONE]} done"]
        if counts[CallState.FAILED]:
            words.append(f"{counts[CallState.FAILED]} failed")
        if counts[CallState.INTENT]:
            words.append(f"{counts[CallState.INTENT]} not sent")
        sentence = f"Calls so far: {', '.join(words)}."
        for entry in open_calls:
            sentence += f" {entry.command} was sent; what became of it is not known yet."
        return f"{self.kept.must_finish} {sentence}".strip()


class Books:
    """What runs the operations of one session."""

    def __init__(
        self,
        journal: Journal,
        exclusion: Exclusion,
        reach: Reach,
        *,
        cloud: str,
        profile: str,
        who: str,
        keeping: Callable[[], Awaitable[Keeping]],
        witness: Witness | None = None,
    ) -> None:
        """`cloud` is the URL of the API, `who` whose credentials are used."""
        self.journal = journal
        self._exclusion = exclusion
        self._reach = reach
        self._cloud, self._profile, self._who = cloud, profile, who
        self._keeping = keeping
        self._witness = witness
        self.trouble: JournalUnavailable | None = None
        """Why nothing can be written down, as last seen: then nothing may be changed."""

    # -- running -------------------------------------------------------------------------------

    async def run(
        self, operation: Operation, resumed: KeptOperation | None = None, *, may_send: bool = True
    ) -> AsyncIterator[StepEvent]:
        """Run an operation, a new one or one that goes on, and write down how it ends.

        Where nothing can be written, or another console changes the same, nothing is sent and the
        steps say why. When the run is cancelled the operation stays open.
        """
        try:
            async with self._exclusion.hold(self._cloud, operation.subject):
                kept = resumed or await self._begin(operation)
                async with self._exclusion.hold(self._cloud, _name_of(kept)):
                    records = await self.journal.records(kept.id) if resumed else ()
                    ledger = Ledger(records, self._committing(kept))
                    events: list[StepEvent] = []
                    async for event in operation.run(ledger, may_send=may_send):
                        events.append(event)
                        yield event
                    await self._end(kept, operation, events)
        except JournalUnavailable as problem:
            if not isinstance(problem, HeldElsewhere):
                self.trouble = problem
            for event in _refused(operation.plan(), problem):
                yield event

    async def check(self) -> None:
        """See whether something can be written down; `trouble` says why not."""
        try:
            await self.journal.check()
        except JournalUnavailable as problem:
            self.trouble = problem
        else:
            self.trouble = None

    async def _begin(self, operation: Operation) -> KeptOperation:
        await self.journal.check()
        self.trouble = None
        keeping = await self._keeping()
        operation_id = new_operation_id()
        kept = KeptOperation(
            id=operation_id,
            kind=operation.KIND,
            title=operation.title,
            subject=operation.subject,
            target=operation.target,
            cloud=self._cloud,
            profile=self._profile,
            who=self._who,
            wanted=keeping.write(operation.wanted, operation_id),
            began=self.journal.now(),
        )
        await self.journal.begin(kept)
        return kept

    def _committing(self, kept: KeptOperation) -> Callable[[Record], Awaitable[None]]:
        async def commit(record: Record) -> None:
            if self._witness is not None and record.state is CallState.SENT:
                await self._witness(kept, record)
            await self.journal.add(kept.id, record)
            if self._witness is not None and record.state not in _BEFORE:
                await self._witness(kept, record)

        return commit

    async def _end(
        self, kept: KeptOperation, operation: Operation, events: Sequence[StepEvent]
    ) -> None:
        """Write down how it has ended; it stays open where somebody has to go on with it."""
        last = {event.step.name: event for event in events}
        failed = any(event.state == "failed" for event in last.values())
        left_out = any(event.state == "running" for event in last.values())
        must_finish = operation.must_finish or kept.must_finish if failed or left_out else ""
        unsettled = bool(operation.ledger.unsettled)
        outcome = OPEN if unsettled or left_out or must_finish else FAILED if failed else DONE
        await self.journal.end(kept.id, outcome, must_finish=must_finish, target=operation.target)
        if outcome == DONE:
            await self.journal.settle_others(kept, operation.SETTLES)
        if isinstance(operation, RollBack):
            await self._note_taken_back(operation)

    async def _note_taken_back(self, rolled: RollBack) -> None:
        original = rolled.wanted.original
        records = await self.journal.records(original)
        ledger = Ledger(records, lambda record: self.journal.add(original, record))
        for key in rolled.taken_back:
            entry = ledger.entries.get(key)
            if entry is not None and entry.state is CallState.DONE:
                await ledger.note(entry, CallState.COMPENSATED)
        if rolled.all_back:
            await self.journal.end(original, ROLLED_BACK)

    # -- what is open --------------------------------------------------------------------------

    async def open_operations(self) -> tuple[OpenOperation, ...]:
        """The operations on this cloud that have not come to their end, oldest first."""
        kept = await self.journal.operations(cloud=self._cloud, only_open=True)
        return tuple([await self.look(one) for one in reversed(kept)])

    async def look(self, kept: KeptOperation) -> OpenOperation:
        """What the journal knows of an operation now."""
        records = await self.journal.records(kept.id)
        entries = tuple(entries_of(records).values())
        return OpenOperation(kept=kept, entries=entries, running=self._is_running(kept))

    def _is_running(self, kept: KeptOperation) -> bool:
        names = (kept.subject, _name_of(kept))
        return not all(self._exclusion.is_free(self._cloud, name) for name in names)

    async def rebuild(self, kept: KeptOperation) -> Operation:
        """The operation again. Raises `JournalUnavailable` where this version cannot."""
        kind = BY_KIND.get(kept.kind)
        if kind is None:
            raise JournalUnavailable(
                f"“{kept.title}” is of a kind that this csvpn does not know ({kept.kind})",
                "Use the version that began it, or forget it after looking at the lists.",
            )
        if kept.cloud != self._cloud:
            raise JournalUnavailable(
                f"“{kept.title}” belongs to another cloud ({kept.cloud})",
                f"Open the profile {kept.profile}.",
            )
        keeping = await self._keeping()
        try:
            wanted = keeping.read(kept.wanted, kind.WANTED, kept.id)
        except msgspec.DecodeError as error:
            raise JournalUnavailable(
                f"What “{kept.title}” wanted cannot be read: {error}",
                "Look at the lists, then forget it.",
            ) from error
        return kind.rebuild(wanted, self._reach)

    async def settle(self, kept: KeptOperation) -> OpenOperation:
        """Find out what became of the calls that were sent: by their jobs, then in the lists.

        Changes nothing in the cloud. Raises `JournalUnavailable`.
        """
        if not self._is_running(kept):
            operation = await self.rebuild(kept)
            async for _ in self.run(operation, kept, may_send=False):
                pass
            for found in await self.journal.operation(kept.id):
                kept = found
        return await self.look(kept)

    async def roll_back(self, kept: KeptOperation) -> tuple[RollBack, Reversal]:
        """What takes the operation back, to be run. Raises `CannotRollBack` and
        `JournalUnavailable`."""
        if (await self.settle(kept)).running:
            raise CannotRollBack("It is being run now; wait until it has ended.")
        undone = await self.reversal(kept)
        if undone.unsettled:
            names = ", ".join(entry.command for entry in undone.unsettled)
            raise CannotRollBack(
                f"What became of {names} is not known, so it cannot be taken back. Resume the "
                "operation, or look at the lists and forget it."
            )
        if not undone.calls:
            raise CannotRollBack("It has changed nothing that can be taken back; forget it.")
        return RollBack.of(self._reach.client, kept, undone), undone

    async def reversal(self, kept: KeptOperation) -> Reversal:
        """What rolling the operation back would do, as far as the journal knows."""
        operation = await self.rebuild(kept)
        titles = {step.name: step.title for step in operation.plan()}
        return reversal(await self.journal.records(kept.id), titles)

    async def forget(self, kept: KeptOperation) -> None:
        """Leave everything as it is and speak of it no more.

        Raises `HeldElsewhere` while it runs, and `JournalUnavailable`.
        """
        if self._is_running(kept):
            raise HeldElsewhere("It is being run now", "Wait until it has ended.")
        async with self._exclusion.hold(self._cloud, _name_of(kept)):
            await self.journal.end(kept.id, FORGOTTEN)


def _name_of(kept: KeptOperation) -> str:
    return f"operation {kept.id}"


_BEFORE = frozenset({CallState.INTENT, CallState.SENT, CallState.ACCEPTED})


def _refused(steps: Sequence[Step], problem: JournalUnavailable) -> list[StepEvent]:
    """The steps of an operation that did not begin."""
    why = "another console" if isinstance(problem, HeldElsewhere) else "the journal"
    return [
        StepEvent(step, "failed", str(problem), problem.remedy)
        if number == 0
        else StepEvent(step, "skipped", f"Not done, because of {why}.")
        for number, step in enumerate(steps)
    ]
