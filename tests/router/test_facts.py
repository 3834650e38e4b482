"""The router's own word, on every recorded state."""

import pytest

from tests.router.recorded import RecordedRouter, output, recording
from tui.router.facts import ExpectedVpn, RouterVerdict, verify
from tui.router.output import Output
from tui.router.sessions import sessions, status

KEY = "ba65b18a1cbf8dd0c887ec25bfdcd4d27fceaa5a8e52c5aa594e12aa3a4b208a"


def expected(state: str, **changes: object) -> ExpectedVpn:
    users = tuple(
        row["username"] for row in recording(state)["cloud"]["listvpnusersresponse"]["vpnuser"]
    )
    vpn = recording(state)["cloud"]["listremoteaccessvpnsresponse"]["remoteaccessvpn"][0]
    values = {
        "public_ip": vpn["publicip"],
        "psk_sha256": KEY,
        "pool": vpn["iprange"],
        "users": users,
        **changes,
    }
    return ExpectedVpn(**values)


def failed(verdict: RouterVerdict) -> set[str]:
    return {check.name for check in verdict.failed}


@pytest.mark.parametrize("state", ["vpn_idle", "one_session", "two_sessions", "orphan_pppd"])
async def test_a_healthy_router_passes(state: str) -> None:
    verdict = await verify(RecordedRouter(state), expected(state))
    assert verdict.passed, verdict
    says = [check.says for check in verdict.checks]
    assert any(line.startswith("IKE listens on UDP 500 and 4500 (charon pid ") for line in says)
    assert any(line.startswith("L2TP listens on UDP 1701 (xl2tpd pid ") for line in says)
    assert "connection loaded for 203.0.113.10" in says


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("forward_off", {"ip_forward"}),
        ("ghost_user", {"users_match"}),
        ("range_not_loaded", {"range_loaded"}),
        ("xl2tpd_killed", {"l2tp_listens", "range_loaded"}),
        ("ipsec_stopped", {"ike_listens", "conn_loaded"}),
        ("cleartext_session", {"ike_listens", "conn_loaded"}),
        (
            "rebooted",
            {"ike_listens", "l2tp_listens", "conn_loaded", "range_loaded", "gate_open"},
        ),
    ],
)
async def test_each_fault_is_named(state: str, names: set[str]) -> None:
    assert failed(await verify(RecordedRouter(state), expected(state))) == names


async def test_the_gate_closes_when_rules_are_revoked() -> None:
    wanted = expected("vpn_idle", users=None)
    verdict = await verify(RecordedRouter("deleted_daemons_left"), wanted)
    assert failed(verdict) == {"gate_open"}
    assert "UDP 500, 1701, 4500" in verdict.failed[0].says


async def test_another_key_and_another_address() -> None:
    wanted = expected("vpn_idle", psk_sha256="0" * 64, public_ip="203.0.113.11")
    verdict = await verify(RecordedRouter("vpn_idle"), wanted)
    assert failed(verdict) == {"psk_matches", "conn_loaded", "gate_open"}
    assert KEY not in str(verdict)


async def test_what_cannot_be_asked_is_unknown() -> None:
    broken = RecordedRouter("vpn_idle", {"ss_vpn_ports": Output(127, b"", b"sh: ss: not found\n")})
    verdict = await verify(broken, expected("vpn_idle"))
    unknown = {check.name for check in verdict.checks if check.state == "unknown"}
    assert unknown == {"ike_listens", "l2tp_listens"}
    assert not verdict.passed and not verdict.failed


async def test_patience_waits_for_charon(monkeypatch: pytest.MonkeyPatch) -> None:
    router = RecordedRouter("vpn_idle", {"ss_vpn_ports": output("ipsec_stopped", "ss_vpn_ports")})
    rounds: list[bool] = []

    def up_at_the_second_look(verdict: RouterVerdict) -> None:
        rounds.append(verdict.passed)
        router.changed = {}

    monkeypatch.setattr("tui.router.facts._ROUND_SECONDS", 0.01)
    verdict = await verify(router, expected("vpn_idle"), patience=5, on_round=up_at_the_second_look)
    assert verdict.passed and rounds == [False, True]


async def test_a_vpc_router_is_judged_by_its_input_chain() -> None:
    wanted = expected("vpn_idle", is_vpc=True)
    router = RecordedRouter("vpn_idle")
    assert (await verify(router, wanted)).passed
    assert "iptables_filter" in router.asked and "iptables_mangle" not in router.asked
    assert "gate_open" in failed(await verify(RecordedRouter("rebooted"), wanted))


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ("-p udp -m udp --dport 500:4500 -j RETURN", True),
        ("-j RETURN", True),
        ("-s 198.51.100.0/24 -p udp -m udp --dport 1:65535 -j RETURN", True),
        ("-p tcp -m tcp --dport 500:4500 -j RETURN", False),
        ("-m state --state RELATED,ESTABLISHED -j RETURN", False),
        ("-p udp -m udp --dport 500:4500 -j DROP", False),
    ],
)
async def test_ranges_and_protocols_of_rules(rule: str, opens: bool) -> None:
    table = Output(0, f"*mangle\n[0:0] -A FIREWALL_203.0.113.10 {rule}\nCOMMIT\n".encode())
    router = RecordedRouter("vpn_idle", {"iptables_mangle": table})
    verdict = await verify(router, expected("vpn_idle"))
    assert ("gate_open" not in failed(verdict)) == opens


async def test_sessions_and_orphans() -> None:
    two = await sessions(RecordedRouter("two_sessions"))
    assert [(s.user, s.inner_ip, s.client_ip, s.is_orphan) for s in two] == [
        ("alice", "10.1.2.2", "203.0.113.77", False),
        ("bob", "10.1.2.3", "203.0.113.99", False),
    ]
    killed = await sessions(RecordedRouter("xl2tpd_killed"))
    assert [(s.user, s.is_orphan) for s in killed] == [("alice", True)]
    both = await sessions(RecordedRouter("orphan_pppd"))
    assert [(s.interface, s.is_orphan) for s in both] == [("ppp0", True), ("ppp1", False)]
    assert await sessions(RecordedRouter("fresh")) == ()


async def test_status_of_the_machine() -> None:
    clock = float(output("two_sessions", "date").stdout)
    now = await status(RecordedRouter("two_sessions"), lambda: clock - 3)
    assert now.clock_offset == pytest.approx(3)
    assert now.ports == (500, 1701, 4500) and now.charon_pid == 1709
    assert now.disk is not None and now.disk.mount == "/"
    assert len(now.sessions) == 2
