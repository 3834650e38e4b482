"""The bounded store: order, counts, what had to go."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.blocks import START, block
from tui.logs.filter import Filter, parse_filter
from tui.logs.store import LogStore


def texts(store: LogStore) -> list[str]:
    return [kept.line.text for kept in store]


def test_lines_of_several_sources_come_in_order_of_time() -> None:
    store = LogStore()
    store.add(block((0, "a"), (100, "c")))
    added = store.add(block((50, "b"), (101, "d"), source="cloud"))
    assert texts(store) == ["a", "b", "c", "d"]
    assert added.inserted == 1 and [kept.line.text for kept in added.appended] == ["d"]


def test_lines_of_the_same_moment_stay_as_they_came() -> None:
    """The journal has microseconds, files whole seconds."""
    store = LogStore()
    store.add(block((10, "journal"), source="auth"))
    added = store.add(block((9, "file, a second earlier"), (10, "file")))
    assert added.inserted == 0
    assert texts(store) == ["journal", "file, a second earlier", "file"]


def test_a_line_without_time_stays_with_the_one_before_it() -> None:
    store = LogStore()
    store.add(block((0, "a"), (100, "z")))
    store.add(block((None, "before b"), (50, "b"), (None, "of b"), source="cloud"))
    assert texts(store) == ["a", "before b", "b", "of b", "z"]


def test_a_clock_that_is_set_back_does_not_carry_lines_elsewhere() -> None:
    store = LogStore()
    store.add(block((100, "a"), (4000, "b")))
    store.add(block((200, "c, an hour earlier"), (4100, "d")))
    store.add(block((150, "other"), source="cloud"))
    assert texts(store) == ["a", "other", "b", "c, an hour earlier", "d"]


def test_clock_offsets_are_taken_off() -> None:
    store = LogStore()
    store.add(block((10, "right"), (30, "right, later"), router="r-1"))
    store.add(block((80, "a minute ahead"), router="r-2", offset=60))
    store.add(block((-95, "two minutes behind"), router="r-3", offset=-120))
    assert texts(store) == ["right", "a minute ahead", "two minutes behind", "right, later"]
    shown = {kept.line.text: kept.line.time for kept in store}
    assert shown["a minute ahead"] == START.replace(second=20)
    assert shown["two minutes behind"] == START.replace(second=25)


def test_earlier_lines_adjoin_exactly() -> None:
    """Within one second the order of writing counts."""
    store = LogStore()
    store.add(block((10, "d"), (10, "e")))
    store.add(block((10, "of the other log"), source="cloud"))
    added = store.add_earlier(block((9, "a"), (10, "b"), (12, "c"), first=-2))
    assert texts(store) == ["a", "b", "c", "d", "e", "of the other log"]
    assert added.inserted == 3 and not added.appended
    assert [kept.number for kept in store] == [-2, -1, 0, 1, 2, 1]
    store.add_earlier(block((8, "much earlier"), first=-3))
    assert texts(store)[:2] == ["much earlier", "a"]


def test_places() -> None:
    store = LogStore()
    store.add(block(*((second // 3, f"{second}") for second in range(30))))
    for position in range(30):
        assert store.position(store[position]) == position
    assert store.position_at(START.timestamp() + 5) == 15
    assert store.position_at(START.timestamp() + 99) == 30
    gone = store[0]
    store.clear()
    assert store.position(gone) is None and len(store) == 0


@given(st.lists(st.lists(st.integers(0, 1000), max_size=20), max_size=8), st.integers(1, 40))
def test_it_is_bounded_and_counts_itself(batches: list[list[int]], capacity: int) -> None:
    store = LogStore(capacity)
    total = 0
    for number, batch in enumerate(batches):
        added = store.add(block(*((second, "x") for second in batch), source=f"s{number % 3}"))
        assert added.inserted + len(added.appended) <= len(batch)
        total += len(batch)
    assert len(store) == min(total, capacity) and store.dropped == total - len(store)
    assert store.source_counts() == Counter(kept.origin.source for kept in store)
    assert store.bytes == sum(len(kept.raw) for kept in store)
    places = [kept.at for kept in store]
    assert places == sorted(places)


def test_a_block_bigger_than_the_store() -> None:
    store = LogStore(3)
    added = store.add(block(*((number, str(number)) for number in range(10))))
    assert [kept.line.text for kept in added.appended] == ["7", "8", "9"] and added.dropped == 7
    assert store.is_full


def test_bytes_are_bounded_too() -> None:
    store = LogStore(most_bytes=10_000)
    for number in range(100):
        store.add(block((number, "x" * 500)))
        assert store.bytes <= 10_000
    assert store.dropped == 100 - len(store) and texts(store) == ["x" * 500] * len(store)
    store.add(block((200, "y" * 20_000)))
    assert len(store) == 1


def test_views_and_clearing() -> None:
    store = LogStore()
    store.add(block((0, "alice"), (1, "bob")))
    only_bob = parse_filter("bob")
    assert isinstance(only_bob, Filter)
    assert [kept.line.text for kept in store.lines(only_bob)] == ["bob"]
    assert len(store.lines()) == 2 and len(store.portion(1, 5)) == 1
    store.clear()
    assert len(store) == 0 and store.source_counts() == {} and store.dropped == 0


def test_an_empty_store_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="at least one"):
        LogStore(0)
