"""The lab router answers every command of the registry, in the form of a real router."""

import hashlib
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from tests.router.labs import KEY, connection_to, lab_of, router_state
from tests.router.recorded import output
from tui.lab.router.answers import NOT_ALLOWED, answer, words_of
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine, call_of, tunnel_of
from tui.lab.router.recorded import recordings
from tui.lab.router.times import RECORDED_BOOT
from tui.lab.state import LabSession, OpenPort, RouterState
from tui.router import commands
from tui.router.commands import REGISTRY, Command
from tui.router.facts import ExpectedVpn, verify
from tui.router.output import Output
from tui.router.sessions import sessions, status


@pytest.fixture
def logs(tmp_path: Path) -> RouterLogs:
    made = RouterLogs(tmp_path, "r-42-VM")
    made.create()
    return made


def ask(state: RouterState, command: Command[Any], logs: RouterLogs) -> Any:
    found = answer(Machine(state), words_of(command.line), logs)
    assert found.status in command.statuses, found
    return command.parse(Output(found.status, found.stdout.encode(), found.stderr.encode()))


def connected(state: RouterState) -> RouterState:
    now = time.time()
    state.sessions = [
        LabSession("alice", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, now - 50),
        LabSession("bob", "198.51.100.9", 1701, "192.168.1.5", "10.1.2.3", "ppp1", 4300, now - 9),
    ]
    return state


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("kind", ["fresh", "vpn", "connected", "vpc", "stopped daemons"])
def test_every_command_is_answered_and_read(name: str, kind: str, logs: RouterLogs) -> None:
    state = router_state(vpn=kind != "fresh")
    if kind == "connected":
        connected(state)
    elif kind == "vpc":
        state.is_vpc = True
    elif kind == "stopped daemons":
        state.charon_running = state.xl2tpd_running = False
    ask(state, REGISTRY[name], logs)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "reboot",
        "hostname; id",
        "LC_ALL=C sh -c id",
        "cat /etc/shadow",
        "cat 'unclosed",
        "hostname x",
    ],
)
def test_nothing_else_is_answered(line: str, logs: RouterLogs) -> None:
    assert answer(Machine(router_state()), words_of(line), logs) == NOT_ALLOWED


def same_form(ours: str, recorded: str) -> None:
    """Each line is like a recorded one with the same first word: as many words."""

    def shapes(text: str) -> set[tuple[str, int]]:
        return {(words[0], len(words)) for line in text.splitlines() if (words := line.split())}

    assert shapes(ours) <= shapes(recorded)


@pytest.mark.parametrize(
    "name",
    ["ss_vpn_ports", "xl2tpd_conf", "l2tp_session", "l2tp_tunnel", "chap_users", "daemon_log_stat"],
)
def test_answers_have_the_recorded_form(name: str, logs: RouterLogs) -> None:
    found = answer(Machine(connected(router_state())), REGISTRY[name].argv, logs)
    same_form(found.stdout, output("two_sessions", name).stdout.decode())


def test_the_bag_is_the_recorded_one(logs: RouterLogs) -> None:
    state = router_state()
    assert state.vpn is not None
    state.vpn.public_ip = "203.0.113.10"
    ours = answer(Machine(state), commands.BAG_REMOTEACCESSVPN.argv, logs).stdout
    assert ours == output("vpn_idle", "bag_remoteaccessvpn").stdout.decode()
    assert KEY not in ours


def test_state_shows_in_the_answers(logs: RouterLogs) -> None:
    state = connected(router_state())
    assert ask(state, commands.HOSTNAME, logs) == "r-42-VM"
    assert ask(state, commands.CHAP_USERS, logs) == ("alice", "bob")
    assert ask(state, commands.PSK_SHA256, logs) == hashlib.sha256(KEY.encode()).hexdigest()
    assert [sa.remote_id for sa in ask(state, commands.IPSEC_STATUSALL, logs).ike] == [
        "192.168.1.5",
        "198.51.100.7",
    ]
    state.ip_forward = False
    assert ask(state, commands.SYSCTL, logs)["net.ipv4.ip_forward"] == "0"
    state.redundant_state = "BACKUP"
    assert ask(state, commands.CHECKROUTER, logs) == "BACKUP"
    state.ghost_users = {"carol": "x"}
    assert ask(state, commands.CHAP_USERS, logs) == ("alice", "bob", "carol")


def test_other_commands_of_the_recordings_have_this_routers_names(logs: RouterLogs) -> None:
    found = answer(Machine(router_state("r-77-VM")), ("ip", "-j", "addr"), logs)
    assert "203.0.113.12" in found.stdout and "203.0.113.10" not in found.stdout
    assert "169.254.7.42" in found.stdout
    uname = answer(Machine(router_state("r-77-VM")), ("uname", "-a"), logs)
    assert "r-77-VM" in uname.stdout


def expected(state: RouterState) -> ExpectedVpn:
    assert state.vpn is not None
    return ExpectedVpn(
        public_ip=state.vpn.public_ip,
        psk_sha256=hashlib.sha256(KEY.encode()).hexdigest(),
        pool=state.vpn.pool,
        users=tuple(state.users),
        is_vpc=state.is_vpc,
    )


