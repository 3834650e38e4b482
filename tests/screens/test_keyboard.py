"""By keyboard: every key of the registry does something; palette, filter, sorting, cursor."""

from pathlib import Path

import pytest
from textual.widgets import Checkbox, Input, OptionList

from screens.choose_logs import TickList
from screens.confirm import ConfirmDialog
from screens.filterline import FilterLine
from screens.networks import NetworksScreen
from tests.screens.pictures import scripted_feed
from tests.screens.stage import Stage, hurry, place_of, stage
from tui.actions import ACTIONS, SECTIONS, actions_on
from tui.lab.lab import Lab


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hurry(monkeypatch)
    scripted_feed(monkeypatch)
    monkeypatch.chdir(tmp_path)  # a key may write a file where the program was started


QUIET = ("quit", "repaint", "section_networks")
"""Actions whose keys show nothing here."""


def state_of(on: Stage) -> tuple[object, ...]:
    """What a key may change: the screen, what it shows, what was said, asked or written."""
    return (
        on.app.screen,
        on.app.focused,
        on.text.split("\n")[1:],  # the header changes by itself
        len(on.notices),
        len(on.wire.forms),
        len(on.written),
        len(on.app.screen_stack),
    )


@pytest.mark.parametrize("section", SECTIONS)
async def test_every_key_of_a_section_does_something_or_says_why(lab: Lab, section: str) -> None:
    async with stage(lab, (80, 12)) as on:  # so low that there is something to scroll
        await on.go(section)
        for action in actions_on(section):
            if action.of_app and (section != "networks" or action.name in QUIET):
                continue  # what works in one section works in all of them
            for key in action.keys:
                while len(on.app.screen_stack) > 1 or isinstance(on.app.focused, Input):
                    await on.press("escape")
                if getattr(on.app.screen, "SECTION", "") != section:
                    await on.go(section)
                if action.name == "follow":
                    await on.press("home")
                on.app.clear_notifications()
                before = state_of(on)
                await on.press(key)
                await on.until(lambda seen=before: state_of(on) != seen)  # type: ignore[misc]


async def test_the_palette_offers_every_action(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-lab")
        await on.press("colon")
        await on.says("Disable acme-lab")
        offered = " ".join(
            str(option.prompt) for option in on.app.screen.query_one(OptionList).options
        )
        for action in actions_on("networks"):
            assert action.name == "command_palette" or action.label in offered
        await on.press(*"disable", "down", "enter")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.press("escape", "ctrl+p", *"logs", "enter")
        await on.until(lambda: getattr(on.app.screen, "SECTION", "") == "logs")


async def test_the_palette_says_why_not(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-l2")
        await on.press("colon", *"enable")
        await on.says("Not possible: acme-l2 is a layer 2 network")
        await on.press("enter")
        await on.until(lambda: bool(on.notices))
        assert "is a layer 2 network" in on.notices[-1]


async def test_the_filter_by_keyboard(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.press("slash", *"acme", "space", "exclamation_mark", *"dev")
        line = on.app.screen.query_one(FilterLine)
        assert line.text == "acme !dev"
        await on.press("enter")
        section = on.on(NetworksScreen)
        assert on.app.focused is section.table
        await on.says("8 of 20")
        await on.press("r")
        await on.until(lambda: not section.session.inventory.networks.loading)
        assert line.text == "acme !dev", "a refresh keeps it"
        await on.press("escape")
        await on.says("20 of 20")


async def test_letters_in_a_field_are_letters(lab: Lab) -> None:
    """Keys of the section do nothing while somebody types."""
    async with stage(lab) as on:
        await on.press("slash", *"exavufl123456", "question_mark", "colon")
        assert isinstance(on.app.focused, Input)
        assert on.app.focused.value == "exavufl123456?:"
        assert isinstance(on.app.screen, NetworksScreen)


async def test_sorting(lab: Lab) -> None:
    async with stage(lab) as on:
        first = on.section.name_of_row()
        await on.press("S", "home")
        assert on.section.name_of_row() != first and "NETWORK▾" in on.text
        await on.press("s")
        assert "▴" in on.text and "NETWORK▾" not in on.text


async def test_the_cursor_stays_on_its_row(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-staging")
        del lab.world.networks[place_of(lab, "initech-new")]
        await on.press("r")
        await on.says("19 of 19")
        assert on.section.name_of_row() == "acme-staging"


async def test_another_section_with_the_row(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("umbrella-ha")
        await on.press("u")
        await on.says("8 of 16")
        await on.go("networks")
        await on.row("acme-lab")
        await on.press("f")
        await on.says("203.0.113.16 acme-lab")
        await on.go("vpns")
        await on.row("acme-grown")
        await on.press("l")
        await on.says("r-50-VM")


async def test_boxes_and_lists_are_used_by_keyboard(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("logs")
        await on.press("c")
        chooser = on.app.screen.query_one(TickList)
        assert on.app.focused is chooser
        box = on.app.screen.query_one("#log-auth", Checkbox)
        await on.tab_to("#log-auth")
        await on.press("space")
        assert box.value
        await on.press("f10")
        await on.says("auth")


def test_no_key_means_two_things_on_a_section() -> None:
    for section in SECTIONS:
        keys = [key for action in actions_on(section) for key in action.keys]
        assert len(keys) == len(set(keys)), section
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
