"""What a terminal is told by Textual and by `tui.terminal`, and what must be undone at the end."""

import re
from typing import Final

OWN: Final = re.compile(
    "\x1b\\[[0-9;]*[mHABCDEG]"  # colours, positions
    "|\x1b\\[[0-9;]*[KJLMr]"  # erasing, lines that move, the region in which they do
    "|\x1b\\[6n"  # asking whether it has come so far
    "|\x1b\\[\\?[0-9]+(?:[hl]|\\$p)"  # modes, and asking for them
    "|\x1b\\[[<>][0-9]*u"  # key protocol
    "|\x1b\\]22;[a-z-]*\x07"  # shape of the mouse pointer
    "|\x1b\\]8;id=[0-9-]+;[^\x00-\x1f\x7f-\x9f]*\x1b\\\\|\x1b\\]8;;\x1b\\\\"  # hyperlinks
)
"""What Textual and `tui.terminal` write, whatever is shown."""

CLIPBOARD: Final = re.compile("\x1b\\]52;c;([A-Za-z0-9+/=]+)\x07")
"""What our clipboard writes; the group is the base64 of the text."""

_SWITCHED_ON: Final = {
    "the other screen": "1049",
    "the mouse": "1000",
    "movements of a pressed mouse": "1002",
    "movements of the mouse": "1003",
    "SGR mouse": "1006",
    "urxvt mouse": "1015",
    "focus events": "1004",
    "bracketed paste": "2004",
    "synchronised output": "2026",
}


def leftover(output: str) -> str:
    """The output without Textual's own sequences and the line ends at leaving."""
    return OWN.sub("", output).replace("\r\n", "")


def left_behind(output: str) -> list[str]:
    """What a program that has ended left the terminal in, in words; nothing if all is well."""
    left = [
        what
        for what, mode in _SWITCHED_ON.items()
        if output.rfind(f"\x1b[?{mode}h") > output.rfind(f"\x1b[?{mode}l")
    ]
    if output.rfind("\x1b[?25l") > output.rfind("\x1b[?25h"):
        left.append("no cursor")
    if output.rfind("\x1b[?7l") > output.rfind("\x1b[?7h"):
        left.append("lines not wrapped")
    if output.count("\x1b[>1u") > output.count("\x1b[<u"):
        left.append("the key protocol")
    return left
