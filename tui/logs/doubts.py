"""Lines whose words cannot be told from their bytes.

Cleaning spells out what is no text, a line that is too long is cut with words about it, and a
journal entry may escape its words or have them elsewhere: odd lines may show words that do not
stand in them. Redacting takes words away: secretive lines may not show what stands in them. All
others show exactly the words that stand in them.
"""

import re
from itertools import compress
from operator import sub
from typing import TYPE_CHECKING, Final

from tui.logs.scan import LiteralScanner

if TYPE_CHECKING:
    from tui.logs.segment import Segment

SURELY_WHOLE: Final = 1900
"""Bytes of a line that is surely not cut."""
_WINDOW: Final = SURELY_WHOLE // 2
_PLAIN: Final = bytes((10, *range(32, 127)))
_ODD: Final = re.compile(rb"[^\n -~][^\n]*")
SECRETIVE: Final = (b"chap", b"psk ", b"assw", b"preshared", b"secret", b" * ")
"""What `line` looks for before it redacts."""
_SCANNER: Final = LiteralScanner(SECRETIVE)


def odd_lines(segment: "Segment", low: int, high: int) -> frozenset[int]:
    """The odd lines from `low` to just before `high`."""
    starts, text = segment.starts, segment.part(low, high)
    begin = starts[low]
    found: set[int] = set()
    if text.translate(None, _PLAIN):
        found.update(segment.line_at(match.start() + begin) for match in _ODD.finditer(text))
    if text.startswith(b"{") or b"\n{" in text:
        found.update(
            low + number
            for number, line in enumerate(segment.raw_lines(low, high))
            if line[:1] == b"{" and (b'"MESSAGE":"' not in line or b"\\" in line)
        )
    if _may_have_long_lines(text):
        lengths = map(sub, starts[low + 1 : high + 1], starts[low:high])
        found.update(compress(range(low, high), map(SURELY_WHOLE.__lt__, lengths)))
    return frozenset(found)


def secretive_lines(segment: "Segment", low: int, high: int) -> frozenset[int]:
    """The secretive lines from `low` to just before `high`."""
    begin = segment.starts[low]
    hits = _SCANNER.hits(segment.part(low, high).lower())
    return frozenset(segment.line_at(at + begin) for _, at, _ in hits)


def _may_have_long_lines(text: bytes) -> bool:
    """False if no line has more bytes than `SURELY_WHOLE`: such a one fills a window."""
    find = text.find
    last = len(text) - _WINDOW
    return any(find(b"\n", at, at + _WINDOW) < 0 for at in range(0, last + 1, _WINDOW))
