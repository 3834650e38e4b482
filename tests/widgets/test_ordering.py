"""Orders that are made no sooner than needed are the orders that sorting makes."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets import ordering
from tui.widgets.ordering import Ordering

numbers = st.lists(st.integers(0, 12), max_size=120)


def sorting(keys: list[Any], passing: list[int], *, reverse: bool) -> list[int]:
    """What `Ordering` is to make, by the definition."""
    return sorted(passing, key=lambda number: keys[number], reverse=reverse)


@pytest.fixture(autouse=True)
def nothing_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a handful of rows is ordered a stretch at a time."""
    monkeypatch.setattr(ordering, "AT_ONCE", 2)
    monkeypatch.setattr(ordering, "REACH", 1)
    monkeypatch.setattr(ordering, "SAMPLES", 8)
    monkeypatch.setattr(ordering, "RUN", 7)


@given(numbers, st.booleans(), st.data())
def test_whatever_is_asked_for_first_the_places_are_those_of_sorting(
    keys: list[int], reverse: bool, data: st.DataObject
) -> None:
    passing = [n for n in range(len(keys)) if data.draw(st.booleans())]
    expected = sorting(keys, passing, reverse=reverse)
    made = Ordering(passing, keys, reverse=reverse)
    slices = made.settling()
    for _ in range(data.draw(st.integers(1, 6))):
        what = data.draw(st.sampled_from(("between", "place", "slice", "all")))
        if what == "between":
            first = data.draw(st.integers(0, len(keys) + 2))
            last = first + data.draw(st.integers(0, 9))
            assert list(made.between(first, last)) == expected[first:last]
        elif what == "place" and passing:
            number = data.draw(st.sampled_from(passing))
            assert made.place_of(number) == expected.index(number)
        elif what == "slice":
            next(slices, None)
        elif what == "all":
            assert list(made.settle()) == expected
    assert len(made) == len(expected)
    for _ in slices:
        pass
    assert made.is_settled
    assert list(made.between(0, len(keys))) == expected


@given(numbers, st.booleans())
def test_without_keys_rows_stay_as_they_come_or_are_turned_round(
    keys: list[int], reverse: bool
) -> None:
    rows = range(len(keys))
    made = Ordering(rows, None, reverse=reverse)
    assert list(made.settle()) == (list(reversed(rows)) if reverse else list(rows))


def test_the_first_screenful_of_a_long_list_sorts_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    asked = 0

    class Key(int):
        def __lt__(self, other: object) -> bool:
            nonlocal asked
            asked += 1
            return int.__lt__(self, int(other))  # type: ignore[call-overload]

    count = 100_000
    keys = [Key(n) for n in random.Random(6).sample(range(count), count)]
    made = Ordering(range(count), keys)
    assert [keys[n] for n in made.between(0, 24)] == list(range(24))
    assert not made.is_settled
    first = asked
    made.settle()
    assert first < (asked - first) / 5


def test_what_is_in_order_already_is_not_copied() -> None:
    rows = range(100_000)
    assert Ordering(rows, list(rows)).settle() is rows
    assert Ordering(rows, list(rows), reverse=True).settle() == rows[::-1]
    same = [0] * 100_000
    assert Ordering(rows, same).settle() is rows
    assert Ordering(rows, same, reverse=True).settle() is rows
