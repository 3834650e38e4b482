"""Several clients at once, in any order of lines, portions and files."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.traffic import (
    BEGIN,
    FILES,
    USUAL,
    Line,
    Outcome,
    Players,
    Session,
    files_of,
    outcome_of,
)
from tests.router_cases import case, case_names
from tui.logs.attempts import Attempt, Rung
from tui.logs.fold import Folder, fold_logs

NOW = BEGIN + 40 * 86_400
TRIOS = (
    ("ok_baseline", "mschapv2_wrong_password", "client_disconnect"),
    ("mtu_natt_sha1", "psk_wrong", "user_deleted_live"),
    ("two_clients_same_nat", "ip_pool_exhausted", "esp_prop_mismatch"),
    ("client_vanished", "pap_only_client", "idle_timeout"),
    ("udp4500_blocked_fw", "aggressive_mode", "ikev2_client"),
)


@cache
def sessions(trio: tuple[str, ...]) -> tuple[Session, ...]:
    """All three begin in the same second."""
    players = Players(len(trio[0]))
    return tuple(players.play(name, BEGIN, slot) for slot, name in enumerate(trio))


def mixed(parts: Sequence[Session], choices: Sequence[int]) -> list[Line]:
    """The lines of all sessions; those of each stay in order, whose comes next is chosen."""
    waiting = [list(part.lines) for part in parts]
    lines: list[Line] = []
    turn = 0
    while any(waiting):
        choice = choices[turn % len(choices)] if choices else 0
        turn += 1
        ready = [rest for rest in waiting if rest]
        lines.append(ready[choice % len(ready)].pop(0))
    return lines


def outcomes(attempts: Sequence[Attempt]) -> list[Outcome]:
    return sorted(outcome_of(attempt) for attempt in attempts)


def expected(parts: Sequence[Session]) -> list[Outcome]:
    return sorted(outcome for part in parts for outcome in part.outcomes)


@pytest.mark.parametrize("trio", TRIOS)
@settings(max_examples=15, deadline=None)
@given(choices=st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_three_clients_stay_three_however_their_lines_are_mixed(
    trio: tuple[str, ...], choices: list[int]
) -> None:
    """Also where the times of a file go back and forth by what lies between the sessions."""
    parts = sessions(trio)
    folder = fold_logs(files_of(mixed(parts, choices)), now=NOW)
    assert outcomes(folder.attempts) == expected(parts)


@pytest.mark.parametrize("trio", TRIOS)
def test_three_clients_in_order_of_time(trio: tuple[str, ...]) -> None:
    parts = sessions(trio)
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: line[0])
    assert outcomes(fold_logs(files_of(lines), now=NOW).attempts) == expected(parts)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), names=st.permutations(FILES), data=st.data())
def test_files_in_any_order_and_in_any_portions(
    seed: int, names: list[str], data: st.DataObject
) -> None:
    players = Players(seed)
    chosen = data.draw(st.lists(st.sampled_from(USUAL), min_size=1, max_size=4))
    parts = [players.play(name, BEGIN + 3 * n, n) for n, name in enumerate(chosen)]
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: line[0])
    files = files_of(lines)
    folder = Folder(now=NOW)
    pieces: list[tuple[str, bytes]] = []
    for name in names:
        whole = files[name].splitlines(keepends=True)
        while whole:
            size = data.draw(st.integers(1, 60))
            pieces.append((name, b"".join(whole[:size])))
            del whole[:size]
    if data.draw(st.booleans()):  # all files at once, as they are followed
        pieces.sort(key=lambda piece: piece[1][:15])
    for number, (name, text) in enumerate(pieces):
        folder.feed(name, text)
        if number % 7 == 0:  # somebody looks while it comes in
            assert len(folder.attempts) <= len(expected(parts)) * 4
    assert outcomes(folder.attempts) == expected(parts)


@pytest.mark.parametrize("which", case_names())
def test_lines_one_by_one_fold_into_the_same(which: str) -> None:
    files = {name: text for name, text in case(which).files.items() if name in FILES}
    whole = fold_logs(files, now=NOW)
    folder = Folder(now=NOW)
    for name, text in files.items():
        for line in text.splitlines(keepends=True):
            folder.feed(name, line)
    assert folder.attempts == whole.attempts
    assert folder.incidents == whole.incidents


@pytest.mark.parametrize("which", case_names())
def test_the_order_of_the_files_does_not_matter(which: str) -> None:
    files = {name: text for name, text in case(which).files.items() if name in FILES}
    whole = fold_logs(files, now=NOW)
    folder = Folder(now=NOW)
    for name in reversed(files):
        folder.feed(name, files[name])
    assert folder.attempts == whole.attempts
    assert folder.incidents == whole.incidents


def test_two_behind_one_nat_in_the_same_second() -> None:
    """They are told apart by port and identity; the NAT keeps the ports of one of them."""
    lines = case("two_clients_same_nat").files["vr.log"].splitlines(keepends=True)
    second = next(n for n, line in enumerate(lines) if b"203.0.113.99[282]" in line)
    stamp = lines[0][:15]
    one = [stamp + line[15:] for line in lines[:second] if b" charon: " in line]
    other = [stamp + line[15:] for line in lines[second:] if b" charon: " in line]
    woven = [line for pair in zip(_threads(one, 1), _threads(other, 9), strict=False)
             for line in pair]  # fmt: skip
    first, last = fold_logs({"vr.log": b"".join(woven)}, now=NOW).attempts
    assert (first.port, first.identity, first.ike_sas) == (500, "192.168.77.11", (1,))
    assert (last.port, last.identity, last.ike_sas) == (282, "192.168.77.12", (2,))
    assert first.rung == last.rung == Rung.CHILD_ESTABLISHED


def _threads(lines: list[bytes], first: int) -> list[bytes]:
    """Threads 1 to 8, or 9 to 16, so that two clients never share one."""
    kept = []
    for line in lines:
        at = line.index(b"charon: ") + 8
        kept.append(line[:at] + b"%02d" % (first + int(line[at : at + 2]) % 8) + line[at + 2 :])
    return kept


def test_a_client_that_comes_again_begins_another_attempt() -> None:
    players = Players()
    first = players.play("mschapv2_wrong_password", BEGIN)
    text = files_of(first.lines)
    again = {
        name: log.replace(b"Nov  3 00:", b"Nov  3 01:").replace(
            b"2026-11-03 00:", b"2026-11-03 01:"
        )
        for name, log in text.items()
    }
    attempts = fold_logs({name: text[name] + again[name] for name in text}, now=NOW).attempts
    assert outcomes(attempts) == sorted(first.outcomes * 2)
    assert attempts[1].started is not None and attempts[0].ended is not None
    assert attempts[1].started > attempts[0].ended


def test_packets_sent_again_are_no_other_attempt() -> None:
    flood = fold_logs({"vr.log": case("ike_flood").files["vr.log"]}, now=NOW).attempts
    assert len(flood) == 1 and flood[0].retries >= 10
    wrong = fold_logs({"vr.log": case("psk_wrong").files["vr.log"]}, now=NOW).attempts
    assert len(wrong) == 1 and wrong[0].retries == 3


def test_site_to_site_connections_are_not_clients() -> None:
    log = case("ok_baseline").files["vr.log"].replace(b"L2TP-PSK", b"vpn-203.0.113.77")
    assert [a.rung for a in fold_logs({"vr.log": log}, now=NOW).attempts if a.ike_sas] == []
    both = log + _threads_of_another(case("mtu_natt_sha1").files["vr.log"])
    attempts = [a for a in fold_logs({"vr.log": both}, now=NOW).attempts if a.ike_sas]
    assert [attempt.client for attempt in attempts] == ["203.0.113.99"]


def _threads_of_another(log: bytes) -> bytes:
    return b"".join(line for line in log.splitlines(keepends=True) if b" charon: " in line)
