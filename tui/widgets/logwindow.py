"""Which lines are on the screen: a window over lines that come and go. No drawing.

A top is the number of a line and how many of its pieces are above the screen. A wrapped line has
several pieces; only the lines on the screen and just above it are ever cut.
"""

from tui.widgets.logrows import LogLines, NoLines, Piece, cut

Top = tuple[int, int]


class LogWindow:
    """A screen of `width` × `height` cells over `lines`."""

    def __init__(self) -> None:
        self.lines: LogLines = NoLines()
        self.width = self.height = 1
        self.wrapping = False
        self.first = self.end = 0
        """The lines as of the last `measure`: more may have come, and some left, since."""
        self.top: Top = (0, 0)
        self._pieces: list[Piece] | None = None

    def measure(self) -> int:
        """Take in which lines there are; returns how many are above the last screenful."""
        self.first, self.end = self.lines.first, self.lines.end
        self._pieces = None
        return self.last_top()[0] - self.first

    def cut(self, number: int) -> list[Piece]:
        """The pieces of a line."""
        return cut(number, self.lines.row(number), self.width, self.wrapping)

    def top_for(self, number: int, height: int) -> Top:
        """The top with the last piece of line `number` on line `height` of the screen."""
        if not self.wrapping:
            return max(self.first, number - max(0, height)), 0
        room = max(1, height + 1)
        while number >= self.first:
            pieces = len(self.cut(number))
            if pieces >= room:
                return number, pieces - room
            room -= pieces
            number -= 1
        return self.first, 0

    def last_top(self) -> Top:
        """The top when the newest line is at the bottom."""
        return self.top_for(self.end - 1, self.height - 1)

    def put(self, top: Top) -> None:
        """Move to a top, as far as there is so much below it."""
        self.top = max((self.first, 0), min(top, self.last_top()))
        self._pieces = None

    def pieces(self) -> list[Piece]:
        """What stands on the lines of the screen."""
        if self._pieces is None:
            found: list[Piece] = []
            number, skip = self.top
            if number < self.lines.first:
                number, skip = self.lines.first, 0
            while number < self.end and len(found) < self.height:
                found += self.cut(number)[skip:]
                number, skip = number + 1, 0
            self._pieces = found[: self.height]
        return self._pieces

    def numbers(self) -> list[int]:
        """The lines on the screen, each once."""
        return list(dict.fromkeys(piece.number for piece in self.pieces()))

    def height_of(self, number: int) -> int:
        """The line of the screen with the last piece of a line; the middle where it is not seen."""
        heights = [y for y, piece in enumerate(self.pieces()) if piece.number == number]
        return heights[-1] if heights else self.height // 2

    def top_showing(self, number: int) -> Top:
        """The nearest top from which a line is seen whole, or at least from its beginning."""
        if (number, 0) <= self.top:
            return number, 0
        wanted = self.top_for(number, self.height - 1)
        return min(wanted, (number, 0)) if wanted > self.top else self.top

    def hidden_below(self, number: int) -> bool:
        """Whether the line at the top is `number` and goes on below the screen."""
        top, skip = self.top
        if top != number or not self.first <= number < self.end:
            return False
        return len(self.cut(number)) - skip > self.height
