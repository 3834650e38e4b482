"""The few commands that change a router: what may be sent, what the scripts really do, the lab."""

import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.router.labs import connection_to, lab_of, path_to, router_state, target
from tests.router.recorded import RecordedRouter
from tui.lab.state import LabSession, RouterState
from tui.router import commands, remedies
from tui.router.commands import REGISTRY
from tui.router.connection import RouterConnection
from tui.router.errors import NotAllowed, RemedyFailed, RouterReadOnly
from tui.router.facts import ExpectedVpn, verify
from tui.router.leftovers import leftovers
from tui.router.log_commands import LOG_COMMANDS
from tui.router.remedies import REMEDIES, Remedy
from tui.router.sessions import sessions

VALUES = {"pid": "4242", "user": "alice"}


def connected(state: RouterState) -> RouterState:
    now = time.time()
    state.sessions = [
        LabSession("bob", "198.51.100.7", 1701, None, "10.1.2.2", "ppp0", 4242, now - 50),
        LabSession("bobby", "198.51.100.9", 1701, None, "10.1.2.3", "ppp1", 4300, now - 9),
    ]
    return state


def without_vpn(state: RouterState) -> RouterState:
    """As `deleteRemoteAccessVpn` leaves it."""
    state.vpn, state.ports = None, []
    return state


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda each: each.name)
def test_every_remedy_is_named_and_says_what_it_costs(remedy: Remedy) -> None:
    values = [VALUES[name] for name, _ in remedy.parameters]
    assert remedy.title("r-1-VM", *values).endswith(" on r-1-VM")
    assert "{" not in remedy.title("r-1-VM", *values)
    assert remedy.cost.endswith(".") and remedy.words[:1].isupper()
    sent = shlex.split(remedy.line(*values))
    assert sent == ["LC_ALL=C", *remedy.argv, *values]


def test_the_registries_have_nothing_in_common() -> None:
    reading = {command.argv for command in REGISTRY.values()}
    reading |= {command.argv for command in LOG_COMMANDS}
    assert not reading & {remedy.argv for remedy in REMEDIES}
    assert not set(REGISTRY) & {remedy.name for remedy in REMEDIES}
    assert len({remedy.name for remedy in REMEDIES}) == len(REMEDIES)


@pytest.mark.parametrize(
    ("remedy", "values"),
    [
        (remedies.END_SESSION, ("4242", "bob; reboot")),
        (remedies.END_SESSION, ("4242", "$(id)")),
        (remedies.END_SESSION, ("-1", "bob")),
        (remedies.END_SESSION, ("0", "bob")),
        (remedies.END_SESSION, ("1 2", "bob")),
        (remedies.END_SESSION, ("4242", "bob\n")),
        (remedies.END_SESSION, ("4242",)),
        (remedies.REMOVE_LOGIN, ("bo",)),
        (remedies.REMOVE_LOGIN, (".*",)),
        (remedies.REMOVE_LOGIN, ("a\\tb",)),
        (remedies.REMOVE_LOGIN, ('al"ice',)),
        (remedies.RESTART_XL2TPD, ("ssh",)),
    ],
)
def test_parameters_outside_their_pattern_are_not_sent(
    remedy: Remedy, values: tuple[str, ...]
) -> None:
    with pytest.raises(NotAllowed):
        remedy.line(*values)


# The scripts, in a real shell.


