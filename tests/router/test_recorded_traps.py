"""The traps that were met while routers were recorded: none of them may be taken at its word."""

from typing import TypeVar

import pytest

from tests.router.recorded import STATES, output, recording
from tui.router import commands
from tui.router.commands import REGISTRY, Command

T = TypeVar("T")


def fact(state: str, command: Command[T]) -> T:
    return command.parse(output(state, command.name))


def test_the_unit_of_xl2tpd_says_active_while_the_daemon_is_gone() -> None:
    assert fact("xl2tpd_killed", commands.SYSTEMCTL_IS_ACTIVE)["xl2tpd"] == "active"
    unit = fact("xl2tpd_killed", commands.SYSTEMCTL_SHOW)["xl2tpd"]
    assert (unit.active, unit.sub, unit.result) == ("active", "running", "success")
    assert fact("xl2tpd_killed", commands.PGREP_XL2TPD) == ()
    assert 1701 not in {socket.port for socket in fact("xl2tpd_killed", commands.SS_UDP)}
    names = {process.name for process in fact("xl2tpd_killed", commands.PS_VPN)}
    assert names == {"charon", "starter", "pppd"}


def test_the_unit_of_xl2tpd_never_has_a_main_process() -> None:
    assert fact("vpn_idle", commands.SYSTEMCTL_SHOW)["xl2tpd"].main_pid == 0
    assert fact("vpn_idle", commands.PGREP_XL2TPD)


def test_a_pppd_that_lives_is_not_a_session() -> None:
    assert fact("xl2tpd_killed", commands.PGREP_PPPD)
    assert fact("xl2tpd_killed", commands.TDBDUMP)
    assert [link.name for link in fact("xl2tpd_killed", commands.IP_LINK_PPP)] == ["ppp0"]
    assert fact("xl2tpd_killed", commands.IPSEC_STATUSALL).children
    assert fact("xl2tpd_killed", commands.L2TP_SESSION) == ()
    assert fact("xl2tpd_killed", commands.L2TP_TUNNEL) == ()


def test_an_orphan_and_its_successor_have_the_same_address() -> None:
    routes = fact("orphan_pppd", commands.IP_ROUTE)
    assert [r.device for r in routes if r.destination == "10.1.2.2"] == ["ppp0", "ppp1"]
    parents = {p.pid: p.parent for p in fact("orphan_pppd", commands.PS_VPN) if p.name == "pppd"}
    assert list(parents.values()) == [1, 2789]


def test_without_charon_nothing_demands_ipsec() -> None:
    assert fact("ipsec_stopped", commands.XFRM_POLICY) == ()
    assert fact("cleartext_session", commands.XFRM_POLICY) == ()
    assert fact("cleartext_session", commands.L2TP_SESSION)
    traps = [
        policy
        for policy in fact("vpn_idle", commands.XFRM_POLICY)
        if policy.demands == "esp" and policy.source == "0.0.0.0/0"
    ]
    assert {(p.direction, p.source_port, p.destination_port) for p in traps} == {
        ("out", 1701, 0),
        ("in", 0, 1701),
    }


def test_a_checkup_loads_modules_itself() -> None:
    assert any("l2tp_core" in line for line in fact("fresh", commands.DMESG_TAIL))
    assert fact("fresh", commands.IPTABLES_RAW) == ()


@pytest.mark.parametrize("state", STATES)
def test_words_of_services_are_read_and_not_the_status(state: str) -> None:
    states = fact(state, commands.SYSTEMCTL_IS_ACTIVE)
    assert output(state, "systemctl_is_active").status == 0
    assert states["rsyslog"] == "active" and set(states) >= {"xl2tpd", "ipsec", "ssh"}
    units = fact(state, commands.SYSTEMCTL_SHOW)
    assert len(units) == 8 and "ipsec" not in units


def test_a_stopped_daemon_prints_nothing_at_all() -> None:
    for name, status in (("ipsec_statusall", 3), ("ipsec_listalgs", 7)):
        answer = output("ipsec_stopped", name)
        assert (answer.status, answer.stdout, answer.stderr) == (status, b"", b"")
    assert fact("ipsec_stopped", commands.IPSEC_LISTALGS) == {}
    assert "3DES_CBC" in fact("vpn_idle", commands.IPSEC_LISTALGS)["encryption"]
    assert "5.9.8" in fact("ipsec_stopped", commands.IPSEC_VERSION)


