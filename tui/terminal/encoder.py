"""From what a terminal shows to what it should show, in as few bytes as possible.

`Encoder.frame` is pure: the same screens give the same text. Nothing is taken from the frame before
it but what the terminal shows; every frame begins with a plain pen and an unknown position and ends
with a plain pen and the whole screen as the scroll region, so that what another program writes in
between harms nothing but its own place.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from tui.terminal.brush import Brush
from tui.terminal.canvas import BLANK, Row, blank_row
from tui.terminal.cells import REST, Clusters, ends_foreseen, is_plain
from tui.terminal.changes import MOVE, Span, changes, cost
from tui.terminal.pens import PLAIN, PenBook
from tui.terminal.scrolling import Scroll, find_scroll

GAP: Final = 4
"""Cells that have not changed and are written again, as a move over them is no shorter."""

TAIL: Final = 4
"""Blanks at the end of a line that are erased rather than written."""

MANY_PENS: Final = 6
"""Changes of the pen from which on it is worth trying to write with one pen after the other."""

_MUCH: Final = 0.4
"""Part of a line that has to change for it to be worth trying to erase it first."""


class Encoder:
    """Writes for one kind of terminal."""

    def __init__(
        self, pens: PenBook, clusters: Clusters, *, erases_with_colour: bool, scrolls: bool
    ) -> None:
        """`erases_with_colour`: terminfo's `bce`. `scrolls`: lines can be inserted and deleted
        within a scroll region."""
        self.pens = pens
        self.clusters = clusters
        self._with_colour = erases_with_colour
        self._scrolls = scrolls

    def frame(
        self,
        sent: Sequence[Row] | None,
        wanted: Sequence[Row],
        cursor: tuple[int, int],
        *,
        at_once: bool = False,
    ) -> str:
        """What turns the screen `sent` into `wanted` and puts the cursor at `cursor` (x, y).

        `at_once`: the terminal shows nothing before it has all of the frame. One that shows it as
        it comes gets line after line, as lines that are half old and half new say what is wrong.

        `None` stands for a screen that nobody knows: everything is written. Both screens have the
        same size. The text is empty if no cell has changed, wherever the cursor is.
        """
        brush = Brush(self.pens, self.clusters)
        if sent is None:
            sent = self._cleared(brush, wanted)
        changed = [y for y, row in enumerate(wanted) if row != sent[y]]
        if self._scrolls:
            scroll = find_scroll(sent, wanted, changed)
            if scroll is not None:
                self._scroll(brush, scroll, len(wanted))
                sent = scroll.moved(sent)
                changed = [y for y, row in enumerate(wanted) if row != sent[y]]
        line_by_line = brush.beside()
        for y in changed:
            self._line(line_by_line, y, sent[y], wanted[y])
        way = line_by_line
        if at_once and line_by_line.pens_taken >= MANY_PENS:
            pen_by_pen = brush.beside()
            self._pen_by_pen(pen_by_pen, changed, sent, wanted)
            if pen_by_pen.cost() < line_by_line.cost():
                way = pen_by_pen
        brush.go_on_from(way)
        if not brush.parts:
            return ""
        brush.take(PLAIN)
        brush.move(cursor[1], cursor[0])
        return "".join(brush.parts)

    def _cleared(self, brush: Brush, wanted: Sequence[Row]) -> list[Row]:
        """Clear the screen, to the colour that most lines end with where that can be done."""
        pen = PLAIN
        if wanted and wanted[0][0]:
            ends = [row[1][-1] for row in wanted]
            likely = self.pens.on_blanks(ord(max(ends, key=ends.count)))
            if self._erases(likely):
                pen = likely
        brush.parts.append("\x1b[r\x1b[m")
        brush.take(pen)
        brush.parts.append("\x1b[2J")
        return [blank_row(len(row[0]), pen) for row in wanted]

    @staticmethod
    def _scroll(brush: Brush, scroll: Scroll, height: int) -> None:
        """Delete or insert lines within the region, which is the whole screen again afterwards."""
        whole = scroll.top == 0 and scroll.bottom == height - 1
        if not whole:
            brush.parts.append(f"\x1b[{scroll.top + 1};{scroll.bottom + 1}r")
        count = abs(scroll.lines)
        brush.forget_place()
        brush.move(scroll.top, 0)
        many = str(count) if count > 1 else ""
        brush.parts.append(f"\x1b[{many}M" if scroll.lines > 0 else f"\x1b[{many}L")
        if not whole:
            brush.parts.append("\x1b[r")
        brush.forget_place()

    def _line(self, brush: Brush, y: int, old: Row, new: Row) -> None:
        """Write one line: what has changed of it, or erased first where that is shorter."""
        spans = changes(old, new)
        width = len(new[0])
        pen = self._ground(new)
        if not self._is_much(spans, width) or not self._erases(pen):
            self._cells(brush, y, new, spans)
            return
        straight, erased = brush.beside(), brush.beside()
        self._cells(straight, y, new, spans)
        start = spans[0][0] if new[0][spans[0][0]] != REST else 0
        blank = blank_row(width, pen)
        empty = old[0][:start] + blank[0][start:], old[1][:start] + blank[1][start:]
        self._erase(erased, y, start, pen)
        self._cells(erased, y, new, changes(empty, new))
        brush.go_on_from(min(straight, erased, key=Brush.cost))

    def _ground(self, row: Row) -> int:
        """The pen of blanks that most cells of a line have: what is erased should look like it."""
        found = Counter[int]()
        for pen in set(row[1]):
            found[self.pens.on_blanks(ord(pen))] += row[1].count(pen)
        return max(found, key=found.__getitem__)

    def _pen_by_pen(
        self, brush: Brush, lines: Sequence[int], sent: Sequence[Row], wanted: Sequence[Row]
    ) -> None:
        """Write all lines with one pen before the next is taken: a move is shorter than a colour.

        Lines with characters that terminals do not agree about are written from left to right.
        """
        strokes: dict[int, list[tuple[int, int, str]]] = {}
        for y in lines:
            old, new = sent[y], wanted[y]
            if not (is_plain(old[0]) and is_plain(new[0])):
                self._line(brush, y, old, new)
                continue
            pen = self._ground(new)
            empty = blank_row(len(new[0]), pen)
            if self._erases(pen) and cost(empty, new) + MOVE < cost(old, new):
                self._erase(brush, y, 0, pen)
                old = empty
            kept, erase_at = self._without_tail(new, changes(old, new))
            if erase_at < len(new[0]):
                self._erase(brush, y, erase_at, self.pens.on_blanks(ord(new[1][-1])))
            for start, end in self._joined(kept, new):
                for number, x, text in self._strokes(start, new[0][start:end], new[1][start:end]):
                    strokes.setdefault(number, []).append((y, x, text))
        for number in self.pens.side_by_side(strokes):
            for y, x, text in strokes[number]:
                brush.write(y, x, text, chr(number) * len(text))
                if x + len(text) == len(wanted[y][0]):
                    brush.forget_column()

    def _strokes(self, x: int, texts: str, pens: str) -> Iterator[tuple[int, int, str]]:
        """Pen, column and text of what is written in one go; blanks with what is beside them."""
        blanks = self.pens.on_blanks
        begun: tuple[int, int, str] | None = None
        for pen, group in groupby(pens):
            number, length = ord(pen), len(list(group))
            text, texts = texts[:length], texts[length:]
            if begun is None:
                begun = number, x, text
            elif blanks(begun[0]) == blanks(number) and (text.isspace() or begun[2].isspace()):
                begun = begun[0] if text.isspace() else number, begun[1], begun[2] + text
            else:
                yield begun
                begun = number, x, text
            x += length
        if begun is not None:
            yield begun

    @staticmethod
    def _erase(brush: Brush, y: int, x: int, pen: int) -> None:
        """Erase line `y` from column `x` on."""
        brush.take(pen)
        brush.move(y, x)
        brush.parts.append("\x1b[K")

    @staticmethod
    def _is_much(spans: list[Span], width: int) -> bool:
        return sum(end - start for start, end in spans) > width * _MUCH

    def _erases(self, pen: int) -> bool:
        return self.pens.erases(pen, with_colour=self._with_colour)

    def _cells(self, brush: Brush, y: int, new: Row, spans: list[Span]) -> None:
        """Write the cells of line `y` in these columns, and blanks at its end as one."""
        texts, pens = new
        width = len(texts)
        kept, erase_at = self._without_tail(new, spans)
        for start, end in self._joined([_whole(span, texts) for span in kept], new):
            brush.write(y, start, texts[start:end], pens[start:end])
            if end == width:
                brush.forget_column()
        if erase_at < width:
            self._erase(brush, y, erase_at, self.pens.on_blanks(ord(pens[-1])))

    def _joined(self, spans: list[Span], row: Row) -> list[Span]:
        """The same columns, joined where those between are cheaper to write than to skip."""
        joined: list[Span] = []
        for start, end in spans:
            if joined:
                first, before = joined[-1]
                if start <= before or (start - before <= GAP and self._one_pen(row, before, start)):
                    joined.pop()
                    start, end = first, max(end, before)
            joined.append((start, end))
        return joined

    def _one_pen(self, row: Row, start: int, end: int) -> bool:
        """Whether these columns are written without another pen than that of both neighbours."""
        texts, pens = row
        pen = pens[start - 1]
        if pens[end] != pen:
            return False
        blank = chr(self.pens.on_blanks(ord(pen)))
        return all(
            pens[x] == pen or (texts[x] == BLANK[0] and pens[x] == blank) for x in range(start, end)
        )

    def _without_tail(self, new: Row, spans: list[Span]) -> tuple[list[Span], int]:
        """The columns to write, and from which one on to erase; the width for nowhere."""
        width = len(new[0])
        tail = self._tail(new) if spans and width - spans[-1][1] < TAIL else width
        behind = [max(start, tail) for start, end in spans if end > tail]
        if not behind or width - behind[0] <= TAIL:
            return spans, width
        kept = [(start, min(end, tail)) for start, end in spans if start < tail]
        return kept, behind[0]

    def _tail(self, row: Row) -> int:
        """Where the blanks begin that reach to the end of the line and that erasing would make."""
        texts, pens = row
        if texts[-1] != BLANK[0]:
            return len(texts)
        pen = pens[-1]
        if not self._erases(self.pens.on_blanks(ord(pen))):
            return len(texts)
        return max(len(texts.rstrip(BLANK[0])), len(pens.rstrip(pen)))


def _whole(span: Span, texts: str) -> Span:
    """The span with all cells of its characters, and with what follows a character that terminals
    do not agree about: some will have written over it."""
    start, end = span
    while texts[start] == REST:
        start -= 1
    while end < len(texts) and (texts[end] == REST or not ends_foreseen(texts[start:end])):
        end += 1
    return start, end
