"""A program in a pseudo-terminal, seen as a person sees it: its screen, not its bytes."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

import pyte

from tests.terminal.pseudoterminal import PseudoTerminal

PATIENCE: Final = 50.0
"""Seconds that something may take to come on the screen: only a broken test needs them."""

CONSOLE: Final = (sys.executable, "-m", "tui")


class Glass(PseudoTerminal):
    """Runs `argv` in a new terminal and keeps the picture of what it draws."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        super().__init__(argv, columns=columns, rows=rows, environment=environment)

    def __enter__(self) -> Self:
        return self

    @property
    def text(self) -> str:
        """What is on the screen, one line a row."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def line_with(self, words: str) -> str:
        """The first line of the screen that has `words`."""
        found = [line for line in self.text.splitlines() if words in line]
        assert found, f"no line with {words!r} on\n{self.text}"
        return found[0]

    def see(self, *words: str, without: str = "", seconds: float = PATIENCE) -> None:
        """Wait until all of `words` are on the screen together, and `without` is not."""
        self.wait_for(
            lambda text: all(word in text for word in words) and not (without and without in text),
            f"{words} (without {without!r})" if without else f"{words}",
            seconds,
        )

    def wait_for(
        self, reached: Callable[[str], bool], what: str, seconds: float = PATIENCE
    ) -> None:
        """Wait until the screen is so that `reached`; `AssertionError` with it if it never is."""
        deadline = time.monotonic() + seconds
        while not reached(self.text):
            if not self.read(deadline):
                raise AssertionError(f"{what} not seen on\n{self.text}")

    def read(self, deadline: float) -> bool:
        """Read and draw one piece of output."""
        seen = len(self.output)
        more = super().read(deadline)
        self._stream.feed(self.output[seen:])
        return more

    def press(self, *keys: str) -> None:
        """Type texts and keys: `"e"`, `"alice bob"`, `ENTER`."""
        self.send("".join(keys).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        super().resize(columns, rows)
        self._screen.resize(rows, columns)


ENTER: Final = "\r"
ESCAPE: Final = "\x1b"
TAB: Final = "\t"
CTRL_Q: Final = "\x11"
CTRL_U: Final = "\x15"
HOME: Final = "\x1b[H"
END: Final = "\x1b[F"
