"""Every recorded case folded into attempts, from all of its files and from some."""

from collections.abc import Mapping
from typing import Final

import msgspec
import pytest

from tests.router_cases import case, case_names
from tui.logs.attempts import Attempt, AttemptEnd, LogRef, Rung
from tui.logs.fold import Folder, fold_logs

NOW: Final = 1_795_500_000.0
"""24 November 2026, when the cases were a day old."""
NIGHT: Final = (1_795_380_000.0, 1_795_400_000.0)
"""Between these all cases were recorded."""
HOME, NAT, TIER = "203.0.113.77", "203.0.113.99", "203.0.113.1"
NEVER_CAME: Final = ("plain_l2tp_no_ipsec", "udp500_blocked_fw")
"""No log of the router tells of the client."""


class Told(msgspec.Struct, frozen=True):
    """What the logs tell of one client."""

    client: str
    rung: Rung
    end: AttemptEnd = ""
    user: str = ""
    port: int = 500
    identity: str = HOME
    marks: tuple[str, ...] = ()


def up(user: str = "alice", end: AttemptEnd = "", *marks: str) -> Told:
    return Told(HOME, Rung.CONNECTED, end, user, marks=marks)


TRUTH: Final[Mapping[str, tuple[Told, ...]]] = {
    "aggressive_mode": (
        Told(HOME, Rung.IKE_PROPOSAL, "refused", identity="", marks=("aggressive_mode",)),
    ),
    "chap_secrets_empty": (
        Told(HOME, Rung.CALL, "refused", marks=("no_secrets", "pppd_exit_setup")),
    ),
    "client_disconnect": (up("alice", "goodbye", "tunnel_goodbye", "user_hung_up"),),
    "client_rejects_server_id": (
        Told(HOME, Rung.IKE_ESTABLISHED, "deleted", marks=("ike_deleted_by_client",)),
    ),
    "client_static_ip": (up(),),
    "client_vanished": (up("alice", "peer_dead_l2tp", "tunnel_unanswered", "tunnel_timeout"),),
    "conntrack_full": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "dpd_timeout_nondefault": (up("alice", "peer_dead_dpd", "dpd_timeout", "router_initiates"),),
    "esp_blocked": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "esp_prop_mismatch": (Told(HOME, Rung.IKE_ESTABLISHED, "refused", marks=("esp_no_proposal",)),),
    "idle_timeout": (up("alice", "idle", "idle", "pppd_exit_idle"),),
    "ike_flood": (
        Told(HOME, Rung.IKE_PROPOSAL, "half_open", identity="", marks=("half_open_limit",)),
    ),
    "ike_prop_3des_modp2048": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "ike_prop_modp1024": (
        Told(
            HOME,
            Rung.IKE_STARTED,
            "refused",
            identity="",
            marks=("proposals_received", "proposals_configured", "ike_no_proposal"),
        ),
    ),
    "ikev2_client": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "ip_forward_off": (up(),),
    "ip_pool_exhausted": (
        up(),
        Told(
            NAT,
            Rung.TUNNEL,
            "refused",
            identity="192.168.77.11",
            marks=("pool_exhausted", "call_closed"),
        ),
    ),
    "ipsec_restart_live": (up("alice", "charon_stopped", "router_initiates", "tunnel_unanswered"),),
    "mppe_required_client": (
        Told(HOME, Rung.AUTHENTICATED, "refused", "alice", marks=("mppe_required",)),
    ),
    "mschapv2_unknown_user": (
        Told(HOME, Rung.PPP_STARTED, "refused", "mallory", marks=("unknown_user", "chap_failed")),
    ),
    "mschapv2_wrong_password": (
        Told(HOME, Rung.PPP_STARTED, "refused", "alice", marks=("bad_password", "chap_failed")),
    ),
    "mtu_natt_sha1": (Told(NAT, Rung.CONNECTED, "", "alice", identity="192.168.77.11"),),
    "mtu_nonat_sha256": (up(),),
    "no_ike_config": (Told(HOME, Rung.NOTHING, "refused", identity="", marks=("no_ike_config",)),),
    "ok_baseline": (up(),),
    "ok_despite_input_drop": (up(),),
    "ok_mschapv2": (up(),),
    "pap_only_client": (
        Told(HOME, Rung.PPP_STARTED, "refused", marks=("auth_refused", "wants_pap")),
    ),
    "ppp_lcp_timeout": (Told(HOME, Rung.PPP_STARTED, "refused", marks=("lcp_timeout",)),),
    "psk_wrong": (
        Told(
            HOME,
            Rung.IKE_PROPOSAL,
            "refused",
            identity="",
            marks=("decrypt_failed", "request_failed", "half_open"),
        ),
    ),
    "ts_mismatch": (Told(HOME, Rung.IKE_ESTABLISHED, "refused", marks=("selectors_mismatch",)),),
    "two_clients_same_nat": (
        Told(NAT, Rung.CONNECTED, "", "alice", identity="192.168.77.11"),
        Told(
            NAT,
            Rung.CONNECTED,
            "",
            "bob",
            port=282,
            identity="192.168.77.12",
            marks=("tty_not_open",),
        ),
    ),
    "udp1701_fw_missing": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "udp4500_blocked_fw": (
        Told(NAT, Rung.NAT_SEEN, "half_open", identity="", marks=("half_open",)),
    ),
    "user_deleted_live": (up("alice", "killed", "pppd_killed", "pppd_kill_ordered"),),
    "vpc_acl_denies_client": (Told(TIER, Rung.CONNECTED, "", "alice", identity=TIER),),
    "vpn_disabled_api": (up(),),
    "xl2tpd_bad_config": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    "xl2tpd_down": (Told(HOME, Rung.CHILD_ESTABLISHED),),
    **dict.fromkeys(NEVER_CAME, ()),
}
INCIDENTS: Final = {
    "conntrack_full": {"conntrack_full"},
    "ipsec_restart_live": {"charon_stopping", "charon_stopped", "charon_starting"},
    "xl2tpd_bad_config": {"unknown_field", "l2tp_config_unloadable", "unit_failed"},
    "vpn_disabled_api": {"vpn_pushed"},
    "user_deleted_live": {"users_pushed"},
}


