"""Every recorded case gets its category and outcome, for each client, from the router's files."""

from pathlib import Path

import pytest

from tests.diagnose.bundles import bundle_of_case
from tests.router_cases import case, case_names
from tui.diagnose.bundle_folder import read_bundle
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why

SEVERAL: dict[str, dict[tuple[str, str], tuple[str, str]]] = {
    "ip_pool_exhausted": {
        ("203.0.113.77", ""): ("ok", "connected"),
        ("203.0.113.99", "192.168.77.11"): ("ip_pool_exhausted", "fail"),
    },
    "two_clients_same_nat": {
        ("203.0.113.99", "192.168.77.11"): ("same_nat_conflict", "degraded"),
        ("203.0.113.99", "192.168.77.12"): ("same_nat_conflict", "degraded"),
    },
}
"""Cases with more than one client: the verdict of each."""

SURE = 0.7
OPEN = {"ip_forward_off", "ike_prop_3des_modp2048", "ikev2_client"}
"""Cases whose files do not tell the cause from others: forwarding is in none of them, and the two
that brought up IPsec only have no kernel log."""


def only(verdicts: tuple[Verdict, ...]) -> Verdict:
    (verdict,) = verdicts
    return verdict


@pytest.mark.parametrize("name", case_names())
def test_each_client_has_its_verdict(name: str) -> None:
    verdicts = why(bundle_of_case(name))
    found = {(each.client, each.identity): (each.category, each.outcome) for each in verdicts}
    if name in SEVERAL:
        assert found == SEVERAL[name]
    else:
        assert len(verdicts) == 1
        assert set(found.values()) == {(case(name).category, case(name).outcome)}
    assert all(each.certainty >= SURE for each in verdicts) == (name not in OPEN)


@pytest.mark.parametrize("name", case_names())
def test_evidence_is_what_stands_in_the_file_at_that_line(name: str) -> None:
    for verdict in why(bundle_of_case(name)):
        assert 1 <= len(verdict.evidence) <= 8
        for each in verdict.evidence:
            if not each.line:
                continue
            lines = case(name).files[each.file].decode("utf-8", "replace").split("\n")
            # A packet's words stand on the line after its head; challenges are redacted.
            around = [" ".join(line.split()) for line in lines[each.line - 1 : each.line + 1]]
            told = " ".join(each.text.split())[:60]
            assert any(told in line for line in around), (each, around)


@pytest.mark.parametrize("name", case_names())
def test_a_verdict_that_is_not_sure_says_what_else_and_where_to_look(name: str) -> None:
    for verdict in why(bundle_of_case(name)):
        if verdict.certainty < SURE:
            assert verdict.others
            assert verdict.next_look
        if verdict.category != "ok":
            assert verdict.says
            assert verdict.fix or verdict.category in ("normal_disconnect",)


@pytest.mark.parametrize("name", ["ip_pool_exhausted", "vpn_disabled_api", "udp500_blocked_fw"])
def test_a_folder_gives_the_same_verdicts(name: str, tmp_path: Path) -> None:
    folder = case(name).write(tmp_path / name)
    (folder / "client.log").write_bytes(b"Maximum retries exceeded for tunnel 1.  Closing.\n")
    told = [(each.client, each.category, each.evidence) for each in why(bundle_of_case(name))]
    read = [(each.client, each.category, each.evidence) for each in why(read_bundle(folder))]
    assert read == told


def test_users_are_named_where_the_router_knows_them() -> None:
    users = {name: only(why(bundle_of_case(name))).user for name in ("ok_baseline", "esp_blocked")}
    assert users == {"ok_baseline": "alice", "esp_blocked": None}
    assert only(why(bundle_of_case("mschapv2_unknown_user"))).user == "mallory"


def test_one_user_and_one_address_can_be_asked_for() -> None:
    bundle = bundle_of_case("two_clients_same_nat")
    assert only(why(bundle, user="BOB")).identity == "192.168.77.12"
    pool = bundle_of_case("ip_pool_exhausted")
    assert only(why(pool, client="203.0.113.99")).category == "ip_pool_exhausted"
    nobody = only(why(pool, client="198.51.100.1"))
    assert nobody.client == "198.51.100.1"
    assert "never shows up" in nobody.says


def test_a_user_who_is_not_known_is_said_to_be_unknown() -> None:
    bundle = bundle_of_case("user_deleted_live")
    missing = why(bundle, user="eve")[0]
    assert (missing.category, missing.user) == ("ppp_unknown_user", "eve")
    assert missing.certainty >= SURE


def test_a_user_without_a_login_may_be_one_of_those_who_did_not_get_that_far() -> None:
    stranger, missing = why(bundle_of_case("psk_wrong"), user="alice")
    assert missing.certainty < SURE
    assert "never shows up" in missing.says
    assert (stranger.client, stranger.category) == ("203.0.113.77", "psk_mismatch")


def test_what_the_client_shows_decides_between_open_causes_only() -> None:
    sure = bundle_of_case("psk_wrong")
    assert only(why(sure, symptom="error 691")).category == "psk_mismatch"
    open_case = bundle_of_case("mschapv2_wrong_password", only=("vr.messages.log",))
    plain = only(why(open_case))
    assert plain.others == ("ppp_unknown_user",)
    hinted = only(why(open_case, symptom="it says 691"))
    assert hinted.category == "ppp_bad_password"
    assert plain.certainty < hinted.certainty < SURE + 0.1
    half = bundle_of_case("udp1701_fw_missing", only=("vr.log",))
    turned = only(why(half, symptom="L2TP timeout"))
    assert turned.category == "udp1701_fw_rule_missing"


def test_only_a_symptom_gives_likely_causes_and_no_certainty() -> None:
    from tests.diagnose.bundles import bundle_of

    verdict = only(why(bundle_of({}), symptom="error 809"))
    assert verdict.category == "udp500_blocked"
    assert verdict.certainty < 0.5
    assert "udp4500_blocked" in verdict.others
