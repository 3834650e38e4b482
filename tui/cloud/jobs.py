"""Waiting for jobs, and finding one whose reply was lost."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from uuid import uuid4

import msgspec

from tui.cloud.clock import Clock
from tui.cloud.errors import (
    CloudError,
    JobCancelled,
    JobFailed,
    JobUnknown,
    Network,
    OutcomeUnknown,
)
from tui.cloud.models.jobs import Job, JobStatus
from tui.cloud.refusals import Refusal, error_of
from tui.cloud.retries import is_worth_a_try
from tui.cloud.wire import decode

FIRST_POLL: Final = 0.2
SLOWEST_POLL: Final = 3.0
_GROWTH: Final = 1.5
_JITTER: Final = 0.2

LOST_REPLY_PATIENCE: Final = 60.0
"""Seconds for which a job that must exist is looked for: for commands that create something the
server makes the object before the job, so `unknown` right after sending proves nothing."""

DROPPED_LINK_PATIENCE: Final = 120.0
"""Seconds for which a waiting client puts up with a server that does not answer."""

_LOWER_CASE_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

AskJob = Callable[[str], Awaitable[Job]]


def new_job_id() -> str:
    """A job id of our own. The server accepts a lower-case UUID only, and checks too late."""
    return str(uuid4())


def check_job_id(job_id: str) -> str:
    """Return `job_id`; raises `ValueError` for what the server would refuse, too late to matter:
    a command that creates something leaves the object behind when the id is not one.
    """
    if _LOWER_CASE_UUID.fullmatch(job_id) is None:
        raise ValueError(f"not a lower-case UUID: {job_id!r}")
    return job_id


def poll_delays(clock: Clock) -> Iterator[float]:
    """Seconds between polls: 0.2 growing to 3, each give or take a fifth."""
    delay = FIRST_POLL
    while True:
        yield delay * clock.between(1 - _JITTER, 1 + _JITTER)
        delay = min(delay * _GROWTH, SLOWEST_POLL)


def is_passing(error: CloudError) -> bool:
    """Whether a job may be asked for again after `error`: the link or a proxy is to blame."""
    return is_worth_a_try(error) or (isinstance(error, Network) and error.phase == "name")


def ended(job: Job) -> Job:
    """Return `job` if it went well; raise `JobFailed` or `JobCancelled` if it did not."""
    command = command_of(job)
    if job.status is JobStatus.CANCELLED:
        raise JobCancelled("The server gave the job up", job_id=job.job_id, command=command)
    if job.status is JobStatus.FAILED:
        raise JobFailed(_reason(job, command), job_id=job.job_id, command=command)
    return job


def _reason(job: Job, command: str) -> CloudError:
    try:
        refusal = decode(job.result, Refusal)
    except msgspec.DecodeError:
        refusal = Refusal()  # `jobresulttype` text: the code says what there is to say
    if not refusal.errorcode:
        refusal = Refusal(errorcode=job.result_code or 530, errortext=refusal.errortext)
    if not refusal.errortext.strip():
        refusal = Refusal(
            errorcode=refusal.errorcode,
            errortext=f"The job failed with error {refusal.errorcode} and without a reason",
        )
    return error_of(refusal, command=command)


def command_of(job: Job) -> str:
    """The API command of a job, from the server's class name: `AddVpnUserCmd` → `addVpnUser`."""
    name = job.command.rpartition(".")[2].removesuffix("Cmd")
    return name[:1].lower() + name[1:]


async def wait_for_job(
    job_id: str,
    ask: AskJob,
    clock: Clock,
    on_poll: Callable[[Job], None] | None = None,
) -> Job:
    """Ask for the job until it has ended; see `ended` for what that raises.

    A link that drops meanwhile is put up with for two minutes, then `OutcomeUnknown` says so; the
    job goes on in the server and can be asked for again.
    """
    answered = clock.monotonic()
    for delay in poll_delays(clock):
        await clock.sleep(delay)
        try:
            job = await ask(job_id)
        except CloudError as error:
            if not is_passing(error):
                raise
            if clock.monotonic() - answered > DROPPED_LINK_PATIENCE:
                raise OutcomeUnknown(
                    f"The job was started, but the server has stopped answering: {error.text}",
                    job_id=job_id,
                ) from error
            continue
        answered = clock.monotonic()
        if on_poll is not None:
            on_poll(job)
        if job.done:
            return ended(job)
    raise AssertionError("poll_delays never ends")


async def find_lost(
    job_id: str,
    command: str,
    ask: AskJob,
    clock: Clock,
    loss: str,
    patience: float = LOST_REPLY_PATIENCE,
) -> Job:
    """Look for the job of a change whose reply was lost (`loss` says how), for `patience` seconds.

    Asks at least once. Raises `OutcomeUnknown` where it does not turn up, which is no proof that
    nothing was done.
    """
    started = clock.monotonic()
    reason, missing = loss, False
    for delay in poll_delays(clock):
        await clock.sleep(delay)
        try:
            return await ask(job_id)
        except JobUnknown:
            reason, missing = "the server does not know its job", True
        except CloudError as error:
            reason, missing = error.text, False
            if not is_passing(error):
                break
        if clock.monotonic() - started > patience:
            break
    raise OutcomeUnknown(
        f"{command} was sent and its reply lost ({loss}); {reason}",
        job_id=job_id,
        command=command,
        job_missing=missing,
    )
