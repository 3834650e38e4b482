"""How a cell looks, and the shortest way from one look to another.

A pen is what a terminal applies to the characters that follow: attributes, two colours, a link.
Pens are numbered, so that the look of a whole row is a string with one character a cell, and two
rows are compared as fast as Python compares strings.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

PLAIN: Final = 0
"""The number of the pen that a terminal has after a reset."""

FULL: Final = 60_000
"""So many pens are kept at the most; see `PenBook.is_full`."""

_UNDONE_BY: Final = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28",
    "9": "29", "21": "24", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
"""What takes an attribute away again (ECMA-48, 8.3.117)."""

_DOUBLE: Final = "21"
"""A double underline. Some terminals know it as the end of bold, so it is left by a reset."""

_SEEN_ON_BLANKS: Final = frozenset(("4", "7", "9", "21", "51", "52", "53"))


class Pen(NamedTuple):
    """One look. Colours are SGR parameters, such as `38;2;1;2;3`; empty for the terminal's own."""

    attributes: tuple[str, ...] = ()
    foreground: str = ""
    background: str = ""
    link: str = ""

    @property
    def parameters(self) -> list[str]:
        """What has to be set after a reset."""
        return [*self.attributes, *filter(None, (self.foreground, self.background))]

    @property
    def on_blanks(self) -> "Pen":
        """What is left of it where there is no character to be seen."""
        if self.link or not _SEEN_ON_BLANKS.isdisjoint(self.attributes):
            return self
        return Pen(background=self.background)


def pen_of(sgr: str, link: str = "") -> Pen:
    """The pen that the parameters of one SGR sequence set after a reset, such as `1;31;48;5;17`."""
    attributes: list[str] = []
    colours = {"3": "", "4": ""}
    parts = iter(sgr.split(";") if sgr else ())
    for part in parts:
        if part in ("38", "48"):
            kind = next(parts, "5")
            rest = [next(parts, "0") for _ in range(3 if kind == "2" else 1)]
            colours[part[0]] = ";".join((part, kind, *rest))
        elif part in ("39", "49"):
            colours[part[0]] = ""
        elif len(part) == 2 and part[0] in "34":
            colours[part[0]] = part
        elif len(part) == 2 and part[0] == "9":
            colours["3"] = part
        elif len(part) == 3:
            colours["4"] = part
        elif part not in ("", "0"):
            attributes.append(part)
    return Pen(tuple(sorted(attributes, key=int)), colours["3"], colours["4"], link)


class PenBook:
    """Numbers for pens, and the sequences that lead from one to another."""

    def __init__(self, *, links: bool = True) -> None:
        """Without `links` the terminal is told of no link."""
        self._links = links
        self._pens: list[Pen] = [Pen()]
        self._numbers: dict[Pen, int] = {Pen(): PLAIN}
        self._blanks: list[int] = [PLAIN]
        self._known: dict[tuple[str, str], int] = {}
        self._changes: dict[tuple[int, int], str] = {}

    @property
    def is_full(self) -> bool:
        """Whether so many pens were seen that it is better to begin with a new book."""
        return len(self._pens) >= FULL

    def number(self, sgr: str, link: str = "") -> int:
        """The number of the pen that these SGR parameters set after a reset."""
        found = self._known.get((sgr, link))
        if found is None:
            found = self._number(pen_of(sgr, link if self._links else ""))
            self._known[sgr, link] = found
        return found

    def on_blanks(self, number: int) -> int:
        """The pen that makes a blank look as `number` does."""
        return self._blanks[number]

    def side_by_side(self, numbers: Iterable[int]) -> list[int]:
        """These pens in an order in which each is much like the one before it."""

        def key(number: int) -> tuple[str, str, tuple[str, ...], str]:
            pen = self._pens[number]
            return pen.link, pen.background, pen.attributes, pen.foreground

        return sorted(numbers, key=key)

    def erases(self, number: int, *, with_colour: bool) -> bool:
        """Whether erasing with this pen leaves what writing blanks with it would.

        `with_colour`: the terminal erases to the background of its pen (terminfo's `bce`).
        """
        pen = self._pens[number]
        return not pen.attributes and not pen.link and (with_colour or not pen.background)

    def change(self, old: int, new: int) -> str:
        """The shortest sequence that turns pen `old` into pen `new`."""
        found = self._changes.get((old, new))
        if found is None:
            if len(self._changes) > FULL:
                self._changes.clear()
            before, after = self._pens[old], self._pens[new]
            found = self._changes[old, new] = _link(before, after, new) + _sgr(before, after)
        return found

    def kept(self, used: set[str]) -> tuple["PenBook", dict[int, int]]:
        """A new book with only the pens in `used`; what `str.translate` needs to have the pens of
        rows mean the same there."""
        fresh = PenBook(links=self._links)
        return fresh, {ord(each): fresh._number(self._pens[ord(each)]) for each in used}

    def _number(self, pen: Pen) -> int:
        number = self._numbers.get(pen)
        if number is None:
            number = self._numbers[pen] = len(self._pens)
            self._pens.append(pen)
            self._blanks.append(number)
            self._blanks[number] = self._number(pen.on_blanks)
        return number


def _sgr(old: Pen, new: Pen) -> str:
    if old[:3] == new[:3]:
        return ""
    afresh = "\x1b[" + ";".join(["0", *new.parameters]) + "m" if new.parameters else "\x1b[m"
    gone = [each for each in old.attributes if each not in new.attributes]
    if _DOUBLE in gone:
        return afresh
    undone = list(dict.fromkeys(_UNDONE_BY[each] for each in gone))
    codes = undone + [
        each
        for each in new.attributes
        if each not in old.attributes or _UNDONE_BY.get(each) in undone
    ]
    if new.foreground != old.foreground:
        codes.append(new.foreground or "39")
    if new.background != old.background:
        codes.append(new.background or "49")
    change = "\x1b[" + ";".join(codes) + "m"
    return change if len(change) <= len(afresh) else afresh


def _link(old: Pen, new: Pen, number: int) -> str:
    """The same `id` for the same look joins the parts of a link that is broken into lines."""
    if old.link == new.link:
        return ""
    if not new.link:
        return "\x1b]8;;\x1b\\"
    return f"\x1b]8;id={number};{new.link}\x1b\\"
