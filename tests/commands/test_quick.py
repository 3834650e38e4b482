"""The options of the console, understood without the parser: the same as the parser does."""

import pytest

from tui.commands.arguments import parser
from tui.commands.output import CommandError
from tui.commands.quick import FLAGS, VALUES, console_options
from tui.safety.credentials import VARIABLES

UNDERSTOOD = [
    [],
    ["--read-only"],
    ["--profile", "prod"],
    ["--profile=prod"],
    ["--profile="],
    ["--profile", "one", "--profile", "two", "--read-only", "--read-only"],
]
LEFT = [
    ["demo"],
    ["users", "--read-only"],
    ["--help"],
    ["--version"],
    ["--json"],
    ["--frob"],
    ["--read-only=yes"],
    ["--profile"],
    ["--profile", "--read-only"],
    ["--profile", "prod", "users"],
    ["--"],
    ["-"],
    [""],
]


@pytest.mark.parametrize("words", UNDERSTOOD, ids=" ".join)
def test_it_finds_what_the_parser_finds(words: list[str]) -> None:
    found = console_options(words)
    assert found is not None
    assert {"command": None, **found} == vars(parser().parse_args(words))


@pytest.mark.parametrize("words", LEFT, ids=" ".join)
def test_everything_else_is_left_to_the_parser(words: list[str]) -> None:
    assert console_options(words) is None


def test_every_option_of_the_console_is_known() -> None:
    """What the parser takes without a command is understood here, or is for headless commands."""
    names = {*FLAGS, *VALUES}
    for word in ("--read-only", "--profile", "--plain-output"):
        try:
            parser().parse_args([word, *(["x"] if word in VALUES else [])])
        except CommandError:
            assert word not in names
        else:
            assert word in names


def test_secrets_of_the_environment_are_noticed() -> None:
    from tui.__main__ import SECRETS_OF_THIS_START

    assert set(SECRETS_OF_THIS_START) == set(VARIABLES.values())
