"""Situations that no recording shows, and recorded ones with everything renamed and mixed."""

from collections.abc import Callable

import pytest

from tests.diagnose import made_up
from tests.diagnose.bundles import bundle_of, bundle_of_case, bundle_of_state
from tests.diagnose.retold import at_once, retold
from tests.router_cases import case, case_names
from tui.diagnose.bundle import Bundle
from tui.diagnose.why import why
from tui.router.survey import Answer, Survey

RETOLD = [
    name
    for name in case_names()
    if name not in ("ip_pool_exhausted", "two_clients_same_nat", "vpc_acl_denies_client")
]


@pytest.mark.parametrize(
    ("made", "category", "outcome"),
    [
        (made_up.xauth, "ike_auth_method_mismatch", "fail"),
        (made_up.ikev2_wrong_key, "psk_mismatch", "fail"),
        (made_up.wrong_key_behind_nat, "psk_mismatch", "fail"),
        (made_up.tunnel_mode, "ts_or_mode_mismatch", "fail"),
        (made_up.answers_lost, "esp_blocked_outbound", "fail"),
        (made_up.frozen_client, "peer_dead_lcp_echo", "dropped"),
        (made_up.silent_at_login, "ppp_chap_timeout", "fail"),
        (made_up.crashed_and_back, "reconnect_initial_contact", "connected"),
        (made_up.scans, "scanner_noise", "n/a"),
        (made_up.daemon_stopped_wire, "ipsec_service_down", "fail"),
        (made_up.same_name_twice, "duplicate_login", "connected"),
    ],
)
def test_a_situation_of_the_reference(
    made: Callable[[], dict[str, bytes]], category: str, outcome: str
) -> None:
    verdicts = why(bundle_of(made()))
    assert verdicts
    assert {(each.category, each.outcome) for each in verdicts} == {(category, outcome)}
    assert all(each.certainty >= 0.7 for each in verdicts)


@pytest.mark.parametrize("name", RETOLD)
def test_a_case_with_other_addresses_and_names(name: str) -> None:
    verdicts = why(bundle_of(retold(name)))
    assert [(each.client, each.category, each.outcome) for each in verdicts] == [
        ("198.51.100.23", case(name).category, case(name).outcome)
    ]


TRIOS = (
    ("psk_wrong", "ok_baseline", "mschapv2_wrong_password"),
    ("esp_prop_mismatch", "client_disconnect", "udp4500_blocked_fw"),
    ("ike_flood", "ok_mschapv2", "pap_only_client"),
    ("idle_timeout", "ppp_lcp_timeout", "aggressive_mode"),
    ("client_vanished", "mschapv2_unknown_user", "ok_baseline"),
    ("dpd_timeout_nondefault", "ts_mismatch", "mppe_required_client"),
    ("client_static_ip", "client_rejects_server_id", "ike_prop_modp1024"),
    ("chap_secrets_empty", "no_ike_config", "client_disconnect"),
)


@pytest.mark.parametrize("names", TRIOS)
@pytest.mark.parametrize("apart", [0.5, 3.0])
def test_three_clients_at_once_keep_their_verdicts(names: tuple[str, ...], apart: float) -> None:
    told = [
        retold(
            name,
            client=f"198.51.100.{10 + place}",
            user=f"user{place}",
            inside=f"10.1.2.{2 + place}",
            number=place + 1,
        )
        for place, name in enumerate(names)
    ]
    verdicts = why(bundle_of(at_once(told, apart)))
    found = {each.client: (each.category, each.outcome) for each in verdicts}
    assert found == {
        f"198.51.100.{10 + place}": (case(name).category, case(name).outcome)
        for place, name in enumerate(names)
    }
    assert len(verdicts) == 3


def _with_filter(rules: str) -> Bundle:
    """`ok_baseline` with rules of the table filter."""
    bundle = bundle_of_case("ok_baseline", without="vr.iptables.txt")
    answers = dict(bundle.survey.answers)
    answers["iptables_filter"] = Answer(name="iptables_filter", stdout=rules)
    return Bundle(survey=Survey("r-42-VM", answers), logs=bundle.logs)


FORWARD = (
    "*filter\n:FORWARD DROP [0:0]\n"
    "[0:0] -A FORWARD -i ppp+ -o ppp+ -j ACCEPT\n"
    "[5:420] -A FORWARD -s 10.1.1.0/24 -o ppp+ -j ACCEPT\n"
    "[5:420] -A FORWARD -d 10.1.1.0/24 -i ppp+ -j ACCEPT\n"
)


