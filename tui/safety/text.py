"""Text from outside is made harmless once, where it enters.

Terminals act on control characters, and Textual passes most of them on. Names come from any user
of the cloud, log lines from anyone who can reach UDP 500, so nothing of it may reach the terminal
as it came. `clean` is total, idempotent and keeps what a person can read: control characters become
visible pictures, invisible and direction-changing ones become `<U+XXXX>`.
"""

import re
from collections.abc import Mapping
from typing import Final

DEFAULT_LIMIT: Final = 4096
"""Characters of one text that are kept; the rest is replaced by a marker that says how many."""

_BIDI_AND_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HOSTILE: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_AND_INVISIBLE}]")


def _picture(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code <= 0x9F:
        return f"\\x{code:02x}"
    return f"<U+{code:04X}>"


def clean(text: str, limit: int = DEFAULT_LIMIT) -> str:
    """Return `text` as one line that no terminal acts on, at most `limit` characters long.

    A longer text ends in `…[+N characters]`. Tabs become four blanks, line feeds `␊`.
    """
    dropped = len(text) - limit
    if dropped > 0:
        text = text[:limit]
    if _HOSTILE.search(text) is not None:
        text = _HOSTILE.sub(lambda match: _picture(match.group()), text)
    return f"{text}…[+{dropped} characters]" if dropped > 0 else text


def clean_bytes(raw: bytes, limit: int = DEFAULT_LIMIT) -> str:
    """Like `clean`, for bytes: what is not UTF-8 is shown as `\\xNN`, never an error."""
    dropped = max(0, len(raw) - 4 * limit)
    text = clean(raw[: 4 * limit].decode("utf-8", "backslashreplace"), limit)
    if dropped and not text.endswith(" characters]"):
        return f"{text}…[+{dropped} bytes]"
    return text


def clean_lines(text: str, limit: int = DEFAULT_LIMIT) -> list[str]:
    """The lines of `text`, each cleaned."""
    return [clean(line, limit) for line in text.splitlines()]


def clean_tree(value: object, limit: int = DEFAULT_LIMIT) -> object:
    """Clean every string, keys too, of a decoded JSON value."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, Mapping):
        return {clean(str(key), limit): clean_tree(item, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_tree(item, limit) for item in value]
    return value
