"""Several commands of the registry in one go, each answer between markers.

Starting a command over SSH costs the router more than most commands do: a process of sshd, a login
shell, a way there and back. So commands that answer at once are sent together, as the parameters
of one fixed script, which prints a marker after each on both of its streams. The marker is a random
word that is chosen for the occasion, so no output can forge one.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from tui.router.errors import NotAllowed
from tui.router.output import Output
from tui.router.registry import REGISTRY, Command, command_line

_SCRIPT: Final = r"""
m=$1
shift
echo "$m"
for c do
  eval "$c" </dev/null
  r=$?
  printf '\n%s %s\n' "$m" "$r"
  printf '\n%s %s\n' "$m" "$r" >&2
done
"""
_PORTION: Final = 256 * 1024
LARGEST_OUTPUT: Final = 16 * 1024 * 1024
"""Bytes of one command's stream that are kept."""


class Reads(Protocol):
    """A stream of bytes, as asyncssh has them."""

    async def read(self, n: int = -1) -> bytes:
        """The next bytes, none at the end."""
        ...


class Batch(msgspec.Struct, frozen=True):
    """What is sent, and the marker that tells its answers apart."""

    marker: str
    line: str


def batch_of(commands: Sequence[Command[Any]]) -> Batch:
    """Raises `NotAllowed` for a command that is not in the registry."""
    for command in commands:
        if REGISTRY.get(command.name) is not command:
            raise NotAllowed(f"{command.name} is not a command of the registry")
    marker = secrets.token_hex(16)
    lines = (command.line for command in commands)
    return Batch(marker, command_line(("sh", "-c", _SCRIPT, "csvpn-several", marker, *lines)))


class Answers:
    """The answers of one batch, one after the other."""

    def __init__(self, marker: str, stdout: Reads, stderr: Reads) -> None:
        self._stdout = _Cut(marker, stdout)
        self._stderr = _Cut(marker, stderr)
        self._marker = marker

    async def begin(self) -> None:
        """Wait until the script runs. Raises `EOFError` when it never does."""
        await self._stdout.begin()

    async def next(self) -> Output:
        """The answer of the next command. Raises `EOFError` when the stream ends before it."""
        (printed, status), (complained, _) = await asyncio.gather(
            self._stdout.next(), self._stderr.next()
        )
        return Output(status, printed, complained)


class _Cut:
    """One stream, cut at the markers."""

    def __init__(self, marker: str, stream: Reads) -> None:
        self._stream = stream
        self._begin = f"{marker}\n".encode()
        self._mark = re.compile(rb"\n%s (\d{1,3})\n" % marker.encode())
        self._longest_mark = len(marker) + 6
        self._rest = bytearray()

    async def begin(self) -> None:
        while (found := self._rest.find(self._begin)) < 0:
            await self._more()
        del self._rest[: found + len(self._begin)]

    async def next(self) -> tuple[bytes, int]:
        """Bytes up to the next marker, at most `LARGEST_OUTPUT` of them, and the exit status."""
        kept = bytearray()
        looked = 0
        while (found := self._mark.search(self._rest, looked)) is None:
            if len(self._rest) > 4 * _PORTION:
                done = len(self._rest) - self._longest_mark
                kept += self._rest[: min(done, LARGEST_OUTPUT - len(kept))]
                del self._rest[:done]
            looked = max(0, len(self._rest) - self._longest_mark)
            await self._more()
        status, start, end = int(found[1]), found.start(), found.end()
        kept += self._rest[: min(start, LARGEST_OUTPUT - len(kept))]
        del self._rest[:end]
        return bytes(kept), status

    async def _more(self) -> None:
        portion = await self._stream.read(_PORTION)
        if not portion:
            raise EOFError
        self._rest += portion
