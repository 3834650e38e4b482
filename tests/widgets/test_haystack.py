"""The quick filter lets through exactly what the filter line means."""

from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.widgets.columns import Cell, Column, text_column
from tui.widgets.haystack import STEP, Haystack
from tui.widgets.rowfilter import RowFilter

Row = tuple[str, str, str, str]
TITLES = ("NETWORK", "TYPE", "Net CIDR", "TYPE")
"""Two of one title, and two that begin alike."""
COLUMNS: tuple[Column[Row], ...] = (
    Column("NETWORK", lambda row: Cell(row[0], "ok")),
    text_column("TYPE", itemgetter(1)),
    Column("Net CIDR", lambda row: Cell(row[2])),
    text_column("TYPE", itemgetter(3)),
)
FIELDS = tuple(title.lower() for title in TITLES)

letters = st.sampled_from("abcABCnetİΣßẞ .:!-[]^\\*+?({\n\x1c\u2028\u00a0✔10")
texts = st.text(letters, max_size=14)
rows = st.lists(st.tuples(texts, texts, texts, texts), max_size=20)
word = st.one_of(
    st.text(letters, max_size=6),
    st.builds("{}{}:{}".format, st.sampled_from(("", "!")), st.sampled_from(("n", "type", "net")),
              st.text(letters, max_size=3)),
    st.builds("!{}".format, st.text(letters, max_size=3)),
)  # fmt: skip
lines = st.lists(word, max_size=4).map(" ".join)


def by_definition(wanted: RowFilter, facts: list[Row]) -> list[int]:
    """The rows that `RowFilter.keeps` keeps, one cell after the other."""

    def cells(row: Row) -> Callable[[], dict[str, str]]:
        return lambda: {c.title.lower(): c.show(row).text.lower() for c in COLUMNS}

    return [number for number, row in enumerate(facts) if wanted.keeps(cells(row))]


@settings(max_examples=1500)
@given(rows, lines)
def test_it_finds_what_the_definition_keeps(facts: list[Row], line: str) -> None:
    wanted = RowFilter.parse(line, FIELDS)
    haystack = Haystack(COLUMNS)
    haystack.replace(facts)
    assert list(haystack.passing(wanted)) == by_definition(wanted, facts)
    for number in range(len(facts)):
        assert haystack.passes(number, wanted) == (number in by_definition(wanted, facts))


@given(rows, rows, lines, st.integers(0, 9))
def test_texts_that_are_kept_are_those_of_the_rows(
    old: list[Row], new: list[Row], line: str, shared: int
) -> None:
    new = old[:shared] + new
    wanted = RowFilter.parse(line, FIELDS)
    haystack = Haystack(COLUMNS)
    haystack.replace(old)
    list(haystack.building())
    haystack.replace(new, [a is b for a, b in zip(old, new, strict=False)])
    assert list(haystack.passing(wanted)) == by_definition(wanted, new)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("ACME", [0, 1]),
        ("acprd", [0]),
        ("net:prod", [0]),
        ("type:vpc", [1]),
        ("!type:vpc acme", [0]),
        ("10.9", [1]),
        ("dev", [1]),
        ("prod isolated", [0]),
        ("prodiso", []),  # never over the edge of a cell
    ],
)
def test_examples(line: str, kept: list[int]) -> None:
    facts: list[Row] = [
        ("acme-prod", "", "10.1.1.0/24", "isolated"),
        ("acme-dev", "", "10.9.0.0/16", "vpc"),
        ("other", "acme", "", "l2"),  # the first column TYPE is hidden by the second
    ]
    haystack = Haystack(COLUMNS)
    haystack.replace(facts)
    assert list(haystack.passing(RowFilter.parse(line, FIELDS))) == kept


def test_texts_are_made_a_little_at_a_time_and_once() -> None:
    asked: list[int] = []

    def show(number: int) -> Cell:
        asked.append(number)
        return Cell(f"row {number}")

    column: Column[int] = Column("ROW", show)
    haystack: Haystack[int] = Haystack((column,))
    facts = range(3 * STEP)
    haystack.replace(facts)
    work = haystack.building()
    next(work)
    assert len(asked) == STEP
    assert not haystack.is_built
    list(islice(work, 9))
    assert haystack.is_built
    wanted = RowFilter.parse("row 70", ("row",))
    assert list(haystack.passing(wanted)) == [n for n in facts if "70" in str(n)]
    assert len(asked) == len(facts), "the filter looks at the texts, not at the cells"
    haystack.replace(facts, [True] * len(facts))
    list(haystack.building())
    assert len(asked) == len(facts), "rows that are the same are not asked again"


def test_no_rows_no_columns() -> None:
    empty: Haystack[Any] = Haystack(())
    empty.replace([1, 2])
    assert list(empty.passing(RowFilter.parse("a", ()))) == []
    assert list(empty.passing(RowFilter.parse("!a", ()))) == [0, 1]
    assert list(empty.passing(RowFilter())) == [0, 1]
