"""What can be done for kept lines while nobody waits: mark them, read their times, pack cold ones.

chores = Chores(store)
while chores.mark(0.005):   # a slice at a time, between keys
    ...
while (segment := chores.next_to_pack()) is not None:
    length = segment.length
    segment.pack(segment.packed(), length)   # `packed` may run in a thread
"""

import time
from collections.abc import Iterator
from typing import Final

from tui.logs.levels import levels_of, shown_once
from tui.logs.segment import Segment
from tui.logs.store import LogStore

HOT: Final = 16 * 1024 * 1024
"""Bytes of the newest lines that stay as they came."""


class Chores:
    """What there is to do for one store."""

    def __init__(self, store: LogStore, hot: int | None = None) -> None:
        self._store = store
        self._hot = HOT if hot is None else hot

    def mark(self, seconds: float) -> bool:
        """Go on for so long, the newest lines first: find levels, copies and doubts of lines, and
        their times. Whether there is more to do."""
        deadline = time.monotonic() + seconds
        for segment in reversed(self._store.segments):
            if len(segment.levels) < segment.count or len(segment.once) < segment.count:
                levels_of(segment)
                shown_once(segment)
                if time.monotonic() >= deadline:
                    return True
        while not self._store.find_times(1):
            if time.monotonic() >= deadline:
                return True
        return False

    @property
    def has_to_pack(self) -> bool:
        """Whether a segment is cold and not packed."""
        return self.next_to_pack() is not None

    def next_to_pack(self) -> Segment | None:
        """The oldest cold segment that is not packed; None where there is none."""
        return next(self._cold(), None)

    def _cold(self) -> Iterator[Segment]:
        room = sum(segment.length for segment in self._store.segments) - self._hot
        for segment in self._store.segments:
            room -= segment.length
            if room < 0:
                return
            if not segment.is_packed and segment.length > 4096:
                yield segment
