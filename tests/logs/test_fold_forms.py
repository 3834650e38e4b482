"""The forms that lines come in, years, what must not fail, and what is kept of it."""

import json
import random
from datetime import UTC, datetime
from typing import Final
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.traffic import BEGIN, FILES, Players, files_of, outcome_of
from tests.router_cases import case, case_names
from tui.logs import fold_reader
from tui.logs.attempts import MOST_MARKS, Attempt
from tui.logs.fold import MOST_ALIKE, Folder, fold_logs
from tui.logs.fold_time import Calendar, dated_seconds, syslog_seconds
from tui.logs.scan import LiteralScanner

NOW: Final = 1_795_500_000.0
YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def logs_of(which: str) -> dict[str, bytes]:
    return {name: text for name, text in case(which).files.items() if name in FILES}


def as_entries(text: bytes, *, is_array: bool = False) -> bytes:
    """`journalctl -o json` of the lines of a file."""
    entries = []
    for line in text.decode().splitlines():
        if line.startswith("--"):
            continue
        moment = datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        tag, _, message = line[16:].split(" ", 1)[1].partition(": ")
        name, _, pid = tag.partition("[")
        entries.append(
            {
                "_PID": pid.rstrip("]") or "1",
                "MESSAGE": list(message.encode()) if is_array else message.rstrip(),
                "__REALTIME_TIMESTAMP": str(int(moment.timestamp()) * 1_000_000 + 417),
                "SYSLOG_IDENTIFIER": name,
                "PRIORITY": "6",
            }
        )
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def as_iso(text: bytes) -> bytes:
    """`journalctl -o short-iso`, charon with its process id."""
    lines = []
    for line in text.decode().splitlines():
        if line.startswith("--"):
            continue
        moment = datetime.strptime(f"2026 {line[:15]}", "%Y %b %d %H:%M:%S")
        rest = line[15:].replace(" charon: ", " charon[906]: ")
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%S}+0000{rest.rstrip()}\n")
    return "".join(lines).encode()


def essence(attempt: Attempt) -> tuple[object, ...]:
    """What the form of the lines does not change."""
    return (
        outcome_of(attempt),
        attempt.port,
        attempt.behind_nat,
        attempt.ike_sas,
        attempt.child_sas,
        attempt.spis,
        attempt.ike_proposal,
        attempt.tunnel,
        attempt.call,
        attempt.pppd,
        attempt.inner_ip,
        int(attempt.started or 0),
        int(attempt.ended or 0),
        [int(step.time or 0) for step in attempt.steps],
        sorted(mark.signature for mark in attempt.marks),
    )


@pytest.mark.parametrize("which", case_names())
@pytest.mark.parametrize("form", [as_entries, as_iso])
def test_the_journal_tells_the_same(which: str, form: object) -> None:
    assert callable(form)
    files = {
        name: text
        for name, text in logs_of(which).items()
        if name in ("vr.log", "vr.messages.log", "vr.pppd-journal.log", "vr.haproxy.log")
    }
    expected = [essence(attempt) for attempt in fold_logs(files, now=NOW).attempts]
    changed = {name: form(text) for name, text in files.items()}
    assert [essence(attempt) for attempt in fold_logs(changed, now=NOW).attempts] == expected


def test_one_journal_with_everything_is_enough() -> None:
    lines: list[bytes] = []
    for name in ("vr.log", "vr.pppd-journal.log"):
        lines += case("client_disconnect").files[name].splitlines(keepends=True)
    lines.sort(key=lambda line: line[:15])
    kept = [line for line in lines if b" ipsec[" not in line]
    (attempt,) = fold_logs({"journal": as_entries(b"".join(kept))}).attempts
    assert (attempt.client, attempt.user, attempt.end) == ("203.0.113.77", "alice", "goodbye")


def test_late_copies_of_charons_lines_count_for_nothing() -> None:
    log = case("psk_wrong").files["vr.log"]
    own = b"".join(line for line in log.splitlines(keepends=True) if b" ipsec[" not in line)
    assert [essence(a) for a in fold_logs({"x": own}, now=NOW).attempts] == [
        essence(a) for a in fold_logs({"x": log}, now=NOW).attempts
    ]
    copies = b"".join(line for line in log.splitlines(keepends=True) if b" ipsec[" in line)
    assert copies and not fold_logs({"x": copies}, now=NOW).attempts


