"""The story: who connects, when, and that the logs tell the same as the state."""

import asyncio
import gzip
import re
from pathlib import Path

import pytest

from tests.router.labs import connection_to, lab_of, router_state, until
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.player import Player
from tui.lab.router.scenes import Client, _recorded, push_lines, scene, words_for
from tui.lab.router.server import LabRouters
from tui.lab.router.visits import client_of
from tui.router.sessions import sessions

FAST = 40.0
SCENES = tuple(_recorded()["scenes"])


def written(lab: LabRouters) -> str:
    logs = lab.logs("r-42-VM")
    return "".join(logs.path(source).read_text() for source in ("daemon", "messages", "haproxy"))


@pytest.mark.parametrize("name", SCENES)
def test_scenes_have_no_recorded_names_left(name: str, tmp_path: Path) -> None:
    machine = Machine(router_state())
    logs = RouterLogs(tmp_path, "r-42-VM")
    logs.create()
    words = words_for(machine, Client("zoe", "198.51.100.9", None), 4242, "10.1.2.5", "ppp3")
    Player(machine, logs, 1.0).write_past(name, words, 1_800_000_000)
    text = "".join(logs.path(s).read_text() for s in ("daemon", "messages", "auth", "haproxy"))
    text += "".join(line for _, line in logs.entries(0, frozenset()))
    text += "".join(packet.text for packet in machine.wire.between(0, 2_000_000_000))
    assert text and "⟦" not in text and "\\u27e6" not in text
    for recorded in ("203.0.113.10 ", "203.0.113.77", "203.0.113.99", "192.168.77", "alice"):
        assert recorded not in text
    assert scene(name)[0].seconds == 0
    assert [line.seconds for line in scene(name)] == sorted(line.seconds for line in scene(name))


def test_a_push_leaves_the_lines_of_a_real_one() -> None:
    for what in ("users", "vpn", "vpn-removed"):
        assert len(push_lines(what)) > 20
    assert push_lines("stop") == ()


def test_alice_comes_directly_and_bob_from_behind_nat() -> None:
    assert client_of("alice").private_ip is None
    assert client_of("bob").private_ip is not None


async def test_a_log_view_is_not_empty_at_the_start(tmp_path: Path) -> None:
    state = router_state()
    async with lab_of(tmp_path, state, story=True) as lab, connection_to(lab) as router:
        for source in ("daemon", "messages", "cloud", "auth"):
            assert lab.logs("r-42-VM").path(source).stat().st_size > 0
        connected = {session.user for session in await sessions(router)}
        assert connected == {session.user for session in state.sessions} == {"alice", "bob"}
        text = written(lab)
        for session in state.sessions:
            assert f"remote IP address {session.inner_ip}" in text
            assert re.search(rf"vpn: \+ \S+ {re.escape(session.client_ip)} ", text)


async def test_people_come_soon_after_a_vpn_is_there(tmp_path: Path) -> None:
    state = router_state()
    vpn, users, ports = state.vpn, state.users, state.ports
    state.vpn, state.users, state.ports = None, {}, []
    state.charon_running = state.xl2tpd_running = False
    state.loaded_pool = state.loaded_local_ip = None
    async with lab_of(tmp_path, state, story=True, speed=FAST) as lab:
        await asyncio.sleep(0.3)
        assert not state.sessions
        state.vpn, state.users, state.ports = vpn, users, ports
        for what in ("vpn", "users", "firewall"):
            state.pushed(what)
        await until(lambda: {session.user for session in state.sessions} == {"alice", "bob"})
        assert len({session.inner_ip for session in state.sessions}) == 2
        assert len({session.interface for session in state.sessions}) == 2
        assert "203.0.113.12" in written(lab)


async def test_nobody_comes_through_a_closed_port(tmp_path: Path) -> None:
    state = router_state()
    state.ports = [port for port in state.ports if port.start == 500]
    async with lab_of(tmp_path, state, story=True, speed=FAST) as lab:
        await until(lambda: "CHILD_SA L2TP-PSK" in written(lab))
        await asyncio.sleep(0.5)
        assert not state.sessions and "remote IP address" not in written(lab)
        state.ports = []
        size = lab.logs("r-42-VM").path("daemon").stat().st_size
        await asyncio.sleep(1)
        # What had begun may end; after that there is silence.
        later = lab.logs("r-42-VM").path("daemon").stat().st_size
        assert later - size < 20_000
        await asyncio.sleep(0.5)
        assert lab.logs("r-42-VM").path("daemon").stat().st_size == later


async def test_life_goes_on(tmp_path: Path) -> None:
    """Within some minutes of the story people fail, leave and strangers scan."""
    state = router_state()
    state.users |= {"carol": "x", "dave": "x", "erin": "x"}
    async with lab_of(tmp_path, state, story=True, speed=400) as lab:
        await until(
            lambda: all(
                words in written(lab)
                for words in (
                    "remote IP address",
                    "failed CHAP authentication",
                    "could not decrypt payloads",
                    "invalid IKE header",
                )
            )
        )
        inner = [session.inner_ip for session in state.sessions]
        assert len(inner) == len(set(inner))


def test_rotation_of_the_labs_files(tmp_path: Path) -> None:
    logs = RouterLogs(tmp_path, "r-42-VM", rotate_at=1000)
    logs.create()
    inode = logs.path("cloud").stat().st_ino
    lines = [b"%04d %s\n" % (number, b"x" * 40) for number in range(60)]
    for line in lines:
        logs.append("daemon", line)
        logs.append("cloud", line)
    assert logs.path("cloud").stat().st_ino == inode
    for source in ("daemon", "cloud"):
        path = logs.path(source)
        assert path.stat().st_size <= 1000 and not path.with_name(f"{path.name}.1").exists()
        kept = [path.with_name(f"{path.name}.{number}.gz") for number in (3, 2, 1)]
        old = b"".join(gzip.decompress(part.read_bytes()) for part in kept if part.exists())
        assert old + path.read_bytes() == b"".join(lines)
