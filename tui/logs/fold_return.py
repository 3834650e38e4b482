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

    def began(self, before: Part | None, part: Part) -> None:
        """The client of `before` has begun `part` from the same port."""
        if before is not None and before.floated_to:
            self.by_port[before.floated_to] = part
            if len(self.by_port) > _MOST:
                del self.by_port[next(iter(self.by_port))]

    def went_on(self, peer: bytes) -> Part | None:
        """The part that goes on from `peer`, told once; None while the port is the old part's."""
        part = self.by_port[peer]
        if part.rung < NAT_SEEN and not part.ends:
            return None
        del self.by_port[peer]
        if part.floated_to or part.ends:
            return None
        part.floated_to = peer
        return part
