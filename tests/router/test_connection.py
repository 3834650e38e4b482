"""Talking to a router: what works, and a clear word for everything that does not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest

from tests.router.labs import UUID, connection_to, lab_of, path_to, router_state, target
from tests.router.openssh import free_port
from tui.router import commands, login
from tui.router.commands import Command
from tui.router.connection import RouterConnection
from tui.router.errors import (
    CommandFailed,
    CommandTimeout,
    ConnectionDropped,
    ConnectTimeout,
    HopFailed,
    HostKeyUnknown,
    KeyFileProblem,
    LoginRefused,
    NotAllowed,
    ProtocolMismatch,
    Refused,
    Unreachable,
    WrongRouter,
)
from tui.router.hops import RouterTarget
from tui.router.hostkeys import HostKeys, public_text
from tui.router.log_commands import LOG_FOLLOW, LogCommand
from tui.router.output import Output
from tui.router.system_facts import read_words
from tui.safety.secret import Secret
from tui.settings.model import Hop, SshPath


async def test_commands_are_answered_and_timed(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        assert router.is_connected
        assert await router.run(commands.HOSTNAME) == "r-42-VM"
        assert router.round_trip is not None and 0 < router.round_trip < 5
    assert not router.is_connected
    with pytest.raises(ConnectionDropped):
        await router.run(commands.HOSTNAME)


async def test_only_the_registry_is_sent(tmp_path: Path) -> None:
    foreign = Command(name="hostname", argv=("reboot",), parse=read_words)
    other = LogCommand("log_follow", ("cat",), (("path", ".*"),))
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        with pytest.raises(NotAllowed):
            await router.run(foreign)
        with pytest.raises(NotAllowed):
            async with router.stream(other, "/etc/shadow"):
                pass
        with pytest.raises(NotAllowed):
            async with router.stream(LOG_FOLLOW, "/etc/shadow; id", "1", "0", "0", "-", "f" * 32):
                pass


async def test_at_most_three_commands_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most = 0, 0
    whole = RouterConnection._output

    async def counted(
        self: RouterConnection, link: asyncssh.SSHClientConnection, sent: Any
    ) -> Output:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.sleep(0.01)
            return await whole(self, link, sent)
        finally:
            running -= 1

    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        monkeypatch.setattr(RouterConnection, "_output", counted)
        await asyncio.gather(*(router.run(commands.HOSTNAME) for _ in range(12)))
    assert most == 3


async def test_a_broken_link_is_opened_again(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        assert lab.drop_connections("r-42-VM") == 1
        for _ in range(100):
            if not router.is_connected:
                break
            await asyncio.sleep(0.01)
        assert await router.run(commands.HOSTNAME) == "r-42-VM"


async def test_a_stopped_router_refuses(tmp_path: Path) -> None:
    state = router_state()
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        state.running = False
        state.pushed("stop")
        router.drop()
        with pytest.raises(Refused) as caught:
            await router.run(commands.HOSTNAME)
        assert "running" in caught.value.remedy
        state.running = True
        state.pushed("start")
        await asyncio.sleep(0.05)
        assert await router.run(commands.HOSTNAME) == "r-42-VM"


async def test_another_machine_at_the_address(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        port = lab.endpoints[0].port
        path = path_to(lab, addresses={"r-7-VM": f"127.0.0.1:{port}"})
        router = RouterConnection(RouterTarget(name="r-7-VM", uuid=UUID, control_ip="x"), path)
        with pytest.raises(WrongRouter, match="r-42-VM"):
            await router.connect()
        assert not router.is_connected


async def test_a_key_that_is_not_accepted(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        with pytest.raises(LoginRefused, match="root"):
            await connection_to(lab, key_file=str(other)).connect()


async def test_key_files(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    locked = tmp_path / "locked"
    locked.write_bytes(key.export_private_key(passphrase="open sesame"))
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(KeyFileProblem, match="no key file"):
        login.load_key(tmp_path / "missing")
    with pytest.raises(KeyFileProblem, match="no private key"):
        login.load_key(tmp_path / "text")
    with pytest.raises(KeyFileProblem, match="wants a passphrase"):
        login.load_key(locked)
    with pytest.raises(KeyFileProblem, match="does not open"):
        login.load_key(locked, Secret("wrong"))
    assert login.load_key(locked, Secret("open sesame")).get_fingerprint() == key.get_fingerprint()


async def test_nobody_listens() -> None:
    path = SshPath(addresses={"r-42-VM": f"127.0.0.1:{free_port()}"})
    with pytest.raises(Refused, match="refuses"):
        await RouterConnection(target(), path).connect()


async def test_a_name_that_is_not_known() -> None:
    path = SshPath(addresses={"r-42-VM": "no-such-host.invalid:22"})
    with pytest.raises(Unreachable, match="not known"):
        await RouterConnection(target(), path).connect()


async def test_something_that_is_no_ssh_server(tmp_path: Path) -> None:
    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    path = SshPath(addresses={"r-42-VM": f"127.0.0.1:{port}"})
    with pytest.raises((ProtocolMismatch, Unreachable)):
        await RouterConnection(target(), path, HostKeys(tmp_path / "known")).connect()
    server.close()
    await server.wait_closed()


async def test_a_machine_that_accepts_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(login, "LOGIN_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = SshPath(addresses={"r-42-VM": f"127.0.0.1:{silent.getsockname()[1]}"})
        with pytest.raises((ConnectTimeout, Unreachable)):
            await RouterConnection(target(), path, HostKeys(tmp_path / "known")).connect()


async def test_output_that_makes_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = msgspec.structs.replace(commands.NPROC, argv=("hostname",))
    missing = msgspec.structs.replace(commands.UPTIME, argv=("rm", "-rf", "/"))
    monkeypatch.setitem(commands.REGISTRY, "nproc", odd)
    monkeypatch.setitem(commands.REGISTRY, "uptime", missing)
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        with pytest.raises(CommandFailed, match="unreadable"):
            await router.run(odd)
        with pytest.raises(CommandFailed, match=r"126.*not a read-only command"):
            await router.run(missing)


async def test_a_command_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = msgspec.structs.replace(
        commands.NPROC,
        argv=("journalctl", "--no-pager", "-o", "json", "-f", "-t", "pppd", "-n", "0"),
        seconds=0.2,
    )
    monkeypatch.setitem(commands.REGISTRY, "nproc", endless)
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        with pytest.raises(CommandTimeout, match=r"0\.2 seconds"):
            await router.run(endless)
        assert await router.run(commands.HOSTNAME) == "r-42-VM"


class Bastion(asyncssh.SSHServer):
    """A machine that forwards connections, and nothing else."""

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        if not self._allowed:
            # What OpenSSH answers with AllowTcpForwarding no.
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "administratively prohibited"
            )
        return True


class Jump(msgspec.Struct):
    """A bastion in this process."""

    port: int
    host_key: str


@pytest.fixture
async def bastions(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[list[Jump]]:
    """Two bastions that accept the lab's key; the second forwards unless the marker says no."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "hop_key").write_bytes(key.export_private_key())
    allowed = asyncssh.import_authorized_keys(key.export_public_key().decode())
    servers, found = [], []
    for number in range(2):
        host = asyncssh.generate_private_key("ssh-ed25519")
        forwards = number == 0 or getattr(request, "param", True)
        server = await asyncssh.create_server(
            lambda forwards=forwards: Bastion(forwards),
            "127.0.0.1",
            0,
            server_host_keys=[host],
            authorized_client_keys=allowed,
        )
        servers.append(server)
        found.append(Jump(server.get_port(), public_text(host)))
    yield found
    for server in servers:
        server.close()
        await server.wait_closed()


