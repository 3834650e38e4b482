"""What following logs gives: lines, and what happened to the link in between."""

import msgspec

from tui.router.errors import RouterError
from tui.router.log_commands import Position


class LogChunk(msgspec.Struct, frozen=True):
    """Complete lines of one source, in order."""

    source: str
    position: Position
    """Where to go on after these lines; keep it to resume in another run."""
    text: bytes
    """The lines as they came, each ending in a line feed; nothing is cleaned yet."""
    begins: Position
    """Where these lines begin: `history.earlier` reads what is before."""

    @property
    def lines(self) -> list[bytes]:
        """The lines without their line feeds."""
        return self.text.split(b"\n")[:-1]


class LogBegan(msgspec.Struct, frozen=True):
    """A source is followed whose file is empty still: what is before it is in rotated ones."""

    source: str
    begins: Position
    """For `history.earlier`, as that of the first chunk."""


class Reconnecting(msgspec.Struct, frozen=True):
    """The link is gone; it is opened again after `wait` seconds."""

    attempt: int
    wait: float
    reason: RouterError


class Resumed(msgspec.Struct, frozen=True):
    """The link is back, and every source goes on where it was."""


class LogGap(msgspec.Struct, frozen=True):
    """Lines of `source` are lost: the file they stood in is gone."""

    source: str
    reason: str


class SourceMissing(msgspec.Struct, frozen=True):
    """`source` cannot be read now; it is tried again."""

    source: str
    reason: str


FollowEvent = LogChunk | LogBegan | Reconnecting | Resumed | LogGap | SourceMissing
