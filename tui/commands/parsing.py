"""What the declarations of commands are made of: the parser, shared options, kinds of values."""

import argparse
from typing import Final, NoReturn, TypeAlias

from tui.commands.output import CommandError

EPILOG: Final = (
    "exit codes: 0 fine, 1 findings, 2 cannot tell, 3 usage or settings, 4 credentials or "
    "permission. Profiles are written down in the console; docs/profiles.md has their file."
)


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are `CommandError`s, so that they look like every other error."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving with 2."""
        raise CommandError(message, f"see {self.prog} --help")


def number(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def amount(text: str) -> float:
    """A number from 0 to a million."""
    value = float(text)
    if not 0 <= value < 1e6:
        raise ValueError(text)
    return value


def factor(text: str) -> float:
    """A number above 0, up to ten thousand."""
    value = float(text)
    if not 0 < value <= 10_000:
        raise ValueError(text)
    return value


def shared_options(*, headless: bool) -> Parser:
    """Options that may stand before or after the command's name."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--profile", metavar="NAME", help="the profile; without it the default one")
    shared.add_argument(
        "--read-only", action="store_true", help="refuse every change, whatever the profile says"
    )
    if headless:
        shared.add_argument(
            "--json", action="store_true", help="answer as one JSON document (logs: one per line)"
        )
    return shared


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""What `add_subparsers` gives; argparse has no public name for it."""


def add_command(
    commands: Commands,
    name: str,
    what: str,
    *more: Parser,
    headless: bool = True,
    shared: bool = True,
) -> Parser:
    """Declare the command `name`; `what` is the sentence of its help, `more` are parents."""
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[:1].upper()}{what[1:]}.",
        epilog=EPILOG if headless else None,
        allow_abbrev=False,
        parents=[*([shared_options(headless=headless)] if shared else []), *more],
    )


def run_by(parser: Parser, module: str) -> None:
    """Let `module` run the command: its `run_command(context, arguments)`, loaded only then."""
    parser.set_defaults(run_by=module)
