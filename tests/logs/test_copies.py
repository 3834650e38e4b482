"""Lines that several logs have are shown once."""

import json
from collections import Counter

import pytest

from tests.logs.blocks import NOW, START, block, syslog
from tests.router_cases import case, case_names
from tui.logs.copies import without_copies
from tui.logs.files import kept_lines
from tui.logs.filter import Filter
from tui.logs.merge import LogBlock, Origin, block_of, merged
from tui.logs.store import LogStore


def journal(*lines: tuple[float, str]) -> LogBlock:
    raw = [
        json.dumps(
            {
                "__REALTIME_TIMESTAMP": str(int((START.timestamp() + seconds) * 1_000_000)),
                "SYSLOG_IDENTIFIER": "charon",
                "_HOSTNAME": "r-42-VM",
                "_PID": "9",
                "MESSAGE": said,
            },
            separators=(",", ":"),
        ).encode()
        for seconds, said in lines
    ]
    return block_of(raw, "journal", router="r-42-VM", now=NOW)


def shown(store: LogStore) -> list[tuple[str, str]]:
    return [(kept.origin.source, kept.line.text) for kept in store.lines(Filter())]


def test_the_store_keeps_what_came_first() -> None:
    store = LogStore()
    store.add(block((1, "a"), (2, "same"), (2, "same"), (3, "of the file only")))
    store.add(block((2, "not of a daemon"), source="cloud"))
    store.add(journal((1.2, "a"), (2.1, "same"), (2.2, "same"), (2.3, "same"), (60.0, "a")))
    assert Counter(shown(store)) == {
        ("daemon", "a"): 1,
        ("daemon", "same"): 2,
        ("journal", "same"): 1,
        ("daemon", "of the file only"): 1,
        ("cloud", "not of a daemon"): 1,
        ("journal", "a"): 1,
    }
    assert len(store) == 10 and len(store.lines(Filter(duplicates=True))) == 10


def test_looked_at_together_the_journal_is_shown() -> None:
    file = block((1, "a"), (2, "b"), source="daemon")
    audit = block((1, "a"), source="auth")
    exact = journal((1.4, "a"), (2.4, "b"), (3.0, "c"))
    lines = list(without_copies(merged(kept_lines([each]) for each in (file, audit, exact))))
    assert len(lines) == 6
    kept = [(each.origin.source, each.line.text) for each in lines if not each.is_copy]
    assert kept == [("journal", "a"), ("journal", "b"), ("journal", "c")]


def test_routers_have_nothing_in_common() -> None:
    store = LogStore()
    store.add(block((1, "a"), router="r-1"))
    store.add(block((1, "a"), router="r-2", source="auth"))
    assert len(shown(store)) == 2


@pytest.mark.parametrize("which", case_names())
def test_nothing_is_lost_and_no_audit_line_comes_twice(which: str) -> None:
    files = {name: text for name, text in case(which).files.items() if name.endswith(".log")}
    logs = [kept_lines([LogBlock(Origin("r", name, NOW), text)]) for name, text in files.items()]
    lines = list(without_copies(merged(logs)))
    assert len(lines) == sum(len(text.splitlines()) for text in files.values())
    shown: dict[str, Counter[str]] = {}
    written: dict[str, Counter[str]] = {}
    for kept in lines:
        source, said = kept.origin.source, kept.raw[15:].rstrip().decode()
        written.setdefault(said, Counter())[source] += 1
        if not kept.is_copy:
            shown.setdefault(said, Counter())[source] += 1
    for said, times in written.items():
        assert shown[said].total() >= max(times.values()), said


def test_a_flood_of_different_lines_is_forgotten_in_time() -> None:
    many = 120_000
    text = b"".join(syslog((number // 1000, f"line {number}")) for number in range(many))
    store = LogStore()
    store.add(LogBlock(Origin("r-42-VM", "auth", NOW), syslog((0, "x"))))
    store.add(LogBlock(Origin("r-42-VM", "daemon", NOW), text))
    assert len(store.lines(Filter())) == many + 1
