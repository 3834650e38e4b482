"""Asynchronous jobs: made on the call, run beside it, asked for by id (recording 11)."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tui.lab.cloud.call import Body, Caller
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.world import stamp

PENDING, SUCCEEDED, FAILED = 0, 1, 2
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One job and, once it is over, its result."""

    id: str
    number: int
    caller: Caller
    java_class: str
    instance: tuple[str, str] | None
    status: int = PENDING
    code: int = 0
    result: Body | None = None
    created: str = field(default_factory=stamp)
    completed: str = ""


class Jobs:
    """The jobs of a lab. `delay` is the seconds that each takes at least."""

    def __init__(self, delay: Callable[[], float]) -> None:
        self._delay = delay
        self._jobs: dict[str, Job] = {}
        self._queues: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def check_id(self, wanted: str | None) -> str:
        """The id of a new job: the one that the client chose, or a fresh one.

        Runs after the object of a create command was made, as on the real server: a bad id is
        refused and the object stays (recording 11).
        """
        if wanted is None:
            return str(uuid.uuid4())
        if not _UUID.fullmatch(wanted):
            raise invalid(f"UUID: {wanted} doesn't follow the UUID format")
        if wanted in self._jobs:
            raise Refusal(
                530, f"UUID: {wanted} already exists so can't create/update with custom id"
            )
        return wanted

    def submit(
        self,
        job_id: str,
        caller: Caller,
        java_class: str,
        work: Callable[[], Awaitable[Body]],
        *,
        instance: tuple[str, str] | None = None,
        queue: str = "",
    ) -> Job:
        """Start `work` after the delay; jobs of the same non-empty queue run one by one."""
        job = Job(job_id, len(self._jobs) + 201, caller, java_class, instance)
        self._jobs[job_id] = job
        task = asyncio.get_running_loop().create_task(self._run(job, work, queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def pending(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.status == PENDING]

    async def aclose(self) -> None:
        """Cancel what still runs and wait for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Callable[[], Awaitable[Body]], queue: str) -> None:
        lock = self._queues.setdefault(queue or job.id, asyncio.Lock())
        try:
            async with lock:
                await asyncio.sleep(self._delay())
                result = await work()
            job.status, job.result = SUCCEEDED, result
        except Refusal as refusal:
            job.status, job.result = FAILED, refusal.as_job_result()
            job.code = 530 if refusal.status == 531 else refusal.status
        except Exception as error:  # a fault of the lab must end its job, not hang the client
            _log.exception("lab job %s failed", job.java_class)
            job.status, job.code = FAILED, 530
            job.result = {"errorcode": 530, "errortext": f"{type(error).__name__}: {error}"}
        finally:
            job.completed = stamp()
            if not queue:
                self._queues.pop(job.id, None)
