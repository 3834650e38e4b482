"""The command line: what is understood, what is refused and how."""

import pytest

from tui.commands.arguments import parser
from tui.commands.output import CommandError


@pytest.mark.parametrize(
    "words",
    [
        ["--profile", "prod", "--json", "users"],
        ["users", "--profile", "prod", "--json"],
        ["--json", "users", "list", "--profile", "prod"],
        ["users", "--profile", "other", "list", "--profile", "prod", "--json"],
    ],
)
def test_shared_options_stand_anywhere(words: list[str]) -> None:
    arguments = parser().parse_args(words)
    assert (arguments.profile, arguments.json) == ("prod", True)
    assert not hasattr(arguments, "read_only")


@pytest.mark.parametrize(
    "words",
    [
        ["users", "--account", "acme", "list"],
        ["users", "list", "--account", "acme"],
        ["users", "add", "alice", "--account", "acme"],
    ],
)
def test_whose_users_are_meant_stands_anywhere(words: list[str]) -> None:
    assert parser().parse_args(words).account == "acme"


def test_repeated_options_are_collected() -> None:
    words = "enable net --from 10.0.0.0/8 --from 192.0.2.0/24 --user a --user b --dry-run"
    arguments = parser().parse_args(words.split())
    assert arguments.sources == ["10.0.0.0/8", "192.0.2.0/24"]
    assert arguments.users == ["a", "b"] and arguments.dry_run and not arguments.yes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("user", "invalid choice"),
        ("users --acc=acme", "unrecognized arguments"),
        ("users add", "NAME"),
        ("enable", "NETWORK|ADDRESS"),
        ("logs --lines -1", "--lines"),
        ("logs --lines x", "--lines"),
        ("lab", "COMMAND"),
        ("lab serve --speed 0", "--speed"),
        ("lab serve --speed nan", "--speed"),
        ("demo --json", "unrecognized arguments"),
        ("--frob", "unrecognized arguments"),
    ],
)
def test_mistakes_say_where_help_is(words: str, says: str) -> None:
    with pytest.raises(CommandError, match="see csvpn") as caught:
        parser().parse_args(words.split())
    assert says in str(caught.value)


def test_help_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("", "demo", "lab", "lab serve", "users", "users add", "enable", "logs"):
        with pytest.raises(SystemExit) as caught:
            parser().parse_args([*words.split(), "--help"])
        assert caught.value.code == 0
        assert "csvpn" in capsys.readouterr().out
