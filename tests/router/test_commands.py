"""Every command of the registry on every recorded state, and the traps named in the recordings."""

import shlex

import pytest

from tests.router.recorded import STATES, output, recording
from tui.router import commands
from tui.router.commands import REGISTRY
from tui.router.errors import NotAllowed
from tui.router.log_commands import JOURNAL_AFTER, LOG_COMMANDS, LOG_FOLLOW, LOG_REST
from tui.router.output import Output


def test_the_recordings_are_all_there() -> None:
    assert len(STATES) == 13


@pytest.mark.parametrize("name", REGISTRY)
def test_vector_is_the_recorded_one(name: str) -> None:
    assert list(REGISTRY[name].argv) == recording("vpn_idle")["answers"][name]["argv"]
    sent = shlex.split(REGISTRY[name].line)
    assert sent == ["LC_ALL=C", *REGISTRY[name].argv]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", REGISTRY)
def test_every_answer_is_read(state: str, name: str) -> None:
    command, answer = REGISTRY[name], output(state, name)
    assert answer.status in command.statuses
    command.parse(answer)


def test_a_running_vpn_is_read() -> None:
    ipsec = commands.IPSEC_STATUSALL.parse(output("two_sessions", "ipsec_statusall"))
    assert [c.local for c in ipsec.connections] == ["203.0.113.10"]
    assert [(sa.remote, sa.remote_id) for sa in ipsec.ike] == [
        ("203.0.113.99", "192.168.77.11"),
        ("203.0.113.77", "203.0.113.77"),
    ]
    assert [(c.in_udp, c.bytes_in, c.bytes_out) for c in ipsec.children] == [
        (True, 1919, 1898),
        (False, 3015, 2989),
    ]
    sockets = commands.SS_VPN_PORTS.parse(output("two_sessions", "ss_vpn_ports"))
    assert {(s.port, s.process) for s in sockets} == {
        (500, "charon"),
        (4500, "charon"),
        (1701, "xl2tpd"),
    }
    assert commands.CHAP_USERS.parse(output("two_sessions", "chap_users")) == ("alice", "bob")
    records = commands.TDBDUMP.parse(output("two_sessions", "tdbdump"))
    assert [(r.user, r.remote_ip) for r in records] == [("alice", "10.1.2.2"), ("bob", "10.1.2.3")]
    memory = commands.FREE.parse(output("two_sessions", "free"))
    assert memory.total == 2060406784 and memory.available == 1797795840
    disks = commands.DF.parse(output("two_sessions", "df"))
    assert next(d for d in disks if d.mount == "/").available == 4970082304


def test_stopped_charon_prints_nothing() -> None:
    assert not commands.IPSEC_STATUSALL.parse(output("ipsec_stopped", "ipsec_statusall")).running


def test_missing_key_file_hashes_nothing() -> None:
    assert commands.PSK_SHA256.parse(output("fresh", "psk_sha256")) == ""
    assert len(commands.PSK_SHA256.parse(output("rebooted", "psk_sha256"))) == 64


def test_daemon_older_than_its_file() -> None:
    stale = commands.XL2TPD_STARTED.parse(output("range_not_loaded", "xl2tpd_started"))
    fine = commands.XL2TPD_STARTED.parse(output("vpn_idle", "xl2tpd_started"))
    assert stale is not None and stale.is_older_than_configuration
    assert fine is not None and not fine.is_older_than_configuration
    assert commands.XL2TPD_STARTED.parse(output("xl2tpd_killed", "xl2tpd_started")) is None


def test_control_sessions_are_no_users() -> None:
    live = commands.L2TP_SESSION.parse(output("two_sessions", "l2tp_session"))
    assert len(live) == 2 and all(entry.session for entry in live)


def test_bag_of_a_deleted_vpn_has_only_its_id() -> None:
    bag = commands.BAG_REMOTEACCESSVPN
    assert bag.parse(output("deleted_daemons_left", bag.name)) is None
    assert bag.parse(output("rebooted", bag.name)) is None
    present = bag.parse(output("vpn_idle", bag.name))
    assert present is not None and present.pool == "10.1.2.2-10.1.2.8"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", b"soon\n"),
        ("psk_sha256", b"nothing\n"),
        ("ss_vpn_ports", b"head\nshort line\n"),
        ("bag_remoteaccessvpn", b"{"),
        ("bag_remoteaccessvpn", b"[]"),
        ("free", b"total\n"),
    ],
)
def test_unreadable_answers_are_refused(name: str, text: bytes) -> None:
    with pytest.raises((ValueError, KeyError, IndexError, StopIteration)):
        REGISTRY[name].parse(Output(0, text))


def test_answers_are_cleaned() -> None:
    evil = Output(0, b"\x1b]52;c;aGk=\x07alice\xff\nbob\n")
    assert commands.CHAP_USERS.parse(evil) == ("␛]52;c;aGk=␇alice\\xff", "bob")


WHERE = ("/var/log/daemon.log", "12", "0", "0", "-")
MARKER = "0" * 32


@pytest.mark.parametrize(
    "values",
    [
        ("/var/log/x; reboot", *WHERE[1:], MARKER),
        ("../shadow", *WHERE[1:], MARKER),
        (WHERE[0], "1 2", *WHERE[2:], MARKER),
        (WHERE[0], "-1", *WHERE[2:], MARKER),
        (*WHERE[:4], "$(id)", MARKER),
        (*WHERE, "zz"),
        (*WHERE, f"{MARKER}\n"),
        WHERE,
    ],
)
def test_parameters_outside_their_pattern_are_not_sent(values: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        LOG_FOLLOW.line(*values)


def test_cursor_is_checked() -> None:
    good = "--after-cursor=s=1;i=2;b=3;m=4;t=5;x=6"
    assert JOURNAL_AFTER.line(good).endswith(shlex.quote(good))
    with pytest.raises(NotAllowed):
        JOURNAL_AFTER.line("--after-cursor=s=1; reboot")
    with pytest.raises(NotAllowed):
        JOURNAL_AFTER.line("--root=/")


def test_scripts_are_one_word_each() -> None:
    scripts = [command for command in LOG_COMMANDS if command.argv[0] == "sh"]
    assert LOG_REST in scripts and LOG_FOLLOW in scripts
    for command in scripts:
        assert command.argv[1] == "-c" and len(command.argv) == 4
    words = shlex.split(LOG_REST.line(*WHERE, MARKER))
    assert words == ["LC_ALL=C", *LOG_REST.argv, *WHERE, MARKER]


def test_addresses_of_the_cards() -> None:
    fresh = commands.IP_ADDR.parse(output("fresh", "ip_addr"))
    assert fresh == (("eth0", "10.1.1.1"), ("eth1", "169.254.77.42"), ("eth2", "203.0.113.10"))
    busy = commands.IP_ADDR.parse(output("two_sessions", "ip_addr"))
    assert ("ppp0", "10.1.2.1") in busy and set(fresh) < set(busy)
    with pytest.raises(ValueError, match="another form"):
        commands.IP_ADDR.parse(Output(0, b"{}"))
