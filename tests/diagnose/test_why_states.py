"""The recorded states of a router: no logs but their ends, the API's word beside the answers."""

import msgspec
import pytest

from tests.diagnose.bundles import bundle_of_state
from tests.diagnose.surveys import Change, cloud_of, nothing, replaced, survey_of
from tests.router.recorded import STATES
from tui.diagnose.bundle import Bundle
from tui.diagnose.why import why
from tui.router.survey import Answer, Survey

EXPECTED: dict[str, set[tuple[str, str, str]]] = {
    "fresh": {("", "ok", "n/a")},
    "vpn_idle": {("", "ok", "n/a")},
    "one_session": {("203.0.113.77", "ok", "connected")},
    "two_sessions": {("203.0.113.77", "ok", "connected"), ("203.0.113.99", "ok", "connected")},
    "ghost_user": {("203.0.113.77", "ok", "connected"), ("203.0.113.99", "ok", "connected")},
    "forward_off": {
        ("203.0.113.77", "forwarding_disabled", "connected_no_traffic"),
        ("203.0.113.99", "forwarding_disabled", "connected_no_traffic"),
    },
    "range_not_loaded": {("203.0.113.77", "stale_ip_range", "drift")},
    "xl2tpd_killed": {("203.0.113.77", "xl2tpd_down", "dropped")},
    "ipsec_stopped": {("203.0.113.77", "ipsec_service_down", "dropped")},
    "deleted_daemons_left": {("203.0.113.77", "vpn_deleted_daemons_left", "drift")},
    "orphan_pppd": {("203.0.113.77", "duplicate_login", "connected_no_traffic")},
    "cleartext_session": {("203.0.113.77", "ipsec_service_down", "connected")},
    "rebooted": {("", "ipsec_service_down", "drift")},
}


def test_every_state_is_expected() -> None:
    assert set(EXPECTED) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_a_state_alone_tells_what_is_wrong(state: str) -> None:
    verdicts = [each for each in why(bundle_of_state(state)) if each.certainty >= 0.5]
    found = {(each.client, each.category, each.outcome) for each in verdicts}
    assert found == EXPECTED[state]


def test_names_and_addresses_behind_nat_come_from_the_routers_records() -> None:
    verdicts = {each.user: each for each in why(bundle_of_state("two_sessions"))}
    assert verdicts["bob"].identity == "192.168.77.11"
    assert verdicts["alice"].identity == ""


def test_evidence_names_the_command_that_said_it() -> None:
    verdict = next(iter(why(bundle_of_state("forward_off"))))
    assert verdict.evidence[0].file == "sysctl"
    assert verdict.evidence[0].text == "net.ipv4.ip_forward = 0"


def test_a_router_that_stands_by_is_not_broken() -> None:
    resting: dict[str, Change] = {
        **{name: nothing(name) for name in ("pgrep_charon", "pgrep_xl2tpd", "pgrep_starter")},
        "bag_cmdline": replaced('"redundant_router": "false"', '"redundant_router": "true"'),
        "ss_udp": "",
        "ss_vpn_ports": "",
        "checkrouter": "Status: BACKUP\n",
    }
    cloud = cloud_of("vpn_idle", redundant_state="BACKUP", is_redundant=True)
    (verdict,) = why(Bundle(survey=survey_of("vpn_idle", resting), cloud=cloud))
    assert (verdict.category, verdict.outcome) == ("ok", "n/a")
    assert "stands by" in verdict.says


def test_without_chap_secrets_nobody_may_log_in() -> None:
    gone = Answer(
        name="chap_users",
        status=2,
        stderr='awk: cannot open "/etc/ppp/chap-secrets" (No such file or directory)\n',
    )
    bundle = Bundle(survey=survey_of("vpn_idle", {"chap_users": gone}), cloud=cloud_of("vpn_idle"))
    assert [each.category for each in why(bundle)] == ["ppp_no_secrets"]
    locked = msgspec.structs.replace(gone, stderr="awk: Permission denied\n")
    bundle = Bundle(
        survey=survey_of("vpn_idle", {"chap_users": locked}), cloud=cloud_of("vpn_idle")
    )
    assert [each.category for each in why(bundle)] == ["ok"]


def test_a_clock_that_was_stepped_makes_no_range_old() -> None:
    """What `ps` counts from the clock says 179 s; the file of the process number says otherwise."""
    stepped = bundle_of_state("two_sessions")
    answers = dict(stepped.survey.answers)
    started = answers["xl2tpd_started"]
    assert " 118\n" in started.stdout
    answers["xl2tpd_started"] = msgspec.structs.replace(
        started, stdout=started.stdout.replace(" 118\n", " 297\n")
    )
    bundle = Bundle(survey=Survey("r-42-VM", answers), cloud=stepped.cloud)
    assert {each.category for each in why(bundle)} == {"ok"}
