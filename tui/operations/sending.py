"""Send one call so that it happens once, whatever is lost on the way and whenever we are killed.

The same code serves the first run and every later one: it goes on from what the ledger knows of the
call. Before anything is sent the intent is on disk, with the id of the job that the call will have.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from tui.cloud.calls import SECRET_PARAMETERS, as_cloudmonkey, masked
from tui.cloud.client import CloudClient
from tui.cloud.errors import (
    CloudError,
    JobCancelled,
    JobFailed,
    JobUnknown,
    Network,
    NotCloudStack,
    OutcomeUnknown,
    Validation,
)
from tui.cloud.jobs import ended, new_job_id
from tui.cloud.models import Job
from tui.cloud.models.jobs import JobStatus
from tui.operations.call_states import CallState, Move, may_repeat, next_move
from tui.operations.ledger import NEVER_ARRIVED, CallEntry, Ledger
from tui.safety.redact import redact
from tui.safety.secret import Secret

Argument = str | Secret

Look = Callable[[], Awaitable[bool | str | None]]
"""Whether the effect of the call is to be seen in the lists: the id of what it made or True, False
(or ""), None where the lists cannot tell it from somebody else's."""

ATTEMPTS: Final = 3
"""How often a call that never arrives is sent in one run before a person is asked."""


class PlannedCall(msgspec.Struct, frozen=True):
    """One call that changes something, exactly as it will be sent."""

    command: str
    parameters: tuple[tuple[str, Argument], ...] = ()

    @classmethod
    def of(cls, command: str, **parameters: Argument) -> "PlannedCall":
        """The call `command` with these parameters, in this order."""
        return cls(command, tuple(parameters.items()))

    def cloudmonkey(self) -> str:
        """The line for CloudMonkey, with secrets masked."""
        return as_cloudmonkey(self.command, dict(self.parameters))

    @property
    def plain(self) -> tuple[str, dict[str, str]] | None:
        """Command and parameters for the journal; None for a call with a secret in it."""
        if any(isinstance(value, Secret) for _, value in self.parameters):
            return None
        return self.command, {name: str(value) for name, value in self.parameters}


Undo = PlannedCall | Callable[[Job], PlannedCall | None] | None
"""What takes a call back: known before, or from its job; None where nothing does."""


