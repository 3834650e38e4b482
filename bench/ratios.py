"""One line for each bar: what we take, what the peer takes, whether that is good enough.

A program of this folder has `measure() -> list[Ratio]` and ends in `run_alone(measure)`.
"""

import argparse
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

HEADER: Final = ("name", "ours", "peer", "ratio", "bar", "")
Verdict = Literal["ok", "short", "skipped", "failed"]


class Samples(msgspec.Struct, frozen=True):
    """Measurements of one thing in one unit, at least one: `Samples(tuple(times))`."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("without a measurement there is nothing to compare")

    @property
    def min(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def median(self) -> float:
        """What ratios are made of."""
        return statistics.median(self.values)

    @property
    def max(self) -> float:
        """The most."""
        return max(self.values)

    def percentile(self, share: float) -> float:
        """The least value that at least `share` (0 to 1) of the values do not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements of one run, of the same machine at the same time; or one and a limit."""

    bar: int | None
    """Which of the eleven bars it belongs to; None for a bar that a part of the program has."""
    name: str
    """What is measured, with the peer: `replace 10,000 rows (peer: DataTable)`."""
    ours: Samples
    peer: Samples | None
    """None if the limit is absolute, or if the peer could not be had, which `note` then says."""
    unit: str
    """Of both sides. `s` is shown as ms or µs where it is short, `B` with commas; a unit that ends
    in `/s` is a rate, of which more is better; everything else is shown as it is."""
    limit: float | None
    """Of the ratio; with `absolute`, of ours in `unit`. None: a figure without a bar."""
    at_least: bool
    """False: at most `limit` times the peer. True: at least `limit` times as fast."""
    absolute: bool = False
    """Whether `limit` is a number of `unit` and there is no peer."""
    failed: bool = False
    """Whether there is nothing to show because the program failed; `note` says how."""
    note: str = ""
    """What a reader has to know, in a few words."""

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's; where the bar is `at_least` and less is better, the other way round,
        so that more is always better there."""
        if self.peer is None:
            return None
        over, under = self.ours.median, self.peer.median
        if self.at_least and not self.unit.endswith("/s"):
            over, under = under, over
        if under == 0:
            return 1.0 if over == 0 else float("inf")
        return over / under

    @property
    def verdict(self) -> Verdict | Literal[""]:
        """Whether the bar is cleared; nothing for a figure without one."""
        if self.failed:
            return "failed"
        value = self.ours.median if self.absolute else self.ratio
        if value is None:
            return "skipped"
        if self.limit is None:
            return ""
        holds = value >= self.limit if self.at_least else value <= self.limit
        return "ok" if holds else "short"

    def cells(self) -> tuple[str, ...]:
        """The line as it is printed, cell by cell."""
        sign = "≥" if self.at_least else "≤"
        wanted = ""
        if self.limit is not None:
            limit = shown(self.limit, self.unit) if self.absolute else f"{self.limit:.4g}×"
            wanted = f"{sign} {limit}"
        return (
            self.name if self.bar is None else f"{self.bar:>2}  {self.name}",
            "" if self.failed else _spread(self.ours, self.unit),
            "" if self.peer is None else _spread(self.peer, self.unit),
            ""
            if self.ratio is None
            else f"{self.ratio:.3g}×"
            if self.ratio < 100
            else f"{self.ratio:,.0f}×",
            wanted,
            self.verdict,
        )


def failure(name: str, why: str, bar: int | None = None) -> Ratio:
    """The line of a program that did not come to an end."""
    return Ratio(
        bar=bar,
        name=name,
        ours=Samples((0.0,)),
        peer=None,
        unit="",
        limit=None,
        at_least=False,
        failed=True,
        note=why,
    )


def shown(number: float, unit: str) -> str:
    """A measurement for people."""
    scale, short = _scale(number, unit)
    return f"{_digits(number * scale)} {short}".rstrip()


def _scale(number: float, unit: str) -> tuple[float, str]:
    """What seconds are shown in."""
    if unit != "s" or number == 0 or abs(number) >= 1:
        return 1, unit
    return (1e3, "ms") if abs(number) >= 1e-3 else (1e6, "µs")


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.3g}"


def _spread(samples: Samples, unit: str) -> str:
    if len(samples.values) == 1:
        return shown(samples.median, unit)
    scale, short = _scale(samples.median, unit)
    middle, least, most = (
        _digits(number * scale) for number in (samples.median, samples.min, samples.max)
    )
    return f"{middle} ({least} … {most}) {short}".rstrip()


def print_ratios(ratios: Iterable[Ratio]) -> None:
    """Print `name | ours | peer | ratio | bar | ok or short`, in columns; then the notes."""
    every = list(ratios)
    lines: list[Sequence[str]] = [HEADER, *(ratio.cells() for ratio in every)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    for line in lines:
        first, *others = line
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print(" | ".join(cells).rstrip())
    for ratio in every:
        if ratio.note:
            print(f"  {ratio.name}: {ratio.note}")


def run_alone(measure: Callable[[], list[Ratio]]) -> None:
    """Measure and print; `--json FILE` writes the lines to a file instead of printing them."""
    arguments = argparse.ArgumentParser(description=measure.__doc__)
    arguments.add_argument("--json", type=Path, metavar="FILE")
    wanted: Path | None = arguments.parse_args().json
    ratios = measure()
    if wanted is None:
        print_ratios(ratios)
    else:
        wanted.write_bytes(msgspec.json.encode(ratios))
