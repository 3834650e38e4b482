"""Secrets are a type: nothing prints, pickles or compares them by accident."""

import hashlib
import hmac
import threading
from typing import Final, NoReturn, final

MASK: Final = "••••••••"


@final
class Secret:
    """A value that is shown only by `reveal`.

    `repr`, `str`, formatting and tracebacks with locals show a mask; pickling and copying into
    JSON raise `TypeError`. Every live value is known to `redact`, which scrubs it from any text
    that leaves the program (see `tui.safety.redact`).
    """

    __slots__ = ("__value", "__weakref__")

    def __init__(self, value: str) -> None:
        self.__value = value
        _remember(value)

    def reveal(self) -> str:
        """The value itself, for the wire, the clipboard, or a screen where it was asked for."""
        return self.__value

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of the value's SHA-256: enough to tell two keys apart."""
        return self.sha256()[:12]

    def sha256(self) -> str:
        """The value's SHA-256 in hexadecimal, for comparing with a hash made on a router."""
        return hashlib.sha256(self.__value.encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __len__(self) -> int:
        return len(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self.__value))

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied into a file")


SHORTEST_SCRUBBED: Final = 6
"""A shorter value would be found by chance in any text, so it is not looked for."""

_lock = threading.Lock()
_live_values: set[str] = set()


def _remember(value: str) -> None:
    if len(value) >= SHORTEST_SCRUBBED:
        with _lock:
            _live_values.add(value)


def live_count() -> int:
    """How many values `live_values` has; it only grows, so an equal count means nothing new."""
    return len(_live_values)


def live_values() -> tuple[str, ...]:
    """Every secret value of six characters or more seen by this process, longest first."""
    with _lock:
        return tuple(sorted(_live_values, key=len, reverse=True))
