"""Rows without a screen: what is asked of a fact, and when; marks; merging."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.columns import Cell, Column
from tui.widgets.rowset import RowSet, is_unchanging

Row = tuple[str, int]
rows_strategy = st.lists(
    st.tuples(st.sampled_from("abcdefghij"), st.integers(0, 5)),
    max_size=10,
    unique_by=lambda row: row[0],
)


class Counting:
    """Columns over rows, which count how often a row is formatted."""

    def __init__(self) -> None:
        self.shown = 0
        self.columns: tuple[Column[Row], ...] = (
            Column("NAME", self._name),
            Column("SIZE", lambda row: Cell(str(row[1])), order=lambda row: row[1]),
        )

    def _name(self, row: Row) -> Cell:
        self.shown += 1
        return Cell(row[0])

    def rows(self, sort: int | None = 0) -> RowSet[Row]:
        return RowSet(self.columns, lambda row: row[0], sort)


def test_unsorted_rows_are_not_looked_at() -> None:
    counting = Counting()
    rows = counting.rows(sort=None)
    rows.replace([(str(n), n) for n in range(50_000)])
    assert rows.between(40_000, 40_002) == (("40000", 40_000), ("40001", 40_001))
    assert rows.key_at(49_999) == "49999"
    assert rows.place_of("123") == 123
    assert counting.shown == 0


def test_rows_that_are_the_same_objects_are_not_looked_at_again() -> None:
    counting = Counting()
    rows = counting.rows()
    page = [(f"n{n:05}", n) for n in range(1_000)]
    rows.replace(page)
    rows.filter_by("n0")
    assert counting.shown == 2_000, "once to sort, once for the filter"
    more = [(f"n{n:05}", n) for n in range(1_000, 1_100)]
    rows.replace([*page, *more])
    assert counting.shown == 2_200
    assert len(rows) == 1_100
    rows.replace([*page[:500], ("x", 0), *page[501:]])
    assert counting.shown == 2_202
    assert len(rows) == 999


class Growing(msgspec.Struct):
    text: str


class Still(msgspec.Struct, frozen=True):
    text: str


@dataclass
class Loose:
    text: str


@dataclass(frozen=True)
class Fixed:
    text: str


def test_a_fact_that_can_change_is_asked_again() -> None:
    assert [is_unchanging(each) for each in (("a",), "a", 1, Still("a"), Fixed("a"))] == [True] * 5
    assert [is_unchanging(each) for each in (Growing("a"), Loose("a"), [], object())] == [False] * 4
    column: Column[Growing] = Column("T", lambda fact: Cell(fact.text))
    rows: RowSet[Growing] = RowSet((column,), lambda fact: fact.text, 0)
    facts = [Growing("b"), Growing("c")]
    rows.replace(facts)
    rows.filter_by("b")
    facts[0].text, facts[1].text = "z", "b"
    rows.replace(facts)
    assert [fact.text for fact in rows.shown] == ["b"]


@given(rows_strategy, rows_strategy, st.booleans(), st.sampled_from((None, 0, 1)))
def test_merging_is_replacing_what_has_the_same_key(
    first: list[Row], second: list[Row], reverse: bool, sort: int | None
) -> None:
    merged = Counting().rows(sort)
    merged.reverse = reverse
    merged.replace(first)
    merged.merge(second)
    whole = Counting().rows(sort)
    whole.reverse = reverse
    by_key = {row[0]: row for row in first} | {row[0]: row for row in second}
    whole.replace(by_key.values())
    assert merged.shown == whole.shown


@given(rows_strategy, rows_strategy, st.sampled_from("abcdefghij"))
def test_places_and_keys_belong_together(first: list[Row], second: list[Row], key: str) -> None:
    rows = Counting().rows(sort=1)
    rows.replace(first)
    for place in range(len(first)):
        assert rows.place_of(rows.key_at(place)) == place
    rows.replace(second)
    found = rows.place_of(key)
    assert (found is None) == (key not in {row[0] for row in second})
    assert found is None or rows.key_at(found) == key
    assert rows.place_of(None) is None
    assert rows.key_at(-1) is None
    assert rows.key_at(len(second)) is None


def test_marks_stay_on_their_rows() -> None:
    rows = Counting().rows()
    rows.replace([("a", 1), ("b", 2), ("c", 3)])
    for key in "ca":
        rows.turn_mark(key)
    assert list(rows.marked) == [("a", 1), ("c", 3)]
    rows.filter_by("c")
    assert list(rows.marked) == [("c", 3), ("a", 1)], "what the filter hides comes last"
    rows.filter_by("")
    rows.replace([("c", 30), ("b", 2)])
    assert list(rows.marked) == [("c", 30)], "who is gone is not given to anything"
    rows.replace([("a", 1), ("c", 3)])
    assert list(rows.marked) == [("a", 1), ("c", 3)], "and is marked when it comes back"
    rows.turn_mark("a")
    assert list(rows.marked) == [("c", 3)]
    rows.marks.clear()
    rows.filter_by("a")
    rows.mark_shown()
    assert rows.marks == {"a"}


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_idle_work_comes_to_an_end(count: int) -> None:
    counting = Counting()
    rows = counting.rows()
    for generation in range(3):
        rows.replace([(f"{generation} {n}", n) for n in range(count)])
    for _ in rows.catching_up():
        pass
    before = counting.shown
    rows.filter_by("2 4")
    assert counting.shown == before, "the texts were made in idle moments"
