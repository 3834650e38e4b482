"""The checkup on every recorded state: what is flagged is what is wrong."""

import pytest

from tests.diagnose.surveys import (
    PUBLIC_IP,
    Change,
    checks_of,
    cloud_of,
    flagged,
    lines_without,
    replaced,
)
from tests.diagnose.test_checkup_causes import NO_XL2TPD
from tests.router.recorded import STATES, recording
from tui.diagnose.checkup import NAMES

HEALTHY = ("fresh", "vpn_idle", "one_session", "two_sessions")


@pytest.mark.parametrize("state", STATES)
def test_what_is_flagged_is_what_the_state_is_about(state: str) -> None:
    checks = checks_of(state)
    assert flagged(checks) == set(recording(state)["must_flag"])
    assert tuple(checks) == NAMES
    for check in checks.values():
        assert check.says
        assert check.state != "unknown", f"{check.name}: {check.says}"
        if check.state in ("warn", "fail"):
            assert check.fix, check.name
            assert check.evidence, check.name


@pytest.mark.parametrize("state", HEALTHY)
def test_a_healthy_router_is_called_healthy(state: str) -> None:
    assert not [c for c in checks_of(state).values() if c.state in ("warn", "fail")]


@pytest.mark.parametrize("state", STATES)
def test_without_answers_nothing_passes(state: str) -> None:
    told = recording(state)["answers"]
    checks = checks_of(state, without=tuple(told))
    assert {check.state for check in checks.values()} <= {"unknown", "n/a", "pass"}
    passes = {name for name, check in checks.items() if check.state == "pass"}
    # What these say comes from CloudStack alone.
    assert passes <= {
        "vpn_ports",
        "users_confirmed",
        "similar_names",
        "pool_overlaps",
        "router_state",
        "user_slots",
    }


@pytest.mark.parametrize("state", STATES)
def test_without_the_api_nothing_is_compared(state: str) -> None:
    checks = checks_of(state, cloud=None)
    for name in ("programmed", "daemons_after_delete"):
        assert checks[name].state == "unknown"
    assert checks["users_match"].state in ("unknown", "n/a")


def test_the_unit_is_not_believed() -> None:
    check = checks_of("xl2tpd_killed")["xl2tpd_process"]
    assert check.state == "fail"
    assert "its unit says active" in check.says
    assert "restart" in check.fix


def test_what_comes_first_is_said_where_a_key_stops_xl2tpd() -> None:
    checks = checks_of(
        "vpn_idle",
        {
            **NO_XL2TPD,
            "xl2tpd_conf": lambda text: f"{text}max-connections = 50\n",
        },
    )
    assert checks["xl2tpd_settings"].state == "fail"
    assert "max-connections" in checks["xl2tpd_settings"].says
    assert checks["xl2tpd_process"].fix.startswith("Take `max-connections = 50` out")


def test_a_double_address_is_named() -> None:
    check = checks_of("orphan_pppd")["orphan_session"]
    assert "10.1.2.2 is given out twice" in check.says
    assert "pppd 2758" in check.says


def test_a_missing_rule_in_cloudstack_is_told_by_its_own_check() -> None:
    told = cloud_of("two_sessions", rules=())
    checks = checks_of("two_sessions", cloud=told)
    assert checks["vpn_ports"].state == "fail"
    assert checks["gate_surplus"].state == "warn"
    assert checks["udp500_gate"].state == "n/a"


def test_the_gate_of_a_vpc_is_input() -> None:
    vpc: dict[str, Change] = {
        "bag_cmdline": replaced('"type": "router"', '"type": "vpcrouter"'),
        "iptables_mangle": "*mangle\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n",
    }
    told = cloud_of("vpn_idle", is_vpc=True, rules=())
    assert flagged(checks_of("vpn_idle", vpc, cloud=told)) == set()
    closed = {**vpc, "iptables_filter": lines_without("--dport 4500")}
    assert flagged(checks_of("vpn_idle", closed, cloud=told)) == {"udp4500_gate"}


def test_answers_that_nobody_foresaw_make_a_check_unknown_and_leave_the_others() -> None:
    checks = checks_of(
        "two_sessions",
        {"iptables_filter": "[0:0] -A FORWARD -s nonsense -d x -i ppp+ -j ACCEPT\n", "sysctl": "%"},
    )
    assert checks["forward_rules"].state == "unknown"
    assert checks["ip_forward"].state == "unknown"
    assert checks["charon_process"].state == "pass"


def test_evidence_is_clean_and_without_secrets() -> None:
    checks = checks_of(
        "vpn_idle",
        {
            "chap_users": "alice\nbob\n\x1b[31mmallory\n",
            "l2tp_conf": " left=1.2.3.4\n",
            "ipsec_statusall": lines_without("L2TP-PSK"),
        },
    )
    said = str(checks["users_match"])
    assert "\x1b" not in said
    assert "mallory" in said


def test_where_the_vpn_is(  # the address is named, so that the right one is looked at
) -> None:
    assert PUBLIC_IP in checks_of("vpn_idle")["conn_loaded"].says
