"""Site-to-site connections that the router itself begins: who is called is no client."""

from typing import Final

from tui.logs.fold_source import Source

_MOST: Final = 1000
_GATEWAY_PORTS: Final = (0, 500, 4500)
"""Ports from which a called gateway itself speaks; 0 where the log does not tell ports. Clients
behind that gateway have others."""
_ANSWERS: Final = (
    b"ID_PROT response",
    b"AGGRESSIVE response",
    b"IKE_SA_INIT response",
    b"IKE_AUTH response",
)
"""What only the one that was called sends."""
_NEAR: Final = 8_000
"""Bytes before a line in which its packet was parsed."""


class Dials:
    """The addresses that the router calls."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._called: dict[bytes, None] = {}

    def call(self, address: bytes) -> None:
        """The router calls `address`."""
        self._called[address] = None
        if len(self._called) > _MOST:
            del self._called[next(iter(self._called))]

    def reached(self, client: bytes, port: int) -> bool:
        """Whether packets of `client` from `port` are those of a gateway that the router calls."""
        return port in _GATEWAY_PORTS and client in self._called

    def is_answer(self) -> bool:
        """Whether the packet that the line's thread works on answers a call of the router."""
        source = self._source
        before = source.before(_NEAR)
        thread = source.text[source.message : source.message + 2]
        parsed = thread + b"[ENC] parsed "
        at = before.rfind(parsed)
        if at < 0 or before.rfind(thread + b"[NET] received packet", at) >= 0:
            return False
        return before.startswith(_ANSWERS, at + len(parsed))
