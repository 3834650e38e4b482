"""Servers to try the client on: recorded replies, scripted ones, and real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.hostile import DANGEROUS
from tui.cloud.calls import Call
from tui.cloud.client import CloudClient
from tui.cloud.clock import Clock
from tui.cloud.endpoint import Endpoint, Identity, Keys
from tui.cloud.errors import CloudError
from tui.cloud.listings import ZONES
from tui.safety.secret import Secret

CONTRACT: Final = Path(__file__).parent.parent / "recordings" / "contract"
URL: Final = "http://cloud.example.org:8080/client/api"
KEYS: Final = Keys("example-api-key", Secret("example-secret-key"))

Form = dict[str, str]
Answer = httpx.Response | Exception
Script = Callable[[Form], Answer | Awaitable[Answer]]


def recording(name: str) -> list[dict[str, Any]]:
    """The exchanges of `contract/NAME-….json`."""
    (path,) = CONTRACT.glob(f"{name}-*.json")
    exchanges: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["exchanges"]
    return exchanges


def recordings() -> list[dict[str, Any]]:
    """Every exchange of every recording that is here."""
    return [
        exchange
        for path in sorted(CONTRACT.glob("[0-9][0-9]-*.json"))
        for exchange in json.loads(path.read_text("utf-8"))["exchanges"]
    ]


def noted(name: str, note: str) -> dict[str, Any]:
    """The exchange with that note."""
    (found,) = [x for x in recording(name) if x.get("note") == note]
    return found


def replay(exchange: dict[str, Any], **headers: str) -> httpx.Response:
    """A recorded exchange as a response."""
    body = exchange["body"]
    content = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return httpx.Response(exchange["status"], content=content.encode(), headers=headers)


def envelope(command: str, inner: object, status: int = 200, **headers: str) -> httpx.Response:
    """A reply as CloudStack wraps it."""
    content = json.dumps({f"{command.lower()}response": inner}).encode()
    return httpx.Response(status, content=content, headers=headers)


def refusal(command: str, code: int, text: str, **headers: str) -> httpx.Response:
    """An error as CloudStack wraps it."""
    inner = {"uuidList": [], "errorcode": code, "cserrorcode": 9999, "errortext": text}
    return envelope(command, inner, code, **headers)


def always(answer: Answer) -> Script:
    """A script that gives the same answer to everything."""
    return lambda form: answer


class Scripted(httpx.AsyncBaseTransport):
    """Answers every form with what the script says, and remembers them."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.forms: list[Form] = []
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Read the form and answer it."""
        body = await request.aread()
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        self.requests.append(request)
        self.forms.append(form)
        answer = self._script(form)
        if not isinstance(answer, httpx.Response | Exception):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def commands(self) -> list[str]:
        """The commands in the order in which they came."""
        return [form["command"] for form in self.forms]


class FakeClock(Clock):
    """A clock that only `sleep` moves; chance always comes out in the middle."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self._wall = wall
        self._passed = 0.0
        self.slept: list[float] = []

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._wall + self._passed

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept.append(seconds)
        self._passed += seconds
        await asyncio.sleep(0)

    def between(self, low: float, high: float) -> float:
        """The middle."""
        return (low + high) / 2

    def pass_by(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self._passed += seconds


class Bench:
    """A client on a script, with its clock and its command log at hand."""

    def __init__(
        self,
        script: Script,
        *,
        identity: Identity = KEYS,
        wall: float = 1_800_000_000.0,
        **how: Any,
    ) -> None:
        self.server = Scripted(script)
        self.clock = FakeClock(wall)
        self.calls: list[Call] = []
        self.client = CloudClient(
            Endpoint(url=URL, **how),
            identity,
            transport=self.server,
            on_call=self.calls.append,
            clock=self.clock,
        )


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(talk: Talk) -> AsyncIterator[str]:
    """A TCP server on loopback that reads one request head and then talks as told; its URL."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/client/api"
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


GOOD: Final = b'{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"dc1"}]}}'


def ok(body: bytes, *headers: bytes) -> bytes:
    """A whole HTTP reply."""
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def socket_client(url: str, **how: Any) -> CloudClient:
    """A client that really connects, and never really waits between tries."""
    return CloudClient(Endpoint(url=url, **how), KEYS, clock=FakeClock())


async def failure_of(client: CloudClient) -> CloudError:
    """The error that a listing ends in; its words are harmless."""
    with pytest.raises(CloudError) as caught:
        await client.fetch(ZONES)
    await client.aclose()
    assert DANGEROUS.search(caught.value.explain()) is None
    return caught.value


def no_environment(monkeypatch: Any) -> None:
    """No proxy of the machine that runs the tests in the way of loopback."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
