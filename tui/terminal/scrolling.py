"""Finds out which lines of the screen only moved up or down."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tui.terminal.canvas import Row, blank_row
from tui.terminal.changes import cost

WORTH: Final = 24
"""Bytes that scrolling has to save before it is done: it takes about as many itself."""

_CANDIDATES: Final = 2
_SAMPLE: Final = 6
_LIKELY: Final = 4
"""A line that stands at more places than these tells little about where it came from."""


class Scroll(NamedTuple):
    """Lines `top` to `bottom` (included) move up by `lines`; down if that is negative."""

    top: int
    bottom: int
    lines: int

    def moved(self, rows: Sequence[Row]) -> list[Row]:
        """What is on the screen afterwards; the lines that come free are blank and plain."""
        top, end, lines = self.top, self.bottom + 1, self.lines
        fresh = [blank_row(len(rows[top][0]))] * min(abs(lines), end - top)
        above, below = ([], fresh) if lines > 0 else (fresh, [])
        kept = rows[max(top, top + lines) : min(end, end + lines)]
        return [*rows[:top], *above, *kept, *below, *rows[end:]]


def find_scroll(
    sent: Sequence[Row], wanted: Sequence[Row], changed: Sequence[int]
) -> Scroll | None:
    """The scroll after which the least is left to write, or `None` if none saves enough."""
    if len(changed) < 2:
        return None
    best: Scroll | None = None
    saved = float(WORTH)
    for lines in _likely_distances(sent, wanted, changed):
        scroll = _region(sent, wanted, lines)
        if scroll is None:
            continue
        saves = _saves(scroll, sent, wanted)
        if saves > saved:
            best, saved = scroll, saves
    return best


def _saves(scroll: Scroll, sent: Sequence[Row], wanted: Sequence[Row]) -> float:
    """About how many bytes this scroll saves. Of lines that are right after it some stand for all:
    there are many of them, and what all of them would have cost takes long to find out."""
    after = scroll.moved(sent)
    right: list[int] = []
    saves = 0.0
    for y in range(scroll.top, scroll.bottom + 1):
        if after[y] != wanted[y]:
            saves += cost(sent[y], wanted[y]) - cost(after[y], wanted[y])
        elif sent[y] != wanted[y]:
            right.append(y)
    some = right[:: max(1, len(right) // _SAMPLE)]
    if some:
        saves += sum(cost(sent[y], wanted[y]) for y in some) * len(right) / len(some)
    return saves


def _face(row: Row) -> str:
    """What a line is known by: its beginning, as at its end there may be a scroll bar, or another
    pane that stays where it is."""
    texts = row[0]
    return texts[: len(texts) // 2]


def _likely_distances(
    sent: Sequence[Row], wanted: Sequence[Row], changed: Sequence[int]
) -> list[int]:
    """By how many lines most of the changed lines seem to have moved; the likeliest first."""
    places: dict[str, list[int]] = {}
    for y, row in enumerate(sent):
        places.setdefault(_face(row), []).append(y)
    votes: Counter[int] = Counter()
    for y in changed:
        face = _face(wanted[y])
        found = places.get(face, ())
        if len(found) <= _LIKELY and not face.isspace():
            votes.update(old - y for old in found if old != y)
    return [lines for lines, _ in votes.most_common(_CANDIDATES)]


def _region(sent: Sequence[Row], wanted: Sequence[Row], lines: int) -> Scroll | None:
    """The longest run of lines that moved by `lines`, with where they came from."""
    height = len(wanted)
    best: tuple[int, int] | None = None
    first = last = -1
    for y in range(max(0, -lines), min(height, height - lines)):
        if _face(wanted[y]) != _face(sent[y + lines]) or _face(wanted[y]).isspace():
            continue
        if first < 0 or y > last + 3:
            first = y
        last = y
        if best is None or last - first > best[1] - best[0]:
            best = first, last
    if best is None:
        return None
    return Scroll(min(best[0], best[0] + lines), max(best[1], best[1] + lines), lines)