def test_a_tunnel_whose_begin_lies_before_the_log() -> None:
    log = case("client_disconnect").files["vr.log"]
    start = log.rindex(b"\n", 0, log.index(b"control_finish: Connection closed")) + 1
    (attempt,) = fold_logs({"vr.log": log[start:]}, now=NOW).attempts
    assert (attempt.client, attempt.tunnel, attempt.end) == ("203.0.113.77", 61116, "goodbye")
    assert attempt.started is None and attempt.ended is not None and attempt.steps == []


@pytest.mark.parametrize("cut", range(5, 60, 5))
def test_logs_that_begin_in_the_middle(cut: int) -> None:
    """What is left is one client, with the same end."""
    log = case("client_vanished").files["vr.log"].splitlines(keepends=True)[cut:]
    attempts = fold_logs({"vr.log": b"".join(log)}, now=NOW).attempts
    assert {attempt.client for attempt in attempts} == {"203.0.113.77"}
    assert [attempt.end for attempt in attempts if attempt.tunnel] == ["peer_dead_l2tp"]


# --- years


@pytest.mark.parametrize(
    ("stamp", "now", "year"),
    [
        ("Dec 31 23:59:59", datetime(2027, 1, 1, 0, 5, tzinfo=UTC), 2026),
        ("Jan  1 00:00:02", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2027),
        ("Nov 23 11:00:00", datetime(2026, 11, 23, 12, tzinfo=UTC), 2026),
        ("Nov 25 11:00:00", datetime(2026, 11, 23, 12, tzinfo=UTC), 2025),
        ("Feb 29 11:00:00", datetime(2027, 3, 1, tzinfo=UTC), 2024),
        ("Mar  1 00:00:00", datetime(2027, 3, 1, tzinfo=UTC), 2027),
    ],
)
def test_the_year_is_put_right(stamp: str, now: datetime, year: int) -> None:
    expected = datetime.strptime(f"{year} {stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    assert Calendar(now.timestamp()).moment(stamp.encode()) == expected.timestamp()


def test_order_across_new_year() -> None:
    old = case("client_disconnect").files["vr.log"].replace(b"Nov 22 23:41", b"Dec 31 23:59")
    new = case("client_vanished").files["vr.log"].replace(b"Nov 22 23:5", b"Jan  1 00:0")
    folder = fold_logs({"vr.log": old + new}, now=datetime(2027, 1, 2, tzinfo=UTC).timestamp())
    assert [attempt.end for attempt in folder.attempts] == ["goodbye", "peer_dead_l2tp"]
    years = [datetime.fromtimestamp(attempt.started or 0, UTC).year for attempt in folder.attempts]
    assert years == [2026, 2027]


@pytest.mark.parametrize("first", ["vr.log", "vr.cloud.log"])
def test_lines_with_a_year_say_when_the_others_were_written(first: str) -> None:
    """A recording of long ago, read without knowing when; the year may come last."""
    files = {
        name: text.replace(b"2026-", b"2019-")
        for name, text in logs_of("user_deleted_live").items()
    }
    folder = Folder()
    for name in sorted(files, key=lambda name: name != first):
        folder.feed(name, files[name])
        assert folder.attempts is not None
    (attempt,) = folder.attempts
    assert attempt.end == "killed" and attempt.has("pppd_kill_ordered")
    assert datetime.fromtimestamp(attempt.started or 0, UTC).year == 2019
    assert {datetime.fromtimestamp(m.time or 0, UTC).year for m in attempt.marks} == {2019}


def test_stamps_that_are_none() -> None:
    for stamp in (
        b"",
        b"Nov 99 11:00:00",
        b"Xyz 11 11:00:00",
        b"Nov 11 1a:00:00",
        b"Nov 11 11-00-00",
    ):
        with pytest.raises(ValueError):
            syslog_seconds(stamp)
        with pytest.raises(ValueError):
            Calendar(NOW).moment(stamp)
    assert dated_seconds(b"2026-11-23T01:00:00", b"5", b"+0100") == YEAR + 326 * 86_400 + 0.5


# --- whatever comes

MUTATIONS: Final = (b"\0", b"\xff\xfe", b"[", b"]", b"(", b" ", b"999999999999", b"\n", b"", b'"')


def mutated(text: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.randrange(1, 40)):
        at = dice.randrange(len(text) + 1)
        size = dice.choice((0, 1, 1, 3, 40))
        text = text[:at] + dice.choice(MUTATIONS) + text[at + size :]
    return text


@settings(max_examples=150, deadline=None)
@given(which=st.sampled_from(case_names()), seed=st.integers(), is_json=st.booleans())
def test_broken_lines_never_fail(which: str, seed: int, is_json: bool) -> None:
    dice = random.Random(seed)
    folder = Folder(now=NOW)
    for name, text in logs_of(which).items():
        if is_json and name != "vr.cloud.log":
            text = as_entries(text, is_array=dice.random() < 0.2)
        folder.feed(name, mutated(text, dice))
    for attempt in folder.attempts:
        shown = [line.text for line in (*attempt.steps, *attempt.marks)]
        shown += [attempt.user, attempt.client, attempt.identity, attempt.interface]
        assert all(text.isprintable() for text in shown)
        assert len(attempt.marks) <= MOST_MARKS
    assert all(line.text.isprintable() for line in folder.incidents)


@given(st.binary(max_size=400))
def test_any_bytes(text: bytes) -> None:
    for needle in (b"IKE_SA", b"Call established", b"CHAP Response", b" -- ", b"kill -9 "):
        folder = fold_logs({"x": text + needle + text, "y": b"{" + text + needle}, now=NOW)
        assert len(folder.attempts) + len(folder.incidents) <= 4


def test_a_megabyte_without_an_end() -> None:
    line = b"Nov 23 03:51:51 r-42-VM pppd[7]: Peer " + b"x" * 1_000_000 + b" failed CHAP auth"
    (attempt,) = fold_logs({"messages": line}, now=NOW).attempts
    assert len(attempt.marks[0].text) < 1400 and len(attempt.user) < 300


def test_what_a_password_can_be_guessed_from_is_not_kept() -> None:
    log = case("mschapv2_wrong_password").files["vr.pppd-journal.log"]
    (attempt,) = fold_logs({"journal": log}, now=NOW).attempts
    shown = " ".join(line.text for line in (*attempt.steps, *attempt.marks))
    assert "fd785e2eb2f9353c" not in shown and "E=691" in shown


def test_lines_of_other_machines_and_other_files_are_none() -> None:
    files = case("ok_baseline").files
    assert not fold_logs({"client.log": files["vr.log"]}, now=NOW).attempts
    others = {name: text for name, text in files.items() if name.endswith(".txt")}
    assert others and not fold_logs(others, now=NOW).attempts


def test_without_the_library_the_same_comes_out() -> None:
    expected = [fold_logs(logs_of(which), now=NOW).attempts for which in case_names()]
    plain = LiteralScanner(fold_reader.NEEDLES, plain=True)
    with mock.patch.object(fold_reader, "scanner_without", lambda told: plain):
        assert [fold_logs(logs_of(which), now=NOW).attempts for which in case_names()] == expected


# --- what is kept


def test_what_is_kept_grows_with_the_attempts_only() -> None:
    folder = Folder(now=NOW)
    line = (
        b"Nov 23 03:51:51 r-42-VM charon: 03[NET] ignoring IKE_SA setup from 203.0.113.77, per-IP"
        b" half-open IKE_SA limit of 5 reached\n"
    )
    full = b"Nov 23 03:51:51 r-42-VM kernel: [1.0] nf_conntrack: table full, dropping packet\n"
    for _ in range(20):
        folder.feed("daemon", line * 1000)
        folder.feed("kern", full * 1000)
    (attempt,) = folder.attempts
    assert attempt.retries == 20_000 and len(attempt.marks) <= MOST_MARKS
    assert folder.counted["conntrack_full"] == 20_000
    assert len(folder.incidents) <= MOST_ALIKE


def test_the_oldest_attempts_that_ended_are_counted_and_dropped() -> None:
    players = Players()
    folder = Folder(now=NOW, most=10)
    names = ("client_disconnect", "mschapv2_wrong_password", "ok_baseline")
    for number in range(60):
        session = players.play(names[number % 3], BEGIN + 60 * number)
        for name, text in files_of(session.lines).items():
            folder.feed(name, text)
    kept = folder.attempts
    assert folder.dropped["goodbye"] > 5 and folder.dropped["refused"] > 5
    assert folder.dropped.total() + len(kept) == 60
    assert sum(attempt.is_connected for attempt in kept) == 20, "those that are up are kept"
    assert [attempt.number for attempt in kept][-1] == 60
