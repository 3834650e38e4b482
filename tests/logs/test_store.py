"""The bounded store: order, counts, what had to go."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.logs.filter import Filter, parse_filter
from tui.logs.line import LogLine
from tui.logs.store import LogStore

START = datetime(2026, 11, 23, tzinfo=UTC)


def line(seconds: float | None, text: str = "x", source: str = "daemon") -> LogLine:
    moment = None if seconds is None else START + timedelta(seconds=seconds)
    return LogLine("r-42-VM", source, moment, "r", "charon", None, "info", text)


def test_lines_of_several_sources_come_in_order_of_time() -> None:
    store = LogStore()
    store.add([line(0, "a"), line(100, "c")])
    added = store.add([line(50, "b"), line(101, "d")])
    assert [entry.text for entry in store] == ["a", "b", "c", "d"]
    assert added.inserted == 1 and [entry.text for entry in added.appended] == ["d"]


def test_lines_of_the_same_moment_stay_as_they_came() -> None:
    """The journal has microseconds, files whole seconds."""
    store = LogStore()
    store.add([line(10.9, "journal")])
    added = store.add([line(10, "file"), line(9, "file, a second earlier")])
    assert added.inserted == 0
    assert [entry.text for entry in store] == ["journal", "file", "file, a second earlier"]


def test_a_line_without_time_stays_with_the_one_before_it() -> None:
    store = LogStore()
    store.add([line(0, "a"), line(100, "z")])
    store.add([line(50, "b"), line(None, "of b")])
    assert [entry.text for entry in store] == ["a", "b", "of b", "z"]


@given(st.lists(st.lists(st.integers(0, 1000), max_size=20), max_size=8), st.integers(1, 40))
def test_it_is_bounded_and_counts_itself(batches: list[list[int]], capacity: int) -> None:
    store = LogStore(capacity)
    total = 0
    for number, batch in enumerate(batches):
        store.add(line(seconds, source=f"s{number % 3}") for seconds in batch)
        total += len(batch)
    assert len(store) == min(total, capacity) and store.dropped == total - len(store)
    assert store.source_counts() == Counter(entry.source for entry in store)
    assert store.level_counts() == Counter(entry.level for entry in store)


def test_a_batch_bigger_than_the_store() -> None:
    store = LogStore(3)
    added = store.add(line(number, str(number)) for number in range(10))
    assert [entry.text for entry in added.appended] == ["7", "8", "9"] and added.dropped == 7


def test_views_and_clearing() -> None:
    store = LogStore()
    store.add([line(0, "alice"), line(1, "bob")])
    only_bob = parse_filter("bob")
    assert isinstance(only_bob, Filter)
    assert [entry.text for entry in store.lines(only_bob)] == ["bob"]
    assert len(store.lines()) == 2
    store.clear()
    assert len(store) == 0 and store.level_counts() == {} and store.dropped == 0


def test_an_empty_store_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LogStore(0)
