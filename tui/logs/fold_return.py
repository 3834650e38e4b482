"""Clients that begin again from the port from which they had begun before."""

from typing import Final

from tui.logs.fold_part import Part
from tui.logs.rungs import NAT_SEEN

_MOST: Final = 1000
"""Ports that are remembered, so that memory does not grow with those who never go on."""


class Returns:
    """Where the clients that begin again will go on from.

    Behind a NAT that keeps ports a client comes back from both of its old ports. If no end of the
    attempt before was seen, its second port still counts as that attempt's, until the new one has
    come to the point at which it goes on from there.
    """

    def __init__(self) -> None:
        self.by_port: dict[bytes, Part] = {}
        """The new part, by the second port of the part before it."""
        self._second: dict[Part, bytes] = {}
        """The same the other way round."""

    def began(self, before: Part | None, part: Part) -> None:
        """The client of `before` has begun `part` from the same port."""
        if before is None:
            return
        # An attempt that never went on leaves the second port to the one after it.
        second = before.floated_to or self._second.get(before, b"")
        if second:
            self._forget(second)
            self.by_port[second] = part
            self._second[part] = second
            if len(self.by_port) > _MOST:
                self._forget(next(iter(self.by_port)))

    def _forget(self, second: bytes) -> None:
        part = self.by_port.pop(second, None)
        if part is not None:
            self._second.pop(part, None)

    def went_on(self, peer: bytes) -> Part | None:
        """The part that goes on from `peer`, told once; None while the port is the old part's."""
        part = self.by_port[peer]
        if part.rung < NAT_SEEN and not part.ends:
            return None
        self._forget(peer)
        if part.floated_to or part.ends:
            return None
        part.floated_to = peer
        return part
