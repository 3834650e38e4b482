"""What an operation has sent: records in their order, and what they come to for each call."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec

from tui.operations.call_states import CallState, follow


class JournalUnavailable(Exception):
    """Nothing can be written down, so nothing may be changed. `str()` says what is wrong."""

    def __init__(self, says: str, remedy: str) -> None:
        super().__init__(says)
        self.remedy = remedy
        """What a person can do about it."""


CallKey = tuple[str, int]
"""The step's name, and which of its calls it is: 0 is the first."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal: a call has come to a state. Holds no secret."""

    step: str
    number: int
    """Which call of the step, from 0."""
    attempt: int
    """From 1."""
    state: CallState
    at: float
    """Seconds since the epoch by this machine's clock."""
    job_id: str = ""
    command: str = ""
    parameters: dict[str, str] = {}
    """As sent, secrets masked; only with `intent` and `sent`."""
    result: str = ""
    """JSON of the job's result without its secrets; only with `done`."""
    object_id: str = ""
    """What was made or found; only with `done`."""
    undo: "tuple[str, dict[str, str]] | None" = None
    """Command and parameters that take it back, None where nothing does; with `done`, and with
    `failed` what may clean up after a job that has failed."""
    says: str = ""
    """Why it failed, or how its outcome was learnt."""
    by_job: bool = False
    """Its job has failed, rather than the call been refused: something may be left behind; only
    with `failed`."""

    @property
    def key(self) -> CallKey:
        """Which call it is about."""
        return self.step, self.number


class CallEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one call, after its last record."""

    step: str
    number: int
    attempt: int
    state: CallState
    job_id: str
    command: str
    parameters: dict[str, str]
    sent_at: float | None = None
    """Seconds since the epoch when the present attempt was sent; None before."""
    maybe_before: bool = False
    """An earlier attempt was sent, and that it never arrived is inferred, not known."""
    last: Record

    @property
    def settled(self) -> bool:
        """Whether it is known what became of it."""
        return self.state in (CallState.DONE, CallState.FAILED, CallState.COMPENSATED)


NEVER_ARRIVED: Final = "it never arrived"
"""`Record.says` of an attempt that is given up because neither job nor effect is there."""


def fold(before: CallEntry | None, record: Record) -> CallEntry:
    """What is known after `record`. Raises `Disorder` where it cannot follow."""
    state = follow(before.state if before else None, record.state)
    if before is None or state is CallState.INTENT:
        inferred = before is not None and (before.maybe_before or before.last.says == NEVER_ARRIVED)
        return CallEntry(
            step=record.step,
            number=record.number,
            attempt=record.attempt,
            state=state,
            job_id=record.job_id,
            command=record.command,
            parameters=record.parameters,
            maybe_before=inferred,
            last=record,
        )
    sent_at = record.at if state is CallState.SENT else before.sent_at
    return msgspec.structs.replace(
        before, state=state, sent_at=sent_at, job_id=record.job_id, last=record
    )


def entries_of(records: Iterable[Record]) -> dict[CallKey, CallEntry]:
    """What the records come to, by call, in the order of the first intent of each."""
    found: dict[CallKey, CallEntry] = {}
    for record in records:
        found[record.key] = fold(found.get(record.key), record)
    return found


Commit = Callable[[Record], Awaitable[None]]
"""Puts a record on disk before it returns; raises `JournalUnavailable`."""


class Ledger:
    """The records of one operation. Nothing counts as noted before `commit` has returned."""

    def __init__(
        self,
        records: Iterable[Record] = (),
        commit: Commit | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Without `commit` the records are kept in memory only: for tests."""
        self.records = list(records)
        self.entries = entries_of(self.records)
        self._commit = commit
        self._now = now

    def entry(self, step: str, number: int) -> CallEntry | None:
        """What is known about a call; None before its first intent."""
        return self.entries.get((step, number))

    @property
    def unsettled(self) -> tuple[CallEntry, ...]:
        """The calls of which it is not known what became of them."""
        return tuple(
            entry
            for entry in self.entries.values()
            if not entry.settled and entry.state is not CallState.INTENT
        )

    async def intend(
        self, step: str, number: int, command: str, parameters: dict[str, str], job_id: str
    ) -> CallEntry:
        """Note that a call is going to be sent."""
        before = self.entry(step, number)
        attempt = before.attempt + 1 if before else 1
        return await self._note(
            Record(
                step=step,
                number=number,
                attempt=attempt,
                state=CallState.INTENT,
                at=self._now(),
                job_id=job_id,
                command=command,
                parameters=parameters,
            )
        )

    async def note(
        self,
        entry: CallEntry,
        state: CallState,
        *,
        says: str = "",
        result: str = "",
        object_id: str = "",
        undo: tuple[str, dict[str, str]] | None = None,
        job_id: str = "",
        by_job: bool = False,
    ) -> CallEntry:
        """Note that a call has come to `state`; `job_id` where the server chose another one."""
        return await self._note(
            Record(
                step=entry.step,
                number=entry.number,
                attempt=entry.attempt,
                state=state,
                at=self._now(),
                job_id=job_id or entry.job_id,
                command=entry.command,
                parameters=entry.parameters if state is CallState.SENT else {},
                says=says,
                result=result,
                object_id=object_id,
                undo=undo,
                by_job=by_job,
            )
        )

    async def _note(self, record: Record) -> CallEntry:
        entry = fold(self.entry(record.step, record.number), record)
        if self._commit is not None:
            await self._commit(record)
        self.records.append(record)
        self.entries[record.key] = entry
        return entry

    def seconds_since(self, entry: CallEntry) -> float:
        """How long ago a call was sent; 0 for one that was not, or by a clock that was set back."""
        return max(0.0, self._now() - entry.sent_at) if entry.sent_at is not None else 0.0
