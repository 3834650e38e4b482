"""Bar 4: bytes that go to the terminal, at 80x24 and at 200x50.

- A line scrolled in a table of 1,000 rows, the cursor at the lower edge: our table with our writer
  beside stock Textual's `DataTable`.
- A line that is added to a log that fills the screen: our log view beside Textual's `Log`, and
  beside lnav, which follows a file. All get the same lines, one at a time.
- A switch from the screen with the table to the one with the log and back, by one key.

Each is done when nothing more has come for a while; what was written until then counts, whatever
it is, such as the brackets of synchronized output. What is unfair: lnav shows a status line and
colours of its own, `Log` no cursor; ours has a cursor in the log and colours for levels.
"""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.apps import program
from bench.lines import lines, mark_line
from bench.peers import lnav
from bench.ratios import Ratio, Samples, run_alone
from bench.terminals import LARGE, SMALL, Size, Terminal, mark

ACTIONS: Final = 10
IDLE: Final = 0.25
"""Seconds without a byte after which something is painted."""
FIRST_LINES: Final = 200
DOWN: Final = b"\x1b[B"
ROOT: Final = Path(__file__).parent.parent

Append = Callable[[bytes], object]


def actions(terminal: Terminal, act: Callable[[int], object]) -> Samples:
    """Bytes that each of some actions makes the program write."""
    taken: list[float] = []
    for number in range(ACTIONS):
        before = terminal.written
        act(number)
        terminal.quiet(IDLE)
        taken.append(terminal.written - before)
    if not all(taken):
        raise AssertionError("a program that writes nothing has not done what it was asked")
    return Samples(tuple(taken))


def scrolling(name: str, size: Size) -> Samples:
    """A line, when the cursor is at the lower edge."""
    with Terminal(program(name), size=size, cwd=ROOT) as terminal:
        terminal.quiet(1)
        terminal.require("NETWORK")
        for _ in range(size[1] + 4):
            terminal.send(DOWN)
        terminal.quiet()
        before = terminal.picture()
        taken = actions(terminal, lambda _: terminal.send(DOWN))
        if terminal.picture()[2 : size[1] // 2] == before[2 : size[1] // 2]:
            raise AssertionError("nothing was scrolled")
        return taken


def switching(name: str, size: Size) -> Samples:
    """To the other screen and back, as often on one as on the other."""
    with Terminal(program(name), size=size, cwd=ROOT) as terminal:
        terminal.quiet(1)
        for word in ("haproxy", "NETWORK"):  # each is made when it is shown first
            terminal.send(b"x")
            terminal.quiet(0.5)
            terminal.require(word)
        taken = actions(terminal, lambda _: terminal.send(b"x"))
        terminal.require("NETWORK")
        return taken


@contextmanager
def following_pipe(name: str, size: Size) -> Iterator[tuple[Terminal, Append]]:
    """One of the small programs, and how it is given lines."""
    with tempfile.TemporaryDirectory(prefix="csvpn-bytes-") as place:
        pipe = Path(place, "pipe")
        os.mkfifo(pipe)
        with Terminal(program(name, "--fifo", str(pipe)), size=size, cwd=ROOT) as terminal:
            terminal.wait_for(b"ready")
            terminal.quiet()
            with pipe.open("wb", buffering=0) as writing:
                yield terminal, writing.write


@contextmanager
def following_file(size: Size) -> Iterator[tuple[Terminal, Append]]:
    """lnav, and how it is given lines."""
    with tempfile.TemporaryDirectory(prefix="csvpn-bytes-") as place:
        log = Path(place, "daemon.log")
        with log.open("ab", buffering=0) as writing:
            writing.write(b"Nov 23 00:00:00 r-42-VM charon: 07[IKE] the first line\n")
            peer = lnav()
            argv = (*peer.argv, str(log))
            with Terminal(argv, size=size, environment=peer.environment) as terminal:
                terminal.wait_for(b"the first line")
                terminal.quiet(0.5)
                yield terminal, writing.write


def first_lines() -> bytes:
    """What fills the screen before anything is measured."""
    text = "".join(f"{line}\n" for line in itertools.islice(lines(FIRST_LINES * 10), FIRST_LINES))
    return text.encode() + mark_line(mark(0))


def appending(terminal: Terminal, append: Append) -> Samples:
    """A line at the end."""
    append(first_lines())
    terminal.wait_for(mark(0), terminal.written)
    terminal.quiet(1)

    def one(number: int) -> None:
        before, word = terminal.written, mark(number + 1)
        append(mark_line(word))
        terminal.wait_for(word, before)

    taken = actions(terminal, one)
    terminal.require(mark(ACTIONS).decode(), mark(1).decode())
    return taken


def measure() -> list[Ratio]:
    """Eight lines: four for each size."""
    found: list[Ratio] = []
    for size in (SMALL, LARGE):
        where = f"at {size[0]}x{size[1]}"

        def row(
            name: str, ours: Samples, peer: Samples | None, limit: float, note: str = ""
        ) -> Ratio:
            return Ratio(
                bar=4,
                name=f"bytes: {name}",
                ours=ours,
                peer=peer,
                unit="B",
                limit=limit,
                at_least=False,
                note=note,
            )

        found.append(
            row(
                f"scroll a line {where} (peer: DataTable)",
                scrolling("our_screens", size),
                scrolling("stock_screens", size),
                1 / 20,
            )
        )
        with following_pipe("our_log", size) as pipe:
            ours = appending(*pipe)
        with following_pipe("stock_log", size) as pipe:
            stock = appending(*pipe)
        found.append(row(f"a log line {where} (peer: Textual's Log)", ours, stock, 1 / 30))
        theirs = None
        if lnav().argv:
            with following_file(size) as file:
                theirs = appending(*file)
        found.append(row(f"a log line {where} (peer: lnav)", ours, theirs, 0.7, lnav().missing))
        found.append(
            row(
                f"another screen {where} (peer: stock Textual)",
                switching("our_screens", size),
                switching("stock_screens", size),
                1 / 10,
            )
        )
    return found


if __name__ == "__main__":
    run_alone(measure)
