"""Bar 5: log lines taken in over SSH, kept and shown.

A million realistic lines lie in the log of a router, which is OpenSSH on loopback. Three programs
follow it over the console's own connection, in turn: ours, which keeps all lines in its store and
shows the newest in its log view, with its own writer; Textual's `Log` on the same layout; and one
that counts the lines and does nothing else. Time runs from the first portion that has come to the
moment in which the last line is on the terminal, so that connecting is in nobody's.

A row without a bar is the console itself, whose Logs section follows that router, and besides
showing the lines folds them into attempts, counts errors and marks what its signatures know. It is
there first; then `STOCK_LINES` are written at once, and time runs from there.

What is unfair: the `Log` is given only `STOCK_LINES`, because a million would take minutes; its
rate falls with more, so that this is in its favour. sshd, the shell that reads the file on the
router and the reader of the terminal share two cores with the program that is measured.
"""

import tempfile
import time
from pathlib import Path
from typing import Final

from bench.apps import program
from bench.consoles import ROOT
from bench.lines import LAST, MILLION, written
from bench.ratios import Ratio, Samples, run_alone
from bench.routers import NO_SSHD, can_be_had, router
from bench.terminals import Terminal

ROUNDS: Final = 4
STOCK_LINES: Final = 100_000


def seconds(name: str, described: Path, folder: Path) -> float:
    """From the first portion to the last line on the terminal, which has to be seen there."""
    began = folder / "began"
    argv = program(name, "--router", str(described), "--began", str(began))
    with Terminal(argv, cwd=ROOT) as terminal:
        end = terminal.wait_for(LAST)
        terminal.quiet()
        terminal.require(LAST.decode())
    return end - float(began.read_text())


def section_rate() -> float:
    """Lines per second of the console's Logs section."""
    with router(b"Nov 23 00:00:00 r-42-VM charon: 07[IKE] the first line\n") as (at, described):
        argv = program("section", "--router", str(described))
        with Terminal(argv, cwd=ROOT) as terminal:
            terminal.wait_for(b"acme-prod")
            terminal.quiet(0.5)
            terminal.send(b"6")
            terminal.wait_for(b"the first line")
            terminal.quiet(0.5)
            text = written(STOCK_LINES).read_bytes()
            before = time.perf_counter()
            with Path(at.log).open("ab") as log:
                log.write(text)
            end = terminal.wait_for(LAST)
            terminal.quiet()
            terminal.require(LAST.decode())
    return STOCK_LINES / (end - before)


def rates() -> dict[str, list[float]]:
    """Lines per second of each program, round by round."""
    found: dict[str, list[float]] = {"our_log": [], "counting": [], "stock_log": [], "section": []}
    with (
        tempfile.TemporaryDirectory(prefix="csvpn-intake-") as place,
        router(written(MILLION).read_bytes()) as (_, many),
        router(written(STOCK_LINES).read_bytes()) as (_, few),
    ):
        folder = Path(place)
        for _ in range(ROUNDS):
            found["our_log"].append(MILLION / seconds("our_log", many, folder))
            found["counting"].append(MILLION / seconds("counting", many, folder))
            found["stock_log"].append(STOCK_LINES / seconds("stock_log", few, folder))
            found["section"].append(section_rate())
    return found


def measure() -> list[Ratio]:
    """Lines per second, and how many times those of each peer."""
    if not can_be_had():
        raise SystemExit(f"error: {NO_SSHD}")
    found = {name: Samples(tuple(taken)) for name, taken in rates().items()}
    ours = found["our_log"]
    what = "1,000,000 lines over SSH, kept and shown"
    return [
        Ratio(
            bar=5,
            name=what,
            ours=ours,
            peer=None,
            unit="lines/s",
            limit=1_000_000,
            at_least=True,
            absolute=True,
        ),
        Ratio(
            bar=5,
            name=f"{what} (peer: Textual's Log)",
            ours=ours,
            peer=found["stock_log"],
            unit="lines/s",
            limit=10,
            at_least=True,
        ),
        Ratio(
            bar=5,
            name=f"{what} (peer: counting them)",
            ours=ours,
            peer=found["counting"],
            unit="lines/s",
            limit=0.5,
            at_least=True,
        ),
        Ratio(
            bar=5,
            name=f"the console's Logs section, {STOCK_LINES:,} lines (peer: Textual's Log)",
            ours=found["section"],
            peer=found["stock_log"],
            unit="lines/s",
            limit=None,
            at_least=True,
        ),
    ]


if __name__ == "__main__":
    run_alone(measure)
