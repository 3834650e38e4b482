"""What a push does to a router, as seen on a real one."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from tests.router.labs import KEY, connection_to, lab_of, router_state, until
from tui.lab.router.server import LabRouters
from tui.lab.state import LabSession, OpenPort, PushedVpn, RouterState
from tui.router import commands
from tui.router.facts import ExpectedVpn, verify

FAST = 50.0


def text_of(lab: LabRouters, source: str) -> str:
    return lab.logs("r-42-VM").path(source).read_text()


def enable(state: RouterState) -> None:
    """What the cloud does when a VPN is enabled with its three ports."""
    state.vpn = PushedVpn("203.0.113.12", "10.1.2.1", "10.1.2.2-10.1.2.8", KEY, "10.1.1.0/24")
    state.pushed("vpn")
    state.users = {"alice": "secret-1"}
    state.pushed("users")
    state.ports = [
        OpenPort("203.0.113.12", "udp", port, port, ("0.0.0.0/0",)) for port in (500, 1701, 4500)
    ]
    state.pushed("firewall")


async def test_enabling_starts_the_daemons(tmp_path: Path) -> None:
    state = router_state(vpn=False)
    async with lab_of(tmp_path, state, speed=FAST) as lab, connection_to(lab) as router:
        assert await router.run(commands.PGREP_CHARON) == ()
        enable(state)
        # CloudStack calls the VPN running before charon is up.
        assert state.xl2tpd_running and not state.charon_running
        wanted = ExpectedVpn(
            public_ip="203.0.113.12",
            psk_sha256=hashlib.sha256(KEY.encode()).hexdigest(),
            pool="10.1.2.2-10.1.2.8",
            users=("alice",),
        )
        verdict = await verify(router, wanted, patience=10)
        assert verdict.passed, verdict
        await until(lambda: "spawning 16 worker threads" in text_of(lab, "daemon"))
        cloud = text_of(lab, "cloud")
        assert "Command of type remoteaccessvpn received" in cloud
        assert "Command of type vpnuserlist received" in cloud
        assert "FIREWALL_203.0.113.12" in cloud and "203.0.113.10" not in cloud


async def test_deleting_leaves_everything_but_rules(tmp_path: Path) -> None:
    state = router_state()
    state.sessions = [
        LabSession("alice", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, 1.0)
    ]
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        state.vpn = None
        state.ports = []
        state.pushed("vpn-removed")
        state.pushed("firewall")
        assert await router.run(commands.BAG_REMOTEACCESSVPN) is None
        assert await router.run(commands.PGREP_CHARON) and await router.run(commands.PGREP_XL2TPD)
        assert await router.run(commands.PSK_SHA256) == hashlib.sha256(KEY.encode()).hexdigest()
        assert len(await router.run(commands.TDBDUMP)) == 1
        assert "-D FORWARD -i ppp+ -o ppp+" in text_of(lab, "cloud")


async def test_a_running_daemon_keeps_its_old_range(tmp_path: Path) -> None:
    state = router_state()
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        state.vpn = PushedVpn("203.0.113.12", "10.1.9.1", "10.1.9.2-10.1.9.8", KEY, "10.1.1.0/24")
        state.pushed("vpn")
        assert state.loaded_pool == "10.1.2.2-10.1.2.8"
        started = await router.run(commands.XL2TPD_STARTED)
        assert started is not None and started.is_older_than_configuration
        assert (await router.run(commands.XL2TPD_CONF)).pool == "10.1.9.2-10.1.9.8"


async def test_a_push_does_not_revive_a_daemon_that_died(tmp_path: Path) -> None:
    state = router_state()
    state.xl2tpd_running = False
    async with lab_of(tmp_path, state, speed=FAST):
        state.pushed("vpn")
        await asyncio.sleep(0.1)
        assert not state.xl2tpd_running


async def test_stop_and_start_replays_the_configuration(tmp_path: Path) -> None:
    state = router_state()
    state.sessions = [
        LabSession("alice", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, 1.0)
    ]
    async with lab_of(tmp_path, state, speed=FAST) as lab, connection_to(lab) as router:
        state.running = False
        state.pushed("stop")
        assert not state.charon_running and not state.sessions
        port = lab.endpoints[0].port
        state.running = True
        state.pushed("start")
        await until(lambda: state.charon_running)
        assert lab.endpoints[0].port == port
        assert await router.run(commands.PROC_UPTIME) < 60
        assert state.xl2tpd_running and state.loaded_pool == "10.1.2.2-10.1.2.8"


async def test_a_removed_user_is_thrown_out(tmp_path: Path) -> None:
    state = router_state()
    state.sessions = [
        LabSession("alice", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, 1.0)
    ]
    async with lab_of(tmp_path, state, speed=FAST, story=True) as lab:
        del state.users["alice"]
        state.pushed("users")
        assert "alice" not in {session.user for session in state.sessions}
        await until(lambda: "by signal 9" in text_of(lab, "daemon"))


async def test_closing_forgets_the_state(tmp_path: Path) -> None:
    state = router_state(vpn=False)
    async with lab_of(tmp_path, state):
        assert len(state.on_push) == 1
    assert state.on_push == []
    state.pushed("vpn")


async def test_key_files_are_private(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab:
        assert lab.key_file.stat().st_mode & 0o777 == 0o600
        assert lab.known_hosts.read_text().startswith("[127.0.0.1]:")
        assert lab.endpoints[0].network == "acme-prod"
        with pytest.raises(KeyError):
            lab.logs("r-1-VM")
