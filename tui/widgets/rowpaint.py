"""What a row of a table looks like: cells in columns, or one line of words."""

from collections.abc import Callable, Sequence
from typing import Final, Generic

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from tui.widgets.columns import GAP, Column, Fact, Layout

POINTER: Final = "▸"
MARK: Final = "●"
UP: Final = "▴"
DOWN: Final = "▾"

StyleOf = Callable[[str], Style]
"""The style of a part of the table, by its name: `head`, `cursor`, `marked`, or a tone."""


class RowPaint(Generic[Fact]):
    """Makes the segments of the head and of rows; `style_of` is asked for what is not plain."""

    def __init__(self, layout: Layout[Fact], base: Style, style_of: StyleOf) -> None:
        self._layout = layout
        self._base = base
        self._style_of = style_of

    @property
    def cells(self) -> int:
        """How wide a row is, in cells."""
        return GAP + sum(self._layout.widths) + GAP * len(self._layout.widths)

    def head(self, sorted_by: Column[Fact] | None, *, reverse: bool) -> list[Segment]:
        """The titles, with a mark at the column that orders the rows."""
        text = " " * GAP
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            mark = (DOWN if reverse else UP) if column is sorted_by else ""
            # The mark may stand in the gap, so that a narrow column shows it too.
            title = set_cell_size(column.title, min(cells, cell_len(column.title))) + mark
            text += set_cell_size(title, cells + GAP)
        return [Segment(text, self._base + self._style_of("head"))]

    def row(self, fact: Fact, *, on_cursor: bool, marked: bool) -> list[Segment]:
        """The cells of a row. Neighbours of one style are one segment: what a terminal costs grows
        with their number."""
        base = self._row_style(on_cursor=on_cursor, marked=marked)
        segments: list[Segment] = []
        plain = (POINTER if on_cursor else " ") + (MARK if marked else " ")
        for column, cells in zip(self._layout.columns, self._layout.widths, strict=True):
            text, tone = column.show(fact)
            if tone:
                segments.append(Segment(plain, base))
                segments.append(Segment(fit_text(text, cells), base + self._style_of(tone)))
                plain = " " * GAP
            else:
                plain += fit_text(text, cells) + " " * GAP
        segments.append(Segment(plain, base))
        return segments

    def words(
        self, columns: Sequence[Column[Fact]], fact: Fact, *, on_cursor: bool, marked: bool
    ) -> list[Segment]:
        """A row as a screen reader says it best: each title before what stands under it."""
        base = self._row_style(on_cursor=on_cursor, marked=marked)
        return [Segment(row_words(columns, fact, marked=marked), base)]

    def _row_style(self, *, on_cursor: bool, marked: bool) -> Style:
        style = self._base
        if marked:
            style += self._style_of("marked")
        return style + self._style_of("cursor") if on_cursor else style


def row_words(columns: Sequence[Column[Fact]], fact: Fact, *, marked: bool = False) -> str:
    """`NETWORK acme, VPN running`: what is empty is left out."""
    texts = ((column.title, column.show(fact).text) for column in columns)
    words = [f"{title} {text}" for title, text in texts if text.strip()]
    return ", ".join(["marked", *words] if marked else words)


def fit_text(text: str, cells: int) -> str:
    """`text` in exactly `cells` cells; an ellipsis says that some of it is cut off."""
    if text.isascii() and text.isprintable():
        return text.ljust(cells) if len(text) <= cells else text[: cells - 1] + "…"
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, cells - 1) + "…"
