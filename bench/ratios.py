"""One line for each bar: what we take, what the peer takes, whether the ratio is good enough."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

HEADER: Final = ("name", "ours", "peer", "ratio", "bar", "")


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements of one run, of the same machine at the same time."""

    name: str
    ours: float
    """Seconds."""
    peer: float
    """Seconds."""
    bar: float
    """What `ratio` may be at the most, or has to be at least."""
    sense: Literal["at most", "times faster"]
    """`at most`: ours / peer; `times faster`: peer / ours."""

    @property
    def ratio(self) -> float:
        """Ours by the peer's, or the other way round; see `sense`."""
        return self.ours / self.peer if self.sense == "at most" else self.peer / self.ours

    @property
    def holds(self) -> bool:
        """Whether the bar is cleared."""
        return self.ratio <= self.bar if self.sense == "at most" else self.ratio >= self.bar

    def cells(self) -> tuple[str, ...]:
        """The line as it is printed, cell by cell."""
        sign = "≤" if self.sense == "at most" else "≥"
        return (
            self.name,
            f"{self.ours * 1000:.2f} ms",
            f"{self.peer * 1000:.2f} ms",
            f"{self.ratio:.2f}×",
            f"{sign} {self.bar:g}×",
            "ok" if self.holds else "short",
        )


def print_ratios(ratios: Iterable[Ratio]) -> None:
    """Print `name | ours | peer | ratio | bar | ok or short`, in columns."""
    lines = [HEADER, *(ratio.cells() for ratio in ratios)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    for line in lines:
        first, *others = line
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print(" | ".join(cells).rstrip())
