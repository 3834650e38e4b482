"""Going through the rows of the Logs section for those that somebody looks for."""

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, Protocol

from screens.logs_rows import Rows, Run
from tui.logs.filter import Filter, text_test
from tui.logs.levels import ERROR, levels_of
from tui.logs.sifter import Sifter

PORTION_SECONDS: Final = 0.008
_STEP: Final = 256


class Wanted(Protocol):
    """Says which lines somebody looks for."""

    def lines(self, run: Run, low: int, high: int) -> Sequence[int]:
        """Those of the lines of the segment of a run from `low` to just before `high`."""
        ...

    def words(self, said: str) -> bool:
        """Whether words of our own are meant too."""
        ...


class Matching:
    """What a pattern matches, in the program and the words of a line."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._sifter = Sifter(Filter((text_test(pattern),), duplicates=True))

    def lines(self, run: Run, low: int, high: int) -> Sequence[int]:
        """The lines that match."""
        return self._sifter.passing(run.segment, low, high)

    def words(self, said: str) -> bool:
        """Whether our words match."""
        return self._pattern.search(said) is not None


class Errors:
    """Lines that are errors."""

    def lines(self, run: Run, low: int, high: int) -> Sequence[int]:
        """The errors."""
        levels = levels_of(run.segment)
        return [line for line in range(low, high) if levels[line] == ERROR]

    def words(self, said: str) -> bool:
        """Our words are none."""
        return False


class Walk:
    """Looks at rows one after the other, as many at a time as there is time for."""

    def __init__(self, rows: Rows, begin: int, step: int, wanted: Wanted, most: int) -> None:
        """From the row `begin` on towards the end (`step` 1) or the beginning (-1). It is over when
        `most` have been found, or all were looked at."""
        self.found = array("q")
        """The numbers of those rows, as they were found."""
        self.is_over = False
        self._rows = rows
        self._at = begin
        self._step = step
        self._wanted = wanted
        self._most = most

    def go_on(self) -> None:
        """Look at more rows."""
        deadline = time.monotonic() + PORTION_SECONDS
        rows = self._rows
        while not self.is_over:
            self._at = max(self._at, rows.first) if self._step > 0 else self._at
            if not rows.first <= self._at < rows.end:
                self.is_over = True
                return
            run = rows.runs()[rows.run_of(self._at)]
            found = self._next(run, self._at - run.first)
            self.found.extend(found[: self._most - len(self.found)])
            self.is_over = len(self.found) >= self._most
            if time.monotonic() >= deadline:
                return

    def _next(self, run: Run, index: int) -> list[int]:
        """The wanted rows of a portion of a run that begins, or ends, at an index."""
        if self._step > 0:
            low, high = index, min(len(run), index + _STEP, self._rows.end - run.first)
            self._at = run.first + high
        else:
            low, high = max(0, index + 1 - _STEP), index + 1
            self._at = run.first + low - 1
        found = rows_of(run, low, high, self._wanted)
        return found if self._step > 0 else found[::-1]


def rows_of(run: Run, low: int, high: int, wanted: Wanted) -> list[int]:
    """The numbers of the wanted rows of a run, from one index to just before another."""
    first, lines = run.first, run.lines
    if run.words:
        return [first + low] if wanted.words(run.words) else []
    found = wanted.lines(run, lines[low], lines[high - 1] + 1)
    if isinstance(lines, range):
        return [first + line - lines.start for line in found]
    numbers = []
    for line in found:
        index = bisect_left(lines, line, low, high)
        while index < high and lines[index] == line:
            if not run.is_skipped(index):
                numbers.append(first + index)
            index += 1
    return numbers
