"""Lines of several logs put into one order: exact where the times overlap, cheap where not."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tui.logs.merge import LogBlock
from tui.logs.segment import Segment

PIECE: Final = 128 * 1024
"""Bytes of a segment that is made of what comes in big blocks."""
SMALL: Final = 64 * 1024
"""Bytes up to which a segment grows by small blocks."""

Piece = tuple[Segment, int, int]
"""Some lines of a segment: from one index to just before another."""


def segments_of(block: LogBlock) -> list[Segment]:
    """The lines of a block, in segments of a size that is dealt with between two keys."""
    text, origin, number = block.text, block.origin, block.first
    if not text:
        return []
    if not text.endswith(b"\n"):
        text += b"\n"
    found = []
    for piece in pieces_of(text, PIECE):
        found.append(Segment(piece, origin, number))
        number += found[-1].count
    return found


def pieces_of(text: bytes, most: int) -> Iterator[bytes]:
    """Whole lines of `text`, pieces of about the same size, which is about `most` bytes at most."""
    if len(text) <= most:
        yield text
        return
    size = len(text) // -(-len(text) // most)
    begin = 0
    while begin < len(text):
        end = text.find(b"\n", begin + size - 1) + 1 or len(text)
        yield text[begin:end]
        begin = end


def interleaved(old: Iterable[Segment], new: Sequence[Segment], *, earlier: bool) -> list[Piece]:
    """Both in order of time. Of lines of the same time the old ones come first, or with `earlier`
    the new ones."""
    pieces: list[Piece] = []
    up_to = bisect_left if earlier else bisect_right
    before = bisect_right if earlier else bisect_left
    at, line = 0, 0
    for segment in old:
        low, times = segment.skip, segment.times
        while low < segment.count:
            if at == len(new):
                pieces.append((segment, low, segment.count))
                break
            high = up_to(times, new[at].times[line], low)
            if high > low:
                pieces.append((segment, low, high))
                low = high
            if low < segment.count:
                end = before(new[at].times, times[low], line)
                pieces.append((new[at], line, end))
                at, line = (at + 1, 0) if end == new[at].count else (at, end)
    while at < len(new):
        pieces.append((new[at], line, new[at].count))
        at, line = at + 1, 0
    return pieces


def joined(pieces: Iterable[Piece]) -> Iterator[Segment]:
    """Segments of the lines of `pieces`; a big one that is whole stays as it is."""
    growing: Segment | None = None
    for segment, low, high in pieces:
        if low >= high:
            continue
        is_whole = low == segment.skip and high == segment.count
        if is_whole and segment.length > SMALL // 2:
            if growing is not None:
                yield growing
                growing = None
            yield segment
            continue
        if growing is None:
            growing = _begun(segment, low, high)
        else:
            growing.take(segment, low, high)
        if growing.length > SMALL:
            yield growing
            growing = None
    if growing is not None:
        yield growing


def _begun(segment: Segment, low: int, high: int) -> Segment:
    """A segment that has only some of the lines of another."""
    origin, number = segment.origin(low), segment.number(low)
    begun = Segment(b"", origin, number)
    begun.timing = segment.timing
    begun.take(segment, low, high)
    return begun
