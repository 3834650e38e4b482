"""Lines whose words cannot be told from their bytes.

Cleaning spells out what is no text, redacting takes words away, a line that is too long is cut with
words about it, and a journal entry may escape its words or have them elsewhere. All other lines
show exactly the words that stand in them.
"""

import re
from itertools import compress
from operator import sub
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.logs.segment import Segment

SURELY_WHOLE: Final = 1900
"""Bytes of a line that is surely not cut."""
_PLAIN: Final = bytes((10, *range(32, 127)))
_ODD: Final = re.compile(rb"[^\n -~][^\n]*")
SECRETIVE: Final = (b"chap", b"psk ", b"assw", b"preshared", b"secret", b" * ")
"""What `line` looks for before it redacts."""


def doubtful(segment: "Segment", low: int, high: int) -> frozenset[int]:
    """The doubtful lines from `low` to just before `high`."""
    starts = segment.starts
    begin, end = starts[low], starts[high]
    text = segment.text if not begin and end == segment.length else segment.text[begin:end]
    line_at = segment.line_at
    found: set[int] = set()
    if text.translate(None, _PLAIN):
        found.update(line_at(match.start() + begin) for match in _ODD.finditer(text))
    lowered = text.lower()
    for hint in SECRETIVE:
        at = lowered.find(hint)
        while at >= 0:
            line = line_at(at + begin)
            found.add(line)
            at = lowered.find(hint, starts[line + 1] - begin)
    if text.startswith(b"{") or b"\n{" in text:
        found.update(
            low + number
            for number, line in enumerate(segment.raw_lines(low, high))
            if line[:1] == b"{" and (b'"MESSAGE":"' not in line or b"\\" in line)
        )
    if end - begin > SURELY_WHOLE:
        lengths = map(sub, starts[low + 1 : high + 1], starts[low:high])
        found.update(compress(range(low, high), map(SURELY_WHOLE.__lt__, lengths)))
    return frozenset(found)
