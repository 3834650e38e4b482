"""Following the journal: every entry carries a cursor, and journald knows how to go on after it."""

from typing import Final

from tui.router.connection import RouterConnection
from tui.router.errors import CommandFailed, ConnectionDropped
from tui.router.follow_file import Emit
from tui.router.log_commands import JOURNAL_AFTER, JOURNAL_LAST, LogSource, Position
from tui.router.log_events import LogChunk
from tui.safety.lines import LineCutter

_LONGEST_ENTRY: Final = 4 * 1024 * 1024
_CURSOR: Final = b'"__CURSOR":"'


class JournalFollower:
    """Follows the journal from `position`; the last `backlog` entries where that is fresh."""

    def __init__(self, source: LogSource, position: Position, backlog: int, emit: Emit) -> None:
        self.name = source.name
        self.position = position
        self._source = source
        self._backlog = backlog
        self._emit = emit

    async def follow(self, connection: RouterConnection) -> None:
        """Until the link breaks: raises `ConnectionDropped`, `LinkError` or `CommandFailed`."""
        if self.position.cursor:
            command, value = JOURNAL_AFTER, f"--after-cursor={self.position.cursor}"
        else:
            command, value = JOURNAL_LAST, str(self._backlog)
        cutter = LineCutter(_LONGEST_ENTRY)
        heard = False
        async with connection.stream(command, value) as stream:
            while portion := await stream.read():
                heard = True
                text = cutter.feed(portion)
                if text:
                    first = Position(cursor=cursor_of(text[: text.index(b"\n")]))
                    self.position = Position(cursor=_last_cursor(text) or self.position.cursor)
                    await self._emit(LogChunk(self._source.name, self.position, text, first))
            if not heard and connection.is_connected:
                raise CommandFailed(command.name, None, await stream.complaint())
        raise ConnectionDropped(connection.target.name)


def _last_cursor(text: bytes) -> str:
    """The cursor of the last entry of `text`."""
    return cursor_of(text[text.rfind(b"\n", 0, -1) + 1 :])


def cursor_of(entry: bytes) -> str:
    """The cursor of an entry of the journal; empty where there is none."""
    start = entry.find(_CURSOR)
    if start < 0:
        return ""
    start += len(_CURSOR)
    return entry[start : entry.find(b'"', start)].decode("ascii", "replace")
