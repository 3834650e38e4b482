"""`python -m bench`: every program of this folder, one table, and the figures as JSON.

Each program runs in a process of its own, one after the other, with a budget of seconds: one that
fails or takes longer is a line that says so, and the others go on. The exit status is 1 if one has
failed; a bar that is short fails nothing. `python -m bench table flood` runs those two alone.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.machine import machine
from bench.peers import versions
from bench.ratios import Ratio, failure, print_ratios

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "results.json"
ALL_SECONDS: Final = 14 * 60
"""Of the whole run; what has not begun by then is left out, and said."""
USUAL_SECONDS: Final = 90
MOST_SECONDS: Final = {
    "accidents": 120,
    "bytes": 200,
    "fetch": 150,
    "fold": 120,
    "intake": 120,
    "keys_under_flood": 120,
    "latency": 150,
    "open_log": 120,
    "start": 150,
    "table": 200,
}
"""Budgets of programs that need more."""


LAST: Final = ("flood", "checkup", "preflight", "fold", "accidents")
"""What is measured after the eleven bars: where time is short, these are left out."""


def programs() -> list[str]:
    """Names of all programs: the files here that measure something."""
    found = sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if not path.stem.startswith("_") and "\ndef measure(" in path.read_text("utf-8")
    )
    return sorted(found, key=lambda name: LAST.index(name) + 1 if name in LAST else 0)


def run(name: str, seconds: float) -> list[Ratio]:
    """The lines of one program; a single one that says what went wrong if it failed."""
    with tempfile.TemporaryDirectory(prefix="csvpn-bench-") as folder:
        found, said = Path(folder, "ratios.json"), Path(folder, "said")
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"bench.{name}", "--json", str(found)],
                cwd=FOLDER.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                return [failure(name, f"not done within {seconds:.0f} s")]
            finally:
                _end(process)
        if status == 0 and found.exists():
            return msgspec.json.decode(found.read_bytes(), type=list[Ratio])
        text = said.read_text("utf-8", "replace").strip()
        sys.stderr.write(f"{text}\n")
        return [failure(name, (text.splitlines() or [f"exit status {status}"])[-1])]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def line(ratio: Ratio) -> dict[str, Any]:
    """A line as it goes into the JSON: what was measured and what follows from it."""
    fields: dict[str, Any] = msgspec.to_builtins(ratio)
    for side, samples in (("ours", ratio.ours), ("peer", ratio.peer)):
        if samples is not None:
            fields[side] = {
                "min": samples.min,
                "median": samples.median,
                "max": samples.max,
                "values": samples.values,
            }
    return fields | {"ratio": ratio.ratio, "verdict": ratio.verdict}


def measured(names: list[str]) -> list[Ratio]:
    """The lines of all programs, in the order of the bars."""
    began = time.monotonic()
    ratios: list[Ratio] = []
    for name in names:
        left = began + ALL_SECONDS - time.monotonic()
        if left < 1:
            ratios.append(failure(name, "no time was left for it"))
            continue
        sys.stderr.write(f"{name} …")
        sys.stderr.flush()
        before = time.monotonic()
        ratios += run(name, min(left, MOST_SECONDS.get(name, USUAL_SECONDS)))
        sys.stderr.write(f" {time.monotonic() - before:.0f} s\n")
    return sorted(ratios, key=lambda ratio: 99 if ratio.bar is None else ratio.bar)


def main() -> int:
    """Run, print, write; returns the exit status."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("program", nargs="*", help="one of " + ", ".join(programs()))
    wanted: list[str] = arguments.parse_args().program
    # Whoever ends it ends what it has started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    unknown = set(wanted) - set(programs())
    if unknown:
        arguments.error(f"there is no program {', '.join(sorted(unknown))}")
    began = time.time()
    peers = versions()
    ratios = measured(wanted or programs())
    print_ratios(ratios)
    print("\n" + " · ".join(f"{name} {version}" for name, version in peers.items()))
    result = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began),
        "machine": machine(),
        "versions": peers,
        "ratios": [line(ratio) for ratio in ratios],
    }
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    print(f"{result['seconds']} s; written to {RESULTS.relative_to(FOLDER.parent)}")
    return int(any(ratio.failed for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
