"""Following logs over a real OpenSSH server, with real files, rotation and broken links."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from tests.router.log_writer import LogWriter, Rotation
from tests.router.openssh import SSHD, OpenSsh, openssh_server
from tui.router import connection as connection_module
from tui.router.connection import RouterConnection
from tui.router.follow import Backoff, follow
from tui.router.hops import RouterTarget, plan
from tui.router.hostkeys import HostKeys
from tui.router.log_commands import SOURCES, LogSource
from tui.router.log_events import LogChunk, LogGap
from tui.settings.model import SshPath

pytestmark = [
    pytest.mark.openssh,
    pytest.mark.skipif(SSHD is None, reason="no sshd on this machine (apt install openssh-server)"),
]

QUICK = Backoff(first=0.02, longest=0.1)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[OpenSsh]:
    folder = tmp_path / "sshd"
    folder.mkdir()
    async with openssh_server(folder) as running:
        yield running


@pytest.fixture
def router(server: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RouterConnection:
    """A connection to this machine as if it were a router."""

    def plan_as_me(path: SshPath, target: RouterTarget) -> tuple[object, ...]:
        return tuple(msgspec.structs.replace(s, user=server.user) for s in plan(path, target))

    monkeypatch.setattr(connection_module, "plan", plan_as_me)
    known = tmp_path / "known_hosts"
    known.write_text(f"vr:u-42 {server.host_key}\n")
    path = SshPath(key_file=str(server.key_file), router_port=server.port)
    target = RouterTarget(name=socket.gethostname(), uuid="u-42", control_ip="127.0.0.1")
    return RouterConnection(target, path, HostKeys(known))


def log_at(monkeypatch: pytest.MonkeyPatch, path: Path) -> Path:
    monkeypatch.setitem(SOURCES, "daemon", LogSource("daemon", str(path)))
    return path


@pytest.mark.parametrize("rotation", ["none", "rename", "copytruncate"])
async def test_no_line_is_lost_or_repeated(
    router: RouterConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rotation: Rotation,
) -> None:
    path = log_at(monkeypatch, tmp_path / "daemon.log")
    path.write_bytes(b"Nov 22 23:59:59 r-42-VM charon: the line before\n")
    writer = LogWriter(path, 10_000, rotation)
    chance = random.Random(7)
    got: list[bytes] = []
    drops = 0

    async def break_links() -> None:
        nonlocal drops
        while not writer.finished:
            await asyncio.sleep(chance.uniform(0.02, 0.12))
            router.drop()
            drops += 1

    tasks = []
    async with (
        asyncio.timeout(60),
        contextlib.aclosing(follow(router, ["daemon"], backoff=QUICK)) as events,
    ):
        async for event in events:
            assert not isinstance(event, LogGap)
            if isinstance(event, LogChunk):
                got += event.lines
                if not tasks:
                    tasks = [
                        asyncio.create_task(writer.run()),
                        asyncio.create_task(break_links()),
                    ]
            if got and got[-1] == writer.line(writer.count - 1):
                break
    await asyncio.gather(*tasks)
    await router.aclose()
    assert got[1:] == [writer.line(number) for number in range(writer.count)]
    print(rotation, drops, writer.rotations)
