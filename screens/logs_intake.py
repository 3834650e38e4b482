"""From the store of the Logs section to its view: a little at a time, however much comes.

What a feed brings is kept at once. It passes the filter in portions that take no longer than a
frame, so that keys are answered in between; how many lines still wait is said on the screen.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from screens.logs_lines import LineList, Look
from tui.logs.filter import Filter, Whose
from tui.logs.merge import KeptLine, LogBlock
from tui.logs.sieve import Sieve
from tui.logs.signatures import marked_lines, signatures_of
from tui.logs.store import LogStore

PORTION_SECONDS: Final = 0.025
"""How long lines may be filtered before keys are answered."""
FIRST_PORTION_SECONDS: Final = 0.08
"""The same after a filter was typed: what is seen should come at once."""
MOST_WAITING: Final = 300_000
"""Lines that may wait for the filter before the routers have to."""
_STEP: Final = 200


class Sifted(msgspec.Struct):
    """What has passed the filter."""

    lines: int = 0
    errors: int = 0


class _Gap(msgspec.Struct, frozen=True):
    kept: KeptLine
    words: str


class Intake:
    """The store, the filter and the lines that are shown."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.store = LogStore()
        self.shown = LineList(look)
        self.wanted = Filter()
        self.whose: Callable[[], Whose | None] = lambda: None
        """Gives what answers the chips of the filter about attempts; asked anew for each list."""
        self._sieve = Sieve(self.wanted)
        self._waiting: deque[KeptLine] = deque()
        self._gaps: list[_Gap] = []
        self._due: deque[_Gap] = deque()
        """Gaps whose place among the lines has not come yet."""
        self._is_frozen = False
        self._held: KeptLine | None = None
        """The last line that is shown while the view is frozen."""
        self._until_held = 0
        """Lines that have to pass the filter until that one has, after another filter."""

    @property
    def waiting(self) -> int:
        """Lines that are kept and have not passed the filter yet."""
        return len(self._waiting)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that the routers should wait too."""
        return len(self._waiting) >= MOST_WAITING

    def clear(self) -> None:
        """Forget everything but the filter."""
        self.store = LogStore()
        self._gaps.clear()
        self.refilter()

    def take(self, block: LogBlock) -> bool:
        """Keep lines that were written after those before; true if the list begins anew because
        some belong further up."""
        added = self.store.add(block)
        if added.inserted:
            self.refilter()
            return True
        self._waiting.extend(added.appended)
        self._forget(added.dropped)
        return False

    def take_earlier(self, blocks: Iterable[LogBlock]) -> None:
        """Keep lines that were written before those of the same log; the list begins anew."""
        for block in blocks:
            self.store.add_earlier(block)
        self.refilter()

    def _forget(self, dropped: int) -> None:
        if dropped and len(self.store):
            oldest = self.store[0]
            self.shown.forget_before(oldest)
            self._gaps = [gap for gap in self._gaps if gap.kept.at >= oldest.at]

    def take_gap(self, words: str) -> None:
        """Say after the newest line that lines are lost."""
        if len(self.store):
            gap = _Gap(self.store[len(self.store) - 1], words)
            self._gaps.append(gap)
            self._due.append(gap)

    def freeze(self) -> None:
        """Let what comes from here on wait behind what is shown."""
        passed = len(self.store) - len(self._waiting)
        self._is_frozen = True
        self._held = self.store[passed - 1] if passed else None
        self.shown.hold()

    def thaw(self) -> None:
        """Show everything again."""
        self._is_frozen, self._held, self._until_held = False, None, 0
        self.shown.release()

    def filter_by(self, wanted: Filter) -> None:
        """Show what another filter lets through."""
        self.wanted = wanted
        self.refilter()

    def refilter(self) -> None:
        """Begin the list anew: everything waits again."""
        self.shown = LineList(self.look)
        self._sieve = Sieve(self.wanted, self.whose() if self.wanted.asks_for_attempts else None)
        self._waiting = deque(self.store)
        self._due = deque(self._gaps)
        position = None if self._held is None else self.store.position(self._held)
        self._until_held = 0 if position is None else position + 1
        if self._is_frozen and not self._until_held:
            self.shown.hold()

    def sift(self, seconds: float, *, errors: bool) -> Sifted:
        """Let waiting lines pass the filter, for so long; what has come to the list. Errors are
        counted only where that is asked for: the lines have to be read in full for it."""
        sifted = Sifted()
        deadline = time.monotonic() + seconds
        waiting, due = self._waiting, self._due
        while waiting or due:
            step = min(_STEP, len(waiting), self._until_held or _STEP)
            portion = [waiting.popleft() for _ in range(step)]
            found = self._sieve.feed(portion)
            sifted.lines += len(found)
            if errors:
                sifted.errors += errors_among([shown.kept for shown in found])
            self.shown.add(found)
            if self._until_held:
                self._until_held -= step
                if not self._until_held:
                    self.shown.hold()
            while due and (not waiting or waiting[0].at > due[0].kept.at):
                gap = due.popleft()
                self.shown.add_gap(gap.kept, gap.words)
            if time.monotonic() >= deadline:
                break
        return sifted


_SAYS_ERROR: Final = re.compile(rb'ERROR|CRITICAL|"PRIORITY" ?: ?"?[0-3]"?')
"""How scripts and the journal say it themselves."""


def is_error(kept: KeptLine) -> bool:
    """Whether a line is an error. Most lines need not be read in full to know that they are not."""
    signature = signatures_of(kept.raw)
    if signature is None and _SAYS_ERROR.search(kept.raw) is None:
        return False
    return kept.line.level == "error"


def errors_among(lines: Sequence[KeptLine]) -> int:
    """How many of `lines` are errors, all looked through at once."""
    block = b"\n".join(line.raw for line in lines)
    if _SAYS_ERROR.search(block) is not None:
        return sum(map(is_error, lines))
    return sum(signature.level == "error" for _, signature in marked_lines(block))
