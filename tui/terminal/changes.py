"""Which cells of a line are other ones."""

import re
from typing import Final

from tui.terminal.canvas import Row

Span = tuple[int, int]
"""Columns of a line, from the first one to the one behind the last."""

MOVE: Final = 8
"""About as many bytes are needed to go to some cells and to take their pen."""

_SIZE: Final = 4
_OTHER: Final = re.compile(rb"[^\0]+")


def changes(old: Row, new: Row) -> list[Span]:
    """The columns whose cell is another one.

    Lines are compared as two large numbers, which takes a twentieth of the time of comparing cell
    by cell.
    """
    other = (_number(old[0]) ^ _number(new[0])) | (_number(old[1]) ^ _number(new[1]))
    if not other:
        return []
    other |= other >> 16
    other |= other >> 8  # the first byte of four is not zero now if any of them was not
    cells = other.to_bytes(len(new[0]) * _SIZE, "little")[::_SIZE]
    return [match.span() for match in _OTHER.finditer(cells)]


def cost(old: Row, new: Row) -> int:
    """About as many bytes are needed to make one line of another."""
    if old == new:
        return 0
    spans = changes(old, new)
    return MOVE * len(spans) + sum(end - start for start, end in spans)


def _number(cells: str) -> int:
    return int.from_bytes(cells.encode("utf-32-le", "surrogatepass"), "little")
