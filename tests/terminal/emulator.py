"""A terminal to compare pictures with: pyte, and what pyte does otherwise than terminals do.

pyte stops at emoji with joiners, leaves half a wide character where the other half was overwritten,
keeps lines alive that were never written when others are inserted above them, erases with all
attributes of the pen, and knows neither dim text nor links. All of that is done here instead. The
SGR parameters are read here too, so that nothing of the writer checks itself.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, cast

import pyte
from pyte.screens import Char, Margins, StaticDefaultDict
from rich.cells import split_graphemes

_LINK: Final = re.compile("\x1b\\]8;[^;\x1b]*;([^\x1b]*)\x1b\\\\")
_KNOWN: Final = re.compile(
    "\x1b\\[(?:[0-9]*[ABCDEGJKLM]|[0-9;]*[Hmr]|\\?(?:7|25|2026)[hl]|6n)"
    "|\x1b\\]8;[^\x1b]*\x1b\\\\|[\r\n]|[^\x00-\x1f\x7f-\x9f]"
)
"""What a frame may be made of, stock or ours."""

_OFF: Final = {
    22: (1, 2), 23: (3,), 24: (4, 21), 25: (5, 6), 27: (7,), 28: (8,), 29: (9,), 54: (51, 52),
    55: (53,),
}  # fmt: skip
_ON: Final = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 51, 52, 53))
_SEEN_ON_BLANKS: Final = frozenset((4, 7, 9, 21, 51, 52, 53))

Measure = Callable[[str, int], int]
"""The width of a cluster on this terminal, given the width that rich says."""


class Look(NamedTuple):
    """Everything that a pen can be, as a terminal keeps it."""

    attributes: frozenset[int] = frozenset()
    foreground: tuple[int, ...] = ()
    background: tuple[int, ...] = ()
    link: str = ""


class Emulator(pyte.Screen):
    """A screen of `columns` x `rows`; `feed` writes to it."""

    def __init__(
        self,
        columns: int,
        rows: int,
        *,
        erases_with_colour: bool = True,
        measure: Measure = lambda cluster, width: width,
    ) -> None:
        self._look = Look()
        self._with_colour = erases_with_colour
        self._measure = measure
        super().__init__(columns, rows)
        self._reader = pyte.Stream(self)
        self.written = 0
        self.log: list[str] = []

    def feed(self, text: str) -> None:
        """Write `text`; an `AssertionError` if there is something in it that does not belong."""
        strange = _KNOWN.sub("", text)
        assert not strange, f"{strange!r} in a frame"
        self.written += len(text.encode())
        self.log.append(text)
        start = 0
        for link in _LINK.finditer(text):
            self._reader.feed(text[start : link.start()])
            self._set(self._look._replace(link=link[1]))
            start = link.end()
        self._reader.feed(text[start:])

    @property
    def place(self) -> tuple[int, int]:
        """Where the cursor is, column and line from 0."""
        return min(self.cursor.x, self.columns - 1), self.cursor.y

    @property
    def is_as_found(self) -> bool:
        """Whether the pen is plain and the whole screen scrolls."""
        return self._look == Look() and self.margins in (None, Margins(0, self.lines - 1))

    def differing(self, other: "Emulator") -> Iterator[str]:
        """In words, the cells that look otherwise on `other`. Where there is no character, its
        colour and how thick it is are not to be seen."""
        for y in range(self.lines):
            left, right = self.buffer[y], other.buffer[y]
            for x in range(self.columns):
                if left[x] != right[x] and _seen(left[x]) != _seen(right[x]):
                    yield f"line {y} column {x}: {_seen(left[x])} but {_seen(right[x])}"

    # Written as terminals do.

    def draw(self, data: str) -> None:
        line = self.buffer[self.cursor.y]
        if data.isascii() and len(data) <= self.columns - self.cursor.x:
            spans = [(at, at + 1, 1) for at in range(len(data))]
        else:
            spans = split_graphemes(data)[0]
        for start, end, width in spans:
            cluster = data[start:end]
            if not width:
                x = self.cursor.x - 1
                while x > 0 and line[x].data == "":
                    x -= 1
                line[x] = line[x]._replace(data=line[x].data + cluster)
                continue
            width = self._measure(cluster, width)
            x = min(self.cursor.x, self.columns - width)
            self._break(line, x)
            self._break(line, x + width)
            line[x] = self.cursor.attrs._replace(data=cluster)
            for rest in range(x + 1, x + width):
                line[rest] = self.cursor.attrs._replace(data="")
            self.cursor.x = x + width

    def _break(self, line: Any, x: int) -> None:
        """Make blanks of a wide character whose halves are parted at column `x`."""
        if 0 < x < self.columns and line[x].data == "":
            for half in (x - 1, x):
                line[half] = line[half]._replace(data=" ")

    def select_graphic_rendition(self, *codes: int, **_: Any) -> None:
        look = self._look
        rest = iter(codes or (0,))
        for code in rest:
            if code == 0:
                look = Look(link=look.link)
            elif code in (38, 48):
                kind = next(rest)
                colour = (kind, *(next(rest) for _ in range(3 if kind == 2 else 1)))
                if code == 38:
                    look = look._replace(foreground=colour)
                else:
                    look = look._replace(background=colour)
            elif 30 <= code <= 37 or 90 <= code <= 97 or code == 39:
                look = look._replace(foreground=() if code == 39 else (code,))
            elif 40 <= code <= 47 or 100 <= code <= 107 or code == 49:
                look = look._replace(background=() if code == 49 else (code,))
            elif code in _ON:
                look = look._replace(attributes=look.attributes | {code})
            else:
                look = look._replace(attributes=look.attributes - set(_OFF[code]))
        self._set(look)

    def _set(self, look: Look) -> None:
        self._look = look
        self.cursor.attrs = _cell(look)

    @property
    def _erased(self) -> Char:
        return _cell(Look(background=self._look.background if self._with_colour else ()))

    @property
    def default_char(self) -> Char:
        return _cell(Look())

    def reset(self) -> None:
        super().reset()
        self._set(Look())

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        assert how == 0
        line = self.buffer[self.cursor.y]
        self._break(line, self.cursor.x)
        for x in range(self.cursor.x, self.columns):
            line[x] = self._erased

    def erase_in_display(self, how: int = 0, *_: Any, **__: Any) -> None:
        assert how == 2
        for y in range(self.lines):
            for x in range(self.columns):
                self.buffer[y][x] = self._erased

    def insert_lines(self, count: int | None = None) -> None:
        self._shift(-(count or 1))

    def delete_lines(self, count: int | None = None) -> None:
        self._shift(count or 1)

    def _shift(self, by: int) -> None:
        top, bottom = self.margins or Margins(0, self.lines - 1)
        assert top == self.cursor.y, "lines are inserted and deleted at the top of the region"
        before = {y: self.buffer[y] for y in range(top, bottom + 1)}
        for y in range(top, bottom + 1):
            fresh: StaticDefaultDict[int, Char] = StaticDefaultDict(self._erased)
            self.buffer[y] = before.get(y + by, fresh)
        self.cursor.x = 0

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        super().set_margins(top, bottom)
        self.cursor_position()


def _cell(look: Look) -> Char:
    """An empty cell; its look is kept where pyte has a colour."""
    return Char(" ", fg=cast(str, look))


def _seen(cell: Char) -> object:
    look = cast(Look, cell.fg)
    if cell.data.isspace() and not look.link and not look.attributes & _SEEN_ON_BLANKS:
        return cell.data, look.background
    return cell.data, look
