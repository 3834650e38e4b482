"""A real OpenSSH server on a loopback port, run by the test as the current user."""

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncssh
import msgspec

from tui.router.connection import RouterConnection
from tui.router.hops import RouterTarget, Step, plan
from tui.router.hostkeys import HostKeys
from tui.settings.model import SshPath

SSHD = shutil.which("sshd") or next(
    (path for path in ("/usr/sbin/sshd", "/usr/local/sbin/sshd") if Path(path).exists()), None
)


class OpenSsh(msgspec.Struct, frozen=True):
    """Where it listens and what a client needs."""

    port: int
    user: str
    key_file: Path
    host_key: str
    """`type base64`."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.asynccontextmanager
async def openssh_server(folder: Path, settings: str = "") -> AsyncIterator[OpenSsh]:
    """Start sshd with its own configuration in `folder`; `settings` are further lines of it."""
    port = free_port()
    host_key = _configure(folder, port, settings)
    process = _start(folder)
    try:
        await _wait_for(port, process, folder)
        yield OpenSsh(port, getpass.getuser(), folder / "client_key", host_key)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


def _configure(folder: Path, port: int, settings: str) -> str:
    """Write keys and configuration; the public host key."""
    host = asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.generate_private_key("ssh-ed25519")
    for name, content in (
        ("host_key", host.export_private_key()),
        ("client_key", client.export_private_key()),
        ("authorized_keys", client.export_public_key()),
    ):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile {folder}/sshd.pid\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        "KbdInteractiveAuthentication no\nMaxSessions 100\nMaxStartups 100\nUseDNS no\n"
        f"{settings}\n"
    )
    return b" ".join(host.export_public_key().split()[:2]).decode()


def connection_to(server: OpenSsh, folder: Path) -> RouterConnection:
    """A connection to this machine as if it were a router, as the user who runs the test."""
    known = folder / "known_hosts"
    known.write_text(f"vr:u-42 {server.host_key}\n")
    path = SshPath(key_file=str(server.key_file), router_port=server.port)
    target = RouterTarget(name=socket.gethostname(), uuid="u-42", control_ip="127.0.0.1")
    return RouterConnection(target, path, HostKeys(known))


def plan_as(user: str) -> Callable[[SshPath, RouterTarget], tuple[Step, ...]]:
    """`plan` with another user than root; takes its place in `tui.router.connection`."""

    def planned(path: SshPath, target: RouterTarget) -> tuple[Step, ...]:
        return tuple(msgspec.structs.replace(step, user=user) for step in plan(path, target))

    return planned


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    assert SSHD is not None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "sshd.log").open("wb") as log:
        return subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stderr=log,
        )


async def _wait_for(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            raise RuntimeError((folder / "sshd.log").read_text())
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise TimeoutError("sshd does not answer")
