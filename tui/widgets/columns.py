"""Columns of a resource table: what they show, how wide they are, which give way first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from rich.cells import cell_len

Tone = Literal["", "ok", "warn", "bad", "off"]
Fact = TypeVar("Fact")

SAMPLE: Final = 200
"""Rows at each end of a list whose cells decide the width of a column."""

SQUEEZE: Final = 8
"""Cells that are taken from wide columns before a whole column is left out."""

GAP: Final = 2
"""Blank cells between two columns."""


class Cell(NamedTuple):
    """What one column shows of one row; the tone adds colour to what glyph and word say."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column(Generic[Fact]):
    """One column over facts of one type."""

    title: str
    show: Callable[[Fact], Cell]
    widest: int = 24
    """Cells that the column takes at the most."""
    narrowest: int = 4
    rank: int = 0
    """Columns of the highest rank are left out first when the screen is narrow; 0 always stays."""
    order: Callable[[Fact], Any] | None = None
    """What rows are sorted by; the shown text, ignoring case, when missing."""

    @property
    def least(self) -> int:
        """Cells that it keeps on a narrow screen: its title is never cut."""
        return min(self.widest, max(self.narrowest, cell_len(self.title)))

    def sort_key(self, fact: Fact) -> Any:
        """The value by which this column orders `fact`."""
        return self.show(fact).text.casefold() if self.order is None else self.order(fact)


@dataclass(frozen=True, slots=True)
class Layout(Generic[Fact]):
    """The columns that fit, and their widths in cells."""

    columns: tuple[Column[Fact], ...]
    widths: tuple[int, ...]


def lay_out(columns: Sequence[Column[Fact]], facts: Sequence[Fact], room: int) -> Layout[Fact]:
    """Choose columns and widths for `room` cells.

    Columns leave by rank, the rightmost of a rank first, until the others need no more than
    `SQUEEZE` cells too many and can give them; those are taken from the widest column, never below
    its narrowest nor its title. Only columns that always stay may need more than there is.
    """
    sample = facts if len(facts) <= 2 * SAMPLE else [*facts[:SAMPLE], *facts[-SAMPLE:]]
    shown = list(columns)
    widths = {
        id(column): min(
            column.widest,
            max(
                column.narrowest,
                cell_len(column.title),
                *(cell_len(column.show(fact).text) for fact in sample),
            )
            if sample
            else max(column.narrowest, cell_len(column.title)),
        )
        for column in columns
    }

    def total() -> int:
        return sum(widths[id(column)] + GAP for column in shown)

    def too_wide() -> bool:
        least = sum(column.least + GAP for column in shown)
        return total() > room + SQUEEZE or least > room

    while too_wide() and (gone := [column for column in shown if column.rank > 0]):
        highest = max(column.rank for column in gone)
        shown.remove([column for column in gone if column.rank == highest][-1])
    while total() > room:
        shrinkable = [column for column in shown if widths[id(column)] > column.least]
        if not shrinkable:
            break
        widest = max(shrinkable, key=lambda column: widths[id(column)])
        widths[id(widest)] -= 1
    return Layout(tuple(shown), tuple(widths[id(column)] for column in shown))
