"""Lines of every source, read from recordings of real routers."""

import json
import lzma
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.router_cases import case, case_names
from tui.logs.line import LONGEST_TEXT, LogLine, read_lines

RECORDINGS = Path(__file__).parent.parent / "recordings"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@cache
def recorded_logs() -> dict[str, dict[str, str]]:
    return {
        name: {file: text.decode("utf-8", "replace") for file, text in case(name).files.items()}
        for name in case_names()
    }


def facts(state: str, name: str) -> bytes:
    path = RECORDINGS / "router_facts" / f"{state}.json.xz"
    answers: dict[str, Any] = json.loads(lzma.decompress(path.read_bytes()))["answers"]
    return str(answers[name]["stdout"]).encode()


def read(source: str, raw: bytes, now: datetime = NOW) -> list[LogLine]:
    return read_lines(source, raw.removesuffix(b"\n").split(b"\n"), router="r-42-VM", now=now)


def one(source: str, raw: bytes, now: datetime = NOW) -> LogLine:
    return read(source, raw, now)[0]


@pytest.mark.parametrize("which", recorded_logs())
@pytest.mark.parametrize("name", ["vr.log", "vr.messages.log", "vr.auth.log", "vr.haproxy.log"])
def test_every_recorded_syslog_line_is_understood(which: str, name: str) -> None:
    text = recorded_logs()[which].get(name, "")
    for line in read("daemon", text.encode()) if text else []:
        assert line.time is not None and line.time.year == 2026
        assert line.host in ("r-42-VM", "r-77-VM") and line.tag


def test_every_recorded_line_of_the_scripts_is_understood() -> None:
    for line in read("cloud", recorded_logs()["user_deleted_live"]["vr.cloud.log"].encode()):
        assert line.time is not None and line.tag == "cloud"
    error = one("cloud", b"2026-11-22 23:53:15,680 ERROR    Not able to setup source-nat")
    assert error.level == "error"
    assert error.time == datetime(2026, 11, 22, 23, 53, 15, 680000, UTC)
    boot = one("cloud", b"Sun Nov 22 23:16:01 UTC 2026 Setting up the router")
    assert boot.tag == "boot" and boot.time == datetime(2026, 11, 22, 23, 16, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["journal_charon", "journal_pppd", "journal_xl2tpd"])
def test_every_recorded_journal_entry_is_understood(name: str) -> None:
    lines = read("journal", facts("two_sessions", name))
    assert len(lines) == 40
    for line in lines:
        assert line.time is not None and line.tag in {"charon", "pppd", "xl2tpd"}
        assert line.pid is not None and line.host == "r-42-VM"


def test_a_syslog_line_in_parts() -> None:
    line = one("messages", b"Nov  3 04:05:06 r-42-VM pppd[5939]: Peer alice failed CHAP auth")
    assert line.time == datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)
    assert (line.tag, line.pid, line.level) == ("pppd", 5939, "error")
    assert line.text == "Peer alice failed CHAP auth"


@pytest.mark.parametrize(
    ("stamp", "now", "year"),
    [
        ("Dec 31 23:59:59", datetime(2027, 1, 1, 0, 5, tzinfo=UTC), 2026),
        ("Jan  1 00:00:02", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2027),
        ("Nov 23 11:00:00", NOW, 2026),
        ("Nov 25 11:00:00", NOW, 2025),
        ("Feb 29 11:00:00", datetime(2027, 3, 1, tzinfo=UTC), 2024),
    ],
)
def test_the_year_is_put_right(stamp: str, now: datetime, year: int) -> None:
    moment = one("daemon", f"{stamp} r charon: x".encode(), now).time
    assert moment is not None and moment.year == year


def test_impossible_dates_have_no_time() -> None:
    assert one("daemon", b"Nov 99 11:00:00 r charon: x").time is None
    assert one("daemon", b"Xyz 11 11:00:00 r charon: x").time is None


def test_late_copies_of_charons_lines_are_marked() -> None:
    lines = read("daemon", recorded_logs()["ok_baseline"]["vr.log"].encode())
    copies = [line for line in lines if line.is_duplicate]
    assert copies and all(line.tag == "ipsec" for line in copies)
    kept = one("daemon", b"Nov 23 03:51:51 r-42-VM ipsec[1699]: 'L2TP-PSK' routed")
    assert not kept.is_duplicate


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("psk_wrong", "could not decrypt payloads"),
        ("ike_prop_modp1024", "no proposal found"),
        ("mschapv2_wrong_password", "Peer alice failed CHAP authentication"),
        ("ip_pool_exhausted", "Out of IP addresses"),
    ],
)
def test_what_fails_is_an_error(which: str, words: str) -> None:
    text = "".join(recorded_logs()[which].get(name, "") for name in ("vr.log", "vr.messages.log"))
    levels = {line.level for line in read("daemon", text.encode()) if words in line.text}
    assert levels == {"error"}


def test_a_good_login_has_no_errors() -> None:
    for name in ("vr.log", "vr.messages.log", "vr.pppd-journal.log"):
        lines = read("daemon", recorded_logs()["ok_baseline"][name].encode())
        loud = [line for line in lines if line.level in {"warning", "error"}]
        assert loud == []
        assert any(line.level == "notice" for line in lines)


def test_priorities_of_the_journal_count_except_for_noise() -> None:
    def entry(text: str, priority: str) -> bytes:
        return json.dumps({"MESSAGE": text, "PRIORITY": priority}).encode()

    assert one("journal", entry("something odd", "3")).level == "error"
    assert one("journal", entry("something odd", "4")).level == "warning"
    assert one("journal", entry("something odd", "6")).level == "info"
    noise = "Cannot determine ethernet address for proxy ARP"
    assert one("journal", entry(noise, "3")).level == "debug"


def test_what_a_password_can_be_guessed_from_is_hidden() -> None:
    text = recorded_logs()["mschapv2_wrong_password"]["vr.pppd-journal.log"]
    shown = "\n".join(line.text for line in read("daemon", text.encode()))
    assert "fd785e2eb2f9353c36b799ae114e6895" in text
    assert "fd785e2eb2f9353c36b799ae114e6895" not in shown
    assert 'name = "alice"' in shown
    bag = one("cloud", b"2026-11-22 23:53:15,680 DEBUG    Searching for alice * s3cretWord *")
    assert "s3cretWord" not in bag.text


def test_journal_values_that_are_not_text() -> None:
    assert one("journal", b'{"MESSAGE":[104,105,27]}').text == "hi␛"
    assert one("journal", b'{"MESSAGE":["a","b"]}').text == "a b"
    assert "longer" in one("journal", b'{"MESSAGE":null}').text
    broken = one("journal", b'{"MESSAGE":')
    assert broken.level == "warning" and broken.text == '{"MESSAGE":'
    strange = b'{"__REALTIME_TIMESTAMP":"99999999999999999999","_PID":"x","MESSAGE":"m"}'
    assert one("journal", strange).time is None


@given(st.binary(max_size=300), st.sampled_from(["daemon", "cloud", "journal"]))
def test_nothing_that_comes_in_fails_or_reaches_the_terminal(raw: bytes, source: str) -> None:
    line = one(source, raw.replace(b"\n", b""))
    shown = f"{line.text}{line.tag}{line.host}"
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)


def test_a_megabyte_is_cut() -> None:
    line = one("daemon", b"Nov 23 03:51:51 r-42-VM charon: " + b"x" * 1_000_000)
    assert len(line.text) < LONGEST_TEXT + 40 and line.time is not None
