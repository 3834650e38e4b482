"""`python -m bench.page` puts the figures of the last run into docs/performance.md.

The table, what it was measured on and the versions of the peers come from `bench/results.json`;
the words around them are written by hand.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.__main__ import FOLDER, RESULTS
from bench.machine import Machine
from bench.ratios import HEADER, Ratio

PAGE: Final = FOLDER.parent / "docs" / "performance.md"
BEGIN: Final = "<!-- The figures: written by python -m bench.page. -->"
END: Final = "<!-- The end of the figures. -->"


class Run(msgspec.Struct, frozen=True):
    """What `python -m bench` has written, but for what follows from it."""

    at: str
    seconds: int
    machine: Machine
    versions: dict[str, str]
    ratios: list[dict[str, Any]]


def figures(run: Run) -> str:
    """The part of the page between its two marks."""
    machine = run.machine
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    lines = [
        f"Measured on {run.at[:10]} in {run.seconds // 60} min {run.seconds % 60} s, on"
        f" {machine.cores} cores of a virtual machine ({machine.processor}, {machine.memory_gb} GB,"
        f" {machine.system}, {machine.python}).",
        f"Versions: {versions}.",
        "",
        _row(["Bar", *HEADER[:-1], "Holds"]),
        _row(["---"] * (len(HEADER) + 1)),
    ]
    for each in run.ratios:
        ratio = _ratio(each)
        name, *others = msgspec.structs.replace(ratio, bar=None).cells()
        note = f" ({ratio.note})" if ratio.note else ""
        lines.append(_row([str(ratio.bar or ""), name + note, *others]))
    return "\n".join(lines)


def _ratio(written: dict[str, Any]) -> Ratio:
    sides = {
        side: None if written[side] is None else {"values": written[side]["values"]}
        for side in ("ours", "peer")
    }
    return msgspec.convert(written | sides, Ratio)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def page(text: str, run: Run) -> str:
    """`text` with the figures of `run`. Raises ValueError where it has no place for them."""
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{figures(run)}\n\n{END}{after}"


def main() -> None:
    """Write the page."""
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    run = msgspec.json.decode(results.read_bytes(), type=Run)
    PAGE.write_text(page(PAGE.read_text("utf-8"), run), "utf-8")


if __name__ == "__main__":
    main()
