"""Signatures: the lines of every recorded case, and both ways of looking for literals."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.router_cases import case, case_names
from tui.diagnose.verdicts import CATEGORIES
from tui.logs.fold_reader import _FOUND_BY, NEEDLES
from tui.logs.scan import LiteralScanner, lines_with
from tui.logs.signatures import BY_NAME, SIGNATURES, marked_lines, signatures_of

LOGS = (
    "vr.log",
    "vr.messages.log",
    "vr.pppd-journal.log",
    "vr.auth.log",
    "vr.kern.log",
    "vr.haproxy.log",
    "vr.cloud.log",
)
NOT_FOLDED = {
    *("sent_no_proposal", "sent_auth_failed", "sent_malformed", "sent_invalid_id"),
    *("sent_selectors", "address_local", "header_unparsable", "no_message_rules", "charon_started"),
    *("peer_denied", "udp_xmit_failed", "xl2tpd_port_taken", "select_timeout", "hangup"),
    *("closing_undelivered", "link_lost", "time_used_up", "address_refused", "address_unknown"),
    *("secrets_readable", "ssh_unknown_user", "packet_logged", "unit_stopped", "users_written"),
    "kernel_refused_ipsec",
}
"""Shown in logs; for an attempt they say nothing that the lines beside them do not say."""


def names(which: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for file in LOGS:
        for _, signature in marked_lines(case(which).files.get(file, b"")):
            found[signature.name] += 1
    return found


def test_there_are_enough_and_each_is_complete() -> None:
    assert len(SIGNATURES) >= 40
    assert len(BY_NAME) == len(SIGNATURES)
    for signature in SIGNATURES:
        assert signature.says and len(signature.literal) >= 4 and signature.literal.isascii()
        assert signature.category in ("", *CATEGORIES), signature.name
        re.compile(signature.pattern)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("aggressive_mode", "aggressive_mode"),
        ("chap_secrets_empty", "no_suitable_secret"),
        ("client_disconnect", "tunnel_goodbye"),
        ("client_rejects_server_id", "ike_deleted_by_client"),
        ("client_vanished", "tunnel_unanswered"),
        ("conntrack_full", "conntrack_full"),
        ("dpd_timeout_nondefault", "dpd_timeout"),
        ("esp_prop_mismatch", "esp_no_proposal"),
        ("idle_timeout", "idle"),
        ("ike_flood", "half_open_limit"),
        ("ike_prop_modp1024", "ike_no_proposal"),
        ("ip_pool_exhausted", "pool_exhausted"),
        ("ipsec_restart_live", "charon_stopped"),
        ("ipsec_restart_live", "router_refused_by_client"),
        ("mppe_required_client", "mppe_required"),
        ("mschapv2_unknown_user", "unknown_user"),
        ("mschapv2_wrong_password", "bad_password"),
        ("no_ike_config", "no_ike_config"),
        ("pap_only_client", "auth_refused"),
        ("ppp_lcp_timeout", "lcp_timeout"),
        ("psk_wrong", "decrypt_failed"),
        ("ts_mismatch", "selectors_mismatch"),
        ("two_clients_same_nat", "tty_not_open"),
        ("user_deleted_live", "pppd_killed"),
        ("user_deleted_live", "pppd_kill_ordered"),
        ("xl2tpd_bad_config", "unknown_field"),
    ],
)
def test_what_goes_wrong_has_its_signature(which: str, expected: str) -> None:
    assert names(which)[expected] > 0


@pytest.mark.parametrize(
    "which",
    ["ok_baseline", "ok_mschapv2", "ok_despite_input_drop", "ikev2_client", "mtu_natt_sha1"],
)
def test_a_healthy_connection_has_no_errors(which: str) -> None:
    assert {BY_NAME[name].level for name in names(which)} <= {"notice", "noise"}


@pytest.mark.parametrize(
    "line",
    [
        "pppd[1]: sif6addr failed",
        "pppd[1]: cif6addr: ioctl(SIOCDIFADDR): No such address",
        'pppd[1]: sent [IPV6CP TermReq id=0x2 "Interface configuration failed"]',
        "pppd[1]: Cannot determine ethernet address for proxy ARP",
        "pppd[1]: Overriding mru 1500 to mtu value 1410",
        "xl2tpd[1]: check_control: Received out of order control packet on tunnel 9 (got 4, exp 5)",
        "xl2tpd[1]: handle_control: bad control packet!",
        "charon: 07[NET] using forecast interface eth1",
        "charon: 00[LIB] plugin 'tpm': failed to load - tpm_plugin_create returned NULL",
        "charon: 00[CFG] PKCS11 module '<name>' lacks library path",
        "charon: 00[CFG] expanding file expression '/var/lib/strongswan/ipsec.conf.inc' failed",
        "charon: 13[IKE] received draft-ietf-ipsec-nat-t-ike-02\\n vendor ID",
        "kernel: [ 2550.4] alg: No test for echainiv(authenc(hmac(sha1),cbc(aes)))",
        "ERROR    Not able to setup source-nat for a regular router yet",
        "ERROR    Command 'iptables -D INPUT -p udp -m policy --dport 1701' returned non-zero exit"
        " status 2.",
    ],
)
def test_what_is_harmless_on_every_router_is_noise(line: str) -> None:
    signature = signatures_of(line)
    assert signature is not None and signature.level == "noise"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("tried 1 shared key for '203.0.113.10' - '203.0.113.77', but MAC mismatched",
         "mac_mismatched"),
        ("found 1 matching config, but none allows XAuthInitPSK authentication using Main Mode",
         "auth_method"),
        ("pppd exited for call 4 with code 16", "pppd_exit"),
        ("pppd exited for call 4 with code 11", "pppd_exit_auth"),
        ("pppd exited for call 4 with code 0", "pppd_exit_fine"),
        ("pppd exited for call 4 with code 10", "pppd_exit"),
        ("LCP terminated by peer (User request)", "user_hung_up"),
        ("LCP terminated by peer (Link inactive)", "ended_by_client"),
        ("No response to 4 echo-requests", "echo_unanswered"),
        ("control_finish: Peer requested tunnel 5 twice, ignoring second one.",
         "tunnel_requested_twice"),
        ("control_finish: Peer requested call 5 twice, ignoring second one.",
         "call_requested_twice"),
        ("vpn: + 192.168.77.11 203.0.113.99 -- 203.0.113.10", "ipsec_up"),
        ("vpn: - 192.168.77.11 203.0.113.99 -- 203.0.113.10", "ipsec_down"),
        ("sshd[1]: Failed password for root from 198.51.100.7 port 1 ssh2", "ssh_refused"),
        ("2026-11-22 23:53:15,680 ERROR    Command 'x' returned non-zero exit status 1.",
         "script_error"),
    ],
)  # fmt: skip
def test_lines_that_no_case_has(line: str, name: str) -> None:
    signature = signatures_of(line)
    assert signature is not None and signature.name == name
    assert signatures_of(line.encode()) == signature


def test_lines_without_a_signature() -> None:
    for line in ("", "dnsmasq-dhcp[7]: DHCPACK(eth0) 10.1.1.7", 'xl2tpd[1]: "pppol2tp.so" '):
        assert signatures_of(line) is None


def test_every_signature_is_found_by_one_of_the_short_literals() -> None:
    steps = {signature.name for signature in SIGNATURES if signature.rung is not None}
    for signature in SIGNATURES:
        if signature.level == "noise" or signature.name in steps | NOT_FOLDED:
            continue
        literal = signature.literal.encode()
        found = any(needle in literal for needle in NEEDLES) or signature.name in _FOUND_BY
        assert found, signature.name
    assert set(_FOUND_BY.values()) <= set(NEEDLES) and set(_FOUND_BY) <= set(BY_NAME)


def test_with_and_without_the_library_the_same_lines_are_found() -> None:
    literals = tuple(dict.fromkeys(signature.literal.encode() for signature in SIGNATURES))
    quick, plain = LiteralScanner(literals), LiteralScanner(literals, plain=True)
    for which in case_names():
        for file in LOGS:
            block = case(which).files.get(file, b"")
            assert list(lines_with(quick, block)) == list(lines_with(plain, block))
            for start, end in lines_with(quick, block):
                assert quick.found_in(block[start:end]) == plain.found_in(block[start:end])


@given(st.binary(max_size=200))
def test_any_bytes_are_looked_at(line: bytes) -> None:
    signature = signatures_of(line)
    assert signature is None or signature.literal.encode() in line
