"""From the store of the Logs section to its view: a little at a time, however much comes.

What a feed brings is kept at once. It passes the filter in portions that take no longer than a
frame, so that keys are answered in between; how many lines still wait is said on the screen. After
another filter the lines at the cursor pass first, then those around them, on both sides.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from screens.logs_lines import LineList, Look
from tui.logs.filter import Filter, Whose
from tui.logs.levels import errors_in
from tui.logs.merge import LogBlock
from tui.logs.segment import Segment, StoredLine
from tui.logs.sieve import Sieve
from tui.logs.sifter import Sifter
from tui.logs.store import Added, LogStore

PORTION_SECONDS: Final = 0.008
"""How long lines may be filtered before keys are answered."""
FIRST_PORTION_SECONDS: Final = 0.02
"""The same after a filter was typed: what is seen should come at once."""
MOST_WAITING: Final = 1_000_000
"""Lines that may wait for the filter before the routers have to."""
_STEP: Final = 256
"""Lines that are looked at one by one before the clock is."""


class Sifted(msgspec.Struct):
    """What has passed the filter of the lines that came last."""

    lines: int = 0
    errors: int = 0


class _Gap(msgspec.Struct):
    kept: StoredLine
    words: str
    after: int
    """The number of the line in the store."""
    is_due: bool = True
    """Whether its place among the rows has not come yet."""


class Intake:
    """The store, the filter and the lines that are shown."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.store = LogStore()
        self.shown = LineList(look, self.store)
        self.wanted = Filter()
        self.whose: Callable[[], Whose | None] = lambda: None
        """Gives what answers the chips of the filter about attempts; asked anew for each list."""
        self._sifter = Sifter(self.wanted)
        self._sieve: Sieve | None = None
        """Where lines have to be asked in order: for context, and for attempts."""
        self._asks_each = False
        self._gaps: list[_Gap] = []
        self._is_frozen = False
        self._held: StoredLine | None = None
        """The last line that is shown while the view is frozen."""
        self._hold_at: int | None = None
        """The number after its, until it has passed the filter."""
        self._on = self._back = self._new = 0
        """Numbers in the store: lines from the first on, and those before the second, wait; lines
        from the third on have come since the list began."""
        self._is_turn_of_old = False

    @property
    def waiting(self) -> int:
        """Lines that are kept and have not passed the filter yet."""
        return self.store.end - self._on + max(0, self._back - self.store.first)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that the routers should wait too."""
        return self.waiting >= MOST_WAITING

    def clear(self) -> None:
        """Forget everything but the filter."""
        self.store = LogStore()
        self._gaps.clear()
        self.refilter()

    def take(self, block: LogBlock) -> bool:
        """Keep lines that were written after those before; true if the list begins anew because
        some belong further up."""
        return self._taken(self.store.add(block))

    def _taken(self, added: Added) -> bool:
        if added.is_anew:
            self.refilter()
            return True
        if added.dropped:
            self.shown.forget()
            first = self.store.first
            self._on = max(self._on, first)
            if self._hold_at is not None and self._hold_at <= self._on:
                self._hold()
            self._gaps = [gap for gap in self._gaps if gap.after >= first]
        return False

    def take_earlier(self, blocks: Iterable[LogBlock]) -> None:
        """Keep lines that were written before those of the same log; the list begins anew."""
        for block in blocks:
            self.store.add_earlier(block)
        self.refilter()

    def take_gap(self, words: str) -> None:
        """Say after the newest line that lines are lost."""
        if len(self.store):
            newest = self.store[-1]
            gap = _Gap(newest, words, self.store.end - 1)
            self._gaps.append(gap)
            if self._on == self.store.end:
                self._show_gap(gap, before=False)

    def freeze(self) -> None:
        """Let what comes from here on wait behind what is shown."""
        passed = self._on - self.store.first
        self._is_frozen = True
        self._held = self.store[passed - 1] if passed > 0 else None
        self.shown.hold()

    def thaw(self) -> None:
        """Show everything again."""
        self._is_frozen, self._held, self._hold_at = False, None, None
        self.shown.release()

    def filter_by(self, wanted: Filter, around: StoredLine | None = None) -> None:
        """Show what another filter lets through."""
        self.wanted = wanted
        self.refilter(around)

    def refilter(self, around: StoredLine | None = None) -> None:
        """Begin the list anew: everything waits again, the lines `around` which somebody looks
        first."""
        store, wanted = self.store, self.wanted
        self.shown = LineList(self.look, store)
        whose = self.whose() if wanted.asks_for_attempts else None
        in_order = whose is not None or bool(wanted.before or wanted.after)
        self._sieve = Sieve(wanted, whose) if in_order else None
        self._asks_each = whose is not None
        self._sifter = Sifter(wanted)
        for gap in self._gaps:
            gap.after = -1 if (after := store.number_of(gap.kept)) is None else after
            gap.is_due = True
        self._gaps = [gap for gap in self._gaps if gap.after >= 0]
        held = store.number_of(self._held) if self._held is not None else None
        self._hold_at = None if held is None else held + 1
        begin = store.end
        if self._is_frozen:
            begin = store.first if held is None else held + 1
        elif around is not None and (number := store.number_of(around)) is not None:
            begin = number + 1
        if in_order:
            begin = store.first
        self._on = self._back = begin
        self._new = store.end
        if self._is_frozen and (self._hold_at is None or self._hold_at == begin):
            self._hold()

    def _hold(self) -> None:
        self.shown.hold()
        self._hold_at = None

    def sift(self, seconds: float, *, errors: bool) -> Sifted:
        """Let waiting lines pass the filter, for so long; what has come to the list of those that
        are new, with the `errors` among them where that is asked for."""
        sifted = Sifted()
        deadline = time.monotonic() + seconds
        store = self.store
        while True:
            has_old, has_new = self._back > store.first, self._on < store.end
            if has_new and not (has_old and self._is_turn_of_old):
                self._sift_on(sifted, errors)
            elif has_old:
                self._sift_back()
            else:
                break
            self._is_turn_of_old = not self._is_turn_of_old
            if time.monotonic() >= deadline:
                break
        if self._back <= store.first:
            self._show_gaps_before()
        return sifted

    @property
    def _step(self) -> int:
        """Lines that are dealt with at once, of one segment."""
        return 1 << 30 if self._sieve is None and self._sifter.is_quick else _STEP

    def _sift_on(self, sifted: Sifted, errors: bool) -> None:
        """The next lines towards the end."""
        on = self._on
        segment, low = self.store.place(on)
        stops = [segment.offset + segment.count, on + self._step, self._new, self._hold_at]
        stops += [gap.after + 1 for gap in self._gaps if gap.is_due]
        stop = min(each for each in stops if each is not None and each > on)
        high = stop - segment.offset
        if self._sieve is not None:
            count = self._sift_in_order(self._sieve, segment, low, high)
            lines: list[int] | range = range(low, high)
        else:
            found = self._sifter.passing(segment, low, high)
            self.shown.add(segment, found)
            count = len(found)
            lines = found if isinstance(found, range) else list(found)
        if on >= self._new:
            sifted.lines += count
            if errors and count:
                sifted.errors += errors_in(segment, lines)
        self._on = stop
        if stop == self._hold_at:
            self._hold()
        for gap in self._gaps:
            if gap.is_due and gap.after + 1 == stop:
                self._show_gap(gap, before=False)

    def _sift_in_order(self, sieve: Sieve, segment: Segment, low: int, high: int) -> int:
        lines = [StoredLine(segment, index) for index in range(low, high)]
        if self._asks_each:
            shown = sieve.feed(lines)
        else:
            passing = set(self._sifter.passing(segment, low, high))
            shown = sieve.feed(lines, [index in passing for index in range(low, high)])
        self.shown.add_shown(shown)
        return len(shown)

    def _sift_back(self) -> None:
        """The next lines towards the beginning."""
        self._show_gaps_before()
        back = self._back
        segment, last = self.store.place(back - 1)
        stops = [segment.offset + segment.skip, back - self._step]
        stops += [gap.after + 1 for gap in self._gaps if gap.is_due]
        low = max(each for each in stops if each < back) - segment.offset
        self.shown.add_before(segment, self._sifter.passing(segment, low, last + 1))
        self._back = segment.offset + low

    def _show_gaps_before(self) -> None:
        for gap in reversed(self._gaps):
            if gap.is_due and gap.after + 1 == self._back:
                self._show_gap(gap, before=True)

    def _show_gap(self, gap: _Gap, *, before: bool) -> None:
        gap.is_due = False
        segment, line = self.store.place(gap.after)
        self.shown.add_gap(segment, line, gap.words, before=before)
