"""What a log of a router says before a position: exactly adjoining, no line lost, none twice.

And the zone that its stamps are of.
"""

import re
import secrets
from typing import Final

import msgspec

from tui.router.connection import RouterConnection
from tui.router.errors import CommandFailed, ConnectionDropped
from tui.router.follow_file import marked
from tui.router.follow_journal import cursor_of
from tui.router.log_commands import JOURNAL_EARLIER, LOG_EARLIER, LOG_ZONE, SOURCES, Position
from tui.safety.lines import LONGEST_LINE, LineCutter

PORTION: Final = 256 * 1024
"""Bytes that are asked for at a time."""
MOST_BYTES: Final = 4 * 1024 * 1024
_ENTRIES: Final = 500
"""Entries of the journal that are asked for at a time."""


class EarlierLines(msgspec.Struct, frozen=True):
    """Complete lines just before a position."""

    text: bytes
    """Each line ends in a line feed; empty when there are none."""
    begins: Position
    """Where they begin: what is before that comes next."""
    why_none: str = ""
    """Empty while there may be more before; else why there is not."""


async def earlier(
    connection: RouterConnection, source: str, begins: Position, *, portion: int | None = None
) -> EarlierLines:
    """About `portion` bytes (`PORTION` where that is not said; of the journal some hundred entries)
    of `source` before `begins`.

    Raises `CommandFailed`, `ConnectionDropped`, `LinkError`.
    """
    if SOURCES[source].is_journal:
        return await _of_journal(connection, begins)
    asked = min(max(1, portion or PORTION), MOST_BYTES)
    while True:
        found = await _of_file(connection, SOURCES[source].path, begins, asked)
        if found is not None:
            return found
        asked = min(asked * 4, MOST_BYTES)  # not one whole line


async def zone_of(connection: RouterConnection) -> int:
    """Seconds east of UTC of the stamps that the router's logs have; 0 where it does not say."""
    async with connection.stream(LOG_ZONE) as stream:
        content = b""
        while portion := await stream.read():
            content += portion
    found = re.fullmatch(rb"([+-])(\d\d)(\d\d)\s*", content)
    if found is None:
        return 0
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return -seconds if found[1] == b"-" else seconds


async def _of_file(
    connection: RouterConnection, path: str, begins: Position, asked: int
) -> EarlierLines | None:
    marker = secrets.token_hex(16)
    at = begins
    where = (path, str(at.inode), str(at.offset), str(at.head), at.digest or "-", str(asked))
    portions: list[bytes] = []
    async with connection.stream(LOG_EARLIER, *where, marker) as stream:
        async for before, words in marked(stream, marker):
            portions.append(before)
            if words[:1] == ["="]:
                return _whole_lines(b"".join(portions), words, asked)
            if words == ["first"]:
                return EarlierLines(b"", begins, "this is the oldest line that the router keeps")
            if words:
                return EarlierLines(b"", begins, "the file that it stood in is gone")
        complaint = await stream.complaint() if connection.is_connected else ""
    if complaint:
        raise CommandFailed(LOG_EARLIER.name, None, complaint)
    raise ConnectionDropped(connection.target.name)


def _whole_lines(content: bytes, words: list[str], asked: int) -> EarlierLines | None:
    """`content` without the line whose beginning it does not have."""
    offset, head, digest, inode = int(words[1]), int(words[2]), words[3], int(words[4])
    if content and not content.endswith(b"\n"):
        content += b"\n"  # the last line of a file that is not written to any more
    if offset:
        cut = content.find(b"\n") + 1
        if cut == len(content) and asked < MOST_BYTES:
            return None
        if cut < len(content):
            content, offset = content[cut:], offset + cut
    text = LineCutter(LONGEST_LINE).feed(content)
    return EarlierLines(text, Position(inode, offset, head, digest))


async def _of_journal(connection: RouterConnection, begins: Position) -> EarlierLines:
    entries: list[bytes] = []
    async with connection.stream(JOURNAL_EARLIER, begins.cursor, str(_ENTRIES + 1)) as stream:
        content = b""
        while portion := await stream.read():
            content += portion
        complaint = await stream.complaint() if connection.is_connected else ""
    if not connection.is_connected:
        raise ConnectionDropped(connection.target.name)
    if not content:
        raise CommandFailed(JOURNAL_EARLIER.name, None, complaint)
    entries = content[: content.rfind(b"\n") + 1].split(b"\n")[:-1]
    if not entries or cursor_of(entries[0]) != begins.cursor:
        return EarlierLines(b"", begins, "the journal of that time is gone")
    cursors = [cursor_of(entry) for entry in entries]
    if len(entries) == 1:
        return EarlierLines(b"", begins, "this is the oldest entry that the journal keeps")
    text = b"".join(entry + b"\n" for entry in reversed(entries[1:]))
    return EarlierLines(text, Position(cursor=cursors[-1]))
