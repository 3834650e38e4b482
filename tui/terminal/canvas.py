"""What the screen should show, cell by cell."""

from typing import Final

from tui.terminal.cells import REST

Row = tuple[str, str]
"""The texts and the pens of one line of the screen: strings with a character for each cell."""

BLANK: Final = (" ", "\0")


def blank_row(width: int, pen: int = 0) -> Row:
    """A row without a character in it."""
    return BLANK[0] * width, chr(pen) * width


class Canvas:
    """The cells of a screen of `width` x `height`."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rows: list[Row] = [blank_row(width)] * height

    def put(self, y: int, x: int, texts: str, pens: str) -> None:
        """Write cells into line `y` from column `x` on; what is outside is left away.

        Half a wide character is a blank, as on a terminal.
        """
        width = self.width
        if not texts or not 0 <= y < self.height or not 0 <= x < width:
            return
        end = x + len(texts)
        if end > width:
            halved = texts[width - x] == REST
            texts, pens, end = texts[: width - x], pens[: width - x], width
            if halved:
                texts = texts[:-1] + " "
        if x == 0 and end == width:
            self.rows[y] = texts, pens
            return
        old_texts, old_pens = self.rows[y]
        before, after = old_texts[:x], old_texts[end:]
        if old_texts[x] == REST:
            before = before[:-1] + " "
        if after.startswith(REST):
            after = " " + after[1:]
        self.rows[y] = before + texts + after, old_pens[:x] + pens + old_pens[end:]
