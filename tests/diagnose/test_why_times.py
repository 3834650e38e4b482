"""Lines of another time, of an earlier attempt or of another client decide nothing."""

import re

import pytest

from tests.diagnose.lines import (
    Files,
    closed,
    cloud,
    last_second,
    line,
    logs_of,
    moved,
    only_verdict,
    restarted,
    with_lines,
)
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why_hangup import windows_reason


@pytest.mark.parametrize(
    ("name", "category", "outcome"),
    [
        ("mschapv2_wrong_password", "ppp_bad_password", "fail"),
        ("client_vanished", "peer_dead_l2tp", "dropped"),
        ("idle_timeout", "idle_timeout", "disconnected"),
        ("mppe_required_client", "ppp_mppe_required", "fail"),
    ],
)
@pytest.mark.parametrize("later", [10, 45])
def test_a_restart_after_the_end_is_not_the_cause(
    name: str, category: str, outcome: str, later: int
) -> None:
    files = logs_of(name)
    files = with_lines(files, "vr.log", *restarted(last_second(files) + later))
    verdict = only_verdict(files)
    assert (verdict.category, verdict.outcome) == (category, outcome)
    assert verdict.certainty >= 0.7


def test_a_restart_during_a_session_is_the_cause() -> None:
    # It comes up within a few seconds, and is found dead 94 seconds after it began.
    verdict = only_verdict(with_lines(logs_of("client_vanished"), "vr.log", *restarted(30)))
    assert (verdict.category, verdict.outcome) == ("ipsec_restarted", "dropped")


# -- Windows says why it hangs up -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line_of_pppd", "number"),
    [
        (r'rcvd [LCP TermReq id=0x8 "\026\375Z\310\000<\315t\000\000\002\346"]', 742),
        (r'rcvd [LCP TermReq id=0x8 "\026\"\\\n\000<\315t\000\000\002\345"]', 741),
        (r'rcvd [LCP TermReq id=0x8 "^VZZ\000<\315t\000\000\000\000"]', 0),
        ("LCP terminated by peer (^VýZÈ^@<Ít^@^@^Bæ)", 742),
        ("LCP terminated by peer (^VM-}ZM-H^@<M-Mt^@^@^BM-P)", 720),
        (r"LCP terminated by peer (^VAZ\xc8^@<\xcdt^@^@^B\xe6)", 742),
        (r'rcvd [LCP TermReq id=0x8 "\026\375Z\310\000<\315t\000\000"]', None),
        ("LCP terminated by peer (User request)", None),
        ("Unsupported protocol 'Compression Control Protocol' (0x80fd) received", None),
    ],
)
def test_the_number_that_windows_ends_with(line_of_pppd: str, number: int | None) -> None:
    assert windows_reason(f"Nov 24 09:00:00 r-42-VM pppd[99]: {line_of_pppd}") == number


WORDS = b"MPPE required but peer negotiation failed"


def windows_hangs_up(octal: bytes, carets: bytes) -> Files:
    files = logs_of("mppe_required_client")
    quoted = rb'"\026\375Z\310\000<\315t' + octal + rb'"'
    journal = files["vr.pppd-journal.log"].replace(b'"' + WORDS + b'"', quoted)
    caret = b"^VM-}ZM-H^@<M-Mt" + carets
    return files | {
        "vr.pppd-journal.log": journal.replace(WORDS, caret),
        "vr.messages.log": files["vr.messages.log"].replace(WORDS, caret),
    }


