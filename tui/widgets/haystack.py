"""The texts of rows, kept so that a filter finds its rows within one frame.

What passes is exactly what `RowFilter.keeps` lets through; that is the definition, and this the way
that does not look at rows one cell at a time. A word never holds a blank, so one text for each row
with its cells in lines answers for all cells at once, and a regular expression finds letters in
order within one word of it. Texts are made a few rows at a time (`building`) or when first needed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import compress, repeat
from typing import Final, Generic

from tui.widgets.columns import Column, Fact
from tui.widgets.rowfilter import SHORTEST_FUZZY, RowFilter, Term

STEP: Final = 256
"""Rows whose texts are made in one step of `building`."""


class Haystack(Generic[Fact]):
    """The texts of a list of facts, lower case, as filters look at them."""

    def __init__(self, columns: Sequence[Column[Fact]]) -> None:
        # Of columns with one title the last counts, as in the cells of `RowFilter`.
        self._columns = {column.title.lower(): column for column in columns}
        self._facts: Sequence[Fact] = ()
        self._rows: list[str | None] = []
        self._cells: dict[str, list[str]] = {}

    def replace(self, facts: Sequence[Fact], same: Sequence[bool] = ()) -> list[str | None]:
        """Look at `facts` from now on; `same[n]` says that the fact `n` is the one it was.

        Returns the texts of those that were there."""
        rows = self._rows
        if same:
            self._rows = [row if kept else None for row, kept in zip(rows, same, strict=False)]
            self._rows += [None] * (len(facts) - len(self._rows))
        else:
            self._rows = [None] * len(facts)
        self._facts = facts
        self._cells = {}
        return rows

    @property
    def is_built(self) -> bool:
        """Whether the texts of every row are there."""
        return None not in self._rows

    def building(self) -> Iterator[None]:
        """Make the missing texts, some hundred rows each time it is advanced."""
        rows = self._rows
        missing = [number for number, row in enumerate(rows) if row is None]
        for start in range(0, len(missing), STEP):
            if rows is not self._rows:
                return
            # A filter may have made them meanwhile.
            self._build([n for n in missing[start : start + STEP] if rows[n] is None])
            yield

    def _build(self, numbers: Sequence[int]) -> None:
        facts = [self._facts[number] for number in numbers]
        texts = [column.texts(facts) for column in self._columns.values()]
        joined = map("\n".join, zip(*texts, strict=True)) if texts else repeat("")
        for number, text in zip(numbers, joined, strict=False):
            self._rows[number] = text.lower()

    def _texts(self) -> list[str]:
        if not self.is_built:
            for _ in self.building():
                pass
        return self._rows  # type: ignore[return-value]  # none is missing any more

    def passing(self, wanted: RowFilter) -> Sequence[int]:
        """The numbers of the rows that pass, ascending."""
        return self._kept(range(len(self._facts)), wanted)

    def passes(self, number: int, wanted: RowFilter) -> bool:
        """Whether one row passes."""
        return bool(self._kept((number,), wanted))

    def _kept(self, numbers: Sequence[int], wanted: RowFilter) -> Sequence[int]:
        for term in wanted.terms:
            numbers = self._in_field(term, numbers) if term.field else self._in_any(term, numbers)
        return numbers

    def _in_any(self, term: Term, numbers: Sequence[int]) -> Sequence[int]:
        rows, text = self._texts(), term.text
        if term.negated:
            return [n for n in numbers if text not in rows[n]]
        if len(text) < SHORTEST_FUZZY:
            return [n for n in numbers if text in rows[n]]
        among = rows if len(numbers) == len(rows) else [rows[n] for n in numbers]
        return list(compress(numbers, map(_searching(text), among)))

    def _in_field(self, term: Term, numbers: Sequence[int]) -> Sequence[int]:
        text, negated = term.text, term.negated
        titles = [title for title in self._columns if title.startswith(term.field)]
        if len(titles) == 1:
            cells = self._cells_of(titles[0])
            return [n for n in numbers if (text in cells[n]) != negated]
        several = [self._cells_of(title) for title in titles]
        return [n for n in numbers if any(text in cells[n] for cells in several) != negated]

    def _cells_of(self, title: str) -> list[str]:
        if title not in self._cells:
            texts = self._columns[title].texts(self._facts)
            self._cells[title] = list(map(str.lower, texts))
        return self._cells[title]


def _searching(text: str) -> Callable[[str], object]:
    """What finds the letters of `text` in order within one word.

    Between two letters stands anything but blanks and the second letter, which makes the first one
    that is found the only one to try.
    """
    first, others = text[0], text[1:]
    return re.compile(
        re.escape(first) + "".join(f"[^\\s{re.escape(each)}]*+{re.escape(each)}" for each in others)
    ).search
