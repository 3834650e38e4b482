"""Faults of a lab router: each shows in every answer as on a real router, and in the logs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.lab.router.test_answers import connected
from tests.lab.scenes_of_cases import CUTS, IPSEC_DOWN, scene_of
from tests.router.labs import connection_to, lab_of, router_state
from tui.lab.router.answers import NOT_ALLOWED, answer
from tui.lab.router.faults import FAULTS
from tui.lab.router.lab_router import LabRouter
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.router.recorded import recordings
from tui.lab.router.scenes import Client, scene, scene_for
from tui.lab.router.server import LabRouters
from tui.lab.router.visits import HABITS, Way
from tui.lab.state import FaultUnknown, LabTier
from tui.router.commands import REGISTRY
from tui.router.output import Output
from tui.router.sessions import sessions

FAST = 200.0
NAMES = tuple(recordings()["commands"])


@asynccontextmanager
async def router_with(folder: Path, *faults: str) -> AsyncIterator[tuple[LabRouters, LabRouter]]:
    """A router with a VPN, three users and the given faults."""
    state = router_state()
    state.users["erin"] = "secret-3"
    async with lab_of(folder, state, speed=FAST) as lab:
        router = lab.router("r-42-VM")
        for fault in faults:
            router.fault(fault)
        yield lab, router


def printed(router: LabRouter, name: str) -> str:
    """What a command of the recordings prints now."""
    return answer(router.machine, tuple(recordings()["commands"][name]), router.logs).stdout


@pytest.mark.parametrize("name", [*CUTS, IPSEC_DOWN])
def test_scenes_are_those_of_the_cases(name: str) -> None:
    assert [tuple(line) for line in scene(name)] == scene_of(name)


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_command_is_answered_and_read_with_a_fault(tmp_path: Path, fault: str) -> None:
    async with router_with(tmp_path, fault) as (_, router):
        router.connected_since("alice", 30)
        for name in NAMES:
            argv = tuple(recordings()["commands"][name])
            found = answer(router.machine, argv, router.logs)
            assert found != NOT_ALLOWED, name
        for command in REGISTRY.values():
            found = answer(router.machine, command.argv, router.logs)
            assert found.status in command.statuses, (command.name, found)
            command.parse(Output(found.status, found.stdout.encode(), found.stderr.encode()))


async def test_a_fault_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    async with router_with(tmp_path) as (_, router):
        with pytest.raises(FaultUnknown, match="forward_off"):
            router.fault("rust")
        with pytest.raises(FaultUnknown, match="wrong_password"):
            router.habit("alice", "rust")


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "unreachable"])
async def test_mending_takes_everything_back(tmp_path: Path, fault: str) -> None:
    async with router_with(tmp_path, fault) as (_, router):
        router.fault("mend")
        state = router.machine.state
        if fault == "rebooted":
            return  # the rules come with CloudStack's next push
        state.sessions.clear()
        assert (await router.connect("alice")).reached == "session"
        assert router.machine.passes(state.sessions[0])


WAYS = [
    ("", "alice", "", Way("connect", "session")),
    ("", "bob", "", Way("connect_nat", "session")),
    ("", "mallory", "", Way("unknown_user", "ipsec")),
    ("", "alice", "wrong_password", Way("wrong_password", "ipsec")),
    ("", "alice", "wrong_key", Way("wrong_key", "nothing")),
    ("", "alice", "old_proposals", Way("old_client", "nothing")),
    ("", "alice", "aggressive_mode", Way("aggressive", "nothing")),
    ("", "alice", "pap_only", Way("pap_only", "ipsec")),
    ("", "alice", "mppe", Way("mppe", "ipsec")),
    ("", "alice", "no_ipsec", Way("no_ipsec", "nothing")),
    ("", "alice", "static_ip", Way("static_ip", "session")),
    ("key_drift", "alice", "", Way("wrong_key", "nothing")),
    ("conn_not_loaded", "alice", "", Way("no_connection", "nothing")),
    ("udp500_closed", "alice", "", Way("blocked_500", "nothing")),
    ("udp4500_closed", "alice", "", Way("connect", "session")),
    ("udp4500_closed", "bob", "", Way("blocked_4500", "nothing")),
    ("udp1701_closed", "alice", "", Way("blocked_1701", "ipsec")),
    ("esp_blocked", "alice", "", Way("esp_blocked", "ipsec")),
    ("xl2tpd_killed", "erin", "", Way("l2tp_down", "ipsec")),
    ("xl2tpd_stopped", "alice", "", Way("l2tp_down", "ipsec")),
    ("xl2tpd_bad_config", "alice", "", Way("l2tp_down", "ipsec")),
    ("ipsec_stopped", "alice", "", Way("ipsec_down", "nothing")),
    ("ipsec_stopped", "alice", "no_ipsec", Way("connect_md5", "session without ipsec")),
    ("rebooted", "alice", "", Way("blocked_500", "nothing")),
    ("no_secrets", "alice", "", Way("no_secrets", "ipsec")),
    ("pool_exhausted", "alice", "", Way("pool_exhausted", "ipsec")),
    ("conntrack_full", "alice", "", Way("table_full", "ipsec")),
    ("forward_off", "erin", "", Way("connect", "session")),
    ("ghost_user", "walter", "", Way("connect", "session")),
]


@pytest.mark.parametrize(("fault", "user", "habit", "way"), WAYS)
async def test_what_a_client_meets(
    tmp_path: Path, fault: str, user: str, habit: str, way: Way
) -> None:
    faults = (fault,) if fault else ()
    async with router_with(tmp_path, *faults) as (_, router):
        before = len(router.machine.live_sessions)
        assert await router.connect(user, habit) == way
        assert len(router.machine.live_sessions) - before == way.reached.startswith("session")


async def test_two_behind_one_nat_share_everything_but_the_traffic(tmp_path: Path) -> None:
    async with router_with(tmp_path) as (_, router):
        await router.connect("alice", client=Client("alice", "198.51.100.9", "192.168.1.11"))
        way = await router.connect("erin", client=Client("erin", "198.51.100.9", "192.168.1.12"))
        assert way == Way("same_nat", "session")
        alice, erin = router.machine.live_sessions
        assert not router.machine.passes(alice) and router.machine.passes(erin)
        status = printed(router, "ipsec_statusall")
        assert status.count("INSTALLED, TRANSPORT, reqid 2,") == 2
        assert "tty is not open yet" in printed(router, "tail_daemon_log")


async def test_blocked_l2tp_shows_in_counters_and_nothing_comes_back(tmp_path: Path) -> None:
    async with router_with(tmp_path, "udp1701_closed") as (_, router):
        await router.connect("alice")
        (association,) = router.machine.associations()
        assert association.bytes_in > 0 and association.bytes_out == 0
        dropped = router.machine.gate.dropped.packets
        assert dropped == 10
        assert f"[{dropped}:" in printed(router, "iptables_mangle")
        assert "xl2tpd" not in printed(router, "tail_daemon_log")


async def test_lost_esp_leaves_no_bytes(tmp_path: Path) -> None:
    async with router_with(tmp_path, "esp_blocked") as (_, router):
        await router.connect("alice")
        assert "0 bytes_i, 0 bytes_o" in printed(router, "ipsec_statusall")


async def test_clear_text_is_dropped_by_the_policy_and_counted(tmp_path: Path) -> None:
    async with router_with(tmp_path) as (_, router):
        size = router.logs.path("daemon").stat().st_size
        await router.connect("alice", "no_ipsec")
        assert "XfrmInTmplMismatch      \t9" in printed(router, "xfrm_stat")
        assert router.logs.path("daemon").stat().st_size == size


async def test_a_session_without_ipsec(tmp_path: Path) -> None:
    async with router_with(tmp_path, "cleartext_session") as (lab, router):
        assert printed(router, "xfrm_policy") == "" and printed(router, "xfrm_state") == ""
        assert answer(router.machine, ("ipsec", "statusall"), router.logs).status == 3
        async with connection_to(lab) as connection:
            (session,) = await sessions(connection)
        assert session.user == "alice" and not session.is_orphan and session.client_ip


async def test_the_orphan_has_the_address_of_who_came_back(tmp_path: Path) -> None:
    async with router_with(tmp_path, "orphan_pppd") as (lab, router):
        async with connection_to(lab) as connection:
            orphan, session = await sessions(connection)
        assert (orphan.user, orphan.is_orphan) == (session.user, True) and not session.is_orphan
        assert orphan.inner_ip == session.inner_ip and orphan.interface != session.interface
        assert not router.machine.passes(router.machine.live_sessions[0])
        assert printed(router, "ip_route").count(f'"dst":"{session.inner_ip}"') == 2


async def test_no_answer_and_no_file_without_a_push_after_a_boot(tmp_path: Path) -> None:
    async with router_with(tmp_path, "rebooted") as (_, router):
        machine = router.machine
        argv = tuple(recordings()["commands"]["bag_remoteaccessvpn"])
        assert answer(machine, argv, router.logs).status == 1
        assert "--dport 500" not in printed(router, "iptables_mangle")
        assert printed(router, "chap_users").split() == ["alice", "bob", "erin"]
        assert printed(router, "psk_sha256") == f"{machine.key_digest()}  -\n" and machine.key
        assert len(printed(router, "journal_boots").splitlines()) == 3


def test_an_acl_that_denies_counts_what_it_drops(tmp_path: Path) -> None:
    state = router_state()
    state.is_vpc, state.tiers = True, [LabTier("10.1.1.0/24", "10.1.1.1", (), False)]
    machine = Machine(state)
    connected(state)
    assert not machine.passes(state.sessions[0])
    logs = RouterLogs(tmp_path, "r-42-VM")
    logs.create()
    text = answer(machine, ("iptables-save", "-c", "-t", "filter"), logs).stdout
    drop = next(line for line in text.splitlines() if line.endswith("-A ACL_INBOUND_eth2 -j DROP"))
    assert int(drop[1:].partition(":")[0]) > 20


def test_a_scene_with_nat_is_made_from_both() -> None:
    lines = scene_for("wrong_password", behind_nat=True)
    text = "\n".join(line.text for line in lines)
    assert "remote host is behind NAT" in text and "failed CHAP authentication" in text
    assert "UDP-encap: ESP(" in text and "proto ESP" not in text
    seconds = [line.seconds for line in lines]
    assert seconds == sorted(seconds)
    back = "\n".join(line.text for line in scene_for("pool_exhausted", behind_nat=False))
    assert "behind NAT" not in back and "UDP-encap" not in back and "Out of IP" in back


async def test_an_unreachable_router_refuses(tmp_path: Path) -> None:
    async with router_with(tmp_path, "unreachable") as (_, router):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", router.endpoint.port)
        router.fault("mend")
        await asyncio.sleep(0.1)
        _, writer = await asyncio.open_connection("127.0.0.1", router.endpoint.port)
        writer.close()


def test_every_habit_has_a_scene() -> None:
    for habit in HABITS.values():
        assert scene(habit.scene)
