"""Where the terminal would write next and how, and what it takes to have that otherwise."""

from tui.terminal.cells import Clusters, is_plain
from tui.terminal.pens import PLAIN, PenBook


class Brush:
    """Collects the text of one frame in `parts`."""

    def __init__(self, pens: PenBook, clusters: Clusters, pen: int = PLAIN) -> None:
        self._pens = pens
        self._clusters = clusters
        self._pen = pen
        self._y: int | None = None
        self._x: int | None = None
        self.parts: list[str] = []
        self.pens_taken = 0
        """How often the pen was changed."""

    def beside(self) -> "Brush":
        """Another brush that goes on from here, to try what something would cost."""
        other = Brush(self._pens, self._clusters, self._pen)
        other._y, other._x = self._y, self._x
        return other

    def go_on_from(self, other: "Brush") -> None:
        """Do what was tried with a brush that began beside this one."""
        self.parts += other.parts
        self.pens_taken += other.pens_taken
        self._pen, self._y, self._x = other._pen, other._y, other._x

    def cost(self) -> int:
        """How long the text is."""
        return sum(map(len, self.parts))

    def forget_place(self) -> None:
        """Nobody knows where the terminal would write next."""
        self._y = self._x = None

    def forget_column(self) -> None:
        """The line is known, the column is not: terminals differ about what lies behind the last
        one."""
        self._x = None

    def take(self, pen: int) -> None:
        """Write with `pen` from now on."""
        if pen != self._pen:
            self.parts.append(self._pens.change(self._pen, pen))
            self._pen = pen
            self.pens_taken += 1

    def move(self, y: int, x: int) -> None:
        """Write at column `x` of line `y` from now on."""
        if (self._y, self._x) != (y, x):
            self.parts.append(self._way_to(y, x))
            self._y, self._x = y, x

    def write(self, y: int, x: int, texts: str, pens: str) -> None:
        """Write cells, which begin and end with whole characters, at column `x` of line `y`."""
        start = 0
        while start < len(texts):
            pen = pens[start]
            end = start + 1
            if end < len(pens) and pens[end] == pen:
                end = len(pens) - len(pens[start:].lstrip(pen))
            run = texts[start:end]
            number = ord(pen)
            blanks = self._pens.on_blanks
            if not (run.isspace() and blanks(number) == blanks(self._pen)):
                self.take(number)
            if is_plain(run):
                self.move(y, x + start)
                self.parts.append(run)
                self._x = x + end
            else:
                self._write_clusters(y, x + start, run)
            start = end

    def _write_clusters(self, y: int, x: int, run: str) -> None:
        """Write what terminals may measure differently, each piece at its own column."""
        for piece in self._clusters.pieces(run):
            self.move(y, x)
            if not piece.foreseen:
                # A terminal that makes less of it would leave there what was there before.
                self.parts.append(f"{' ' * piece.cells}\x1b[{x + 1}G")
            self.parts.append(piece.text)
            x += piece.cells
            self._x = x if piece.sure else None

    def _way_to(self, y: int, x: int) -> str:
        here_y, here_x = self._y, self._x
        if here_y is None:
            return _to(y, x)
        if y == here_y:
            ways = [f"\x1b[{x + 1}G" if x else "\x1b[G"]
            if here_x is not None:
                ways.append(_relative(x - here_x, "C", "D"))
        elif x == here_x:
            ways = [_to(y, x), _relative(y - here_y, "B", "A")]
        elif y == here_y + 1 and x == 0:
            ways = ["\x1b[E"]
        else:
            ways = [_to(y, x)]
        return min(ways, key=len)


def _to(y: int, x: int) -> str:
    if x:
        return f"\x1b[{y + 1};{x + 1}H"
    return f"\x1b[{y + 1}H" if y else "\x1b[H"


def _relative(by: int, forwards: str, backwards: str) -> str:
    count = abs(by)
    return f"\x1b[{count if count > 1 else ''}{forwards if by > 0 else backwards}"
