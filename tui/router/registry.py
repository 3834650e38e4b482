"""What a read-only command is, and the register of them all.

A command is a name, a fixed argument vector and the parser of its output. None of them takes a
parameter; the ones that do are in `log_commands`, `captures` and `slices`.
"""

import shlex
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from tui.router.errors import CommandFailed
from tui.router.output import Output

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
UNREADABLE: Final = (ValueError, KeyError, IndexError, StopIteration)
"""What parsers raise for an answer that they do not know."""


class Command(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """One read-only command."""

    name: str
    argv: tuple[str, ...]
    parse: Callable[[Output], T_co]
    statuses: frozenset[int] = frozenset({0})
    """Exit statuses that the parser understands."""
    seconds: float = 10.0
    """Time limit."""

    @property
    def line(self) -> str:
        """What is sent: one shell word per argument, in the C locale."""
        return command_line(self.argv)

    def read(self, output: Output) -> T_co:
        """The fact that `output` tells. Raises `CommandFailed` if the parser does not know it."""
        if output.status not in self.statuses:
            raise CommandFailed(self.name, output.status, output.complaint)
        try:
            return self.parse(output)
        except UNREADABLE as error:
            raise CommandFailed(self.name, output.status, f"unreadable: {error}") from error


class Asks(Protocol):
    """Something that runs commands of the registry: a `RouterConnection`, or recorded answers."""

    async def run(self, command: Command[T]) -> T:
        """Run `command` and return its fact."""
        ...


def command_line(argv: tuple[str, ...]) -> str:
    """`argv` for the remote shell."""
    return f"LC_ALL=C {shlex.join(argv)}"


REGISTRY: Final[dict[str, Command[Any]]] = {}
"""Every command that may be sent, by name."""


def allow(
    name: str,
    argv: tuple[str, ...],
    parse: Callable[[Output], T],
    *,
    statuses: tuple[int, ...] = (0,),
    seconds: float = 10.0,
) -> Command[T]:
    """Enter a command into the registry; used by the modules that list commands, nowhere else."""
    if name in REGISTRY:
        raise ValueError(f"{name} is in the registry already")
    command = Command(
        name=name, argv=argv, parse=parse, statuses=frozenset(statuses), seconds=seconds
    )
    REGISTRY[name] = command
    return command


def shell(script: str) -> tuple[str, ...]:
    """The vector of a fixed script: one word, whatever it holds."""
    return ("sh", "-c", script)