@pytest.mark.parametrize("without", ["", "vr.pppd-journal.log", "vr.messages.log"])
def test_windows_without_encryption_is_told_from_other_errors(without: str) -> None:
    def verdict_of(octal: bytes, carets: bytes) -> Verdict:
        files = windows_hangs_up(octal, carets)
        return only_verdict({name: text for name, text in files.items() if name != without})

    for octal, caret in (
        (rb"\000\000\002\346", b"^@^@^BM-f"),
        (rb"\000\000\002\345", b"^@^@^BM-e"),
    ):
        verdict = verdict_of(octal, caret)
        assert (verdict.category, verdict.outcome) == ("ppp_mppe_required", "fail")
        assert verdict.certainty >= 0.9
    other = verdict_of(rb"\000\000\002\320", b"^@^@^BM-P")
    assert other.certainty < 0.7 and other.others and other.next_look
    assert "720" in other.says
    cancelled = verdict_of(rb"\000\000\000\000", b"^@^@^@^@")
    assert (cancelled.category, cancelled.outcome) == ("normal_disconnect", "disconnected")
    assert cancelled.certainty < 0.7 and "ppp_mppe_required" in cancelled.others


# -- xl2tpd that was stopped, and came back -------------------------------------------------------


STOPPED = "xl2tpd[18]: death_handler: Fatal signal 15 received"
MISREAD = "xl2tpd[18]: parse_config: line 3: Unknown field 'max sessions'"
STARTED = "xl2tpd[29]: xl2tpd version xl2tpd-1.3.18 started on r-42-VM PID:29"
OTHER = "xl2tpd[29]: Connection established to 198.51.100.99, 1701.  Local: 7, Remote: 8 (ref=0/0)."
KILLED = "kernel: [99211.1] Out of memory: Killed process 18 (xl2tpd) total-vm:4812kB, anon-rss:0kB"
CRASHED = "kernel: [88211.1] xl2tpd[18]: segfault at 18 ip 0000 sp 0000 error 4 in xl2tpd[55d0+120]"


@pytest.mark.parametrize("gone", [STOPPED, MISREAD])
@pytest.mark.parametrize("alive", [STARTED, OTHER])
def test_xl2tpd_that_came_back_before_the_attempt_is_not_blamed(gone: str, alive: str) -> None:
    files = with_lines(closed(0, 0), "vr.log", line(-7200, gone), line(-7100, alive))
    verdict = only_verdict(files)
    assert (verdict.category, verdict.outcome) == ("esp_blocked_inbound", "fail")
    assert verdict.certainty >= 0.7


@pytest.mark.parametrize(
    ("gone", "category"), [(STOPPED, "xl2tpd_down"), (MISREAD, "xl2tpd_bad_config")]
)
@pytest.mark.parametrize("back", [None, 600])
def test_xl2tpd_that_is_away_during_the_attempt_is_blamed(
    gone: str, category: str, back: int | None
) -> None:
    more = [line(-900, OTHER), line(-600, gone)] + ([line(back, STARTED)] if back else [])
    verdict = only_verdict(with_lines(closed(900, 0), "vr.log", *more))
    assert (verdict.category, verdict.outcome) == (category, "fail")
    assert any(gone[:30] in each.text for each in verdict.evidence)


def test_xl2tpd_that_ends_later_was_there() -> None:
    verdict = only_verdict(with_lines(closed(0, 0), "vr.log", line(3000, STOPPED)))
    assert verdict.category == "esp_blocked_inbound"


@pytest.mark.parametrize("words", [KILLED, CRASHED])
@pytest.mark.parametrize("log", ["vr.kern.log", "vr.messages.log"])
def test_xl2tpd_that_the_kernel_ended_is_down(words: str, log: str) -> None:
    files = with_lines(closed(900, 0), log, line(-60, words))
    verdict = only_verdict(files)
    assert (verdict.category, verdict.outcome) == ("xl2tpd_down", "fail")
    assert any(words[:30] in each.text for each in verdict.evidence)
    back = with_lines(files, "vr.log", line(-30, STARTED))
    assert only_verdict(back).category == "udp1701_fw_rule_missing"
    other = with_lines(closed(900, 0), log, line(-60, words.replace("xl2tpd", "dnsmasq")))
    assert only_verdict(other).category == "udp1701_fw_rule_missing"


