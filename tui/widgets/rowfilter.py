"""The filter line of a table: words, `field:value`, `!not`."""

from collections.abc import Callable, Mapping
from typing import Final, Self

import msgspec

SHORTEST_FUZZY: Final = 3
"""Letters of a word that is found by its letters in order; shorter ones as they stand."""


class Term(msgspec.Struct, frozen=True):
    """One word of a filter."""

    text: str
    """What is looked for, in lower case."""
    field: str = ""
    """The column it is looked for in; empty for any."""
    negated: bool = False

    def matches(self, cells: Mapping[str, str]) -> bool:
        """Whether the row with these cells (lower-case title to lower-case text) passes.

        Letters in order are enough for a word that is looked for. One that is excluded has to be
        there as it stands: a row that is hidden by chance would not be missed.
        """
        if self.negated and not self.field:
            return not any(self.text in text for text in cells.values())
        if self.field:
            found = any(
                self.text in text for title, text in cells.items() if title.startswith(self.field)
            )
        else:
            found = any(_contains(text, self.text) for text in cells.values())
        return found != self.negated


class RowFilter(msgspec.Struct, frozen=True):
    """All terms have to match; an empty filter lets every row through."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, text: str, fields: tuple[str, ...]) -> Self:
        """Read a filter line.

        `fields` are the column titles in lower case; a word with a colon whose left side begins
        none of them is looked for as it stands, so that `10:30` and `fe80::1` are plain words.
        What is not finished, `!` or `account:`, hides nothing yet.
        """
        terms = []
        for word in text.lower().split():
            negated = word.startswith("!")
            rest = word[1:] if negated else word
            field, colon, value = rest.partition(":")
            if not (colon and field and any(title.startswith(field) for title in fields)):
                field, value = "", rest
            if value:
                terms.append(Term(value, field, negated))
        return cls(tuple(terms))

    def keeps(self, cells: Callable[[], Mapping[str, str]]) -> bool:
        """Whether a row passes; its cells are asked for only when there is a term."""
        return not self.terms or all(term.matches(cells()) for term in self.terms)


def _contains(text: str, wanted: str) -> bool:
    """Whether `wanted` is in `text`, or its letters are, in order, within one word of it."""
    if wanted in text:
        return True
    if len(wanted) < SHORTEST_FUZZY:
        return False
    return any(_is_subsequence(wanted, word) for word in text.split())


def _is_subsequence(wanted: str, word: str) -> bool:
    position = 0
    for letter in wanted:
        position = word.find(letter, position) + 1
        if position == 0:
            return False
    return True
