"""Lines of another time, of an earlier attempt or of another client decide nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.diagnose.bundles import bundle_of
from tests.diagnose.retold import at_once, retold
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why
from tui.diagnose.why_hangup import windows_reason

Files = dict[str, bytes]
LOGS = ("vr.log", "vr.messages.log", "vr.pppd-journal.log", "vr.auth.log")
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""When `at_once` lets the first attempt begin."""


def logs_of(name: str, *, number: int = 0, only: tuple[str, ...] = LOGS) -> Files:
    """The logs of the recorded case `name`, moved to `START`."""
    files = retold(name, number=number)
    return at_once([{log: files[log] for log in only if log in files}])


def line(seconds: float, text: str) -> bytes:
    """A line of that many seconds after `START`."""
    moment = START + timedelta(seconds=seconds)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S} r-42-VM {text}\n".encode()


def with_lines(files: Files, name: str, *lines: bytes) -> Files:
    """`files` with more lines in `name`, all in the order of time."""
    every = list(files.get(name, b"").splitlines(keepends=True))
    every += lines
    every.sort(key=lambda each: each[:15])
    return files | {name: b"".join(every)}


def only_verdict(files: Files) -> Verdict:
    (verdict,) = why(bundle_of(files), client="198.51.100.23")
    return verdict


def last_second(files: Files) -> int:
    """Seconds from `START` to the last line of daemon.log."""
    stamp = files["vr.log"].splitlines()[-1][:15].decode()
    moment = datetime.strptime(f"2026 {stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    return int((moment - START).total_seconds())


def restarted(at: float) -> tuple[bytes, ...]:
    return (
        line(at, "charon: 00[DMN] SIGINT received, shutting down"),
        line(at + 1, "ipsec[1640]: charon stopped after 400 ms"),
        line(at + 2, "charon: 00[DMN] Starting IKE charon daemon (strongSwan 6.0.1, Linux 6.12)"),
    )


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


def _moved(text: bytes, seconds: int) -> bytes:
    stamp = datetime.strptime(f"2026 {text[:15].decode()}", "%Y %b %d %H:%M:%S")
    moved = stamp + timedelta(seconds=seconds)
    return f"{moved:%b} {moved.day:2} {moved:%H:%M:%S}".encode() + text[15:]


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


def closed(came: int, went: int, *, after: int = 35, nat: bool = False) -> Files:
    """A client whose IPsec comes up, and that takes it down without a word of xl2tpd's."""
    files = logs_of("esp_blocked", only=("vr.log", "vr.auth.log"))
    up = re.search(
        rb"CHILD_SA (\S+) established with SPIs (\w+_i) (\w+_o) and (.*)", files["vr.log"]
    )
    assert up is not None
    name, came_spi, went_spi, selectors = (each.decode() for each in up.groups())
    number = int(re.search(rb"L2TP-PSK\[(\d+)\] established", files["vr.log"])[1])  # type: ignore[index]
    lines = (
        f"charon: 09[IKE] received DELETE for ESP CHILD_SA with SPI {went_spi[:-2]}",
        f"charon: 09[IKE] closing CHILD_SA {name} with SPIs {came_spi} ({came} bytes) {went_spi} "
        f"({went} bytes) and {selectors}",
        f"charon: 09[IKE] received DELETE for IKE_SA L2TP-PSK[{number}]",
        f"charon: 09[IKE] deleting IKE_SA L2TP-PSK[{number}] between 192.0.2.44[192.0.2.44]..."
        "198.51.100.23[198.51.100.23]",
    )
    files = with_lines(files, "vr.log", *(line(after, each) for each in lines))
    if nat:
        proposal = re.search(
            rb"^(.*charon: )\d+\[CFG\] selected proposal: IKE.*\n", files["vr.log"], re.M
        )
        assert proposal is not None
        hint = proposal[0] + proposal[1] + b"12[IKE] remote host is behind NAT\n"
        files["vr.log"] = files["vr.log"].replace(proposal[0], hint)
    return files


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
    files["vr.kern.log"] = _moved(crash, 600)
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
        + b"".join(_moved(each, 600) for each in second.get(name, b"").splitlines(keepends=True))
        for name in first
    }
    verdict = only_verdict(both)
    assert verdict.category == "udp1701_fw_rule_missing" and verdict.certainty < 0.7
    assert "xl2tpd_down" in verdict.others


# -- kill -9 and the table of connections ---------------------------------------------------------


def cloud(seconds: float, text: str) -> bytes:
    moment = START + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%d %H:%M:%S},100 INFO     {text}\n".encode()


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
