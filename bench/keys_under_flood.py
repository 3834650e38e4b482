"""Bar 7: from a key to what it does on the screen, while 100,000 lines a second come in over SSH.

A file on the router (OpenSSH on loopback) is written at that rate, and followed over the console's
own connection: by ours, with store, log view and writer, and by Textual's `Log`, on the same
layout. A key changes a word of eight letters below the log, each of them; time runs from the key to
that word on the terminal. Keys come one at a time, at moments that have nothing to do with frames.
Each round has a 95th percentile of its own; rounds take turns.

What is unfair: the one who writes the file and sshd take their part of two cores from both sides.
`Log` does not keep up: it shows lines that were written long ago, which is not measured here.
"""

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.apps import program
from bench.consoles import ROOT
from bench.lines import written
from bench.ratios import Ratio, Samples, run_alone
from bench.routers import NO_SSHD, can_be_had, router
from bench.terminals import Terminal, mark

ROUNDS: Final = 3
KEYS: Final = 40
"""Of each round, unless it takes longer than `LONGEST`."""
LONGEST: Final = 10.0
"""Seconds of keys in one round."""
RATE: Final = 100_000
SOURCE_LINES: Final = 200_000
WARM_UP: Final = 1.0
"""Seconds of flood before the first key."""
WRITER: Final = """
import sys, time
source, path, rate = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines = open(source, "rb").read().splitlines(keepends=True)
step = rate // 100
portions = [b"".join(lines[at : at + step]) for at in range(0, len(lines) - step + 1, step)]
start = time.perf_counter()
with open(path, "ab", buffering=0) as file:
    for tick in range(1 << 30):
        file.write(portions[tick % len(portions)])
        wait = start + (tick + 1) / 100 - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
"""


@contextlib.contextmanager
def flood(log: Path) -> Iterator[None]:
    """`RATE` lines a second are written to `log`."""
    source = str(written(SOURCE_LINES))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, source, str(log), str(RATE)])
    began = time.perf_counter()
    before = log.stat().st_size
    try:
        yield
    finally:
        seconds, came = time.perf_counter() - began, log.stat().st_size - before
        writer.kill()
        writer.wait()
    wanted = RATE * seconds * written(SOURCE_LINES).stat().st_size / SOURCE_LINES
    if came < 0.75 * wanted:
        raise AssertionError(f"no flood: {came / wanted:.0%} of the lines were written in time")


def key_times(name: str, described: Path, log: Path, first: int) -> Samples:
    """Seconds from each key to its word on the terminal."""
    taken: list[float] = []
    dice = random.Random(first)  # noqa: S311
    log.write_bytes(b"Nov 23 00:00:00 r-42-VM charon: 07[IKE] the first line\n")
    argv = program(name, "--router", str(described))
    with Terminal(argv, cwd=ROOT) as terminal:
        terminal.wait_for(b"the first line")
        terminal.quiet()
        with flood(log):
            terminal.read_for(WARM_UP)
            began, at_first = time.perf_counter(), terminal.written
            for number in range(KEYS):
                if time.perf_counter() - began > LONGEST:
                    break
                last = mark(number).decode()
                terminal.read_for(0.05 + 0.15 * dice.random())
                before = terminal.written
                moment = terminal.send(b"x")
                taken.append(terminal.wait_for(mark(number), before) - moment)
            flooded = terminal.written - at_first
        terminal.require(last)
    if flooded < 100 * len(taken):
        raise AssertionError("nothing was painted of the flood")
    return Samples(tuple(taken))


def measure() -> list[Ratio]:
    """The 95th percentile, by itself and beside the peer's."""
    if not can_be_had():
        raise SystemExit(f"error: {NO_SSHD}")
    rounds: dict[str, list[Samples]] = {"our_log": [], "stock_log": []}
    with router() as (at, described):
        for turn in range(ROUNDS):
            for name, taken in rounds.items():
                taken.append(key_times(name, described, Path(at.log), turn))
    ours, theirs = (
        Samples(tuple(each.percentile(0.95) for each in taken)) for taken in rounds.values()
    )
    what = f"key to screen at {RATE:,} lines/s, p95"
    return [
        Ratio(
            bar=7,
            name=what,
            ours=ours,
            peer=None,
            unit="s",
            limit=0.075,
            at_least=False,
            absolute=True,
        ),
        Ratio(
            bar=7,
            name=f"{what} (peer: Textual's Log)",
            ours=ours,
            peer=theirs,
            unit="s",
            limit=0.6,
            at_least=False,
        ),
    ]


if __name__ == "__main__":
    run_alone(measure)
