"""The SSH servers of a lab: one per router, on loopback, key only, without a shell."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import NamedTuple

import asyncssh

from tui.lab.router.answers import NOT_ALLOWED, answer, words_of
from tui.lab.router.machine import Machine
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

    def drop_connections(self, name: str) -> int:
        """Break every connection to router `name`, as a failing link does; how many there were."""
        return sum(
            router.drop_connections() for router in self._routers if router.endpoint.name == name
        )


class _LabRouter:
    """One router: its machine, its port, its connections."""

    def __init__(self, machine: Machine, folder: Path, *, speed: float, story: bool) -> None:
        self.machine = machine
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
        await self._open()
        if not self.machine.state.running:
            self._close_port()
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
        if what == "stop":
            self.machine.stop()
            self._close_port()
        elif what == "start":
            self._spawn(self._open())
        elif what == "vpn":
            self.machine.last_vpn = state.vpn
            if not state.charon_running:
                self.machine.start_charon(0)
            if not state.xl2tpd_running:
                self.machine.start_xl2tpd(0)

    def _spawn(self, work: Coroutine[object, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        status, stdout, stderr = NOT_ALLOWED
        if process.command is not None:
            status, stdout, stderr = answer(self.machine, words_of(process.command), {})
        with contextlib.suppress(BrokenPipeError, asyncssh.Error):
            process.stdout.write(stdout.encode())
            process.stderr.write(stderr.encode())
            process.exit(status)


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
