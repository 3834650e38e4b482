"""Which lines of a segment a filter lets through, found by looking through its bytes as a whole.

What has to stand in a line is looked for in the whole text at once, and levels are known for all
lines; only the lines where that leaves it open are read, one by one. The lines that are found are
those that `Filter.passes` lets through.
"""

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import Final

from tui.logs.filter import OF_ATTEMPTS, Filter
from tui.logs.levels import SYSLOG_HEAD, levels_of, shown_once
from tui.logs.line import LEVELS
from tui.logs.segment import Segment, StoredLine

_ELSEWHERE: Final = frozenset({"source", "router", "attempt"})
"""Chips that are not about what a line says."""


class Sifter:
    """A filter at work on segments, which may be given in any order."""

    def __init__(self, wanted: Filter) -> None:
        """`wanted` has no chip that attempts have to answer, and its context does not count."""
        self.wanted = wanted
        literals = [
            test for test in wanted.tests if test.literal and test.chip.kind not in OF_ATTEMPTS
        ]
        here = [test for test in literals if test.chip.wanted]
        self._present = max((test.literal for test in here), key=len, default=b"")
        """A word that every line has which passes, unless it is doubtful."""
        self._absent = [test.literal for test in literals if not test.chip.wanted]
        self._is_open = len(self._absent) < len(wanted.tests)
        """Whether more has to be asked than whether a line has one of those that must be absent."""
        least = bytes(range(wanted.least_level, len(LEVELS)))
        self._levels = re.compile(b"[" + re.escape(least) + b"]") if wanted.least_level else None

    @property
    def is_quick(self) -> bool:
        """Whether it takes next to no time for a line."""
        return self._levels is None and (bool(self._present) or not self._is_open)

    def passing(self, segment: Segment, low: int, high: int) -> Sequence[int]:
        """The lines from `low` to just before `high` that pass: a range where all do."""
        candidates = self._candidates(segment, low, high)
        if not self.wanted.duplicates:
            candidates = _without_copies(segment, candidates)
        if self._is_open and candidates:
            decide = _Decision(self.wanted, segment).passes
            return [line for line in candidates if decide(line)]
        failing = self._failing(segment, low, high)
        if not failing:
            return candidates
        return [line for line in candidates if line not in failing]

    def _candidates(self, segment: Segment, low: int, high: int) -> Sequence[int]:
        """The lines that may pass, in order."""
        found: Sequence[int] = range(low, high)
        if self._present:
            lines = set(lines_having(segment, self._present, low, high))
            lines.update(line for line in segment.odd if low <= line < high)
            found = sorted(lines)
        if self._levels is None:
            return found
        levels = levels_of(segment)
        if self._present:
            return [line for line in found if levels[line] >= self.wanted.least_level]
        return [match.start() for match in self._levels.finditer(levels, low, high)]

    def _failing(self, segment: Segment, low: int, high: int) -> set[int]:
        """The lines that have a word that must be absent."""
        suspects: set[int] = set()
        for literal in self._absent:
            suspects.update(lines_having(segment, literal, low, high))
        if self._absent:
            suspects.update(line for line in segment.odd if low <= line < high)
        if not suspects:
            return suspects
        passes = _Decision(self.wanted, segment).passes
        return {line for line in suspects if not passes(line)}


class _Decision:
    """Decides on lines of one segment, whatever their levels, and whether they are copies."""

    def __init__(self, wanted: Filter, segment: Segment) -> None:
        self._segment = segment
        self._text, self._starts = segment.text, segment.starts
        self._doubtful = segment.doubtful
        self._is_plain = all(origin.source != "journal" for origin in segment.origins)
        self._in_full = Filter(wanted.tests, 0, True).passes
        self._tests = [
            (test.pattern.search, test.chip.kind, test.chip.wanted) for test in wanted.tests
        ]

    def passes(self, line: int) -> bool:
        """Whether a line passes."""
        end = self._starts[line + 1] - 1
        head = SYSLOG_HEAD.match(self._text, self._starts[line], end)
        if head is None or line in self._doubtful or not self._is_plain:
            return self._in_full(StoredLine(self._segment, line))
        tag = head[1].decode("ascii")
        both = f"{tag}: {self._text[head.end() : end].decode('ascii')}"
        for search, kind, wanted in self._tests:
            if kind in _ELSEWHERE:
                found = self._found_elsewhere(line, search, kind)
            else:
                found = search(tag if kind == "tag" else both) is not None
            if found is not wanted:
                return False
        return True

    def _found_elsewhere(self, line: int, search: Callable[[str], object], kind: str) -> bool:
        if kind == "attempt":
            return False
        origin = self._segment.origin(line)
        return search(origin.source if kind == "source" else origin.router) is not None


def _without_copies(segment: Segment, lines: Sequence[int]) -> Sequence[int]:
    """Those of `lines` that are said for the first time."""
    shown = shown_once(segment)
    if isinstance(lines, range):
        if shown.find(0, lines.start, lines.stop) < 0:
            return lines
        return array("I", compress(lines, shown[lines.start : lines.stop]))
    return [line for line in lines if shown[line]]


def lines_having(segment: Segment, word: bytes, low: int, high: int) -> Iterator[int]:
    """The lines from `low` to just before `high` that have `word`, which is in lower case, in
    whatever case."""
    starts, line_at = segment.starts, segment.line_at
    text, begin, end = segment.lowered, starts[low], starts[high]
    at = text.find(word, begin, end)
    while at >= 0:
        line = line_at(at)
        yield line
        at = text.find(word, starts[line + 1], end)
