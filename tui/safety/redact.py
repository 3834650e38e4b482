"""The one function that takes secrets out of text which leaves the program.

Logs, the audit file, crash reports, exports and histories all pass it. It knows three things: the
names under which secrets travel, the shapes they have in the files of a Virtual Router, and every
value that is held as a `Secret` now.
"""

import json
import re
import threading
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

from tui.safety import secret

MASK: Final = "***"

_KEY: Final = (
    r"(?:password|passwd|passphrase|pre[_-]?shared[_-]?key|ipsec[_-]?psk|(?<!(?-i:L2TP-))psk"
    r"|secret[_-]?key|security[_-]?key|api[_-]?key|signature|session[_-]?key"
    r"|jsessionid|private[_-]?key|user[_-]?data|token)"
)
# `L2TP-PSK` is the name of a connection, and what charon says after it are addresses.
# The value in quotes (to the end of the line if the quote is never closed), in the escaped quotes
# of a JSON text inside another, or one word.
_VALUE: Final = (
    r'(?:"(?:[^"\\\n]|\\.)*+(?:"|$)'
    r"|'(?:[^'\\\n]|\\.)*+(?:'|$)"
    r'|\\+"[^"\n]*+(?:"|$)'
    r"""|[^\s&,;"'}\])<>\\]++)"""
)
_SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"-----BEGIN [^-\n]++-----.*?(?:-----END [^-\n]++-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"(?im)^(.*?\b(?:proxy-)?authorization\s*:\s*)\S.*$"), rf"\1{MASK}"),
    (re.compile(r"(?im)\b((?:set-)?cookie2?\s*:\s*)\S.*$"), rf"\1{MASK}"),
    (re.compile(r"(://[^\s/:@]++:)[^\s/@]++(?=@)"), rf"\1{MASK}"),
    # /etc/ipsec.d/*.secrets
    (re.compile(r'(:\s*(?:PSK|XAUTH|EAP|NTLM)\s+)(?:"[^"\n]*+(?:"|$)|\S++)', re.M), rf"\1{MASK}"),
    # /etc/ppp/chap-secrets, and the data bag's scripts naming its lines: user * password *
    (re.compile(r"(?<!\S)(\S++[ \t]+\*[ \t]+)(?!\*)\S++(?=[ \t]+\*)"), rf"\1{MASK}"),
    (re.compile(r"(\[?CHAP (?:Challenge|Response) id=\S++ )<[0-9a-fA-F]+>"), rf"\1<{MASK}>"),
    (re.compile(r"\bS=[0-9A-F]{40}\b"), f"S={MASK}"),
)
_KEYED: Final = re.compile(rf"""({_KEY}(?:\\*["'])?\s*(?:=>|[:=])\s*)({_VALUE})""", re.I | re.M)


def redact(text: str) -> str:
    """Return `text` with every secret in it replaced by `***`. Doing it twice changes nothing."""
    text = _scrub(text)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    text = _KEYED.sub(_mask_value, text)
    return _scrub(text)


def _mask_value(found: re.Match[str]) -> str:
    """Keep the quotes, so that a redacted JSON document stays one."""
    key, value = found.group(1), found.group(2)
    opening = re.match(r"\\*[\"']", value)
    if opening is None:
        return f"{key}{MASK}"
    return f"{key}{opening.group()}{MASK}{opening.group()}"


def _scrub(text: str) -> str:
    """Replace every live secret. Repeated, because what a mask leaves may join to another."""
    find = _finder()
    while True:
        scrubbed = find(text)
        if scrubbed == text:
            return text
        text = scrubbed


_lock = threading.Lock()
_built: tuple[int, Callable[[str], str]] = (0, lambda text: text)


def _finder() -> Callable[[str], str]:
    global _built
    with _lock:
        if _built[0] != secret.live_count():
            values = secret.live_values()
            _built = (len(values), _build(values))
        return _built[1]


def _build(values: tuple[str, ...]) -> Callable[[str], str]:
    """A function that masks `values`, also as they look in an URL, a form and a JSON text.

    The values are looked up by their first characters: the time depends on the length of the text
    and not on how many secrets there are (a cloud may have thousands of VPNs).
    """
    width = secret.SHORTEST_SCRUBBED
    by_start: dict[str, list[str]] = {}
    for value in values:
        escaped = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
        for form in {value, _quote(value, quote), _quote(value, quote_plus), *escaped}:
            by_start.setdefault(form[:width], []).append(form)
    for forms in by_start.values():
        forms.sort(key=len, reverse=True)

    def mask(text: str) -> str:
        pieces: list[str] = []
        kept = position = 0
        last = len(text) - width
        while position <= last:
            forms = by_start.get(text[position : position + width])
            form = next((f for f in forms if text.startswith(f, position)), None) if forms else None
            if form is None:
                position += 1
                continue
            pieces += (text[kept:position], MASK)
            position += len(form)
            kept = position
        return "".join([*pieces, text[kept:]]) if pieces else text

    return mask


def _quote(value: str, how: Callable[..., str]) -> str:
    return how(value, safe="", errors="backslashreplace")
