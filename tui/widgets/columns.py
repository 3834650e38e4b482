"""Columns of a resource table: what they show, how wide they are, which give way first."""

from collections.abc import Callable, Iterable, Sequence
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
    text: Callable[[Fact], str] | None = None
    """The shown text without a cell around it, where that is quicker: `attrgetter`, say."""

    @property
    def least(self) -> int:
        """Cells that it keeps on a narrow screen: its title is never cut."""
        return min(self.widest, max(self.narrowest, cell_len(self.title)))

    def sort_key(self, fact: Fact) -> Any:
        """The value by which this column orders `fact`."""
        return self.show(fact).text.casefold() if self.order is None else self.order(fact)

    def sort_keys(self, facts: Iterable[Fact]) -> list[Any]:
        """The same for many."""
        if self.order is not None:
            return list(map(self.order, facts))
        return list(map(str.casefold, self.texts(facts)))

    def texts(self, facts: Iterable[Fact]) -> list[str]:
        """What it shows of each of many."""
        if self.text is not None:
            return list(map(self.text, facts))
        show = self.show
        return [show(fact).text for fact in facts]


def text_column(title: str, text: Callable[[Fact], str], **rest: Any) -> Column[Fact]:
    """A column that shows a text as it is, without a tone; `text` is best an `attrgetter` or an
    `itemgetter`, which sort and filter a long list without running any Python for each row."""
    return Column(title, lambda fact: Cell(text(fact)), text=text, **rest)


@dataclass(frozen=True, slots=True)
class Layout(Generic[Fact]):
    """The columns that fit, and their widths in cells."""

    columns: tuple[Column[Fact], ...]
    widths: tuple[int, ...]


def lay_out(columns: Sequence[Column[Fact]], facts: Sequence[Fact], room: int) -> Layout[Fact]:
    """Choose columns and widths for `room` cells, by what `facts` need; see `fit`."""
    return fit(columns, natural_widths(columns, facts), room)


def natural_widths(columns: Sequence[Column[Fact]], facts: Sequence[Fact]) -> tuple[int, ...]:
    """How wide each column would like to be, in cells; of a long list only the ends are asked."""
    sample = facts if len(facts) <= 2 * SAMPLE else [*facts[:SAMPLE], *facts[-SAMPLE:]]
    return tuple(
        min(
            column.widest,
            max(column.narrowest, cell_len(column.title), widest_of(column.texts(sample))),
        )
        for column in columns
    )


def widest_of(texts: Sequence[str]) -> int:
    """Cells of the widest of `texts`."""
    if all(map(str.isascii, texts)):
        return max(map(len, texts), default=0)
    return max(map(cell_len, texts), default=0)


def fit(columns: Sequence[Column[Fact]], natural: Sequence[int], room: int) -> Layout[Fact]:
    """The columns and widths that fit into `room` cells.

    Columns leave by rank, the rightmost of a rank first, until the others need no more than
    `SQUEEZE` cells too many and can give them; those are taken from the widest column, never below
    its narrowest nor its title. Only columns that always stay may need more than there is.
    """
    shown = list(range(len(columns)))
    widths = list(natural)

    def total() -> int:
        return sum(widths[n] + GAP for n in shown)

    def too_wide() -> bool:
        least = sum(columns[n].least + GAP for n in shown)
        return total() > room + SQUEEZE or least > room

    while too_wide() and (gone := [n for n in shown if columns[n].rank > 0]):
        highest = max(columns[n].rank for n in gone)
        shown.remove([n for n in gone if columns[n].rank == highest][-1])
    while total() > room:
        shrinkable = [n for n in shown if widths[n] > columns[n].least]
        if not shrinkable:
            break
        widths[max(shrinkable, key=lambda n: widths[n])] -= 1
    return Layout(tuple(columns[n] for n in shown), tuple(widths[n] for n in shown))


def shifted(
    columns: Sequence[Column[Fact]], natural: Sequence[int], room: int, shift: int
) -> Layout[Fact]:
    """The first column, and beside it as many as fit of those from number `shift` on, each as wide
    as it would like to be. Shift 0 is what `fit` makes of them; see `last_shift`."""
    if shift <= 0 or len(columns) < 2:
        return fit(columns, natural, room)
    shown, widths = [columns[0]], [min(natural[0], max(1, room // 2 - GAP))]
    left = room - widths[0] - GAP
    for column, wanted in zip(columns[max(1, shift) :], natural[max(1, shift) :], strict=True):
        if left - GAP < min(wanted, column.least) and len(shown) > 1:
            break
        widths.append(max(1, min(wanted, left - GAP)))
        shown.append(column)
        left -= widths[-1] + GAP
    return Layout(tuple(shown), tuple(widths))


def last_shift(columns: Sequence[Column[Fact]], natural: Sequence[int], room: int) -> int:
    """How far columns can be shifted before the last one is there; 0 where all of them fit."""
    if len(fit(columns, natural, room).columns) == len(columns):
        return 0
    for shift in range(1, len(columns)):
        layout = shifted(columns, natural, room, shift)
        if layout.columns[-1] is columns[-1] and layout.widths[-1] == natural[-1]:
            return shift
    return len(columns) - 1
