"""The SSH servers of a lab: one per router, on loopback, key only, without a shell."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import NamedTuple

import asyncssh

from tui.lab.router.answers import answer, words_of
from tui.lab.router.following import answer_log_command
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.player import Player
from tui.lab.router.pushes import Pushes
from tui.lab.router.recorded import Answer
from tui.lab.router.remedies import Remedies
from tui.lab.router.several import answer_several, is_several
from tui.lab.router.story import Story
from tui.lab.state import RouterState

_LOOPBACK = "127.0.0.1"
MOST_ROUTERS = 200
"""Routers that get a server: each holds a socket. A bigger world has the others without one."""


class RouterEndpoint(NamedTuple):
    """Where a router of the lab listens."""

    name: str
    network: str
    host: str
    port: int


class LabRouters:
    """All routers of one lab.

    `folder` gets the client key (`id_lab`), `known_hosts` and one folder of logs per router.
    `speed` is how many seconds of the story pass in one; `story` plays people who connect.
    """

    def __init__(
        self,
        states: Sequence[RouterState],
        folder: Path,
        *,
        speed: float = 1.0,
        story: bool = False,
    ) -> None:
        self.key_file = folder / "id_lab"
        self.known_hosts = folder / "known_hosts"
        self._folder = folder
        self._routers = [
            _LabRouter(Machine(state), folder / state.name, speed=speed, story=story)
            for state in states[:MOST_ROUTERS]
        ]

    @property
    def endpoints(self) -> tuple[RouterEndpoint, ...]:
        """Where each router listens; a router that is stopped refuses at its address."""
        return tuple(router.endpoint for router in self._routers)

    async def start(self) -> None:
        """Make keys, open the ports of running routers, begin the story."""
        self._folder.mkdir(parents=True, exist_ok=True)
        client_key = asyncssh.generate_private_key("ssh-ed25519", "csvpn lab")
        _write_private(self.key_file, client_key.export_private_key())
        _write_private(self.key_file.with_suffix(".pub"), client_key.export_public_key())
        trusted = asyncssh.import_authorized_keys(client_key.export_public_key().decode())
        lines = []
        for router in self._routers:
            await router.start(trusted)
            lines.append(router.known_hosts_line)
        _write_private(self.known_hosts, "".join(f"{line}\n" for line in lines).encode())

    async def aclose(self) -> None:
        """End the story and close every port."""
        for router in self._routers:
            await router.aclose()

    def logs(self, name: str) -> RouterLogs:
        """The logs of router `name`. Raises `KeyError`."""
        for router in self._routers:
            if router.endpoint.name == name:
                return router.logs
        raise KeyError(name)

    def drop_connections(self, name: str) -> int:
        """Break every connection to router `name`, as a failing link does; how many there were."""
        return sum(
            router.drop_connections() for router in self._routers if router.endpoint.name == name
        )


class _LabRouter:
    """One router: its machine, its port, its connections."""

    def __init__(self, machine: Machine, folder: Path, *, speed: float, story: bool) -> None:
        self.machine = machine
        self.logs = RouterLogs(folder, machine.state.name)
        player = Player(machine, self.logs, speed)
        self._player = player
        self._story = Story(player) if story else None
        self._pushes = Pushes(player, self._story, self._spawn)
        self._remedies = Remedies(player, self._story, self._spawn)
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._listener: asyncssh.SSHAcceptor | None = None
        self._trusted: asyncssh.SSHAuthorizedKeys | None = None
        self._port = 0
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> RouterEndpoint:
        state = self.machine.state
        return RouterEndpoint(state.name, state.network, _LOOPBACK, self._port)

    @property
    def known_hosts_line(self) -> str:
        public = b" ".join(self._host_key.export_public_key().split()[:2]).decode()
        return f"[{_LOOPBACK}]:{self._port},vr:{self.machine.state.uuid} {public}"

    async def start(self, trusted: asyncssh.SSHAuthorizedKeys) -> None:
        self._trusted = trusted
        self.logs.create()
        self._boot_lines()
        await self._open()
        if not self.machine.state.running:
            self._close_port()
        if self._story is not None:
            self._story.tell_past()
            self._spawn(self._story.run())
        self.machine.state.on_push.append(self._on_push)

    async def aclose(self) -> None:
        with contextlib.suppress(ValueError):
            self.machine.state.on_push.remove(self._on_push)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.drop_connections()
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    def drop_connections(self) -> int:
        broken = list(self._connections)
        for connection in broken:
            connection.abort()
        return len(broken)

    async def _open(self) -> None:
        if self._listener is not None:
            return
        self._listener = await asyncssh.create_server(
            lambda: _Guest(self._connections),
            _LOOPBACK,
            self._port,
            server_host_keys=[self._host_key],
            authorized_client_keys=self._trusted,
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
        elif what == "start":
            self._spawn(self._open())

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

    def _spawn(self, work: Coroutine[object, None, None]) -> None:
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
            if is_several(argv):
                for printed in answer_several(argv, self._answer):
                    process.stdout.write(printed.stdout.encode())
                    process.stderr.write(printed.stderr.encode())
                process.exit(0)
                return
            status, stdout, stderr = self._remedies.obey(argv) or self._answer(argv)
            process.stdout.write(stdout.encode())
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


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
