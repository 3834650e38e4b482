"""Reading a body piece by piece, unpacking it, and stopping at a limit."""

import zlib
from collections.abc import AsyncIterator
from typing import Final

from tui.cloud.errors import NotCloudStack, TooLarge

ACCEPTED_ENCODINGS: Final = "gzip, deflate"
_AUTOMATIC: Final = zlib.MAX_WBITS | 32
_MEGABYTE: Final = 1024 * 1024


class BodyReader:
    """Takes in the pieces of one body. Never holds more than the limit, packed or not."""

    def __init__(self, encoding: str, *, limit: int, command: str, status: int) -> None:
        self._limit = limit
        self._command = command
        self._status = status
        self._pieces: list[bytes] = []
        self._size = 0
        self._unpacker: zlib._Decompress | None = None
        name = encoding.strip().lower()
        if name in ("gzip", "x-gzip", "deflate"):
            self._unpacker = zlib.decompressobj(_AUTOMATIC)
        elif name not in ("", "identity"):
            raise self._odd("The answer is packed in a way that was not asked for")

    def take(self, piece: bytes) -> None:
        """Take in one piece as it came over the wire."""
        if self._unpacker is None:
            self._keep(piece)
            return
        room = self._limit - self._size + 1
        try:
            self._keep(self._unpacker.decompress(piece, room))
        except zlib.error as error:
            raise self._odd("The answer says that it is packed, but cannot be unpacked") from error

    def finish(self) -> bytes:
        """Return the whole body."""
        if self._unpacker is not None and self._size and not self._unpacker.eof:
            raise self._odd("The packed answer breaks off")
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise too_large(self._limit, command=self._command, status=self._status)
        self._pieces.append(piece)

    def _odd(self, text: str) -> NotCloudStack:
        return NotCloudStack(text, oddity="encoding", command=self._command, status=self._status)


def too_large(limit: int, *, command: str, status: int) -> TooLarge:
    """The error for a body beyond `limit` bytes."""
    shown = f"{limit // _MEGABYTE} MB" if limit >= _MEGABYTE else f"{limit} bytes"
    return TooLarge(
        f"The answer is larger than {shown}", oddity="size", command=command, status=status
    )


async def read_body(pieces: AsyncIterator[bytes], reader: BodyReader) -> bytes:
    """Feed `pieces` to `reader` and return the whole."""
    async for piece in pieces:
        reader.take(piece)
    return reader.finish()
