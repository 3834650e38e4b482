"""What is concluded from a terminal's environment."""

import os

import pytest

from tui.terminal.capabilities import Colours, read_capabilities


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Colours.TRUE),
        ({"TERM": "xterm-256color", "COLORTERM": "24BIT"}, Colours.TRUE),
        ({"TERM": "xterm-direct"}, Colours.TRUE),
        ({"TERM": "tmux-256color"}, Colours.MANY),
        ({"TERM": "linux"}, Colours.SIXTEEN),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, Colours.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colours.NONE),
        ({}, Colours.NONE),
    ],
)
def test_colours(environment: dict[str, str], colours: Colours) -> None:
    assert read_capabilities(environment).colours is colours


@pytest.mark.parametrize(
    ("environment", "unicode"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({"LANG": "C"}, False),
        ({}, False),
    ],
)
def test_unicode_by_the_rule_of_locales(environment: dict[str, str], unicode: bool) -> None:
    assert read_capabilities(environment).unicode is unicode


def test_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    size = os.terminal_size((80, 24))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: size)
    environment = {"TERM": "tmux-256color\x1b[2J", "TMUX": "x", "SSH_TTY": "x", "LANG": "C.UTF-8"}
    found = read_capabilities(environment)
    assert found.sentence() == "tmux-256color[2J, 80×24, 256 colours, over SSH, inside tmux"
    assert not found.too_small
    assert "without UTF-8" in read_capabilities({"STY": "x"}).sentence()
    assert "inside GNU screen" in read_capabilities({"STY": "x"}).sentence()
    assert read_capabilities({}).sentence().startswith("unknown terminal, 80×24, no colours, local")


@pytest.mark.parametrize(
    ("columns", "rows", "small"), [(40, 10, False), (39, 24, True), (80, 9, True)]
)
def test_too_small(columns: int, rows: int, small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, rows)))
    assert read_capabilities({}).too_small is small


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({"TERM": "xterm-256color", "CSVPN_PLAIN_OUTPUT": "0"}, ""),
        ({"TERM": "xterm-256color", "CSVPN_PLAIN_OUTPUT": "1"}, "CSVPN_PLAIN_OUTPUT"),
        ({"TERM": "dumb"}, "TERM=dumb does not say what the terminal can do"),
        ({}, "TERM= does not say what the terminal can do"),
    ],
)
def test_plain_output_and_why(environment: dict[str, str], why: str) -> None:
    found = read_capabilities(environment)
    assert found.plain_output == why
    assert (f"plain output ({why})" in found.sentence()) is bool(why)
    assert read_capabilities(environment, plain_output=True).plain_output == "--plain-output"


@pytest.mark.parametrize(
    ("environment", "erases", "links"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "tmux-256color", "TMUX": "x"}, True, True),
        ({"TERM": "screen-256color", "TMUX": "x"}, True, True),
        ({"TERM": "screen-256color"}, False, True),
        ({"TERM": "xterm-256color", "STY": "x"}, False, True),
        ({"TERM": "linux"}, True, False),
        ({"TERM": "vt220"}, False, False),
        ({"TERM": "something-new"}, False, True),
    ],
)
def test_what_erasing_leaves_and_links(
    environment: dict[str, str], erases: bool, links: bool
) -> None:
    found = read_capabilities(environment)
    assert (found.erases_with_colour, found.links) == (erases, links)
