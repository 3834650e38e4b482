"""Bar 8: a line that is written on the router until it is on the screen; and what idling costs.

A line is appended to a log file; time runs from then to the moment at which a word of it is on the
terminal. Ours follows the file over SSH (OpenSSH on loopback) with the console's own connection,
store, log view and writer; toolong follows the same file as a local one, which is in its favour:
there is no SSH, and nobody who has to find out whether the file was rotated. Lines come one at a
time, after a pause in which nothing is written, in rounds that take turns. Each word differs in
every letter from the one before, and stands on the screen at the end.

Idling: for some seconds nothing happens, to a small program with the log view that follows the
router, and to the console itself in its Logs section, on a cloud where nothing happens. All that is
written to the terminal counts, and the processor time of all threads. There is no peer.
"""

import random
import time
from pathlib import Path
from typing import Final

from bench.apps import program
from bench.consoles import ROOT, console, quiet_lab
from bench.lines import mark_line
from bench.peers import toolong
from bench.ratios import Ratio, Samples, run_alone
from bench.routers import NO_SSHD, can_be_had, router
from bench.terminals import Terminal, mark

ROUNDS: Final = 3
LINES: Final = 15
"""Of each round."""
PAUSE: Final = 0.2
"""Seconds without a byte before a line is written; a random share of it is added."""
IDLE_SECONDS: Final = 10
FIRST: Final = b"Nov 23 00:00:00 r-42-VM charon: 07[IKE] the first line\n"


def delays(terminal: Terminal, log: Path, first: int) -> list[float]:
    """Seconds from a line that is written to its word on the terminal."""
    taken: list[float] = []
    dice = random.Random(first)  # noqa: S311
    with log.open("ab", buffering=0) as writing:
        for number in range(first, first + LINES):
            terminal.quiet(PAUSE)
            time.sleep(PAUSE * dice.random())  # a poll of the program's own is met anywhere
            before, word = terminal.written, mark(number)
            moment = time.perf_counter()
            writing.write(mark_line(word))
            taken.append(terminal.wait_for(word, before) - moment)
    terminal.quiet(PAUSE)
    terminal.require(word.decode())
    return taken


def both() -> tuple[Samples, Samples | None]:
    """Ours over SSH, and toolong on the file."""
    ours: list[float] = []
    theirs: list[float] = []
    with router(FIRST) as (at, described):
        log, peer = Path(at.log), toolong()
        for turn in range(ROUNDS):
            argv = program("our_log", "--router", str(described))
            with Terminal(argv, cwd=ROOT) as terminal:
                terminal.wait_for(b"the first line")
                ours += delays(terminal, log, turn * LINES)
            log.write_bytes(FIRST)
            if peer.argv:
                with Terminal((*peer.argv, at.log)) as terminal:
                    terminal.wait_for(b"the first line")
                    theirs += delays(terminal, log, turn * LINES)
                log.write_bytes(FIRST)
    return Samples(tuple(ours)), Samples(tuple(theirs)) if theirs else None


def idling(terminal: Terminal) -> tuple[float, float]:
    """Bytes that are written, and the share of a processor in percent, while nothing happens."""
    before, began = terminal.cpu_seconds(), time.perf_counter()
    written = terminal.read_for(IDLE_SECONDS)
    seconds = time.perf_counter() - began
    return written, 100 * (terminal.cpu_seconds() - before) / seconds


def idle_view() -> tuple[float, float]:
    """The small program with the log view."""
    with router(FIRST) as (_, described):
        argv = program("our_log", "--router", str(described))
        with Terminal(argv, cwd=ROOT) as terminal:
            terminal.wait_for(b"the first line")
            terminal.quiet(2)
            return idling(terminal)


def idle_console() -> tuple[float, float]:
    """The console in its Logs section."""
    with quiet_lab() as environment, console(environment) as terminal:
        terminal.send(b"6")
        terminal.quiet(3)
        terminal.require("following")
        return idling(terminal)


def measure() -> list[Ratio]:
    """Two lines for the delay, two for each of those that idle."""
    if not can_be_had():
        raise SystemExit(f"error: {NO_SSHD}")
    ours, theirs = both()
    what = "a line on the router to the screen, p50"

    def absolute(name: str, value: float, unit: str, limit: float) -> Ratio:
        return Ratio(
            bar=8,
            name=name,
            ours=Samples((value,)),
            peer=None,
            unit=unit,
            limit=limit,
            at_least=False,
            absolute=True,
        )

    found = [
        Ratio(
            bar=8,
            name=what,
            ours=ours,
            peer=None,
            unit="s",
            limit=0.012,
            at_least=False,
            absolute=True,
        ),
        Ratio(
            bar=8,
            name=f"{what} (peer: toolong, the local file)",
            ours=ours,
            peer=theirs,
            unit="s",
            limit=0.3,
            at_least=False,
            note=toolong().missing,
        ),
    ]
    for who, (written, share) in (
        ("the log view", idle_view()),
        ("the console's Logs section", idle_console()),
    ):
        found.append(absolute(f"idle {IDLE_SECONDS} s, {who}: written", written, "B", 0))
        found.append(absolute(f"idle {IDLE_SECONDS} s, {who}: CPU", share, "%", 0.3))
    return found


if __name__ == "__main__":
    run_alone(measure)
