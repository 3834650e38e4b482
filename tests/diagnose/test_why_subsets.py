"""With parts of the files only: the same verdict, or honest doubt; never a sure wrong answer."""

from collections.abc import Iterator

import pytest

from tests.diagnose.bundles import bundle_of_case
from tests.router_cases import case, case_names
from tui.diagnose.why import why

PARTS: tuple[tuple[str, ...], ...] = (
    ("vr.log",),
    ("vr.log", "vr.messages.log"),
    ("vr.pppd-journal.log",),
    ("vr.messages.log",),
    ("vr.auth.log",),
    ("vr.state.txt",),
    ("vr.tcpdump.txt",),
    ("vr.log", "vr.tcpdump.txt"),
    ("vr.log", "vr.state.txt"),
    ("vr.state.txt", "vr.tcpdump.txt"),
    ("vr.messages.log", "vr.state.txt"),
    ("vr.haproxy.log", "vr.messages.log"),
    ("vr.auth.log", "vr.messages.log", "vr.pppd-journal.log"),
    ("vr.log", "vr.messages.log", "vr.pppd-journal.log"),
    ("vr.log", "vr.messages.log", "vr.state.txt", "vr.iptables.txt"),
)
SURE = 0.7
CANNOT_TELL = 0.4
"""A guess of so little certainty claims nothing."""

SUFFICIENT: dict[str, tuple[str, ...]] = {
    "aggressive_mode": ("vr.auth.log",),
    "chap_secrets_empty": ("vr.pppd-journal.log",),
    "client_disconnect": ("vr.log",),
    "client_rejects_server_id": ("vr.auth.log",),
    "client_static_ip": ("vr.pppd-journal.log",),
    "client_vanished": ("vr.log",),
    "conntrack_full": ("vr.auth.log", "vr.kern.log"),
    "dpd_timeout_nondefault": ("vr.log",),
    "esp_blocked": ("vr.log", "vr.state.txt", "vr.tcpdump.txt"),
    "esp_prop_mismatch": ("vr.log",),
    "idle_timeout": ("vr.messages.log",),
    "ike_flood": ("vr.log",),
    "ike_prop_modp1024": ("vr.log",),
    "ip_pool_exhausted": ("vr.log",),
    "ipsec_restart_live": ("vr.log",),
    "mppe_required_client": ("vr.messages.log",),
    "mschapv2_unknown_user": ("vr.pppd-journal.log",),
    "mschapv2_wrong_password": ("vr.pppd-journal.log",),
    "mtu_natt_sha1": ("vr.tcpdump.txt",),
    "no_ike_config": ("vr.log",),
    "pap_only_client": ("vr.messages.log",),
    "plain_l2tp_no_ipsec": ("vr.tcpdump.txt",),
    "ppp_lcp_timeout": ("vr.messages.log",),
    "psk_wrong": ("vr.log",),
    "ts_mismatch": ("vr.log",),
    "two_clients_same_nat": ("vr.log",),
    "udp1701_fw_missing": ("vr.iptables.txt", "vr.state.txt"),
    "udp4500_blocked_fw": ("vr.log",),
    "udp500_blocked_fw": ("vr.tcpdump.txt",),
    "user_deleted_live": ("vr.log",),
    "vpc_acl_denies_client": ("vr.iptables.txt", "vr.log", "vr.messages.log"),
    "vpn_disabled_api": ("vr.after.txt", "vr.log"),
    "xl2tpd_bad_config": ("vr.log",),
    "xl2tpd_down": ("vr.state.txt", "vr.systemctl.txt"),
}
"""The least files that suffice for a sure verdict."""


def parts() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in case_names():
        files = case(name).files
        seen = set()
        for wanted in (*PARTS, *(tuple(each for each in files if each != out) for out in files)):
            part = tuple(sorted(each for each in wanted if each in files))
            if part and part not in seen:
                seen.add(part)
                yield name, part


@pytest.mark.parametrize(("name", "files"), parts(), ids=lambda value: str(value))
def test_a_part_of_the_files_never_gives_a_sure_wrong_answer(
    name: str, files: tuple[str, ...]
) -> None:
    expected = case(name)
    for verdict in why(bundle_of_case(name, only=files)):
        if name == "ip_pool_exhausted" and verdict.client != "203.0.113.99":
            continue  # the other client is well
        if verdict.category == expected.category:
            continue
        assert verdict.certainty < SURE, verdict
        assert verdict.certainty <= CANNOT_TELL or expected.category in verdict.others, verdict


@pytest.mark.parametrize("name", SUFFICIENT)
def test_few_files_suffice(name: str) -> None:
    verdicts = why(bundle_of_case(name, only=SUFFICIENT[name]))
    wanted = (case(name).category, case(name).outcome)
    found = [each for each in verdicts if (each.category, each.outcome) == wanted]
    assert found
    assert found[0].certainty >= SURE


def test_nothing_at_all_is_no_verdict() -> None:
    (verdict,) = why(bundle_of_case("ok_baseline", only=("no.such.file",)))
    assert verdict.client == ""
    assert verdict.certainty <= CANNOT_TELL