def folded(which: str, *names: str) -> Folder:
    files = case(which).files
    return fold_logs({name: files[name] for name in names or files if name in files}, now=NOW)


def told(attempt: Attempt, marks: tuple[str, ...]) -> Told:
    return Told(
        attempt.client,
        attempt.rung,
        attempt.end,
        attempt.user,
        attempt.port,
        attempt.identity,
        tuple(mark for mark in marks if attempt.has(mark)),
    )


def test_every_case_is_here() -> None:
    assert set(TRUTH) == set(case_names())


@pytest.mark.parametrize("which", case_names())
def test_all_files_of_a_case(which: str) -> None:
    folder = folded(which)
    assert len(folder.attempts) == len(TRUTH[which])
    for attempt, truth in zip(folder.attempts, TRUTH[which], strict=True):
        assert told(attempt, truth.marks) == truth
        reached = [step.line for step in attempt.steps]
        assert all(reached) and len(attempt.steps) <= attempt.rung
        if attempt.steps:
            assert attempt.started is not None and NIGHT[0] < attempt.started < NIGHT[1]
        assert (attempt.connected is not None) == (attempt.rung >= Rung.CONNECTED)
        assert (attempt.ended is not None) == bool(attempt.end)
    assert {line.signature for line in folder.incidents} >= INCIDENTS.get(which, set())


@pytest.mark.parametrize("which", case_names())
def test_references_point_to_their_lines(which: str) -> None:
    folder = folded(which)
    for attempt in folder.attempts:
        for line in (*attempt.steps, *attempt.marks):
            assert_points(which, line)
    for line in folder.incidents:
        assert_points(which, line)
        assert line.signature


def assert_points(which: str, line: LogRef) -> None:
    written = case(which).files[line.source].split(b"\n")[line.line - 1].decode()
    if "***" in line.text:
        assert written.startswith(line.text[:40])
    else:
        assert written == line.text


@pytest.mark.parametrize("which", case_names())
def test_the_daemons_log_alone(which: str) -> None:
    """It has no users, and of pppd only its exit; charon sees the address of a session."""
    attempts = folded(which, "vr.log").attempts
    assert len(attempts) == len(TRUTH[which])
    for attempt, truth in zip(attempts, TRUTH[which], strict=True):
        assert (attempt.client, attempt.port) == (truth.client, truth.port)
        assert attempt.identity == truth.identity and attempt.user == ""
        hidden = Rung.CALL < truth.rung < Rung.CONNECTED
        assert attempt.rung == (Rung.CALL if hidden else truth.rung)
        if truth.end and which not in ("mppe_required_client", "ppp_lcp_timeout"):
            assert attempt.end == truth.end


@pytest.mark.parametrize("which", case_names())
@pytest.mark.parametrize("name", ["vr.messages.log", "vr.pppd-journal.log"])
def test_pppds_log_alone(which: str, name: str) -> None:
    """It has no addresses of clients; only the journal has all users."""
    expected = [truth for truth in TRUTH[which] if truth.rung >= Rung.CALL]
    if name not in case(which).files or (which == "chap_secrets_empty" and "journal" not in name):
        expected = []
    attempts = folded(which, name).attempts
    assert len(attempts) == len(expected)
    for attempt, truth in zip(attempts, expected, strict=True):
        assert attempt.client == "" and attempt.pppd
        is_journal = name == "vr.pppd-journal.log"
        hidden = truth.rung == Rung.AUTHENTICATED and not is_journal
        assert attempt.rung == (Rung.PPP_STARTED if hidden else truth.rung)
        if is_journal:
            assert attempt.user == truth.user
        if truth.end in ("idle", "goodbye") or (truth.end == "refused" and is_journal):
            assert attempt.end == truth.end


@pytest.mark.parametrize("which", case_names())
def test_auth_log_and_messages(which: str) -> None:
    """charon's audit lines have no ports, and nothing tells of the tunnel."""
    attempts = folded(which, "vr.auth.log", "vr.messages.log").attempts
    for truth in TRUTH[which]:
        if truth.rung == Rung.CONNECTED and len(TRUTH[which]) == 1:
            assert [attempt.client for attempt in attempts] == [truth.client]
            assert attempts[0].rung == Rung.CONNECTED and attempts[0].pppd
