"""One line for each bar: what we take, what the peer takes, whether the ratio is good enough."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

HEADER: Final = ("name", "ours", "peer", "ratio", "bar", "")


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements of one run, of the same machine at the same time."""

    name: str
    ours: float
    """Seconds, or a number of `unit`."""
    peer: float
    """Likewise."""
    bar: float
    """What `ratio` may be at the most, or has to be at least."""
    sense: Literal["at most", "times faster"]
    """`at most`: ours / peer; `times faster`: peer / ours."""
    unit: str = "ms"
    """`ms` for seconds, shown as milliseconds; anything else is what was counted."""

    @property
    def ratio(self) -> float:
        """Ours by the peer's, or the other way round; see `sense`."""
        return self.ours / self.peer if self.sense == "at most" else self.peer / self.ours

    @property
    def holds(self) -> bool:
        """Whether the bar is cleared."""
        return self.ratio <= self.bar if self.sense == "at most" else self.ratio >= self.bar

    def _measured(self, number: float) -> str:
        if self.unit == "ms":
            return f"{number * 1000:.2f} ms"
        return f"{number:g} {self.unit}"

    def cells(self) -> tuple[str, ...]:
        """The line as it is printed, cell by cell."""
        sign = "≤" if self.sense == "at most" else "≥"
        return (
            self.name,
            self._measured(self.ours),
            self._measured(self.peer),
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