class NotSentYet(Exception):
    """The run may only find out what became of calls, and this one is still to be sent."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a step, on its way."""

    client: CloudClient
    ledger: Ledger
    step: str
    number: int
    call: PlannedCall
    look: Look | None = None
    undo: Undo = None
    only_one: bool = False
    """What the call makes can exist only once, so a look that does not see it is proof."""
    may_send: bool = True
    """False: only find out; raises `NotSentYet` where something would be sent."""

    async def run(self) -> Job:
        """Bring the call to its end and return its job; one that was done before as it was.

        A job that comes from the journal has no secrets in its result, one that was only inferred
        from the lists has none at all. Raises what the client raises, and `NotSentYet`.
        """
        job_missing, looks = False, 0
        while True:
            entry = self.ledger.entry(self.step, self.number)
            move = next_move(entry.state if entry else None, job_missing=job_missing)
            if move is Move.LOOK:
                looks += 1
            try:
                job = await self._make(move, entry, last=looks >= ATTEMPTS)
            except OutcomeUnknown as problem:
                if not problem.job_missing or move is Move.LOOK:
                    raise
                job_missing = True
                continue
            if job is not None:
                return job
            job_missing = False

    async def _make(self, move: Move, entry: CallEntry | None, *, last: bool) -> Job | None:
        """Make one move; None where the next one is to begin again."""
        if entry is not None:
            match move:
                case Move.NOTHING:
                    return _job_of(entry)
                case Move.LOOK:
                    return await self._decide(entry, last=last)
                case Move.ASK:
                    return await self._ask(entry)
                case Move.BEGIN | Move.SEND:
                    pass
        if not self.may_send:
            raise NotSentYet
        if entry is None or move is Move.BEGIN:
            entry = await self._begin()
        return await self._send(entry)

    async def _begin(self) -> CallEntry:
        shown = masked(dict(self.call.parameters))
        return await self.ledger.intend(
            self.step, self.number, self.call.command, shown, new_job_id()
        )

    async def _send(self, entry: CallEntry) -> Job:
        entry = await self.ledger.note(entry, CallState.SENT)
        parameters = dict(self.call.parameters)
        try:
            submitted = await self.client.submit(
                self.call.command, job_id=entry.job_id, **parameters
            )
        except OutcomeUnknown as problem:
            await self._fall_silent(entry, problem)
            raise
        except (Network, NotCloudStack) as problem:
            await self._fail(entry, problem)
            raise
        except Validation as problem:
            if not entry.maybe_before or not (found := await self._look()):
                await self._fail(entry, problem)
                raise
            return await self._finish(entry, None, found, "an earlier try had gone through")
        except CloudError as problem:
            await self._fail(entry, problem)
            raise
        entry = await self.ledger.note(entry, CallState.ACCEPTED, job_id=submitted.job_id)
        return await self._await(entry)

    async def _ask(self, entry: CallEntry) -> Job:
        """What became of a call of which nothing is known since it was sent or accepted."""
        if entry.state is CallState.ACCEPTED:
            return await self._await(entry)
        try:
            job = await self.client.recover(
                entry.job_id, self.call.command, self.ledger.seconds_since(entry)
            )
        except OutcomeUnknown as problem:
            await self._fall_silent(entry, problem)
            raise
        if not job.done:
            entry = await self.ledger.note(entry, CallState.ACCEPTED)
            return await self._await(entry)
        return await self._end(entry, job)

    async def _await(self, entry: CallEntry) -> Job:
        try:
            job = await self.client.wait(entry.job_id)
        except (JobFailed, JobCancelled) as problem:
            await self._fail(entry, problem)
            raise
        except JobUnknown as problem:
            unknown = OutcomeUnknown(
                f"the server has forgotten the job of {self.call.command}",
                job_id=entry.job_id,
                command=self.call.command,
                job_missing=True,
            )
            await self._fall_silent(entry, unknown)
            raise unknown from problem
        except OutcomeUnknown as problem:
            await self._fall_silent(entry, problem)
            raise
        return await self._end(entry, job)

    async def _end(self, entry: CallEntry, job: Job) -> Job:
        try:
            ended(job)
        except (JobFailed, JobCancelled) as problem:
            await self._fail(entry, problem)
            raise
        await self._finish(entry, job, "", "")
        return job

    async def _decide(self, entry: CallEntry, *, last: bool) -> Job | None:
        """No job is there: the lists say whether the effect is, and so whether to send again."""
        found = await self._look()
        if found:
            return await self._finish(entry, None, found, "seen in the list; its reply was lost")
        if last or not may_repeat(self.call.command, found, only_one=self.only_one):
            raise OutcomeUnknown(
                f"{self.call.command} was sent and its reply lost; the server does not know its "
                "job, and no list shows what it was to do",
                job_id=entry.job_id,
                command=self.call.command,
                job_missing=True,
            )
        await self.ledger.note(entry, CallState.FAILED, says=NEVER_ARRIVED)
        return None

    async def _look(self) -> bool | str | None:
        return None if self.look is None else await self.look()

    async def _finish(self, entry: CallEntry, job: Job | None, found: bool | str, says: str) -> Job:
        object_id = found if isinstance(found, str) else ""
        result = "" if job is None else without_secrets(job.result)
        made = job or Job(
            job_id=entry.job_id, status_code=JobStatus.SUCCEEDED, instance_id=object_id
        )
        undo = self.undo(made) if callable(self.undo) else self.undo
        await self.ledger.note(
            entry,
            CallState.DONE,
            says=says,
            result=result,
            object_id=object_id or made.instance_id,
            undo=undo.plain if undo else None,
        )
        return made

    async def _fail(self, entry: CallEntry, problem: CloudError) -> None:
        by_job = isinstance(problem, JobFailed | JobCancelled)
        # Only from the call itself: there is no job that has made something.
        undo = self.undo(Job(job_id=entry.job_id)) if by_job and callable(self.undo) else None
        await self.ledger.note(
            entry,
            CallState.FAILED,
            says=redact(problem.text),
            by_job=by_job,
            undo=undo.plain if undo else None,
        )

    async def _fall_silent(self, entry: CallEntry, problem: OutcomeUnknown) -> None:
        # One that is unknown already has nothing to add.
        if entry.state is not CallState.UNKNOWN:
            await self.ledger.note(entry, CallState.UNKNOWN, says=redact(problem.text))


def _job_of(entry: CallEntry) -> Job:
    """The job of a call that was done before."""
    record = entry.last
    return Job(
        job_id=entry.job_id,
        status_code=JobStatus.SUCCEEDED,
        result=msgspec.Raw(record.result.encode()) if record.result else msgspec.Raw(b"null"),
        instance_id=record.object_id,
    )


def without_secrets(result: msgspec.Raw) -> str:
    """The JSON of a job's result, with every member that carries a secret left out."""
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.encode(_stripped(msgspec.json.decode(result))).decode()
    return ""


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _stripped(v) for k, v in value.items() if k.lower() not in SECRET_PARAMETERS}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return value