async def failures(folder: Path, state: RouterState) -> set[str]:
    async with lab_of(folder, state) as lab, connection_to(lab) as router:
        return {check.name for check in (await verify(router, expected(state))).failed}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, set()),
        ({"is_vpc": True, "ports": []}, set()),
        ({"ports": [OpenPort("203.0.113.12", "udp", 500, 500, ("0.0.0.0/0",))]}, {"gate_open"}),
        ({"ports": [OpenPort("203.0.113.12", "udp", 500, 4500, ("198.51.100.0/24",))]}, set()),
        ({"ports": [OpenPort("203.0.113.12", "all", None, None, ())]}, set()),
        ({"ports": [OpenPort("203.0.113.12", "tcp", 500, 4500, ("0.0.0.0/0",))]}, {"gate_open"}),
        ({"charon_running": False}, {"ike_listens", "conn_loaded"}),
        ({"xl2tpd_running": False}, {"l2tp_listens", "range_loaded"}),
        ({"loaded_pool": "10.1.9.2-10.1.9.8"}, {"range_loaded"}),
        ({"ghost_users": {"carol": "x"}}, {"users_match"}),
        ({"ip_forward": False}, {"ip_forward"}),
    ],
)
async def test_faults_show_as_on_a_real_router(
    tmp_path: Path, change: dict[str, Any], names: set[str]
) -> None:
    state = router_state()
    for name, value in change.items():
        setattr(state, name, value)
    assert await failures(tmp_path, state) == names


async def test_who_is_connected(tmp_path: Path) -> None:
    state = connected(router_state())
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        found = await sessions(router)
        assert [(s.user, s.inner_ip, s.client_ip, s.is_orphan) for s in found] == [
            ("alice", "10.1.2.2", "198.51.100.7", False),
            ("bob", "10.1.2.3", "198.51.100.9", False),
        ]
        state.xl2tpd_running = False
        assert all(session.is_orphan for session in await sessions(router))
        machine = await status(router, time.time)
        assert abs(machine.clock_offset) < 5 and machine.xl2tpd_pid is None


def test_lines_are_quoted_as_a_shell_reads_them() -> None:
    for command in REGISTRY.values():
        assert words_of(command.line) == command.argv
        assert shlex.split(command.line)[1:] == list(command.argv)


def test_no_command_of_the_recordings_is_refused(logs: RouterLogs) -> None:
    state = connected(router_state())
    for name, argv in recordings()["commands"].items():
        found = answer(Machine(state), tuple(argv), logs)
        assert found != NOT_ALLOWED, name
        assert "203.0.113.77" not in found.stdout, name


def test_one_session_is_the_same_in_every_answer(logs: RouterLogs) -> None:
    machine = Machine(connected(router_state()))

    def printed(name: str) -> str:
        return answer(machine, tuple(recordings()["commands"][name]), logs).stdout

    for session in machine.state.sessions:
        tunnel, call = str(tunnel_of(session.pid)), str(call_of(session.pid))
        assert f"tunnel_id {tunnel} pppol2tp_session_id {call}" in printed("pgrep_pppd")
        assert f"Session {call} in tunnel {tunnel}" in printed("l2tp_session")
        assert f"Tunnel {tunnel}," in printed("l2tp_tunnel")
        assert f'"tunnel_id":{tunnel},' in printed("l2tp_tunnel_json")
        assert f" {machine.xl2tpd_pid} " in next(
            line for line in printed("ps_vpn").splitlines() if line.split()[0] == str(session.pid)
        )
        for name in ("ip_addr", "ip_route", "ip_link_ppp", "ip_link_stats", "tdbdump"):
            assert session.interface in printed(name)
        for name in ("ip_addr", "ip_route", "tdbdump"):
            assert session.inner_ip in printed(name)
    for association in machine.associations():
        reqid = f"reqid {association.child} "
        for name in ("xfrm_policy", "xfrm_state"):
            assert association.spi_out in printed(name) and reqid in printed(name)
        assert association.spi_in in printed("ipsec_statusall")
        rule = f"-s {association.client_ip}/32 -d {machine.public_ip}/32 "
        assert rule in printed("iptables_updown") and rule in printed("iptables_filter")


def test_counters_of_a_session_only_grow(logs: RouterLogs) -> None:
    state = connected(router_state())
    machine = Machine(state)
    meter = machine.meter(state.sessions[0])
    before = meter.bytes_in, meter.bytes_out
    state.clock_offset += 30
    meter = machine.meter(state.sessions[0])
    after = meter.bytes_in, meter.bytes_out
    assert after[0] > before[0] and after[1] > before[1]
    state.ip_forward = False
    state.clock_offset += 30
    meter = machine.meter(state.sessions[0])
    assert meter.bytes_in > after[0] and meter.bytes_out == after[1]


def test_units_lie_as_on_a_real_router(logs: RouterLogs) -> None:
    def units(machine: Machine) -> list[str]:
        text = answer(machine, tuple(recordings()["commands"]["systemctl_show"]), logs).stdout
        block = next(b for b in text.split("\n\n") if "Id=xl2tpd.service" in b).splitlines()
        return [line for line in block if line.startswith(("ActiveState", "SubState", "MainPID"))]

    machine = Machine(connected(router_state()))
    healthy = ["MainPID=0", "ActiveState=active", "SubState=running"]
    assert units(machine) == healthy
    machine.kill_xl2tpd()
    assert units(machine) == healthy
    machine.state.sessions.clear()
    assert units(machine) == ["MainPID=0", "ActiveState=active", "SubState=exited"]
    machine.state.xl2tpd_unit = "failed"
    assert units(machine) == ["MainPID=0", "ActiveState=failed", "SubState=failed"]


def test_times_of_the_recording_are_moved(logs: RouterLogs) -> None:
    machine = Machine(router_state())
    machine.booted = RECORDED_BOOT + 86400.0
    found = answer(machine, tuple(recordings()["commands"]["ls_var_log"]), logs)
    assert "2026-11-24 0" in found.stdout and "2026-11-23 0" not in found.stdout
