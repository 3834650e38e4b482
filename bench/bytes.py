"""Bar 4: bytes that go to the terminal, at 80x24 and at 200x50.

- A line scrolled in a table of 1,000 rows, the cursor at the lower edge: our table with our writer
  beside stock Textual's `DataTable`.
- A line that is added to a log that fills the screen: our log view beside Textual's `Log`, and
  beside lnav, which follows a file. All get the same lines, one at a time.
- A switch to another section of the console by one key, through `SECTIONS` in turn, all of which
  have been shown before and whose lists are there: as the console writes it, and as stock Textual
  does (`--plain-output`). It is the same program with the same screens, on a cloud where nothing
  happens.

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
from bench.consoles import PLAIN, ROOT, Environment, console, quiet_lab
from bench.lines import lines, mark_line
from bench.peers import lnav
from bench.ratios import Ratio, Samples, run_alone
from bench.terminals import LARGE, PATIENCE, SMALL, Size, Terminal, mark

ACTIONS: Final = 10
IDLE: Final = 0.2
"""Seconds without a byte after which something is painted."""
FIRST_LINES: Final = 200
DOWN: Final = b"\x1b[B"
SECTIONS: Final = (b"2", b"3", b"4", b"5", b"1")

Append = Callable[[bytes], object]


def actions(terminal: Terminal, act: Callable[[int], object]) -> Samples:
    """Bytes that each of some actions makes the program write."""
    taken: list[float] = []
    for number in range(ACTIONS):
        before = terminal.written
        act(number)
        if terminal.written == before and not terminal.read(PATIENCE):
            raise AssertionError("a program that writes nothing has not done what it was asked")
        terminal.quiet(IDLE)
        taken.append(terminal.written - before)
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


def switching(environment: Environment, size: Size, *arguments: str) -> Samples:
    """From each of some sections of the console to the next, all of them shown before."""
    with console(environment, *arguments, size=size) as terminal:
        for key in SECTIONS * 2:
            terminal.send(key)
            terminal.quiet(0.5)
        before = terminal.picture()
        taken = actions(terminal, lambda number: terminal.send(SECTIONS[number % len(SECTIONS)]))
        terminal.send(SECTIONS[-1])
        terminal.quiet(0.5)
        # The header says how old the lists are.
        if terminal.picture()[1:] != before[1:]:
            raise AssertionError("the section looks different from what it did before")
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


def row(name: str, ours: Samples, peer: Samples | None, limit: float, note: str = "") -> Ratio:
    """A line of bytes."""
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


def at(size: Size, environment: Environment) -> list[Ratio]:
    """The four lines of one size."""
    where = f"at {size[0]}x{size[1]}"
    with following_pipe("our_log", size) as pipe:
        ours = appending(*pipe)
    with following_pipe("stock_log", size) as pipe:
        stock = appending(*pipe)
    theirs = None
    if lnav().argv:
        with following_file(size) as file:
            theirs = appending(*file)
    return [
        row(
            f"scroll a line {where} (peer: DataTable)",
            scrolling("our_table", size),
            scrolling("stock_table", size),
            1 / 20,
        ),
        row(f"a log line {where} (peer: Textual's Log)", ours, stock, 1 / 30),
        row(f"a log line {where} (peer: lnav)", ours, theirs, 0.7, lnav().missing),
        row(
            f"another section {where} (peer: stock Textual)",
            switching(environment, size),
            switching(environment, size, PLAIN),
            1 / 10,
        ),
    ]


def measure() -> list[Ratio]:
    """Eight lines: four for each size."""
    with quiet_lab() as environment:
        return [*at(SMALL, environment), *at(LARGE, environment)]


if __name__ == "__main__":
    run_alone(measure)
