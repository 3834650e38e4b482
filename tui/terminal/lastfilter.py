"""The last net: no text of any widget makes the terminal do something.

Text is cleaned where it enters (`tui.safety.text`). Should one piece slip through, this filter sees
it: Textual passes every line of every widget through the app's line filters. Use it like this:

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self.last_filter]
"""

import re
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL, C1, lone surrogates, marks of direction, separators of lines and paragraphs.
_DANGEROUS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


class LastFilter(LineFilter):
    """Takes out what a terminal acts on, keeping the width of the line.

    It also drops hyperlinks whose address holds such characters, and control segments, which are
    sent as they are: no widget has a use for either.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same list where there is nothing to take out, else a harmless copy."""
        if not any(map(_is_dangerous, segments)):
            return segments
        return [_harmless(segment) for segment in segments if not segment.control]


def _is_dangerous(segment: Segment) -> bool:
    text, style, control = segment
    if control or _DANGEROUS.search(text) is not None:
        return True
    link = style.link if style is not None else None
    return link is not None and _DANGEROUS.search(link) is not None


def _harmless(segment: Segment) -> Segment:
    text = segment.text
    if _DANGEROUS.search(text) is not None:
        text = set_cell_size(_DANGEROUS.sub("", text), cell_len(text))
    return Segment(text, _without_bad_link(segment.style))


def _without_bad_link(style: Style | None) -> Style | None:
    if style is None or style.link is None or _DANGEROUS.search(style.link) is None:
        return style
    return style.update_link(None)
