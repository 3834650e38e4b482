"""One router of a lab: its machine, its port, its connections, and the ways to break it."""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import NamedTuple

import asyncssh

from tui.lab.router.answers import answer, words_of
from tui.lab.router.capturing import capture, is_capture
from tui.lab.router.faults import FAULTS, MEND, Broken, mend
from tui.lab.router.following import answer_log_command
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.past import write_past_days
from tui.lab.router.player import Player
from tui.lab.router.pushes import Pushes
from tui.lab.router.recorded import Answer
from tui.lab.router.remedies import Remedies
from tui.lab.router.scenes import Client
from tui.lab.router.several import answer_several, is_several
from tui.lab.router.slicing import answer_slice
from tui.lab.router.story import Story
from tui.lab.router.visitors import Visitors
from tui.lab.router.visits import HABITS, Way, client_of
from tui.lab.state import FaultUnknown, RouterState

_LOOPBACK = "127.0.0.1"


class RouterEndpoint(NamedTuple):
    """Where a router of the lab listens."""

    name: str
    network: str
    host: str
    port: int


class LabRouter:
    """One router, an SSH server on loopback in front of it."""

    def __init__(self, machine: Machine, folder: Path, *, speed: float, story: bool) -> None:
        self.machine = machine
        self.logs = RouterLogs(folder, machine.state.name)
        player = Player(machine, self.logs, speed)
        self.visitors = Visitors(player, self._spawn)
        self._player = player
        self._story = Story(player, self.visitors) if story else None
        self._pushes = Pushes(player, self._story, self.visitors, self._spawn)
        self._remedies = Remedies(player, self.visitors, self._spawn)
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._listener: asyncssh.SSHAcceptor | None = None
        self._trusted: asyncssh.SSHAuthorizedKeys | None = None
        self._port = 0
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> RouterEndpoint:
        """Where it listens."""
        state = self.machine.state
        return RouterEndpoint(state.name, state.network, _LOOPBACK, self._port)

    @property
    def known_hosts_line(self) -> str:
        """Its host key, for a `known_hosts`."""
        public = b" ".join(self._host_key.export_public_key().split()[:2]).decode()
        return f"[{_LOOPBACK}]:{self._port},vr:{self.machine.state.uuid} {public}"

    # Breaking it ----------------------------------------------------------------------------

    def fault(self, name: str) -> None:
        """Break it: `name` is one of `faults.FAULTS`, or `mend`. Raises `FaultUnknown`."""
        if name == MEND:
            mend(self.machine)
        elif name in FAULTS:
            FAULTS[name].apply(Broken(self.machine, self._player, self.visitors))
        else:
            raise FaultUnknown(f"{name} is no fault: {', '.join(FAULTS)}; {MEND} takes all back")
        state = self.machine.state
        if state.unreachable or name == "rebooted":
            self.drop_connections()
        if state.unreachable:
            self._close_port()
        elif state.running and self._trusted is not None:
            self._spawn(self._open())

    def habit(self, user: str, name: str) -> None:
        """Let `user` always do something wrong: one of `visits.HABITS`; `mend` for nothing any
        more. Raises `FaultUnknown`."""
        if name == MEND:
            self.machine.state.habits.pop(user, None)
        elif name in HABITS:
            self.machine.state.habits[user] = name
        else:
            raise FaultUnknown(f"{name} is no habit: {', '.join(HABITS)}; {MEND} takes it back")

    async def connect(self, user: str, habit: str = "", *, client: Client | None = None) -> Way:
        """Let `user` try to connect now, from where they always come or from `client`.

        `habit` is what they do wrong this time. Returns how it went, when the scene is over.
        """
        return await self.visitors.visit(client or client_of(user), habit)

    def connected_since(self, user: str, seconds: float, *, client: Client | None = None) -> Way:
        """The same, as if it had happened `seconds` ago."""
        when = self.machine.now() - seconds
        return self.visitors.visit_in_past(client or client_of(user), when)

    # Life -----------------------------------------------------------------------------------

    async def start(self, trusted: asyncssh.SSHAuthorizedKeys) -> None:
        """Open the port, write the past, begin the story."""
        self.logs.create()
        self._boot_lines()
        await self._open(trusted)
        self._trusted = trusted
        state = self.machine.state
        if not state.running:
            self._close_port()
        if self._story is not None:
            write_past_days(self._player, state.history)
            with self.logs.batch():
                self._story.tell_past()
            self._spawn(self._story.run())
        for name in state.faults:
            self.fault(name)
        state.on_push.append(self._on_push)
        state.on_fault.append(self._on_fault)

    async def aclose(self) -> None:
        """End everything."""
        with contextlib.suppress(ValueError):
            self.machine.state.on_push.remove(self._on_push)
            self.machine.state.on_fault.remove(self._on_fault)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.drop_connections()
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    def drop_connections(self) -> int:
        """Break every connection; how many there were."""
        broken = list(self._connections)
        for connection in broken:
            connection.abort()
        return len(broken)

    async def _open(self, trusted: asyncssh.SSHAuthorizedKeys | None = None) -> None:
        if self._listener is not None:
            return
        self._listener = await asyncssh.create_server(
            lambda: _Guest(self._connections),
            _LOOPBACK,
            self._port,
            server_host_keys=[self._host_key],
            authorized_client_keys=trusted or self._trusted,
            process_factory=self._serve,
            encoding=None,
            allow_pty=False,
            gss_host=None,
            login_timeout=20,
            server_version="csvpn-lab",
        )
        self._port = self._listener.get_port()

    def _close_port(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.drop_connections()

    def _on_push(self, state: RouterState, what: str) -> None:
        self._pushes.apply(what)
        if what == "stop":
            self._close_port()
        elif what == "start" and not state.unreachable:
            self._spawn(self._open())

    def _on_fault(self, user: str, name: str) -> None:
        if user:
            self.habit(user, name)
        else:
            self.fault(name)

    def _boot_lines(self) -> None:
        state, booted = self.machine.state, self.machine.booted
        self.logs.cloud(booted + 40, "INFO", "Processing JSON file cmd_line.json")
        self.logs.cloud(booted + 41, "INFO", "Processing JSON file ips.json")
        if state.guest_ip:
            text = f"Address {state.guest_ip} on device eth0 already configured"
            self.logs.cloud(booted + 42, "INFO", text)
            text = f"serve_password running on {state.guest_ip}:8080"
            self.logs.syslog("messages", booted + 45, "passwd_server_ip.py", None, text)
        self.logs.syslog("daemon", booted + 30, "systemd", 1, "Startup finished in 28.412s.")

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Answer one command. Whoever asks may hang up at any time."""

        async def write(portion: bytes) -> None:
            process.stdout.write(portion)
            await process.stdout.drain()

        argv = words_of(process.command or "")
        with contextlib.suppress(OSError, asyncssh.Error):
            if await answer_log_command(argv, self.logs, write):
                process.exit(0)
                return
            if is_capture(argv):
                process.exit(await capture(argv, self.machine, write))
                return
            if is_several(argv):
                for printed in answer_several(argv, self._answer):
                    process.stdout.write(printed.stdout.encode())
                    process.stderr.write(printed.stderr.encode())
                process.exit(0)
                return
            sliced = answer_slice(argv, self.logs, self.machine.now())
            status, stdout, stderr = sliced or self._remedies.obey(argv) or self._answer(argv)
            process.stdout.write(stdout.encode("utf-8", "surrogateescape"))
            process.stderr.write(stderr.encode())
            process.exit(status)

    def _answer(self, argv: tuple[str, ...]) -> Answer:
        return answer(self.machine, argv, self.logs)


class _Guest(asyncssh.SSHServer):
    """Root, with the lab's key; every forwarding is refused by asyncssh's defaults."""

    def __init__(self, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connections.discard(self._connection)