def chained(lab_path: SshPath, tmp_path: Path, bastions: list[Jump]) -> SshPath:
    return msgspec.structs.replace(
        lab_path,
        jump=tuple(Hop("127.0.0.1", jump.port, "ops") for jump in bastions),
        key_file=str(tmp_path / "hop_key"),
        router_key_file=lab_path.key_file,
        known_hosts=str(tmp_path / "known_hosts"),
    )


def know(tmp_path: Path, lab_known: Path, bastions: list[Jump]) -> None:
    lines = [f"[127.0.0.1]:{jump.port} {jump.host_key}\n" for jump in bastions]
    (tmp_path / "known_hosts").write_text("".join(lines) + lab_known.read_text())


async def test_through_two_bastions(tmp_path: Path, bastions: list[Jump]) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        know(tmp_path, lab.known_hosts, bastions)
        path = chained(path_to(lab), tmp_path, bastions)
        async with RouterConnection(target(), path) as router:
            assert await router.run(commands.HOSTNAME) == "r-42-VM"


async def test_every_machine_on_the_way_is_asked_about(
    tmp_path: Path, bastions: list[Jump]
) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        path = chained(path_to(lab), tmp_path, bastions)
        router = RouterConnection(target(), path)
        asked = []
        for _ in range(3):
            with pytest.raises(HostKeyUnknown) as caught:
                await router.connect()
            asked.append(caught.value.alias)
            router.host_keys.learn(caught.value)
        await router.connect()
        await router.aclose()
    assert asked == [*(f"[127.0.0.1]:{jump.port}" for jump in bastions), f"vr:{UUID}"]


@pytest.mark.parametrize("bastions", [False], indirect=True)
async def test_a_bastion_that_does_not_forward(tmp_path: Path, bastions: list[Jump]) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        know(tmp_path, lab.known_hosts, bastions)
        path = chained(path_to(lab), tmp_path, bastions)
        with pytest.raises(LoginRefused, match="forwarding"):
            await RouterConnection(target(), path).connect()


async def test_the_hop_that_fails_is_named(tmp_path: Path, bastions: list[Jump]) -> None:
    async with lab_of(tmp_path / "lab", router_state()) as lab:
        know(tmp_path, lab.known_hosts, bastions)
        gone = [bastions[0], Jump(free_port(), bastions[1].host_key)]
        path = chained(path_to(lab), tmp_path, gone)
        with pytest.raises(HopFailed, match="jump host") as caught:
            await RouterConnection(target(), path).connect()
        assert isinstance(caught.value.reason, Refused | Unreachable)
