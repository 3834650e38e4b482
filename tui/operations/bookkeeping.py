"""Run operations by the book: nothing is sent before the journal has it, and what was broken off is
settled, resumed, rolled back or forgotten later, by this process or another."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from weakref import WeakKeyDictionary, WeakSet

import msgspec

from tui.operations.call_states import CallState
from tui.operations.exclusion import Exclusion, HeldElsewhere
from tui.operations.handing_over import waiting_passwords
from tui.operations.journal import (
    DONE,
    FAILED,
    OPEN,
    ROLLED_BACK,
    Journal,
    KeptOperation,
    new_operation_id,
)
from tui.operations.keeping import Keeping
from tui.operations.ledger import JournalUnavailable, Ledger, Record
from tui.operations.reach import Reach
from tui.operations.registry import BY_KIND
from tui.operations.rollback import Reversal, RollBack, reversal
from tui.operations.steps import Operation, Step, StepEvent
from tui.operations.unfinished import OpenOperation, Unfinished, name_of

__all__ = ["Books", "CannotRollBack", "OpenOperation", "Witness"]

Witness = Callable[[KeptOperation, Record], Awaitable[None]]
"""Is told of each call before it is sent and after its end; what it raises stops the operation."""


class CannotRollBack(Exception):
    """Why an operation cannot be rolled back now; `str()` is a sentence with what to do."""


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
        self.unfinished = Unfinished(journal, exclusion)
        """What the journal knows of operations that are open, in every cloud."""
        self._ids: WeakKeyDictionary[Operation, str] = WeakKeyDictionary()
        self._waiting: WeakKeyDictionary[Operation, str] = WeakKeyDictionary()
        """The outcome of those that are over once their passwords were handed over."""
        self._handed_over: WeakSet[Operation] = WeakSet()
        self.trouble: JournalUnavailable | None = None
        """Why nothing can be written down, as last seen: then nothing may be changed."""

    def id_of(self, operation: object) -> str:
        """The id in the journal of an operation that was run or rebuilt here; "" for any other."""
        return self._ids.get(operation, "") if isinstance(operation, Operation) else ""

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
                if resumed is None:
                    kept = await self._begin(operation)
                else:
                    kept = await self._go_on(resumed, may_send=may_send)
                self._ids[operation] = kept.id
                async with self._exclusion.hold(self._cloud, name_of(kept)):
                    records = await self.journal.records(kept.id) if resumed else ()
                    ledger = Ledger(records, self._committing(kept))
                    events: list[StepEvent] = []
                    async for event in operation.run(ledger, may_send=may_send):
                        events.append(event)
                        if isinstance(operation, RollBack) and event.state == "done":
                            await self._note_taken_back(operation)
                        yield event
                    await self._end(kept, operation, events, may_send=may_send)
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

    async def _go_on(self, resumed: KeptOperation, *, may_send: bool) -> KeptOperation:
        """What the journal has of it now, open again; another console may have ended it meanwhile.

        Raises `JournalUnavailable` for one that is over, or that is being taken back.
        """
        (kept,) = await self.journal.operation(resumed.id) or (resumed,)
        if kept.outcome not in (OPEN, FAILED):
            raise JournalUnavailable(
                f"“{kept.title}” is over: {kept.outcome}", "Nothing is left to be done for it."
            )
        if not may_send:
            return kept
        backwards = (await self.unfinished.look(kept)).rolled_back_by
        if backwards:
            raise JournalUnavailable(
                f"“{kept.title}” is half taken back",
                f"Go on with taking it back ({backwards[:8]}), then begin anew.",
            )
        if kept.outcome == FAILED:
            await self.journal.end(kept.id, OPEN, must_finish=kept.must_finish)
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
        self,
        kept: KeptOperation,
        operation: Operation,
        events: Sequence[StepEvent],
        *,
        may_send: bool,
    ) -> None:
        """Write down how it has ended; it stays open where somebody has to go on with it."""
        last = {event.step.name: event for event in events}
        failed = any(event.state == "failed" for event in last.values())
        left_out = any(event.state == "running" for event in last.values())
        must_finish = operation.must_finish or kept.must_finish if failed or left_out else ""
        outcome = FAILED if failed else DONE
        if not must_finish and not left_out and operation not in self._handed_over:
            must_finish = waiting_passwords(operation)
            if must_finish:
                self._waiting[operation] = outcome
        if operation.ledger.unsettled or left_out or must_finish:
            outcome = OPEN
        await self._close(kept, operation, outcome, must_finish)
        if isinstance(operation, RollBack):
            await self._note_taken_back(operation)

    async def _close(
        self, kept: KeptOperation, operation: Operation, outcome: str, must_finish: str = ""
    ) -> None:
        over = outcome == DONE
        await self.journal.end(
            kept.id,
            outcome,
            must_finish=must_finish,
            target=operation.target,
            # Nobody needs its passwords any more.
            wanted=Keeping(None).write(operation.wanted, kept.id) if over else None,
        )
        if over:
            await self.journal.settle_others(kept, operation.SETTLES)

    async def hand_over(self, operation: object) -> None:
        """Note that somebody was given the passwords that an operation has made, or does not want
        them. Where that cannot be written down, they are asked about at the next start."""
        if not isinstance(operation, Operation):
            return
        self._handed_over.add(operation)
        outcome = self._waiting.get(operation, "")
        if not outcome:
            return
        try:
            for kept in await self.journal.operation(self.id_of(operation)):
                if kept.outcome == OPEN:
                    await self._close(kept, operation, outcome)
        except JournalUnavailable as problem:
            self.trouble = problem
        # Last, so that nobody who looks meanwhile takes it for one that waits for a person.
        self._waiting.pop(operation, None)

    async def hand_over_all(self) -> None:
        """The same for every operation that was run here."""
        for operation in list(self._waiting):
            await self.hand_over(operation)

    def awaits_hand_over(self, operation: object) -> bool:
        """Whether an operation is over but for passwords that nobody was shown yet."""
        return isinstance(operation, Operation) and operation in self._waiting

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
        return await self.unfinished.all(self._cloud)

    async def look(self, kept: KeptOperation) -> OpenOperation:
        """What the journal knows of an operation now."""
        return await self.unfinished.look(kept)

    def is_ours(self, kept: KeptOperation) -> bool:
        """Whether it was begun with this profile: what it leaves to the server, such as whose users
        are meant, depends on who asks."""
        return kept.cloud == self._cloud and kept.profile == self._profile

    def other_credentials(self, kept: KeptOperation) -> str:
        """The end of the key, or the name, with which it was begun where this is another one now;
        "" for the same."""
        return kept.who if kept.who != self._who else ""

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
        if not self.is_ours(kept):
            raise JournalUnavailable(
                f"“{kept.title}” was begun with another profile",
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
        operation = kind.rebuild(wanted, self._reach)
        self._ids[operation] = kept.id
        return operation

    def again(self, operation: Operation) -> Operation:
        """An operation of this process once more, with the passwords that it was given."""
        return type(operation).rebuild(operation.wanted, self._reach)

    async def settle(self, kept: KeptOperation) -> OpenOperation:
        """Find out what became of the calls that were sent: by their jobs, then in the lists.

        Changes nothing in the cloud. One that turns out to be wholly done is closed, unless it has
        made passwords that somebody has to see. Raises `JournalUnavailable`.
        """
        kept = await self._now(kept)
        if kept.outcome == OPEN and not self.unfinished.holder(kept):
            operation = await self.rebuild(kept)
            async for _ in self.run(operation, kept, may_send=False):
                pass
            kept = await self._now(kept)
        return await self.look(kept)

    async def _now(self, kept: KeptOperation) -> KeptOperation:
        return next(iter(await self.journal.operation(kept.id)), kept)

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
            raise CannotRollBack("It has changed nothing that can be taken back.")
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
        await self.unfinished.forget(kept)


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