def test_synchronized_is_wrong_in_both_directions() -> None:
    assert fact("fresh", commands.TIMEDATECTL_NTP)["NTPSynchronized"] == "yes"
    assert [server.reach for server in fact("fresh", commands.NTPQ)] == [0]
    assert fact("ghost_user", commands.TIMEDATECTL_NTP)["NTPSynchronized"] == "yes"
    behind = fact("ghost_user", commands.NTPQ)[0]
    assert behind.reach and not behind.is_followed and abs(behind.offset) > 0.3
    assert fact("rebooted", commands.TIMEDATECTL_NTP)["NTPSynchronized"] == "no"
    followed = fact("range_not_loaded", commands.NTPQ)[0]
    assert followed.is_followed and abs(followed.offset) < 0.002


@pytest.mark.parametrize("state", STATES)
def test_fault_is_normal_without_a_partner(state: str) -> None:
    assert fact(state, commands.CHECKROUTER) == "FAULT"
    assert fact(state, commands.CMDLINE).get("redundant_router", "false") == "false"


def test_every_file_is_in_place_after_a_reboot_and_only_the_rest_is_gone() -> None:
    files = {file.path for file in fact("rebooted", commands.CONF_STAT)}
    assert "/etc/ipsec.d/ipsec.any.secrets" in files and "/etc/xl2tpd/xl2tpd.conf" in files
    assert fact("rebooted", commands.L2TP_CONF)["conn L2TP-PSK"]["left"] == "203.0.113.10"
    bags = {file.path for file in fact("rebooted", commands.BAGS_LS)}
    assert "/etc/cloudstack/remoteaccessvpn.json" not in bags
    assert fact("rebooted", commands.BAG_FIREWALLRULES) == ()
    assert [boot.index for boot in fact("rebooted", commands.JOURNAL_BOOTS)] == [-1, 0]
    assert fact("rebooted", commands.PROC_UPTIME) < 120


def test_the_first_push_lacks_nothing_but_its_files() -> None:
    assert fact("fresh", commands.PSK_STAT) is None and fact("fresh", commands.PSK_SHA256) == ""
    assert fact("fresh", commands.L2TP_CONF)["conn L2TP-PSK"]["left"] == "172.26.0.151"
    files = {file.path for file in fact("fresh", commands.CONF_STAT)}
    assert "/etc/ipsec.d/ipsec.any.secrets" not in files and "/etc/ipsec.conf" in files
    key = fact("vpn_idle", commands.PSK_STAT)
    assert key is not None and key.mode == 0o644


def test_a_push_with_a_live_session_logs_an_error_that_is_none() -> None:
    lines = fact("deleted_daemons_left", commands.TAIL_CLOUD_LOG)
    assert any("non-zero exit status 2" in line for line in lines)


def test_empty_objects_are_no_links() -> None:
    assert output("fresh", "ip_link_ppp").stdout.startswith(b"[{},{}")
    assert fact("fresh", commands.IP_LINK_PPP) == ()
    assert fact("vpn_idle", commands.IP_LINK_PPP) == ()


def test_an_expired_acquire_counts_as_an_association() -> None:
    assert fact("xl2tpd_killed", commands.XFRM_STATE_COUNT) == 3
    assert fact("two_sessions", commands.XFRM_STATE_COUNT) == 4
    assert fact("fresh", commands.XFRM_STATE_COUNT) == 0
    assert fact("two_sessions", commands.XFRM_POLICY_COUNT).inward == 3


def test_session_zero_is_nobody() -> None:
    assert output("one_session", "l2tp_session").stdout.count(b"Session ") == 2
    assert len(fact("one_session", commands.L2TP_SESSION)) == 1


