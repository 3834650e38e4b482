"""A conversation with one Virtual Router.

Only commands of the registries are sent; at most three run at a time, each within its own limit.
A machine that is reached is asked for its name. What only reads does not wait for that: it is sent
beside the question, and what it prints is handed on when the name is the router's. What changes
something, and what records, is sent only then.
What changes something is in a registry of its own, and refused where nothing may be changed.
Bytes come as bytes: with a text encoding a single bad byte would end the whole connection.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

import asyncssh

from tui.router.captures import CAPTURES
from tui.router.commands import HOSTNAME, REGISTRY, Command
from tui.router.errors import (
    CommandTimeout,
    ConnectionDropped,
    NotAllowed,
    RemedyFailed,
    RouterError,
    RouterReadOnly,
    WrongRouter,
)
from tui.router.hops import RouterTarget, plan
from tui.router.hostkeys import HostKeys
from tui.router.log_commands import LOG_COMMANDS, LogCommand
from tui.router.login import close_all, log_in_along
from tui.router.output import Output
from tui.router.remedies import REMEDIES, Applied, Remedy
from tui.router.several import Answers, batch_of
from tui.router.slices import SLICES
from tui.router.survey import Answer
from tui.router.way import Way
from tui.safety.secret import Secret
from tui.settings.model import SshPath
from tui.settings.paths import known_hosts_file

T = TypeVar("T")

COMMANDS_AT_A_TIME: Final = 3
_LARGEST_OUTPUT: Final = 16 * 1024 * 1024
_READ: Final = 256 * 1024
_WINDOW: Final = 2 * 1024 * 1024


Witness = Callable[[RouterTarget, Remedy, tuple[str, ...], str], Awaitable[None]]
"""Is told which remedy is applied to which router, and how far it has come."""


class _Sent(NamedTuple):
    """A command as it goes over the wire, and the seconds that it may take."""

    name: str
    line: str
    seconds: float


class _Printed(NamedTuple):
    """What a command has printed, when it was sent, and the seconds until its end."""

    output: Output
    taken: datetime
    seconds: float


class RouterConnection:
    """SSH to one router along the way that the profile says.

    `async with RouterConnection(target, path) as router:` or `connect()` … `aclose()`. A broken
    connection is opened again by the next command.
    """

    def __init__(
        self,
        target: RouterTarget,
        path: SshPath,
        host_keys: HostKeys | None = None,
        *,
        passphrase: Secret | None = None,
        read_only: bool = False,
        witness: Witness | None = None,
    ) -> None:
        """`read_only` refuses whatever would change the router; `witness` is told of each change
        before it is sent and after its end, and may raise a `RouterError` to prevent it."""
        self.target = target
        self.read_only = read_only
        self.host_keys = host_keys or host_keys_of(path)
        self.round_trip: float | None = None
        """Seconds that the last quick command took, there and back."""
        self._witness = witness
        self._path = path
        self._passphrase = passphrase
        self._way: Way | None = None
        self._connecting = asyncio.Lock()
        self._turns = asyncio.Semaphore(COMMANDS_AT_A_TIME)
        self._closed = False

    @property
    def is_connected(self) -> bool:
        """True while the router's connection is known to be open."""
        return self._way is not None and self._way.is_open and self._way.is_proven

    async def connect(self) -> None:
        """Open the way if it is not open. Raises `LinkError` or `PathUnknown`."""
        await (await self._logged_in()).prove()

    async def _logged_in(self) -> Way:
        """The way to the machine at the router's address, opened if it is not open; whether that
        machine is the router may not be known yet."""
        async with self._connecting:
            if self._way is not None and self._way.is_open:
                return self._way
            if self._closed:
                raise ConnectionDropped(self.target.name, "it was closed")
            self._forget()
            links = await log_in_along(
                plan(self._path, self.target), self.host_keys, self._passphrase
            )
            named = asyncio.create_task(self._check_name(links), name=f"name of {self.target.name}")
            # Whoever asked may have gone meanwhile.
            named.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._way = Way(links, named)
            return self._way

    def _forget(self) -> Way | None:
        """Close the present links without waiting; what waits for their end, the question for the
        name too, ends with them."""
        way, self._way = self._way, None
        if way is not None:
            close_all(way.links)
        return way

    async def run(self, command: Command[T]) -> T:
        """Run a command of the registry and read its answer.

        Raises `NotAllowed`, `CommandFailed`, `CommandTimeout`, `ConnectionDropped`, `LinkError`.
        """
        return command.read((await self._printed(command)).output)

    async def answer(self, command: Command[Any]) -> Answer:
        """What a command of the registry prints, whatever its status, without secrets.

        Raises `NotAllowed`, `CommandTimeout`, `ConnectionDropped`, `LinkError`.
        """
        printed = await self._printed(command)
        return Answer.of(command, printed.output, seconds=printed.seconds, taken=printed.taken)

    async def answers(self, several: Sequence[Command[Any]]) -> AsyncGenerator[Answer]:
        """What commands of the registry print, asked in one go and answered in their order.

        Each has its own time limit. Raises `CommandTimeout` for the first that exceeds it, and what
        `answer` raises; the commands after it are not answered then.
        """
        batch = batch_of(several)
        async with self._turns:
            way = await self._logged_in()
            process = await self._start_early(way, batch.line)
            try:
                read = Answers(batch.marker, process.stdout, process.stderr)
                async with self._limit(several[0]):
                    await read.begin()
                for command in several:
                    taken, before = datetime.now(UTC), time.monotonic()
                    async with self._limit(command):
                        output = await read.next()
                    seconds = time.monotonic() - before
                    yield Answer.of(command, output, seconds=seconds, taken=taken)
            finally:
                process.close()

    @contextlib.asynccontextmanager
    async def _limit(self, command: Command[Any]) -> AsyncIterator[None]:
        """Wait for an answer of `command`, as long as it may take."""
        try:
            async with asyncio.timeout(command.seconds):
                yield
        except TimeoutError as error:
            raise CommandTimeout(command.name, command.seconds) from error
        except (asyncssh.Error, OSError, EOFError) as error:
            raise ConnectionDropped(self.target.name, str(error)) from error

    async def _printed(self, command: Command[Any]) -> "_Printed":
        if REGISTRY.get(command.name) is not command:
            raise NotAllowed(f"{command.name} is not a command of the registry")
        sent = _Sent(command.name, command.line, command.seconds)
        async with self._turns:
            way = await self._logged_in()
            taken, before = datetime.now(UTC), time.monotonic()
            output = await way.hand_on(self._output(way.link, sent))
        return _Printed(output, taken, time.monotonic() - before)

    async def apply(self, remedy: Remedy, *values: str) -> Applied:
        """Change something as a remedy of the registry does.

        Raises `RouterReadOnly` and `NotAllowed` before anything is sent, `RemedyFailed` when the
        router did not do it, and what `run` raises.
        """
        if self.read_only:
            raise RouterReadOnly(remedy.name)
        if not any(remedy is known for known in REMEDIES):
            raise NotAllowed(f"{remedy.name} is not a command of the registry")
        sent = _Sent(remedy.name, remedy.line(*values), remedy.seconds)
        await self._tell(remedy, values, "sent")
        try:
            applied = await self._apply(remedy, sent)
        except RouterError as problem:
            await self._tell(remedy, values, f"failed: {problem.what}")
            raise
        await self._tell(remedy, values, f"done: {applied.says}" if applied.says else "done")
        return applied

    async def _apply(self, remedy: Remedy, sent: "_Sent") -> Applied:
        async with self._turns:
            way = await self._logged_in()
            await way.prove()
            output = await self._output(way.link, sent)
        says = remedy.meaning(output.status)
        if output.status not in {0, *remedy.already, *remedy.in_part}:
            detail = says or output.complaint
            raise RemedyFailed(remedy.name, self.target.name, output.status, detail)
        return Applied(says, output.status in remedy.already)

    async def _tell(self, remedy: Remedy, values: tuple[str, ...], result: str) -> None:
        if self._witness is not None:
            await self._witness(self.target, remedy, values, result)

    @contextlib.asynccontextmanager
    async def stream(self, command: LogCommand, *values: str) -> AsyncIterator["LogStream"]:
        """Start a log command and read what it prints. Raises as `run` does."""
        if not any(command is known for known in (*LOG_COMMANDS, *CAPTURES, *SLICES)):
            raise NotAllowed(f"{command.name} is not a command of the registry")
        line = command.line(*values)
        # What follows a log goes on for hours and costs the router nothing; the rest takes a turn.
        goes_on = any(command is known for known in LOG_COMMANDS)
        async with contextlib.nullcontext() if goes_on else self._turns:
            way = await self._logged_in()
            if not goes_on:
                await way.prove()
            process = await self._start_early(way, line)
            try:
                yield LogStream(self.target.name, way.link, process)
            finally:
                # Closing the channel ends the remote command: its next line finds no reader.
                process.close()

    async def aclose(self) -> None:
        """End the conversation; it cannot be opened again."""
        self._closed = True
        way = self._forget()
        for link in way.links if way is not None else ():
            with contextlib.suppress(OSError, asyncssh.Error, TimeoutError):
                async with asyncio.timeout(2):
                    await link.wait_closed()
        if way is not None:
            await asyncio.wait([way.named], timeout=2)

    def drop(self) -> None:
        """Abandon the present link at once; the next command opens another."""
        if self._way is not None:
            for link in self._way.links:
                link.abort()
            self._forget()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _check_name(self, links: list[asyncssh.SSHClientConnection]) -> None:
        """Close the links unless the machine at their end has the name of the router."""
        try:
            sent = _Sent(HOSTNAME.name, HOSTNAME.line, HOSTNAME.seconds)
            output = await self._output(links[-1], sent)
            if output.status is None:  # the link takes the command with it
                raise ConnectionDropped(self.target.name)
            answered = HOSTNAME.parse(output)
            if answered != self.target.name:
                raise WrongRouter(self.target.name, answered)
        except BaseException:
            close_all(links)
            raise

    async def _start_early(self, way: Way, line: str) -> asyncssh.SSHClientProcess[bytes]:
        """Start what only reads, beside the question for the name; given when that is known."""
        return await way.hand_on(self._start(way.link, line), lambda process: process.close())

    async def _start(
        self, link: asyncssh.SSHClientConnection, line: str
    ) -> asyncssh.SSHClientProcess[bytes]:
        try:
            return await link.create_process(
                line, encoding=None, stdin=asyncssh.DEVNULL, window=_WINDOW
            )
        except (asyncssh.Error, OSError) as error:
            raise ConnectionDropped(self.target.name, str(error)) from error
        except (AttributeError, AssertionError) as error:
            # A channel whose link ends just after the router has accepted the command has already
            # forgotten its session; asyncssh does not expect that.
            if not link.is_closed():
                raise
            raise ConnectionDropped(self.target.name) from error

    async def _output(self, link: asyncssh.SSHClientConnection, sent: "_Sent") -> Output:
        started = time.monotonic()
        try:
            async with asyncio.timeout(sent.seconds):
                process = await self._start(link, sent.line)
                try:
                    stdout, stderr = await asyncio.gather(
                        _read_all(process.stdout), _read_all(process.stderr)
                    )
                    await process.wait_closed()
                finally:
                    process.close()
        except TimeoutError as error:
            raise CommandTimeout(sent.name, sent.seconds) from error
        except (asyncssh.Error, OSError) as error:
            raise ConnectionDropped(self.target.name, str(error)) from error
        if _is_cut_off(link, process):
            raise ConnectionDropped(self.target.name)
        self.round_trip = time.monotonic() - started
        return Output(process.exit_status, stdout, stderr)


