"""The documentation names only what exists, and the generated parts are current."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import keys, screenshots
from screens.section_keys import TITLES
from tui.app import SECTION_SCREENS
from tui.commands.arguments import parser

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"\bcsvpn((?: +[^\s`|&>#;]+)*)")
_CODE = re.compile(r"`([^`\n]+)`")


def _names(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=_names)
def page(request: pytest.FixtureRequest) -> Path:
    found = request.param
    assert isinstance(found, Path)
    return found


def test_page_of_keys_is_what_the_registry_gives() -> None:
    assert keys.PAGE.read_text(encoding="utf-8") == keys.page(), "run python -m docs.keys"


def test_page_of_keys_has_every_screen() -> None:
    assert {each.__name__ for each in keys.other_screens()} == set(keys.PAGES)


def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        goal = page.parent / name if name else page
        assert goal.exists(), f"{page.name} links to {target}, which is not there"
        if anchor:
            assert anchor in _anchors(goal), f"{target} names a heading that is not there"


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def test_every_section_has_a_heading_and_a_picture() -> None:
    text = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    for section in SECTION_SCREENS:
        assert f"\n## {TITLES[section]}\n" in text
        assert f"(screenshots/{section}.svg)" in text


def test_every_picture_is_there_and_shown() -> None:
    wanted = {picture.name for picture in screenshots.PICTURES}
    assert {file.stem for file in screenshots.FOLDER.iterdir()} == wanted
    text = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    assert {name for name in wanted if f"(screenshots/{name}.svg)" not in text} == set()


def test_pictures_load_nothing_and_tell_nothing_of_the_machine() -> None:
    for file in screenshots.FOLDER.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "url(http" not in text and 'url("http' not in text
        assert not re.search(r"/(?:home|tmp|work|Users)/", text), file.name


def test_moving_clock_times_keeps_their_distance() -> None:
    svg = '<text class="terminal-123-r1">23:59:58 charon[93] pid 941 00:00:03</text>'
    still = screenshots.still(svg, "logs")
    assert still == '<text class="logs-r1">14:32:05 charon[93] pid 941 14:32:10</text>'


# Commands.


def test_commands_and_options_exist(page: Path) -> None:
    for line in _code_lines(page.read_text(encoding="utf-8")):
        for words in _COMMAND.findall(line):
            _check_command(words.split(), f"{page.name}: {line}")


def _code_lines(text: str) -> Iterator[str]:
    """Lines of blocks and pieces of code."""
    for fence in _FENCE.findall(text):
        yield from fence.splitlines()[1:-1]
    yield from _CODE.findall(_FENCE.sub("", text))


def _check_command(words: list[str], where: str) -> None:
    """Follow the subcommands; every option must be one of the parser that is reached."""
    here: argparse.ArgumentParser = parser()
    known = set(here._option_string_actions)
    for word in words:
        deeper = _subcommands(here)
        if word in deeper:
            here = deeper[word]
            known |= set(here._option_string_actions)
        elif deeper and re.fullmatch(r"[a-z]+", word):
            raise AssertionError(f"{where}: there is no command {word}")
        elif word.startswith("-"):
            assert word.partition("=")[0] in known, f"{where}: there is no option {word}"


def _subcommands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def test_options_of_the_lab_are_those_of_its_page() -> None:
    text = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    demo, serve = text.split("## `csvpn lab serve`")
    commands = _subcommands(parser())
    in_tables = re.compile(r"^\| `(--[a-z-]+)", re.MULTILINE)
    assert set(in_tables.findall(demo)) == _options(commands["demo"]) - {"--profile"}
    assert set(in_tables.findall(serve)) == _options(_subcommands(commands["lab"])["serve"])


def _options(of: argparse.ArgumentParser) -> set[str]:
    return {name for name in of._option_string_actions if name.startswith("--")} - {"--help"}
