"""Bar 10: 40 of our signatures over 1,000,000 lines of a log.

Ours is the console's own table of signatures, made of 40 that stand in the log; it reads the file
in blocks of 256 KiB and says for each line that has one which it is. The peers:

- `grep -c -F -f` with the same 40 literals in the C locale, which says how many lines have one.
  The time that it takes to start, with an empty file, is taken off.
- An alternation of the 40 in Python's `re`, each a group, so that it says which one it was, line by
  line over the first `FEW` lines, which are in memory; lines per second are compared.

The hits of ours are those of a plain loop over the first `SOME` lines, one by one, and as many as
grep counts. A row without a bar has all of our signatures, which is what the console looks for.
What is unfair: grep says nothing of which literal it was, and stops in a line at the first.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.lines import MILLION, PLACE, written
from bench.peers import on_path
from bench.ratios import Ratio, Samples, run_alone
from tui.logs.signature import Signature
from tui.logs.signatures import SIGNATURES, SignatureTable, signatures_of

WANTED: Final = 40
ROUNDS: Final = 5
BLOCK: Final = 1 << 18
SOME: Final = 100_000
FEW: Final = 10_000

Hits = list[tuple[int, str]]
"""Offsets of lines, and the names of their signatures."""


def chosen(log: Path) -> list[Signature]:
    """Signatures that stand in the log and are told by their literal alone, as grep tells them."""
    with log.open("rb") as file:
        beginning = file.readlines(BLOCK * 64)
    found = {each.name for each in map(signatures_of, beginning) if each is not None}
    wanted = [each for each in SIGNATURES if not each.pattern and each.name in found]
    if len(wanted) < WANTED:
        raise AssertionError(f"only {len(wanted)} signatures stand in the log")
    return wanted[:WANTED]


def marked(table: SignatureTable, log: Path, most: int = 1 << 62) -> Hits:
    """Ours: the hits in the first `most` bytes of the file, whose lines are not cut."""
    hits: Hits = []
    offset, rest = 0, b""
    with log.open("rb", buffering=0) as file:
        while offset + len(rest) < most and (text := file.read(BLOCK)):
            block = rest + text
            end = block.rfind(b"\n") + 1
            whole, rest = block[:end], block[end:]
            hits += [(offset + at, signature.name) for at, signature in table.marked(whole)]
            offset += end
    return hits


def plainly(signatures: list[Signature], text: bytes) -> Hits:
    """The same by a loop that nobody can get wrong."""
    hits: Hits = []
    offset = 0
    for line in text.splitlines(keepends=True):
        for signature in signatures:
            if signature.literal.encode() in line:
                hits.append((offset, signature.name))
                break
        offset += len(line)
    return hits


def seconds(action: Callable[[], object]) -> float:
    """That it takes."""
    before = time.perf_counter()
    action()
    return time.perf_counter() - before


def grep(literals: Path, log: str) -> int:
    """How many lines have one of them."""
    done = subprocess.run(
        [*on_path("grep").argv, "-c", "-F", "-f", str(literals), log],
        stdout=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C"},
    )
    return int(done.stdout)


def check(signatures: list[Signature], log: Path, counted: int | None) -> None:
    """The hits are the same, whoever looks."""
    table = SignatureTable(signatures)
    with log.open("rb") as file:
        text = b"".join(file.readline() for _ in range(SOME))
    ours = [hit for hit in marked(table, log, len(text) + BLOCK) if hit[0] < len(text)]
    if ours != plainly(signatures, text) or not ours:
        raise AssertionError("the hits of ours are not those of a plain loop")
    if counted is not None and counted != len(marked(table, log)):
        raise AssertionError(f"grep counts {counted} lines, we {len(marked(table, log))}")


def measure() -> list[Ratio]:
    """Both peers, and all signatures."""
    log = written(MILLION)
    signatures = chosen(log)
    literals = PLACE / "literals.txt"
    literals.write_text("".join(f"{each.literal}\n" for each in signatures), "utf-8")
    table, everything = SignatureTable(signatures), SignatureTable(SIGNATURES)
    groups = "|".join(f"({re.escape(each.literal)})" for each in signatures)
    alternation = re.compile(groups.encode()).search
    with log.open("rb") as file:
        few = [file.readline() for _ in range(FEW)]
    has_grep = bool(on_path("grep").argv)
    check(signatures, log, grep(literals, str(log)) if has_grep else None)
    ours, theirs, alternating, all_of_them = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(MILLION / seconds(lambda: marked(table, log)))
        all_of_them.append(MILLION / seconds(lambda: marked(everything, log)))
        if has_grep:
            start = seconds(lambda: grep(literals, os.devnull))
            theirs.append(MILLION / (seconds(lambda: grep(literals, str(log))) - start))
        alternating.append(FEW / seconds(lambda: [alternation(line) for line in few]))
    peer = Samples(tuple(theirs)) if theirs else None

    def row(what: str, mine: list[float], beside: Samples | None, limit: float | None) -> Ratio:
        return Ratio(
            bar=10,
            name=f"{what} over 1,000,000 lines",
            ours=Samples(tuple(mine)),
            peer=beside,
            unit="lines/s",
            limit=limit,
            at_least=True,
            note="" if beside is not None else on_path("grep").missing,
        )

    return [
        row("40 signatures (peer: grep -F -f)", ours, peer, 0.8),
        row("40 signatures (peer: re, alternation)", ours, Samples(tuple(alternating)), 300),
        row(f"all {len(SIGNATURES)} signatures (peer: grep, 40)", all_of_them, peer, None),
    ]


if __name__ == "__main__":
    run_alone(measure)