def run(remedy: Remedy, *values: str, bin: Path, replacing: dict[str, str] | None = None) -> int:
    """The exit status of what would be sent, with the tools of `bin` before those of the system."""
    line = remedy.line(*values)
    for path, other in (replacing or {}).items():
        line = line.replace(path, other)
    environment = {"PATH": f"{bin}:/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.run(["sh", "-c", line], env=environment, timeout=30, check=False).returncode


def tool(bin: Path, name: str, text: str) -> None:
    file = bin / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    tool(folder, "systemctl", f'echo "$@" >>{tmp_path}/asked')
    tool(folder, "ipsec", f'echo ipsec "$@" >>{tmp_path}/asked')
    return folder


def asked(tmp_path: Path) -> list[str]:
    file = tmp_path / "asked"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize(
    ("name", "record", "status"),
    [
        ("bob", "bob", 0),
        ("bob", "bobby", 5),
        ("bobby", "bob", 5),
        ("bob", "jimbob", 5),
        ("al.ce", "alice", 5),
    ],
)
def test_only_the_pppd_of_this_very_user_is_ended(
    tmp_path: Path, bin: Path, name: str, record: str, status: int
) -> None:
    pppd = tmp_path / "pppd"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", pppd)
    with subprocess.Popen([str(pppd), "60"]) as process:
        # Without a reaper of its own a killed child would stay in /proc: `wait` is ours.
        tool(
            bin,
            "tdbdump",
            "echo '{'; echo 'data(9) = \"ORIG_UID=0;PPPLOGNAME=root;"
            f"PPPD_PID={process.pid};IFNAME=ppp0;PEERNAME={record};IPLOCAL=10.1.2.1\\00\"'",
        )
        if status == 0:
            tool(bin, "sleep", f"kill -0 {process.pid} 2>/dev/null; exit 0")
            given = subprocess.Popen(
                ["sh", "-c", remedies.END_SESSION.line(str(process.pid), name)],
                env={"PATH": f"{bin}:/usr/bin:/bin"},
            )
            assert process.wait(20) == -15
            assert given.wait(20) == 0
        else:
            assert run(remedies.END_SESSION, str(process.pid), name, bin=bin) == status
            assert process.poll() is None
            process.kill()


def test_what_is_left_over_ends_and_the_new_session_of_the_same_user_goes_on(
    tmp_path: Path, bin: Path
) -> None:
    """As recorded in `orphan_pppd`: two records of one user, with the same inner address."""
    pppd = tmp_path / "pppd"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", pppd)
    with subprocess.Popen([str(pppd), "60"]) as left, subprocess.Popen([str(pppd), "60"]) as new:
        records = "; ".join(
            f"echo 'data(9) = \"PPPD_PID={pid};IFNAME={name};PEERNAME=alice;UNIT=0\\00\"'"
            for pid, name in ((left.pid, "ppp0"), (new.pid, "ppp1"))
        )
        tool(bin, "tdbdump", records)
        given = subprocess.Popen(
            ["sh", "-c", remedies.END_SESSION.line(str(left.pid), "alice")],
            env={"PATH": f"{bin}:/usr/bin:/bin"},
        )
        assert left.wait(20) == -15
        assert given.wait(20) == 0
        assert new.poll() is None
        new.kill()


def test_a_process_that_is_no_pppd_or_gone_is_left_alone(tmp_path: Path, bin: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        assert run(remedies.END_SESSION, str(process.pid), "bob", bin=bin) == 4
        process.kill()
    assert run(remedies.END_SESSION, "4194304", "bob", bin=bin) == 6


def test_a_login_is_taken_out_by_its_exact_name(tmp_path: Path, bin: Path) -> None:
    secrets = tmp_path / "chap-secrets"
    lines = ["# comment", "bobby * one *", "bob * two *", "jimbob * three *", "b.b * four *"]
    secrets.write_text("\n".join(lines) + "\n")
    replacing = {"/etc/ppp/chap-secrets": str(secrets)}
    assert run(remedies.REMOVE_LOGIN, "bob", bin=bin, replacing=replacing) == 0
    left = [line for line in lines if line != "bob * two *"]
    assert secrets.read_text().splitlines() == left
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert run(remedies.REMOVE_LOGIN, "bob", bin=bin, replacing=replacing) == 6
    assert secrets.read_text().splitlines() == left
    assert run(remedies.REMOVE_LOGIN, "b.b", bin=bin, replacing=replacing) == 0
    assert "bobby * one *" in secrets.read_text()
    assert [file.name for file in tmp_path.glob("chap-secrets*")] == ["chap-secrets"]


@pytest.mark.parametrize("remedy", [remedies.STOP_DAEMONS, remedies.REMOVE_KEY])
def test_a_vpn_that_is_there_again_is_left_alone(tmp_path: Path, bin: Path, remedy: Remedy) -> None:
    bag, key = tmp_path / "bag.json", tmp_path / "ipsec.any.secrets"
    bag.write_text('{"203.0.113.10": {"create": true}, "id": "remoteaccessvpn"}')
    key.write_text(': PSK "x"\n')
    replacing = {
        "/etc/cloudstack/remoteaccessvpn.json": str(bag),
        "/etc/ipsec.d": str(tmp_path),
    }
    assert run(remedy, bin=bin, replacing=replacing) == 3
    assert asked(tmp_path) == [] and key.exists()
    bag.write_text('{"id": "remoteaccessvpn"}')
    assert run(remedy, bin=bin, replacing=replacing) == 0
    if remedy is remedies.REMOVE_KEY:
        assert not key.exists()
    else:
        assert asked(tmp_path) == ["stop xl2tpd", "stop strongswan-starter"]


def test_strongswan_goes_on_for_a_site_to_site_connection(tmp_path: Path, bin: Path) -> None:
    (tmp_path / "ipsec.vpn-198.51.100.7.conf").write_text("conn vpn-198.51.100.7\n")
    replacing = {"/etc/ipsec.d": str(tmp_path), "/etc/cloudstack": str(tmp_path)}
    assert run(remedies.STOP_DAEMONS, bin=bin, replacing=replacing) == 8
    assert asked(tmp_path) == ["stop xl2tpd"]


# The connection.


async def test_nothing_outside_the_registry_changes_a_router(tmp_path: Path) -> None:
    foreign = Remedy(name="restart_xl2tpd", words="x", cost="x", argv=("reboot",))
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        with pytest.raises(NotAllowed):
            await router.apply(foreign)
        with pytest.raises(NotAllowed):
            await router.apply(remedies.END_SESSION, "4242", "bob; reboot")


async def test_a_read_only_console_changes_no_router(tmp_path: Path) -> None:
    state = connected(router_state())
    async with lab_of(tmp_path, state) as lab:
        router = RouterConnection(target(), path_to(lab), read_only=True)
        assert await router.run(commands.HOSTNAME) == "r-42-VM"
        for remedy in REMEDIES:
            values = [VALUES[name] for name, _ in remedy.parameters]
            with pytest.raises(RouterReadOnly) as caught:
                await router.apply(remedy, *values)
            assert "read-only" in str(caught.value)
        await router.aclose()
    assert len(state.sessions) == 2


# The lab obeys as a router would.


async def test_a_session_is_ended_and_the_others_stay(tmp_path: Path) -> None:
    state = connected(router_state())
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        with pytest.raises(RemedyFailed) as caught:
            await router.apply(remedies.END_SESSION, "4300", "bob")
        assert "serves somebody else" in str(caught.value)
        applied = await router.apply(remedies.END_SESSION, "4242", "bob")
        assert (applied.says, applied.already) == ("", False)
        assert [each.user for each in await sessions(router)] == ["bobby"]
        assert (await router.apply(remedies.END_SESSION, "4242", "bob")).already


async def test_a_restart_loads_the_range_that_is_in_the_file(tmp_path: Path) -> None:
    state = connected(router_state())
    state.loaded_pool = "10.1.9.2-10.1.9.8"
    expected = ExpectedVpn(public_ip="203.0.113.12", pool="10.1.2.2-10.1.2.8", users=None)
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        before = {check.name for check in (await verify(router, expected)).failed}
        await router.apply(remedies.RESTART_XL2TPD)
        after = await verify(router, expected)
        assert before == {"range_loaded"} and after.passed
        assert await sessions(router) == ()


async def test_what_a_disabled_vpn_leaves_is_cleared(tmp_path: Path) -> None:
    state = without_vpn(connected(router_state()))
    async with lab_of(tmp_path, state) as lab, connection_to(lab) as router:
        # The lab's files are those of the VPN that was there when it began.
        lab._routers[0].machine.last_vpn = router_state().vpn
        left = await leftovers(router)
        assert left.anything and left.has_key and left.daemons == ("xl2tpd", "strongSwan")
        assert [each.user for each in left.sessions] == ["bob", "bobby"]
        words = " ".join(left.sentences())
        assert "bob is still connected from 198.51.100.7" in words and "alice, bob" in words
        await router.apply(remedies.STOP_DAEMONS)
        await router.apply(remedies.REMOVE_KEY)
        left = await leftovers(router)
        assert not left.anything and not left.has_key and left.daemons == ()
        await router.apply(remedies.REMOVE_LOGIN, "alice")
        assert await router.run(commands.CHAP_USERS) == ("bob",)
        assert (await router.apply(remedies.REMOVE_LOGIN, "alice")).already


async def test_a_running_vpn_is_not_stopped(tmp_path: Path) -> None:
    async with lab_of(tmp_path, router_state()) as lab, connection_to(lab) as router:
        for remedy in (remedies.STOP_DAEMONS, remedies.REMOVE_KEY):
            with pytest.raises(RemedyFailed) as caught:
                await router.apply(remedy)
            assert "has a VPN configured on it again" in str(caught.value)


# Recordings of a real router.


@pytest.mark.parametrize(
    ("state", "anything", "says"),
    [
        ("deleted_daemons_left", True, "go on running"),
        ("fresh", False, "Nothing is left"),
        ("two_sessions", False, "configured on it again"),
    ],
)
async def test_leftovers_of_recorded_routers(state: str, anything: bool, says: str) -> None:
    left = await leftovers(RecordedRouter(state))
    assert left.anything is anything
    assert says in " ".join(left.sentences())


async def test_a_router_that_stands_by_is_judged_by_its_files() -> None:
    digest = commands.PSK_SHA256.parse(_output("ipsec_stopped", "psk_sha256"))
    settings = commands.XL2TPD_CONF.parse(_output("ipsec_stopped", "xl2tpd_conf"))
    users = commands.CHAP_USERS.parse(_output("ipsec_stopped", "chap_users"))
    expected = ExpectedVpn(
        public_ip="203.0.113.10", psk_sha256=digest, pool=settings.pool, users=users
    )
    router = RecordedRouter("ipsec_stopped")
    assert (await verify(router, expected, standby=True)).passed
    assert set(router.asked) == {"psk_sha256", "xl2tpd_conf", "chap_users"}
    assert not (await verify(RecordedRouter("ipsec_stopped"), expected)).passed
    other = ExpectedVpn(public_ip="x", psk_sha256="0" * 64, pool="10.9.9.2-10.9.9.8", users=())
    failed = (await verify(router, other, standby=True)).failed
    assert {check.name for check in failed} == {"psk_matches", "range_written", "users_match"}


def _output(state: str, name: str) -> Any:
    from tests.router.recorded import output

    return output(state, name)
