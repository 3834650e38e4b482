"""What a filter lets through, line after line, with the context that it asks for.

    sieve = Sieve(wanted)
    for start in range(0, len(store), 2000):
        rows += sieve.feed(store.portion(start, 2000))   # a little at a time
    …
    rows += sieve.feed(store.add(block).appended)        # and on with what comes

Lines go in in order. When some are inserted before the end, begin again with another sieve.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from tui.logs.filter import Filter, Whose
from tui.logs.merge import KeptLine


class Shown(NamedTuple):
    """A line that is shown."""

    kept: KeptLine
    is_context: bool = False
    """It does not match; it stands near one that does."""
    follows_gap: bool = False
    """Only with context: lines between it and the one before are not shown."""


class Sieve:
    """A filter at work; see the module."""

    def __init__(self, wanted: Filter, whose: Whose | None = None) -> None:
        """`whose` answers the chips about attempts."""
        self.wanted = wanted
        self.matched = 0
        """Lines that match, without context."""
        self._whose = whose
        self._before: deque[KeptLine] = deque(maxlen=wanted.before)
        self._after = 0
        self._skipped = False
        self._any = False

    def feed(self, lines: Iterable[KeptLine], known: Iterable[bool] | None = None) -> list[Shown]:
        """The next lines; what is shown of them, and of those before as their context. `known` says
        which of them match where somebody has found out already."""
        whose = self._whose
        if known is None:
            asked = self.wanted.passes
            lines = list(lines)
            known = (asked(line, whose) for line in lines)
        if not self.wanted.before and not self.wanted.after:
            found = [Shown(line) for line, passes in zip(lines, known, strict=True) if passes]
            self.matched += len(found)
            return found
        shown: list[Shown] = []
        for line, passes in zip(lines, known, strict=True):
            if passes:
                self.matched += 1
                shown += [self._next(each, True) for each in self._before]
                self._before.clear()
                shown.append(self._next(line, False))
                self._after = self.wanted.after
            elif self._hidden_copy(line):
                continue
            elif self._after:
                self._after -= 1
                shown.append(self._next(line, True))
            elif self._before.maxlen and len(self._before) < self._before.maxlen:
                self._before.append(line)
            else:
                self._skipped = True
                self._before.append(line)
        return shown

    def _hidden_copy(self, line: KeptLine) -> bool:
        """True for a late copy, which is no context either."""
        if self.wanted.duplicates:
            return False
        if line.is_copy or b"ipsec" not in line.raw:
            return line.is_copy
        return line.line.is_duplicate

    def _next(self, line: KeptLine, is_context: bool) -> Shown:
        gap, self._skipped = self._skipped and self._any, False
        self._any = True
        return Shown(line, is_context, gap)