def test_rules_that_pass_packets_on_are_healthy_and_a_missing_one_is_found() -> None:
    (verdict,) = why(_with_filter(FORWARD))
    assert verdict.category == "ok"
    without = "".join(line for line in FORWARD.splitlines(True) if "-i ppp+ -j" not in line)
    (verdict,) = why(_with_filter(without))
    assert (verdict.category, verdict.outcome) == ("forward_rule_missing", "connected_no_traffic")


def test_a_part_of_the_rules_proves_nothing() -> None:
    (verdict,) = why(_with_filter("[0:0] -A FORWARD -i eth0 -o eth2 -j ACCEPT\n"))
    assert verdict.category == "ok"


def test_a_gate_that_lets_in_others_only_is_shut_for_this_client() -> None:
    files = dict(case("udp500_blocked_fw").files)
    files["vr.iptables.txt"] = (
        b"Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)\n"
        b" pkts bytes target  prot opt in  out  source          destination\n"
        b"Chain FIREWALL_203.0.113.10 (1 references)\n"
        b" pkts bytes target  prot opt in  out  source          destination\n"
        b"    0     0 RETURN  17   --  *   *    198.51.100.0/24 0.0.0.0/0   udp dpt:500\n"
        b"   17  2729 DROP    0    --  *   *    0.0.0.0/0       0.0.0.0/0\n"
    )
    (verdict,) = why(bundle_of(files))
    assert verdict.category == "udp500_blocked"
    assert verdict.certainty >= 0.95
    assert any("203.0.113.77" in each.text for each in verdict.evidence)


def test_an_open_gate_is_not_blamed_and_a_rule_of_somebodys_own_is() -> None:
    files = dict(case("udp1701_fw_missing").files)
    listing = files["vr.iptables.txt"].decode()
    row = next(line for line in listing.splitlines() if "udp dpt:500" in line)
    opened = listing.replace(row, f"{row}\n{row.replace('dpt:500', 'dpt:1701')}")
    files["vr.iptables.txt"] = opened.encode()
    (verdict,) = why(bundle_of(files))
    assert verdict.certainty < 0.5
    own = "[9:900] -A INPUT -i eth2 -p udp -m udp --dport 1701 -j DROP\n"
    files["vr.iptables.txt"] = f"{opened}\n{own}".encode()
    (verdict,) = why(bundle_of(files))
    assert verdict.category == "udp1701_fw_rule_missing"
    assert verdict.evidence[0].text == own.strip()


def test_a_router_that_was_not_told_is_not_blamed_on_a_rule() -> None:
    from msgspec.structs import replace

    wire = case("udp500_blocked_fw").files["vr.tcpdump.txt"]
    bundle = bundle_of_state("rebooted")
    (verdict,) = why(replace(bundle, logs={"vr.log": b"", "vr.tcpdump.txt": wire}))
    assert (verdict.client, verdict.category) == ("203.0.113.77", "ipsec_service_down")
    assert "without being told" in verdict.says


def test_old_counters_and_records_are_no_finding() -> None:
    state = case("ok_baseline").files["vr.state.txt"]
    assert b"XfrmInTmplMismatch" in state and b"pppd10956" in state
    (verdict,) = why(bundle_of_case("ok_baseline"))
    assert verdict.category == "ok"


def test_a_restart_before_the_session_is_none_of_its_business() -> None:
    files = dict(case("ok_baseline").files)
    before = b"Nov 23 00:05:50 r-42-VM charon: 00[DMN] SIGINT received, shutting down\n"
    files["vr.log"] = before + files["vr.log"]
    (verdict,) = why(bundle_of(files))
    assert verdict.category == "ok"


def test_a_success_after_failures_counts() -> None:
    failed = retold("psk_wrong", number=1)
    worked = retold("ok_mschapv2", number=2)
    both = at_once([failed, worked], apart=120)
    (verdict,) = why(bundle_of(both))
    assert verdict.category == "ok"


def test_the_apis_word_names_a_missing_rule() -> None:
    bundle = bundle_of_state("vpn_idle")
    assert bundle.cloud is not None and bundle.cloud.rules is not None
    from msgspec.structs import replace

    rules = tuple(rule for rule in bundle.cloud.rules if rule.first != 4500)
    answers = {k: v for k, v in bundle.survey.answers.items() if k != "iptables_mangle"}
    changed = replace(
        bundle, cloud=replace(bundle.cloud, rules=rules), survey=Survey("r-42-VM", answers)
    )
    (verdict,) = why(changed)
    assert verdict.category == "udp4500_blocked"
    assert verdict.action == "open_ports"
