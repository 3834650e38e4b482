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
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HOSTILE: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_AND_INVISIBLE}]")


def _picture(found: re.Match[str] | str) -> str:
    character = found if isinstance(found, str) else found.group()
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

    A longer text ends in `…[+N characters]`, N being how many of it are not shown. Tabs become
    four blanks, line feeds `␊`. Cleaning twice changes nothing.
    """
    if len(text) <= limit:
        shown = _HOSTILE.sub(_picture, text) if _HOSTILE.search(text) is not None else text
        if len(shown) <= limit:
            return shown
    return _shorten(text, limit, len(text))


def _shorten(text: str, limit: int, length: int) -> str:
    """As many characters of `text`, the beginning of one of `length`, as fit with the marker. Whole
    pictures, never half of one."""
    room = max(0, limit - len(_marker(length)))
    pieces: list[str] = []
    used = 0
    for character in text[:room]:
        piece = _picture(character) if _HOSTILE.match(character) else character
        if used + len(piece) > room:
            break
        pieces.append(piece)
        used += len(piece)
    return ("".join(pieces) + _marker(length - len(pieces)))[:limit]


def _marker(dropped: int) -> str:
    return f"…[+{dropped} characters]"


def clean_bytes(raw: bytes, limit: int = DEFAULT_LIMIT) -> str:
    """Like `clean`, for bytes: what is not UTF-8 is shown as `\\xNN`, never an error.

    The marker of a text that is too long counts characters, undecodable bytes as four.
    """
    if len(raw) <= 4 * limit:
        return clean(raw.decode("utf-8", "backslashreplace"), limit)
    # Spelling out a megabyte that is not UTF-8 takes a third of a second: only what is seen is.
    text = raw.decode("utf-8", "surrogateescape")
    undecodable = len(text) - len(raw.decode("utf-8", "ignore"))
    length = len(text) + 3 * undecodable
    head = text[:limit].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return clean(head, limit) if length <= limit else _shorten(head, limit, length)


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
