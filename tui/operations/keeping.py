"""What was wanted, as the journal keeps it: JSON in which every secret is sealed or left out."""

import base64
import binascii
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar

import msgspec

from tui.safety.sealing import SealError, SealingKey, seal, unseal
from tui.safety.secret import Secret

W = TypeVar("W")


class Keeping:
    """Writes and reads the plans of operations for one run of the program.

    A secret is sealed with `key` and bound to `about`; without a key that a later start has, it is
    left out, and comes back empty. So does one that was sealed with another key.
    """

    def __init__(self, key: SealingKey | None) -> None:
        self._key = key if key is not None and key.persistent else None

    def write(self, wanted: msgspec.Struct, about: str) -> bytes:
        """JSON of `wanted`."""
        return msgspec.json.encode(wanted, enc_hook=lambda value: self._written(value, about))

    def read(self, kept: bytes, kind: type[W], about: str) -> W:
        """What `write` was given. Raises `msgspec.ValidationError` for JSON of another type."""
        return msgspec.json.decode(
            kept, type=kind, dec_hook=lambda wanted, value: self._read(wanted, value, about)
        )

    def _written(self, value: Any, about: str) -> str:
        if isinstance(value, Secret):
            if self._key is None:
                return ""
            sealed = seal(self._key, value.reveal().encode(), about.encode())
            return base64.b64encode(sealed).decode()
        if isinstance(value, IPv4Address | IPv4Network):
            return str(value)
        raise NotImplementedError(f"{type(value).__name__} cannot be kept in the journal")

    def _read(self, wanted: type[Any], value: Any, about: str) -> Any:
        if wanted is Secret:
            return Secret(self._unsealed(str(value), about))
        if wanted in (IPv4Address, IPv4Network):
            return wanted(value)
        raise NotImplementedError(f"{wanted.__name__} cannot be read from the journal")

    def _unsealed(self, value: str, about: str) -> str:
        if self._key is None or not value:
            return ""
        try:
            sealed = base64.b64decode(value, validate=True)
            return unseal(self._key, sealed, about.encode()).decode()
        except (binascii.Error, UnicodeDecodeError, SealError):
            # It cannot be had any more; whoever needs it says so, and makes another.
            return ""