def test_an_interface_of_ppp_has_no_queue() -> None:
    queues = {queue.device: queue.kind for queue in fact("two_sessions", commands.TC_QDISC)}
    assert queues["ppp0"] == "noqueue" and queues["eth2"] == "fq_codel"
    links = {link.name: link for link in fact("two_sessions", commands.IP_LINK_STATS)}
    assert links["ppp0"].queue == "noqueue" and links["ppp0"].bytes_in == 2090
    assert links["eth2"].mtu == 1500


def test_sockets_are_read_by_position() -> None:
    sockets = fact("two_sessions", commands.SS_UDP)
    assert ("charon", 500) in {(socket.process, socket.port) for socket in sockets}
    assert ("rsyslogd", 3914) in {(socket.process, socket.port) for socket in sockets}
    ssh = [s for s in fact("two_sessions", commands.SS_TCP) if s.port == 3922]
    assert [s.address for s in ssh] == ["169.254.77.42"]


@pytest.mark.parametrize("state", ["vpn_idle", "two_sessions", "orphan_pppd"])
def test_the_start_of_a_daemon_is_that_of_ps(state: str) -> None:
    by_name = {process.name: process for process in fact(state, commands.PS_VPN)}
    started = fact(state, commands.XL2TPD_STARTED)
    assert started is not None and abs(by_name["xl2tpd"].started - started.started) <= 1
    assert not started.is_older_than_configuration


def test_units_of_the_vpn_are_disabled_by_design() -> None:
    units = fact("vpn_idle", commands.SYSTEMCTL_SHOW)
    assert units["strongswan-starter"].file_state == "disabled"
    assert units["xl2tpd"].file_state == "generated"


def test_proposals_and_ports_of_the_clients_are_told() -> None:
    ipsec = fact("two_sessions", commands.IPSEC_STATUSALL)
    assert {sa.proposal for sa in ipsec.ike} == {"AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048"}
    assert {(c.proposal, c.remote_port) for c in ipsec.children} == {
        ("AES_CBC_256/HMAC_SHA1_96", 1701)
    }
    assert ipsec.version == "strongSwan 5.9.8" and "gcrypt" in ipsec.plugins
    charon = next(p for p in fact("two_sessions", commands.PS_VPN) if p.name == "charon")
    assert ipsec.started is not None and 0 <= ipsec.started - charon.started < 10


def test_what_the_machine_is() -> None:
    assert fact("fresh", commands.CPU_AES) and "aes" in fact("fresh", commands.CPUINFO).flags
    assert fact("two_sessions", commands.CRYPTO_CBC_AES)["cbc(aes)"] == "cbc-aes-aesni"
    assert fact("fresh", commands.ETHTOOL_I_ETH2)["driver"] == "virtio_net"
    assert fact("fresh", commands.NIC_DRIVER)[2].mtu == 1500
    assert fact("fresh", commands.MEMINFO)["SwapTotal"] == 0
    assert fact("fresh", commands.PACKAGES)["xl2tpd"] == "1.3.18-1"
    assert "libstrongswan-standard-plugins" not in fact("fresh", commands.PACKAGES)
    root = next(mount for mount in fact("fresh", commands.MOUNTS) if mount.path == "/")
    assert "rw" in root.options
    assert fact("fresh", commands.OS_RELEASE)["VERSION_ID"] == "12"
    assert fact("fresh", commands.SSHD_LISTEN)["Port"] == "3922"
    assert fact("vpn_idle", commands.OPTIONS_XL2TPD)["idle"] == "1800"
    assert fact("vpn_idle", commands.PPP_OPTIONS)["lcp-echo-interval"] == "30"
    public = [a for a in fact("vpn_idle", commands.BAG_IPS) if a.is_source_nat]
    assert [a.address for a in public] == ["203.0.113.10"]


def test_no_command_prints_the_keys_of_an_association() -> None:
    assert "xfrm_state" in recording("vpn_idle")["answers"] and "xfrm_state" not in REGISTRY
    assert not any(c.argv[:3] == ("ip", "xfrm", "state") for c in REGISTRY.values())


@pytest.mark.parametrize("state", STATES)
def test_boot_parameters_hold_no_secret(state: str) -> None:
    for values in (fact(state, commands.CMDLINE), fact(state, commands.BAG_CMDLINE)):
        assert values["type"] == "router" and not any("key" in name for name in values)
