"""How much is kept, and what goes when there is more."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from tui.logs.segment import Segment
from tui.logs.weaving import joined

if TYPE_CHECKING:
    from tui.logs.store import LogStore

_ALMOST: Final = 0.98
"""Of a budget: less than a segment is left."""
_AT_ONCE: Final = 16
"""A part of a router's budget that goes at once where older lines of others stay: what is shown
has to be gone through again."""


class Budget(msgspec.Struct, frozen=True):
    """The most that is kept."""

    lines: int
    bytes: int
    """Of each router, as they came."""

    def is_full(self, lines: int, size: Mapping[str, int]) -> bool:
        """Whether older lines have no room any more."""
        return lines >= self.lines or any(each >= self.bytes * _ALMOST for each in size.values())


class Fitted(msgspec.Struct, frozen=True):
    """What had to go."""

    dropped: int = 0
    is_anew: bool = False
    """Whether any of it stood behind lines that stay."""


def fit(store: "LogStore", budget: Budget, size: Counter[str]) -> Fitted:
    """Let the oldest lines go that are too many; `size` is put right."""
    before = len(store)
    is_anew = False
    for router in [router for router, each in size.items() if each > budget.bytes]:
        is_anew = _drop_of_router(store, budget, size, router) or is_anew
    dropped = before - _kept(store.segments) if is_anew else before - len(store)
    excess = before - dropped - budget.lines
    while excess > 0:
        segment = store.segments[0]
        gone = min(excess, segment.count - segment.skip)
        _trim(store, size, gone)
        dropped += gone
        excess -= gone
    return Fitted(dropped, is_anew)


def _kept(segments: list[Segment]) -> int:
    return sum(segment.count - segment.skip for segment in segments)


def _trim(store: "LogStore", size: Counter[str], lines: int) -> None:
    """Let so many lines go, all in the first segment."""
    segment = store.segments[0]
    low, high = segment.skip, segment.skip + lines
    for begin, end, origin in segment.parts(low, high):
        size[origin.router] -= segment.size_of(begin, end)
    if high == segment.count:
        store.drop_first()
    else:
        segment.skip = high


def _drop_of_router(store: "LogStore", budget: Budget, size: Counter[str], router: str) -> bool:
    """Let the oldest lines of a router go until the others fit, all but the last one; whether any
    of them stood behind lines that stay."""
    while size[router] > budget.bytes and len(store) > 1:
        segment = store.segments[0]
        if segment.origin(segment.skip).router != router:
            break
        begin, end, _ = next(segment.parts(segment.skip, segment.count))
        end = min(end, begin + segment.lines_of(begin, end, size[router] - budget.bytes))
        if end - begin >= len(store):
            end -= 1
        _trim(store, size, end - begin)
    if size[router] <= budget.bytes or len(store) == 1:
        return False
    excess = size[router] - budget.bytes + budget.bytes // _AT_ONCE
    pieces = []
    for segment in store.segments:
        if excess <= 0 or router not in segment.routers:
            pieces.append((segment, segment.skip, segment.count))
            continue
        for begin, end, origin in segment.parts(segment.skip, segment.count):
            gone = 0
            if origin.router == router and excess > 0:
                gone = segment.lines_of(begin, end, excess)
                taken = segment.size_of(begin, begin + gone)
                excess -= taken
                size[router] -= taken
            pieces.append((segment, begin + gone, end))
    store.segments[:] = joined(pieces)
    return True
