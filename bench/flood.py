"""A flood in the logs: 100,000 lines a second are kept, all of them, and filtered.

Keeping a million lines that are at hand, in portions as they come over a link; the peer cuts the
same portions into lines and keeps these in a list, which is what keeping them costs at the least
where each is an object. A flood that is written to a file for five seconds and followed over a real
OpenSSH server on loopback until the last line is kept; the peer is the time of writing. What is
unfair: writer, sshd and reader share the machine, and loopback has no latency.

Then a letter of the filter in the Logs section on that million, without a screen: the time until
the newest lines that match are there, and that of all of them in slices, nothing being known of the
lines before; the peer is `grep -i -c` on a file in the cache. The figure that keys feel is the
longest slice, in processor time.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from bench.ratios import Ratio, Samples, run_alone
from screens.logs_intake import FIRST_PORTION_SECONDS, PORTION_SECONDS, Intake
from screens.logs_lines import Look
from tests.router.openssh import SSHD
from tests.router.real_router import log_in, real_router
from tests.router_cases import case, case_names
from tui.logs.filter import Filter, parse_filter
from tui.logs.merge import LogBlock, Origin
from tui.logs.store import LogStore
from tui.router.follow import follow
from tui.router.log_events import LogChunk

LINES: Final = 1_000_000
RATE: Final = 100_000
SECONDS: Final = 5
PORTION: Final = 256 * 1024
ROUNDS: Final = 3
WORD: Final = "authentication"

WRITER: Final = """
import sys, time
path, rate, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
line = "Nov 23 00:%02d:%02d r-42-VM charon: 09[IKE] %07d is a line of the flood, as long as most\\n"
start = time.perf_counter()
with open(path, "ab", buffering=0) as file:
    for tick in range(seconds * 100):
        first = tick * rate // 100
        numbers = range(first, first + rate // 100)
        at = tick // 100
        file.write("".join(line % (at // 60, at % 60, number) for number in numbers).encode())
        wait = start + (tick + 1) / 100 - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
print(time.perf_counter() - start)
"""


def recorded_lines() -> bytes:
    """A million lines of real daemons, over and over."""
    text = b"".join(case(name).files.get("vr.log", b"") for name in case_names())
    text = text.replace(b"\n\n", b"\n")
    return b"\n".join((text * (LINES // text.count(b"\n") + 1)).split(b"\n", LINES)[:LINES]) + b"\n"


def portions(text: bytes) -> Iterator[bytes]:
    """Whole lines, about `PORTION` bytes at a time."""
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + PORTION) + 1
        yield text[start:end]
        start = end


def keep(text: bytes) -> float:
    """Seconds of keeping it."""
    store = LogStore(most_lines=LINES, most_bytes=1 << 30)
    origin = Origin("r-42-VM", "daemon", datetime.now(UTC))
    before = time.perf_counter()
    for portion in portions(text):
        store.add(LogBlock(origin, portion))
    taken = time.perf_counter() - before
    if len(store) != LINES or store.dropped:
        raise SystemExit(f"kept {len(store)} of {LINES} lines")
    return taken


async def flood(folder: Path, patched: pytest.MonkeyPatch) -> tuple[float, float]:
    """Seconds from the first line written to the last one kept, and those of writing."""
    log = log_in(folder, patched)
    store = LogStore(most_lines=LINES, most_bytes=1 << 30)
    wanted = RATE * SECONDS + 1
    async with (
        real_router(folder, patched) as router,
        contextlib.aclosing(follow(router, ["daemon"])) as events,
    ):
        writer = None
        before = time.perf_counter()
        async for event in events:
            if isinstance(event, LogChunk):
                origin = Origin("r-42-VM", event.source, datetime.now(UTC))
                store.add(LogBlock(origin, event.text))
            if writer is None:
                before = time.perf_counter()
                writer = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
                    [sys.executable, "-c", WRITER, str(log), str(RATE), str(SECONDS)],
                    stdout=subprocess.PIPE,
                )
            if len(store) >= wanted:
                break
        kept = time.perf_counter() - before
        if len(store) != wanted or store.dropped or writer is None:
            raise SystemExit(f"kept {len(store)} of {wanted} lines")
        written, _ = await asyncio.to_thread(writer.communicate)
    return kept, float(written)


def cut(text: bytes) -> float:
    """Seconds of cutting it into lines, as the peer of keeping it."""
    kept: list[bytes] = []
    before = time.perf_counter()
    for portion in portions(text):
        kept += portion.split(b"\n")
        kept.pop()
    taken = time.perf_counter() - before
    if len(kept) != LINES:
        raise SystemExit(f"cut {len(kept)} of {LINES} lines")
    return taken


def filtered(text: bytes) -> tuple[float, float, float, int]:
    """Seconds until the first lines are there, of all, of the longest slice; how many passed."""
    intake = Intake(Look())
    origin = Origin("r-42-VM", "daemon", datetime.now(UTC))
    for portion in portions(text):
        intake.store.add(LogBlock(origin, portion))
    wanted = parse_filter(WORD, duplicates=True)
    assert isinstance(wanted, Filter)
    begun = time.perf_counter()
    intake.filter_by(wanted)
    intake.sift(FIRST_PORTION_SECONDS, errors=False)
    first = time.perf_counter() - begun
    slices = []
    while intake.waiting:
        before = time.thread_time()
        intake.sift(PORTION_SECONDS, errors=False)
        slices.append(time.thread_time() - before)
    taken = time.perf_counter() - begun
    return first, taken, max(slices), intake.shown.line_count


def grepped(path: Path) -> tuple[float, int]:
    """Seconds of `grep`, and how many lines it counts."""
    before = time.perf_counter()
    found = subprocess.run(
        ["grep", "-a", "-i", "-c", "-F", WORD, str(path)],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
    )
    return time.perf_counter() - before, int(found.stdout)


def filter_rows(text: bytes) -> list[Ratio]:
    """The lines of a letter of the filter."""
    ours, peers = [], []
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        for _ in range(ROUNDS):
            ours.append(filtered(text))
            peers.append(grepped(Path(file.name)))
    if {each[3] for each in ours} != {each[1] for each in peers}:
        raise SystemExit(f"{ours[0][3]} lines passed, grep counts {peers[0][1]}")

    def row(name: str, which: int, peer: Samples | None, limit: float) -> Ratio:
        return Ratio(
            bar=None,
            name=name,
            ours=Samples(tuple(each[which] for each in ours)),
            peer=peer,
            unit="s",
            limit=limit,
            at_least=False,
            absolute=peer is None,
        )

    return [
        row(
            "a word filters 1,000,000 lines (peer: grep -i)",
            1,
            Samples(tuple(each[0] for each in peers)),
            12,
        ),
        row("the newest lines that pass are there", 0, None, 0.04),
        row("the longest that a key waits for it", 2, None, 0.025),
    ]


def measure() -> list[Ratio]:
    """A row for each bar."""
    text = recorded_lines()
    ours, peers = [], []
    for _ in range(ROUNDS):
        ours.append(keep(text))
        peers.append(cut(text))
    rows = [
        Ratio(
            bar=None,
            name="keeping 1,000,000 lines (peer: cutting them into a list)",
            ours=Samples(tuple(ours)),
            peer=Samples(tuple(peers)),
            unit="s",
            limit=1.0,
            at_least=False,
        ),
        *filter_rows(text),
    ]
    if SSHD is not None:
        with (
            tempfile.TemporaryDirectory(prefix="csvpn-flood-") as folder,
            pytest.MonkeyPatch.context() as patched,
        ):
            last, written = asyncio.run(flood(Path(folder), patched))
        rows.append(
            Ratio(
                bar=None,
                name="500,000 lines in 5 s over OpenSSH, none dropped (peer: writing them)",
                ours=Samples((last,)),
                peer=Samples((written,)),
                unit="s",
                limit=1.2,
                at_least=False,
            )
        )
    return rows


if __name__ == "__main__":
    run_alone(measure)
