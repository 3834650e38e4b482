"""What headless commands have in common: how they answer, how they fail, and their exit codes.

An answer goes to stdout, in words or with `--json` as one document; everything else goes to stderr.
An error is one line, `error: what happened; what to do`.
"""

import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

import msgspec

from tui.cloud.errors import (
    CloudError,
    Credentials,
    JobFailed,
    OutcomeUnknown,
    Permission,
    ReadOnly,
)
from tui.router.errors import (
    HopFailed,
    HostKeyChanged,
    HostKeyUnknown,
    KeyFileProblem,
    LoginRefused,
    PathUnknown,
    RouterError,
    RouterReadOnly,
)
from tui.safety.credentials import VARIABLES, CredentialError
from tui.safety.redact import redact
from tui.safety.text import clean
from tui.session.launch import SecretMissing, credential_of, secret_words
from tui.settings.errors import SettingsError


class Exit(IntEnum):
    """How a command ended."""

    FINE = 0
    FINDINGS = 1
    """Something stands in the way, or a step has failed."""
    CANNOT_TELL = 2
    """A server or a router could not be asked, or has not told."""
    USAGE = 3
    """What was typed, or a setting, cannot be used."""
    REFUSED = 4
    """Credentials or permission."""


class CommandError(Exception):
    """A command cannot do what was asked: what happened, what to do, and the exit code."""

    def __init__(self, what: str, remedy: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy
        self.code = code


_REFUSALS: Final = (
    Credentials,
    Permission,
    ReadOnly,
    CredentialError,
    SecretMissing,
    LoginRefused,
    KeyFileProblem,
    HostKeyUnknown,
    HostKeyChanged,
    RouterReadOnly,
)

EXPECTED: Final = (
    CommandError,
    CloudError,
    RouterError,
    SettingsError,
    SecretMissing,
    CredentialError,
)
"""What a command may fail with; anything else is a mistake of this program."""


def code_of(error: Exception) -> Exit:
    """The exit code for an error of `EXPECTED`."""
    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, HopFailed | JobFailed):
        return code_of(error.reason)
    if isinstance(error, _REFUSALS):
        return Exit.REFUSED
    if isinstance(error, SettingsError | PathUnknown):
        return Exit.USAGE
    return Exit.CANNOT_TELL


def sentence(error: Exception) -> str:
    """`what happened; what to do`, in one clean line without secrets."""
    if isinstance(error, OutcomeUnknown):
        text = f"{error.explain()} (job {error.job_id})"
    elif isinstance(error, CloudError):
        text = error.explain()
    elif isinstance(error, SecretMissing):
        variable = VARIABLES[credential_of(error.profile)]
        why = str(error).rstrip(".")
        text = (
            f"{why[:1].lower()}{why[1:]}; set {variable} or {variable}_FILE, or open the profile "
            f"in the console once, which can keep the {secret_words(error.profile)}"
        )
    else:
        text = str(error)
    return clean(redact(text))


def complain(error: Exception) -> Exit:
    """Say on stderr what went wrong; returns the exit code."""
    print(f"error: {sentence(error)}", file=sys.stderr)
    return code_of(error)


def tell(text: str) -> None:
    """Something beside the answer: what is being done, what to know. To stderr."""
    print(clean(redact(text)), file=sys.stderr, flush=True)


def print_json(document: object) -> None:
    """The answer as one JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """One line of the answer; the text is clean already."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows under heads, columns two blanks apart, as wide as they need to be."""
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def confirm(question: str, *, typed: str = "") -> bool:
    """Ask on the terminal; `typed` is a word that has to be typed instead of `y`.

    Raises `CommandError` where there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise CommandError(
            "there is no terminal to ask on", "add --yes to go ahead without a question"
        )
    wanted = f"type {typed} to go ahead" if typed else "y/N"
    sys.stderr.write(f"{clean(question)} [{wanted}] ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    return answer == typed if typed else answer.lower() in {"y", "yes"}
