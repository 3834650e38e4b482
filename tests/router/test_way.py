"""What is sent before it is known who answers, and routers that are connected side by side."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.router.labs import UUID, connection_to, lab_of, path_to, router_state, until
from tests.router.openssh import SSHD, openssh_server, plan_as
from tests.router.openssh import connection_to as connection_to_openssh
from tui.router import commands, login
from tui.router import connection as connection_module
from tui.router.captures import CAPTURE
from tui.router.connection import RouterConnection
from tui.router.errors import ConnectionDropped, WrongRouter
from tui.router.hops import RouterTarget
from tui.router.log_commands import LOG_ZONE
from tui.router.remedies import RESTART_IPSEC


class Watched:
    """Which commands were sent, while the answer to the question for the name is held back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str] = []
        self.name_may_come = asyncio.Event()
        whole = RouterConnection._start
        printed = RouterConnection._output

        async def start(
            connection: RouterConnection, link: asyncssh.SSHClientConnection, line: str
        ) -> asyncssh.SSHClientProcess[bytes]:
            self.sent.append(line)
            return await whole(connection, link, line)

        async def output(
            connection: RouterConnection, link: asyncssh.SSHClientConnection, sent: Any
        ) -> Any:
            found = await printed(connection, link, sent)
            if sent.name == commands.HOSTNAME.name:
                await self.name_may_come.wait()
            return found

        monkeypatch.setattr(RouterConnection, "_start", start)
        monkeypatch.setattr(RouterConnection, "_output", output)


async def test_reading_does_not_wait_for_the_name_but_its_answer_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        watched = Watched(monkeypatch)
        router = connection_to(lab)
        asked = asyncio.create_task(router.run(commands.UPTIME))
        await until(lambda: len(watched.sent) == 2)
        assert set(watched.sent) == {commands.HOSTNAME.line, commands.UPTIME.line}
        await asyncio.sleep(0.2)
        assert not asked.done() and not router.is_connected
        watched.name_may_come.set()
        assert await asked
        assert router.is_connected
        await router.aclose()


async def test_what_changes_or_records_waits_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        watched = Watched(monkeypatch)
        router = connection_to(lab)

        async def record() -> None:
            async with router.stream(CAPTURE, "eth2", "-", "1", "1", "200"):
                pass

        tasks = [
            asyncio.create_task(router.apply(RESTART_IPSEC)),
            asyncio.create_task(record()),
        ]
        await until(lambda: watched.sent == [commands.HOSTNAME.line])
        await asyncio.sleep(0.2)
        assert watched.sent == [commands.HOSTNAME.line]
        watched.name_may_come.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert RESTART_IPSEC.line() in watched.sent
        await router.aclose()


async def test_another_machine_is_never_read_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        watched = Watched(monkeypatch)
        watched.name_may_come.set()
        port = lab.endpoints[0].port
        path = path_to(lab, addresses={"r-7-VM": f"127.0.0.1:{port}"})
        router = RouterConnection(RouterTarget(name="r-7-VM", uuid=UUID, control_ip="x"), path)
        with pytest.raises(WrongRouter, match="r-42-VM"):
            await router.run(commands.UPTIME)
        with pytest.raises(WrongRouter, match="r-42-VM"):
            async with router.stream(LOG_ZONE):
                raise AssertionError("it is read")
        with pytest.raises(WrongRouter, match="r-42-VM"):
            async for _answer in router.answers([commands.UPTIME]):
                raise AssertionError("it is read")
        with pytest.raises(WrongRouter, match="r-42-VM"):
            await router.apply(RESTART_IPSEC)
        assert RESTART_IPSEC.line() not in watched.sent
        assert not router.is_connected
        await router.aclose()


async def test_closing_ends_what_waits_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = asyncio.Event()

    async def never(self: RouterConnection, link: asyncssh.SSHClientConnection, sent: Any) -> Any:
        process = await self._start(link, "cat /proc/uptime")
        hanging.set()
        await process.wait_closed()
        await asyncio.sleep(0.05)
        raise ConnectionDropped("r-42-VM")

    async with lab_of(tmp_path, router_state()) as lab:
        monkeypatch.setattr(RouterConnection, "_output", never)
        router = connection_to(lab)
        asked = asyncio.create_task(router.connect())
        await hanging.wait()
        await router.aclose()
        with pytest.raises(ConnectionDropped):
            await asked
        with pytest.raises(ConnectionDropped):
            await router.connect()


async def test_a_caller_that_gives_up_leaves_the_link_to_the_others(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        router.drop()
        first = asyncio.create_task(router.run(commands.UPTIME))
        second = asyncio.create_task(router.run(commands.UPTIME))
        await asyncio.sleep(0)
        first.cancel()
        assert await second
        assert lab.drop_connections("r-42-VM") == 1


async def test_ten_routers_are_connected_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each login waits until all ten are under way: one after the other, none would end."""
    names = [f"r-{number}-VM" for number in range(40, 50)]
    under_way = asyncio.Barrier(len(names))
    whole = login.log_in_along

    async def all_at_once(*arguments: Any) -> Any:
        async with asyncio.timeout(20):
            await under_way.wait()
        return await whole(*arguments)

    monkeypatch.setattr(connection_module, "log_in_along", all_at_once)
    async with lab_of(tmp_path, *map(router_state, names)) as lab:
        routers = [
            RouterConnection(RouterTarget(name=name, uuid=UUID, control_ip="x"), path_to(lab))
            for name in names
        ]
        answers = await asyncio.gather(*(router.run(commands.HOSTNAME) for router in routers))
        assert answers == names
        await asyncio.gather(*(router.aclose() for router in routers))


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="there is no OpenSSH server here")
async def test_the_cipher_that_processors_are_fastest_at_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with openssh_server(tmp_path) as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server.user))
        router = connection_to_openssh(server, tmp_path)
        link = (await router._logged_in()).link
        for name in ("send_cipher", "recv_cipher"):
            assert link.get_extra_info(name) == "aes128-gcm@openssh.com"
        for name in ("send_compression", "recv_compression"):
            assert link.get_extra_info(name) == "none"
        await router.aclose()


@pytest.mark.openssh
@pytest.mark.skipif(SSHD is None, reason="there is no OpenSSH server here")
async def test_a_router_without_that_cipher_is_spoken_to_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with openssh_server(tmp_path, "Ciphers chacha20-poly1305@openssh.com") as server:
        monkeypatch.setattr(connection_module, "plan", plan_as(server.user))
        async with connection_to_openssh(server, tmp_path) as router:
            assert await router.run(commands.HOSTNAME)
