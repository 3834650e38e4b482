"""Rows of a log view: what they say, how they are cut to the width, how they are painted."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style

from tui.widgets.columns import Tone

LONGEST_DRAWN: Final = 8_000
"""Characters of one row that are looked at for drawing: a line of a megabyte costs no more."""
INDENT: Final = "    "
"""Before what is left of a row that is wrapped."""
GUTTER: Final = 1
"""Cells on the left: the cursor and marks."""


class LogRow(NamedTuple):
    """One line as it is shown."""

    text: str
    tone: Tone = ""
    head: int = 0
    """Characters at the beginning (time, source) that are shown dim."""
    marked: bool = False


class LogLines(Protocol):
    """Lines that are shown, numbered from `first` to just before `end`.

    A line keeps its number while it is there: what is added at the end gets higher numbers, what is
    added at the beginning lower ones (also below zero), and the oldest leave by a higher `first`.
    """

    @property
    def first(self) -> int:
        """Number of the oldest line."""
        ...

    @property
    def end(self) -> int:
        """Number after that of the newest line."""
        ...

    def row(self, number: int) -> LogRow:
        """How the line `number` looks now."""
        ...


class NoLines:
    """Nothing to show."""

    first = 0
    end = 0

    def row(self, number: int) -> LogRow:
        """There is none."""
        raise IndexError(number)


class Piece(NamedTuple):
    """What stands on one line of the screen: a row, or a part of one that is wrapped."""

    number: int
    row: LogRow
    text: str
    is_first: bool


def cut(number: int, row: LogRow, width: int, wrapping: bool) -> list[Piece]:
    """The lines of the screen, `width` cells wide, that a row takes."""
    text = row.text if len(row.text) <= LONGEST_DRAWN else row.text[:LONGEST_DRAWN] + "…"
    if not wrapping or width < 2 * len(INDENT) or cell_len(text) <= width:
        return [Piece(number, row, text, True)]
    head, *rest = chop_cells(text, width)
    tail = chop_cells("".join(rest), width - len(INDENT))
    return [
        Piece(number, row, head, True),
        *(Piece(number, row, INDENT + part, False) for part in tail),
    ]


def paint(
    piece: Piece, plain: Style, dim: Style, match: Style, pattern: re.Pattern[str] | None
) -> list[Segment]:
    """The segments of a piece: its head dim, what `pattern` matches standing out."""
    text = piece.text
    head = piece.row.head if piece.is_first else 0
    styles = [(text[:head], dim), (text[head:], plain)]
    if pattern is None:
        return [Segment(part, style) for part, style in styles if part]
    segments = []
    for part, style in styles:
        for found, matches in _split(part, pattern):
            segments.append(Segment(found, style + match if matches else style))
    return segments


def _split(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    """`text` in parts that match and parts that do not."""
    end = 0
    for match in pattern.finditer(text):
        if match.end() == match.start():
            continue
        if match.start() > end:
            yield text[end : match.start()], False
        yield match.group(), True
        end = match.end()
    if end < len(text):
        yield text[end:], False
