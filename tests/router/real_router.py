"""A connection to this machine as if it were a router, over a real OpenSSH server."""

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.router.openssh import SSHD, OpenSsh, openssh_server
from tui.router import connection as connection_module
from tui.router.connection import RouterConnection
from tui.router.follow import Backoff
from tui.router.hops import RouterTarget, Step, plan
from tui.router.hostkeys import HostKeys
from tui.router.log_commands import SOURCES, LogSource
from tui.settings.model import SshPath

NEEDS_SSHD = [
    pytest.mark.openssh,
    pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)"),
]
QUICK = Backoff(first=0.02, longest=0.1)
BEFORE = b"Nov 22 23:59:59 r-42-VM charon: the line before"


@contextlib.asynccontextmanager
async def real_router(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RouterConnection]:
    """The connection; not open yet."""
    sshd = folder / "sshd"
    sshd.mkdir()
    async with openssh_server(sshd) as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server))
        known = folder / "known_hosts"
        known.write_text(f"vr:u-42 {server.host_key}\n")
        path = SshPath(key_file=str(server.key_file), router_port=server.port)
        target = RouterTarget(name=socket.gethostname(), uuid="u-42", control_ip="127.0.0.1")
        connection = RouterConnection(target, path, HostKeys(known))
        yield connection
        await connection.aclose()


def plan_as(server: OpenSsh):  # type: ignore[no-untyped-def]
    """`plan` with the user who runs the test in the place of root."""

    def planned(path: SshPath, target: RouterTarget) -> tuple[Step, ...]:
        return tuple(msgspec.structs.replace(step, user=server.user) for step in plan(path, target))

    return planned


def log_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that stands for /var/log/daemon.log, with one line in it."""
    path = folder / "daemon.log"
    path.write_bytes(BEFORE + b"\n")
    monkeypatch.setitem(SOURCES, "daemon", LogSource("daemon", str(path)))
    return path
