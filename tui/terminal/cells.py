"""Text as a terminal has it: one character for each cell.

A row is two strings of the same length, its texts and its pens. What takes more than one character
to write into a cell (a letter with a combining mark, a family of emoji) is one character of a
private plane in the row; the second cell of a wide character is `REST`.
"""

from collections.abc import Iterator
from enum import Enum
from itertools import chain, groupby
from typing import Final, NamedTuple

from rich.cells import cell_len

try:
    from rich.cells import split_graphemes
except ImportError:  # rich before 14.3 measures character by character

    def split_graphemes(
        text: str, unicode_version: str = "auto"
    ) -> tuple[list[tuple[int, int, int]], int]:
        """Every character on its own, those without a width with the one before them."""
        spans: list[tuple[int, int, int]] = []
        for index, character in enumerate(text):
            width = cell_len(character)
            if width or not spans:
                spans.append((index, index + 1, width))
            else:
                spans[-1] = (spans[-1][0], index + 1, spans[-1][2])
        return spans, sum(width for _, _, width in spans)


REST: Final = "\0"
"""The second cell of a wide character."""

PRIVATE: Final = 0x100000
"""The first character that stands for a cluster: plane 16, of which nobody uses a character."""

ROOM: Final = 0xFFFE
"""So many clusters fit into the plane."""

FULL: Final = 0xC000
"""With so many it is time to begin anew; see `Clusters.kept`."""

_REMEMBERED: Final = 8192

_SURE_RANGES: Final = (
    "\x20\x7e", "\xa1\xac", "\xae\u02ff", "\u0370\u0377", "\u037a\u037f", "\u0384\u038a",
    "\u038e\u03a1", "\u03a3\u0482", "\u2010\u2015", "\u2018\u2027", "\u2030\u203a", "\u20ac\u20ac",
    "\u2190\u2193", "\u2208\u2265", "\u23ce\u23ce", "\u2500\u25aa", "\u25ac\u25b5", "\u25b7\u25bf",
    "\u25c1\u25fa", "\u2713\u2714", "\u2717\u2718", "\u27e6\u27e7", "\u2800\u28ff",
)  # fmt: skip
_SURE: Final = frozenset(
    map(chr, chain.from_iterable(range(ord(a), ord(b) + 1) for a, b in _SURE_RANGES))
)
"""What every terminal knows as narrow. A set, as a pattern of so many ranges takes ten times as
long to be made as the rest of this module."""

_IDEOGRAPHS: Final = (
    "\u3041\u3096", "\u30a1\u30fa", "\u3400\u4dbf", "\u4e00\u9fff", "\uac00\ud7a3", "\uff01\uff60",
)  # fmt: skip
"""What every terminal knows as wide."""


class Piece(NamedTuple):
    """A part of a row whose cells are written in one go."""

    text: str
    cells: int
    sure: bool
    """Whether every terminal moves its cursor by as many cells."""
    foreseen: bool
    """Whether every terminal fills the same cells with it."""


class Clusters:
    """Turns text into cells and cells into text, and numbers what takes several characters."""

    def __init__(self, encoding: str = "utf-8") -> None:
        """What `encoding` has no characters for is shown as question marks."""
        self._encoding = "" if encoding.lower().replace("-", "") == "utf8" else encoding
        self._numbers: dict[str, str] = {}
        self._texts: list[str] = []
        self._known: dict[str, str] = {}

    @property
    def is_full(self) -> bool:
        """Whether there is little room left for clusters that were never seen before."""
        return len(self._texts) >= FULL

    def cells(self, text: str) -> str:
        """The cells that `text` takes: as many characters as `rich.cells.cell_len` says."""
        if text.isascii():
            if text.isprintable():
                return text
        elif not self._encoding and _SURE.issuperset(text):
            return text
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[text] = "".join(self._divided(text))
        return known

    def leading_marks(self, text: str) -> str:
        """What at the beginning of `text` has no width of its own and belongs to what is before."""
        if text[0].isascii() or cell_len(text[0]):
            return ""
        start, end, width = split_graphemes(text)[0][0]
        return "" if width else text[start:end]

    def marked(self, cells: str, marks: str) -> str:
        """These cells, whose last character is followed by `marks`."""
        last = len(cells.rstrip(REST)) - 1
        return cells[:last] + self._cell(self._written(cells[last]) + marks) + cells[last + 1 :]

    def pieces(self, cells: str) -> Iterator[Piece]:
        """What to write for these cells, which begin and end with whole characters."""
        for kind, group in groupby(_characters(cells), lambda each: _kind(each[0])):
            if kind is _Kind.OTHER:
                for each in group:
                    yield Piece(self._written(each[0]), len(each), False, False)
            else:
                run = "".join(group)
                sure = kind is _Kind.NARROW
                yield Piece(run.replace(REST, ""), len(run), sure, True)

    def kept(self, used: set[str]) -> tuple["Clusters", dict[int, int]]:
        """New clusters with only those that stand in `used`; what `str.translate` needs to have
        the characters of these cells mean the same there."""
        fresh = Clusters(self._encoding or "utf-8")
        moved = {}
        for character in used:
            if ord(character) >= PRIVATE:
                moved[ord(character)] = ord(fresh._cell(self._written(character)))
        return fresh, moved

    def _divided(self, text: str) -> Iterator[str]:
        spans, _ = split_graphemes(text)
        for start, end, width in spans:
            if width:
                yield self._cell(text[start:end]) + REST * (width - 1)

    def _cell(self, cluster: str) -> str:
        if self._encoding:
            try:
                cluster.encode(self._encoding)
            except UnicodeEncodeError:
                cluster = "?" * cell_len(cluster)
        if len(cluster) == 1 and ord(cluster) < PRIVATE:
            return cluster
        number = self._numbers.get(cluster)
        if number is None:
            number = self._numbers[cluster] = chr(PRIVATE + len(self._texts) % ROOM)
            self._texts.append(cluster)
        return number

    def _written(self, character: str) -> str:
        number = ord(character) - PRIVATE
        return character if number < 0 else self._texts[number]


class _Kind(Enum):
    NARROW = 1
    WIDE = 2
    OTHER = 3


def _kind(character: str) -> _Kind:
    if character in _SURE:
        return _Kind.NARROW
    wide = any(first <= character <= last for first, last in _IDEOGRAPHS)
    return _Kind.WIDE if wide else _Kind.OTHER


def _characters(cells: str) -> Iterator[str]:
    """Each character with the cells that it takes."""
    start = 0
    for end in range(1, len(cells) + 1):
        if end == len(cells) or cells[end] != REST:
            yield cells[start:end]
            start = end


def ends_foreseen(cells: str) -> bool:
    """Whether every terminal fills the same cells with the last character of these."""
    return _kind(cells.rstrip(REST)[-1]) is not _Kind.OTHER


def is_plain(cells: str) -> bool:
    """Whether all of these cells hold one character each that every terminal knows as narrow."""
    return (cells.isascii() and REST not in cells) or _SURE.issuperset(cells)
