"""What one router answered around one moment: facts to be asked again without the router.

A survey is made by asking a router, or read from a folder of recorded answers; checkup and
diagnosis see no difference.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from tui.router.commands import Command
from tui.router.errors import CommandFailed, is_timeout
from tui.router.output import Output
from tui.router.registry import UNREADABLE
from tui.safety.redact import redact

T = TypeVar("T")
_STOPPED: Final = 124
"""Exit status of `timeout` for what it had to stop."""
_SA_KEY: Final = re.compile(r"^(\s*(?:enc|auth|auth-trunc|aead|comp)\s+\S+\s+)0x[0-9a-fA-F]+", re.M)
"""Keys as `ip xfrm state` prints them. It is not asked, but a recording may have it."""


def redacted(text: str) -> str:
    """`text` of an answer without any secret. No fact that is read from it changes."""
    return _SA_KEY.sub(r"\1***", redact(text))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one command printed, as it came; `stdout` and `stderr` are not cleaned yet."""

    name: str
    argv: tuple[str, ...] = ()
    status: int | None = msgspec.field(name="rc", default=0)
    """Exit status; None when a signal ended it."""
    stdout: str = ""
    stderr: str = ""
    ms: float = 0.0
    """Milliseconds that the command took."""
    taken: datetime | None = None
    """When it was asked, UTC; None where a recording does not say."""

    @classmethod
    def of(
        cls, command: Command[Any], output: Output, *, seconds: float, taken: datetime
    ) -> "Answer":
        """What a router has answered now, its secrets taken out before anybody keeps it."""
        return cls(
            name=command.name,
            argv=command.argv,
            status=output.status,
            stdout=redacted(output.stdout.decode("utf-8", "surrogateescape")),
            stderr=redacted(output.stderr.decode("utf-8", "surrogateescape")),
            ms=seconds * 1000,
            taken=taken,
        )

    file: str = ""
    """File of a bundle that it stands in; empty where it came from the router."""
    line: int = 1
    """Number of the line in `file` that `stdout` begins with, from 1."""
    original: str = ""
    """The same lines as `file` has them, where `stdout` is in another form; else empty."""

    @property
    def output(self) -> Output:
        """The same as the parsers of the registry want it."""
        return Output(
            self.status,
            self.stdout.encode("utf-8", "surrogateescape"),
            self.stderr.encode("utf-8", "surrogateescape"),
        )


class Unanswered(msgspec.Struct, frozen=True):
    """A fact that is not known, and why in words."""

    name: str
    why: str
    is_too_slow: bool = False
    """Nothing came in time: what was asked may hang."""


class Survey:
    """Answers of one router by the name of their command; it can be asked like a router."""

    def __init__(
        self,
        router: str,
        answers: Mapping[str, Answer],
        failures: Mapping[str, str] | None = None,
    ) -> None:
        """`failures` says why commands have no answer: a time limit, a broken link."""
        self.router = router
        self.answers = dict(answers)
        self.failures = dict(failures or {})

    def fact(self, command: Command[T]) -> T | Unanswered:
        """The fact that `command` tells, or why it is not known. Never raises."""
        answer = self.answers.get(command.name)
        if answer is None or answer.status not in command.statuses:
            return self.unanswered(command.name)
        try:
            return command.parse(answer.output)
        except UNREADABLE as error:
            return Unanswered(command.name, f"what it said was not understood: {error}")

    def unanswered(self, name: str) -> Unanswered:
        """Why the command `name` has no answer that could be read."""
        answer = self.answers.get(name)
        if answer is None:
            why = self.failures.get(name, "it was not asked")
            slow = is_timeout(why)
            return Unanswered(name, why.replace(name, "it", 1) if slow else why, slow)
        if answer.status == _STOPPED:
            return Unanswered(name, f"it gave no answer in time (status {_STOPPED})", True)
        detail = answer.output.complaint or "no output"
        return Unanswered(name, f"it ended with status {answer.status}: {detail}")

    async def run(self, command: Command[T]) -> T:
        """As a router answers (`commands.Asks`). Raises `CommandFailed`."""
        answer = self.answers.get(command.name)
        if answer is None:
            why = self.failures.get(command.name, "it was not asked")
            raise CommandFailed(command.name, None, why)
        return command.read(answer.output)
