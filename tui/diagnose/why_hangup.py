"""Why a client ended PPP, as Windows says it: a number in the message that ends LCP.

Its TermReq holds four bytes of its own, the bytes `00 3c cd 74`, and the number of the error, as
Windows shows it: 742. pppd's debug lines write such bytes in octal, its messages with carets and
`M-`, some versions as they are.
"""

import re
from typing import Final

_MARK: Final = b"\x00<\xcdt"
_SAID: Final = re.compile(r"rcvd \[LCP TermReq id=\w+ \"(.*)\"\]|LCP terminated by peer \((.*)\)")
_PIECE: Final = re.compile(
    r"\\(?P<octal>[0-3][0-7]{2})|\\x(?P<hex>[0-9a-f]{2})|\\(?P<escape>[ntr\"\\])"
    r"|(?P<high>M-)?\^(?P<control>[@-_?])|M-(?P<meta>[ -~])|(?P<plain>.)",
    re.DOTALL,
)
_ESCAPES: Final = {"n": 10, "t": 9, "r": 13, '"': 34, "\\": 92}
_PICTURES: Final = 0x2400
"""Where the pictures of control characters begin."""

NO_MPPE: Final = (741, 742)
"""Windows: no encryption here, or none there, of a kind that both have."""
CANCELLED: Final = 0


def windows_reason(line: str) -> int | None:
    """The number of the error in a line of pppd; None where it holds none."""
    said = _SAID.search(line)
    if said is None:
        return None
    quoted = said[1] is not None
    raw = bytes(_byte(piece, quoted=quoted) for piece in _PIECE.finditer(said[1] or said[2] or ""))
    at = raw.find(_MARK)
    number = raw[at + len(_MARK) : at + len(_MARK) + 4]
    return int.from_bytes(number, "big") if at >= 0 and len(number) == 4 else None


def _byte(piece: re.Match[str], *, quoted: bool) -> int:
    if piece["octal"]:
        return int(piece["octal"], 8)
    if piece["hex"]:
        return int(piece["hex"], 16)
    if piece["escape"]:
        return _ESCAPES[piece["escape"]]
    if piece["control"] and not quoted:
        return ord(piece["control"]) ^ 0x40 | (0x80 if piece["high"] else 0)
    if piece["meta"] and not quoted:
        return ord(piece["meta"]) | 0x80
    code = ord(piece[0][0])
    return (code - _PICTURES if code >= _PICTURES else code) & 0xFF
