"""A cloud that answers each command with what a test has put down for it."""

from collections import deque
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.clock import Clock
from tui.cloud.endpoint import Endpoint, Keys
from tui.safety.secret import Secret


class Reply(msgspec.Struct, frozen=True):
    """A reply to one command; with `job` it goes into the job instead."""

    body: dict[str, Any]
    status: int = 200
    job: bool = False
    lost: bool = False
    """The server does it, but the reply never arrives."""


def rows(key: str, *items: dict[str, Any]) -> Reply:
    """A list."""
    return Reply({"count": len(items), key: list(items)} if items else {})


def done(**result: Any) -> Reply:
    """A job that succeeds."""
    return Reply(result or {"success": True}, job=True)


def refused(code: int, text: str, *, in_job: bool = False, cserrorcode: int = 4350) -> Reply:
    """A refusal on the call, or of the job."""
    body: dict[str, Any] = {"errorcode": code, "errortext": text}
    if in_job:
        return Reply(body, code, job=True)
    return Reply(body | {"uuidList": [], "cserrorcode": cserrorcode}, code)


class ImpatientClock(Clock):
    """Waits for nothing; its time moves only by what was to be slept."""

    def __init__(self) -> None:
        self._slept = 0.0

    def monotonic(self) -> float:
        return self._slept

    async def sleep(self, seconds: float) -> None:
        self._slept += seconds


class ScriptedCloud:
    """The replies of each command in their order; the last one stays."""

    def __init__(self) -> None:
        self._replies: dict[str, deque[Reply]] = {}
        self._jobs: dict[str, Reply] = {}
        self.sent: list[tuple[str, dict[str, str]]] = []
        """Every command that arrived and its own parameters, without polling."""

    def answers(self, command: str, *replies: Reply) -> None:
        """Put down what `command` answers from now on."""
        self._replies[command] = deque(replies)

    @property
    def changes(self) -> list[str]:
        """The commands that change something, in the order in which they arrived."""
        return [command for command, _ in self.sent if not command.startswith("list")]

    def parameters(self, command: str) -> list[dict[str, str]]:
        """What `command` was sent with, each time."""
        return [parameters for sent, parameters in self.sent if sent == command]

    def client(self) -> CloudClient:
        """A client of this cloud."""
        return CloudClient(
            Endpoint(url="http://cloud.test/client/api"),
            Keys("key", Secret("secret-key-of-a-test")),
            transport=httpx.MockTransport(self._handle),
            clock=ImpatientClock(),
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        parameters = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        command = parameters.pop("command")
        if command == "queryAsyncJobResult":
            return self._job(parameters["jobid"])
        job_id = parameters.pop("customjobid", "")
        plumbing = {"apikey", "signature", "signatureversion", "expires", "response", "page"}
        own = {k: v for k, v in parameters.items() if k not in plumbing | {"pagesize"}}
        self.sent.append((command, own))
        reply = self._next(command)
        if not reply.job:
            return _envelope(command, reply.body, reply.status)
        self._jobs[job_id] = reply
        if reply.lost:
            raise httpx.ReadTimeout("lost on the way", request=request)
        return _envelope(command, {"jobid": job_id, "id": "made"})

    def _next(self, command: str) -> Reply:
        replies = self._replies[command]
        return replies.popleft() if len(replies) > 1 else replies[0]

    def _job(self, job_id: str) -> httpx.Response:
        reply = self._jobs.get(job_id)
        if reply is None or reply.lost:
            text = "Invalid parameter jobid value"
            body = {"errorcode": 431, "cserrorcode": 9999, "errortext": text, "uuidList": []}
            return _envelope("queryAsyncJobResult", body, 431)
        failed = reply.status != 200
        job = {
            "jobid": job_id,
            "jobstatus": 2 if failed else 1,
            "jobresultcode": reply.status if failed else 0,
            "jobresult": reply.body,
        }
        return _envelope("queryAsyncJobResult", job)


def _envelope(command: str, inner: dict[str, Any], status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={f"{command.lower()}response": inner})