def test_a_session_ends_with_the_xl2tpd_that_the_kernel_kills() -> None:
    files = logs_of("client_vanished")
    quiet = b"".join(
        each
        for each in files["vr.log"].splitlines(keepends=True)
        if not any(word in each for word in (b"Maximum", b"Terminating", b"(Timeout)", b"Unable"))
    )
    ended = next(each for each in files["vr.messages.log"].splitlines() if b"Terminating" in each)
    crash = ended[:16] + b"r-42-VM " + CRASHED.encode() + b"\n"
    files = files | {"vr.log": quiet, "vr.kern.log": crash}
    verdict = only_verdict(files)
    assert (verdict.category, verdict.outcome) == ("xl2tpd_down", "dropped")
    files["vr.kern.log"] = moved(crash, 600)
    assert only_verdict(files).category != "xl2tpd_down"


# -- what charon counted --------------------------------------------------------------------------


def test_bytes_that_charon_counted_tell_the_causes_apart() -> None:
    nothing = only_verdict(closed(0, 0))
    assert (nothing.category, nothing.outcome) == ("esp_blocked_inbound", "fail")
    assert nothing.certainty >= 0.7
    assert any("(0 bytes)" in each.text for each in nothing.evidence)
    heard = only_verdict(closed(810, 0))
    assert heard.category == "udp1701_fw_rule_missing" and heard.certainty < 0.7
    assert "xl2tpd_down" in heard.others and "esp_blocked_inbound" not in heard.others
    early = only_verdict(closed(0, 0, after=4))
    assert early.certainty < 0.7
    in_udp = only_verdict(closed(0, 0, nat=True))
    assert in_udp.certainty < 0.7 and in_udp.others


def test_the_timeout_of_an_earlier_session_is_not_of_this_attempt() -> None:
    first = logs_of("client_vanished", number=1)
    second = closed(900, 0)
    both = {
        name: first.get(name, b"")
        + b"".join(moved(each, 600) for each in second.get(name, b"").splitlines(keepends=True))
        for name in first
    }
    verdict = only_verdict(both)
    assert verdict.category == "udp1701_fw_rule_missing" and verdict.certainty < 0.7
    assert "xl2tpd_down" in verdict.others


# -- kill -9 and the table of connections ---------------------------------------------------------


def test_only_the_very_pppd_was_killed_and_only_while_it_lived() -> None:
    files = logs_of("ok_baseline")
    found = re.search(rb"pppd\[(\d+)\]", files["vr.messages.log"])
    assert found is not None
    pid = int(found[1])

    def category(*lines: bytes) -> str:
        return only_verdict(files | {"vr.cloud.log": b"".join(lines)}).category

    assert category(cloud(600, f"Executing: kill -9 {pid}5")) == "ok"
    assert category(cloud(600, f"Executing: kill -9 1{pid}")) == "ok"
    assert category(cloud(-3600, f"Executing: kill -9 {pid}")) == "ok"
    assert category(cloud(600, f"Executing: kill -9 {pid}")) == "admin_user_removed"


FULL = "kernel: [9123.1] nf_conntrack: nf_conntrack: table full, dropping packet"


def test_a_full_table_is_no_cause_where_a_daemon_refuses() -> None:
    for name, category in (
        ("psk_wrong", "psk_mismatch"),
        ("ike_prop_modp1024", "ike_proposal_mismatch"),
        ("mschapv2_wrong_password", "ppp_bad_password"),
    ):
        for seconds in (-47, 1):
            files = with_lines(logs_of(name), "vr.kern.log", line(seconds, FULL))
            assert only_verdict(files).category == category


def test_a_full_table_counts_only_while_the_client_tries() -> None:
    before = with_lines(closed(0, 0), "vr.kern.log", line(-47, FULL))
    assert only_verdict(before).category == "esp_blocked_inbound"
    during = with_lines(closed(0, 0), "vr.kern.log", line(2, FULL))
    assert only_verdict(during).category == "conntrack_full"
