"""Bar 6: opening a log of 1,000,000 lines, from the start of the program to its last line painted.

Ours is a small program with the console's store, log view and writer, which reads the whole file
and keeps it, as it has to with what comes over a link; lnav and toolong open the same file as a
local one, and may leave it on the disk: neither keeps its text. All are at 80x24, one after the
other, in rounds; all start at the end of the file. The file has been read before, so that no disk
is measured.

What is kept: the memory of our program when all is painted, less that of the same program with an
empty file; the peer is the size of the text.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.apps import program
from bench.consoles import ROOT
from bench.lines import LAST, MILLION, written
from bench.peers import Peer, lnav, toolong
from bench.ratios import Ratio, Samples, run_alone
from bench.terminals import Terminal

ROUNDS: Final = 5


def opened(argv: Sequence[str], environment: dict[str, str]) -> tuple[float, int]:
    """Seconds until the last line is painted, and bytes of memory a moment later."""
    with Terminal(argv, environment=environment, cwd=ROOT) as terminal:
        end = terminal.wait_for(LAST)
        terminal.quiet()
        terminal.require(LAST.decode())
        return end - terminal.began, terminal.resident()


def measure() -> list[Ratio]:
    """The time beside each peer's, and the memory beside the text."""
    log = written(MILLION)
    size = len(log.read_bytes())  # and now it is in the cache of the system
    peers = [lnav(), toolong()]
    ours: list[float] = []
    kept: list[float] = []
    theirs: dict[str, list[float]] = {peer.name: [] for peer in peers}
    with tempfile.TemporaryDirectory(prefix="csvpn-open-") as place:
        last = Path(place, "last.log")
        last.write_bytes(b"Nov 23 23:59:59 r-42-VM bench: " + LAST + b"\n")
        _, empty = opened(program("our_log", "--file", str(last)), {})
        for peer in peers:
            if peer.argv:  # what it makes at its first start is not measured
                opened((*peer.argv, str(last)), peer.environment)
        for _ in range(ROUNDS):
            seconds, memory = opened(program("our_log", "--file", str(log)), {})
            ours.append(seconds)
            kept.append(memory - empty)
            for peer in peers:
                if peer.argv:
                    taken, _ = opened((*peer.argv, str(log)), peer.environment)
                    theirs[peer.name].append(taken)
    return [
        *(
            _row(Samples(tuple(ours)), theirs[peer.name], peer, limit)
            for peer, limit in zip(peers, (0.75, 0.6), strict=True)
        ),
        Ratio(
            bar=6,
            name="what 1,000,000 lines are kept in (peer: their text)",
            ours=Samples(tuple(each / 1e6 for each in kept)),
            peer=Samples((size / 1e6,)),
            unit="MB",
            limit=1.2,
            at_least=False,
        ),
    ]


def _row(ours: Samples, theirs: Sequence[float], peer: Peer, limit: float) -> Ratio:
    return Ratio(
        bar=6,
        name=f"open 1,000,000 lines (peer: {peer.name})",
        ours=ours,
        peer=Samples(tuple(theirs)) if theirs else None,
        unit="s",
        limit=limit,
        at_least=False,
        note=peer.missing,
    )


if __name__ == "__main__":
    run_alone(measure)
