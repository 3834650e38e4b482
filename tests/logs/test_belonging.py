"""Which lines belong to which attempt, in the recorded cases."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.router_cases import case
from tui.logs.attempts import Attempt
from tui.logs.belonging import LinesOfAttempts, identity_of
from tui.logs.filter import Chip, Filter, parse_filter
from tui.logs.folding import Folding
from tui.logs.merge import KeptLine, LogBlock, Origin
from tui.logs.sieve import Sieve
from tui.logs.store import LogStore

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILES = {"vr.log": "daemon", "vr.messages.log": "messages", "vr.pppd-journal.log": "journal.txt"}


def told(name: str) -> tuple[LogStore, Folding]:
    """The lines of a case in order, and its attempts."""
    store, folding = LogStore(), Folding()
    for file, source in FILES.items():
        text = case(name).files.get(file, b"")
        if text:
            block = LogBlock(Origin("r-42-VM", source, NOW), text)
            store.add(block)
            folding.feed(block)
    return store, folding


def lines_of(name: str, filter_text: str) -> list[KeptLine]:
    """The lines that a filter lets through."""
    store, folding = told(name)
    wanted = parse_filter(filter_text)
    assert isinstance(wanted, Filter)
    return [shown.kept for shown in Sieve(wanted, folding.lines()).feed(store)]


def texts(lines: list[KeptLine]) -> Iterator[str]:
    return (f"{each.line.tag}: {each.line.text}" for each in lines)


def attempts(name: str) -> list[Attempt]:
    return sorted(told(name)[1].attempts(), key=lambda each: each.number)


def test_all_lines_of_one_login_and_nothing_else() -> None:
    [attempt] = [each for each in attempts("ok_baseline") if each.user or each.client]
    found = list(texts(lines_of("ok_baseline", f"attempt:{attempt.number}")))
    for words in (
        "charon: 11[NET] received packet: from 203.0.113.77",
        "is initiating a Main Mode IKE_SA",
        "parsed ID_PROT request",
        "selected proposal: ESP",
        "Connection established to 203.0.113.77",
        "Call established with 203.0.113.77",
        "remote IP address",
    ):
        assert any(words.split("] ")[-1] in text for text in found), words
    everything = len(told("ok_baseline")[0])
    assert len(found) < everything


def test_two_clients_behind_one_address_stay_two() -> None:
    first, second = [
        each for each in attempts("two_clients_same_nat") if each.client == "203.0.113.99"
    ][:2]
    ports = [str(first.port), str(second.port)]
    assert first.port != second.port
    for attempt, other in ((first, ports[1]), (second, ports[0])):
        found = list(texts(lines_of("two_clients_same_nat", f"attempt:{attempt.number}")))
        assert found
        assert not any(f"203.0.113.99[{other}]" in text for text in found)


@pytest.mark.parametrize("name", ["mschapv2_wrong_password", "mschapv2_unknown_user"])
def test_who_was_refused_is_found_by_name_and_by_client(name: str) -> None:
    attempt = next(each for each in attempts(name) if each.user)
    by_name = {id(each) for each in lines_of(name, f"user:{attempt.user}")}
    assert len(by_name) > 10
    by_client = list(texts(lines_of(name, f"client:{attempt.client}")))
    assert any("pppd" in text for text in by_client)
    assert lines_of(name, "user:nobody-of-that-name") == []


def test_what_is_left_out_is_the_rest() -> None:
    store, folding = told("ok_mschapv2")
    [attempt] = [each for each in folding.attempts() if each.user][:1]
    inside = lines_of("ok_mschapv2", f"attempt:{attempt.number}")
    outside = lines_of("ok_mschapv2", f"!attempt:{attempt.number}")
    shown = [each for each in store if not each.line.is_duplicate]
    assert len(inside) + len(outside) == len(shown)


def test_an_attempt_of_another_router_has_none_of_the_lines() -> None:
    store, folding = told("ok_baseline")
    for attempt in folding.attempts():
        attempt.router = "r-99-VM"
        lines = LinesOfAttempts([attempt])
        chip = Chip("attempt", str(attempt.number))
        assert not any([lines(each, chip) for each in store])


def test_folding_again_gives_the_same() -> None:
    store, folding = told("two_clients_same_nat")
    before = [identity_of(each) for each in folding.attempts()]
    folding.begin_again(store)
    assert [identity_of(each)[2:] for each in folding.attempts()] == [each[2:] for each in before]
    folding.begin_again(())
    assert folding.attempts() == []