class LogStream:
    """What a log command prints, as it comes."""

    def __init__(
        self,
        router: str,
        link: asyncssh.SSHClientConnection,
        process: asyncssh.SSHClientProcess[bytes],
    ) -> None:
        self._router = router
        self._link = link
        self._process = process

    async def read(self) -> bytes:
        """The next bytes; empty at the end. Raises `ConnectionDropped`."""
        try:
            portion = await self._process.stdout.read(_READ)
        except (asyncssh.Error, OSError) as error:
            raise ConnectionDropped(self._router, str(error)) from error
        if not portion and _is_cut_off(self._link, self._process):
            raise ConnectionDropped(self._router)
        return portion

    async def complaint(self) -> str:
        """After the end: what the command said on stderr."""
        return (await self.end()).complaint

    async def end(self) -> Output:
        """After the last bytes: the exit status, and what the command said on stderr."""
        try:
            stderr = await _read_all(self._process.stderr)
            await self._process.wait_closed()
        except (asyncssh.Error, OSError) as error:
            raise ConnectionDropped(self._router, str(error)) from error
        return Output(self._process.exit_status, b"", stderr)


def host_keys_of(path: SshPath) -> HostKeys:
    """The file of host keys that `path` names, or the program's own."""
    return HostKeys(Path(path.known_hosts).expanduser() if path.known_hosts else known_hosts_file())


def _is_cut_off(
    link: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]
) -> bool:
    """Whether what a command prints has ended with its link: a link that is abandoned ends it as if
    the command had come to its end."""
    return process.exit_status is None and link.is_closed()


async def _read_all(reader: asyncssh.SSHReader[bytes]) -> bytes:
    """All of a stream, at most 16 MB: the rest is thrown away."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await reader.read(_READ):
        if size < _LARGEST_OUTPUT:
            chunks.append(chunk[: _LARGEST_OUTPUT - size])
        size += len(chunk)
    return b"".join(chunks)
