"""How important the lines of a segment are, found for all of them at once.

Only lines with one of the literals of a signature, or of what is chatter, are looked at one by one,
and those whose form says the level itself. What is found is what `line.read_line` says of a line.
"""

import re
from typing import TYPE_CHECKING, Final

from tui.logs.doubts import SECRETIVE
from tui.logs.line import CHATTER, LEVELS, SECONDARY, Level, is_late_copy, tag_and_text
from tui.logs.scan import LiteralScanner, lines_with
from tui.logs.signatures import SIGNATURES, signatures_of

if TYPE_CHECKING:
    from tui.logs.segment import Segment

SYSLOG_HEAD: Final = re.compile(
    rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ ([^\s:\[]+)(?:\[\d{1,10}\])?: ?"
)
"""What stands before the words of a line of syslog; the group is the program."""
_CHATTER: Final = re.compile(CHATTER.pattern.encode())
_THREAD: Final = re.compile(rb"\d\d\[[A-Z]{3}\] ")
_INDEX: Final[dict[Level, int]] = {level: index for index, level in enumerate(LEVELS)}
_INFO: Final = _INDEX["info"]
ERROR: Final = _INDEX["error"]
_HINTS: Final = tuple(hint.decode() for hint in SECRETIVE)
_OWN: Final = frozenset(b"0123456789{")
"""How lines begin that are of another form than syslog's."""
_SCANNER: Final = LiteralScanner(
    tuple(
        dict.fromkeys(
            [signature.literal.encode() for signature in SIGNATURES]
            + [literal.encode() for literal in SECONDARY]
        )
    )
)


def levels_of(segment: "Segment") -> bytearray:
    """The index in `LEVELS` of each line."""
    known = len(segment.levels)
    for low, high, origin in segment.parts(known, segment.count):
        if origin.source == "journal":
            segment.levels += bytes(_read(segment, index) for index in range(low, high))
        else:
            segment.levels += _of_syslog(segment, low, high)
    return segment.levels


def shown_once(segment: "Segment") -> bytearray:
    """1 for each line that is said for the first time, 0 for copies: what charon's starter passes
    on late, and what another log of the router has too."""
    known = len(segment.once)
    if known == segment.count:
        return segment.once
    segment.once += bytes((1,)) * (segment.count - known)
    once, starts, text = segment.once, segment.starts, segment.text
    is_plain = all(origin.source != "journal" for origin in segment.origins)
    at = text.find(b"ipsec", starts[known])
    while at >= 0:
        line = segment.line_at(at)
        end = starts[line + 1] - 1
        head = SYSLOG_HEAD.match(text, starts[line], end)
        if head is not None and is_plain and (line not in segment.doubtful or _says(head[0])):
            is_copy = head[1] == b"ipsec" and _THREAD.match(text, head.end(), end) is not None
        else:
            said = tag_and_text(segment.origin(line).source, segment.raw(line))
            is_copy = is_late_copy(*said)
        if is_copy:
            once[line] = 0
        at = text.find(b"ipsec", end)
    for line in segment.copies:
        once[line] = 0
    return once


def _says(head: bytes) -> bool:
    """Whether the head of a line that is doubtful is not."""
    text = head.decode("latin-1").lower()
    return text.isascii() and text.isprintable() and not any(hint in text for hint in _HINTS)


def errors_in(segment: "Segment", lines: "range | list[int]") -> int:
    """How many of some lines are errors."""
    levels = levels_of(segment)
    if isinstance(lines, range):
        return levels.count(ERROR, lines.start, lines.stop)
    return sum(levels[line] == ERROR for line in lines)


def _of_syslog(segment: "Segment", low: int, high: int) -> bytearray:
    starts, text = segment.starts, segment.text
    begin, end = starts[low], starts[high]
    levels = bytearray((_INFO,)) * (high - low)
    part = text if not begin and end == len(text) else text[begin:end]
    for start, stop in lines_with(_SCANNER, part):
        head = SYSLOG_HEAD.match(part, start, stop)
        if head is not None:
            index = segment.line_at(start + begin)
            levels[index - low] = _guess(head[1], part[head.end() : stop])
    firsts = bytes(map(text.__getitem__, starts[low:high]))
    if not _OWN.isdisjoint(firsts):
        for index, first in enumerate(firsts, low):
            if first in _OWN:
                levels[index - low] = _read(segment, index)
    for index in segment.doubtful:
        if low <= index < high:
            levels[index - low] = _read(segment, index)
    return levels


def _guess(tag: bytes, said: bytes) -> int:
    """The same as `line.guess_level`."""
    signature = signatures_of(said)
    if signature is not None:
        return _INDEX["debug" if signature.level == "noise" else signature.level]
    return _INDEX["debug"] if tag != b"cloud" and _CHATTER.search(said) else _INFO


def _read(segment: "Segment", index: int) -> int:
    return _INDEX[segment.read(index).level]
