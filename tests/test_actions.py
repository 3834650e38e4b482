"""One registry: every action is there, has a key of its own, words, and a reason when it cannot."""

import inspect
from typing import Any, Final

import pytest
from textual.binding import Binding

from screens.frame import SectionScreen
from screens.section_keys import TITLES
from tests.consoles import DemoConsole, until
from tui.actions import (
    ACTIONS,
    EVERYWHERE,
    SECTIONS,
    TABLES,
    Action,
    action,
    actions_on,
    needed_commands,
    spell_key,
)
from tui.app import SECTION_SCREENS, Console
from tui.cloud.calls import is_read
from tui.widgets.logview import LogView
from tui.widgets.table import ResourceTable

TAKEN: Final = {
    "ctrl+a": "screen",
    "ctrl+b": "tmux",
    "ctrl+c": "the terminal's interrupt",
    "ctrl+d": "end of input",
    "ctrl+h": "backspace on many terminals",
    "ctrl+i": "tab",
    "ctrl+j": "line feed",
    "ctrl+m": "enter",
    "ctrl+s": "flow control",
    "ctrl+z": "job control",
    "ctrl+left_square_bracket": "escape",
    "ctrl+backslash": "the terminal's quit",
}
NAMED: Final = {
    "colon", "slash", "question_mark", "exclamation_mark", "enter", "space", "end",
    "ctrl+p", "ctrl+q", "ctrl+l", "f1", "f5", "asterisk", "minus",
}  # fmt: skip
"""Key names of Textual that are longer than one character and used by the registry."""


def test_names_are_unique_and_found() -> None:
    names = [each.name for each in ACTIONS]
    assert len(set(names)) == len(names)
    for each in ACTIONS:
        assert action(each.name) is each
    with pytest.raises(KeyError):
        action("no_such_action")


@pytest.mark.parametrize("each", ACTIONS, ids=lambda each: each.name)
def test_every_action_is_described(each: Action) -> None:
    assert each.keys
    assert 2 <= len(each.label) <= 16
    assert each.help.endswith(".")
    assert each.help[0].isupper()
    assert "[" not in each.help
    assert set(each.screens) <= {EVERYWHERE, *SECTIONS}
    assert each.screens
    calls = each.writes and not each.on_router
    assert bool(each.needs) is calls, "what writes to the cloud needs a command, and nothing else"
    assert each.writes or not each.on_router
    assert not any(is_read(command) for command in each.needs)
    assert set(needed_commands()) >= set(each.needs)
    assert each.of_app is (EVERYWHERE in each.screens)
    assert not (each.of_app and each.writes)


@pytest.mark.parametrize("each", ACTIONS, ids=lambda each: each.name)
def test_keys_are_those_that_every_terminal_sends(each: Action) -> None:
    for key in each.keys:
        assert key not in TAKEN, f"{key} belongs to {TAKEN[key]}"
        assert len(key) == 1 or key in NAMED
        assert spell_key(key).isprintable()
        assert len(spell_key(key)) <= 5


@pytest.mark.parametrize("section", SECTIONS)
def test_no_key_does_two_things(section: str) -> None:
    keys = [key for each in actions_on(section) for key in each.keys]
    assert len(set(keys)) == len(keys)
    # Keys that move the cursor are never an action of the same section.
    widget = ResourceTable if section in TABLES else LogView
    moving = {
        key
        for binding in widget.BINDINGS
        if isinstance(binding, Binding)
        for key in binding.key.split(",")
    }
    on_row = {"enter"} if section in TABLES else set()  # the table hands it on to `details`
    assert set(keys) & moving <= on_row


@pytest.mark.parametrize("section", SECTIONS)
def test_every_action_is_done_by_its_section_or_the_application(section: str) -> None:
    screen = SECTION_SCREENS[section]
    assert issubclass(screen, SectionScreen)
    assert section == screen.SECTION
    assert section in TITLES
    for each in actions_on(section):
        owner: type[Any] = Console if each.of_app else screen
        method = getattr(owner, f"action_{each.name}", None)
        assert method is not None, f"{owner.__name__} has no action_{each.name}"
        required = [
            name
            for name, parameter in inspect.signature(method).parameters.items()
            if parameter.default is parameter.empty and name != "self"
        ]
        assert not required, f"{each.name} wants {required}"


@pytest.mark.parametrize("section", SECTIONS)
def test_bindings_come_from_the_registry(section: str) -> None:
    bound = {
        binding.key: binding.action
        for binding in SECTION_SCREENS[section].BINDINGS
        if isinstance(binding, Binding) and binding.action.startswith("perform")
    }
    expected = {",".join(each.keys): f"perform('{each.name}')" for each in actions_on(section)}
    assert bound == expected


def test_every_action_can_be_reached_somewhere() -> None:
    offered = {each.name for section in SECTIONS for each in actions_on(section)}
    assert offered == {each.name for each in ACTIONS}


async def test_an_action_without_a_row_says_so(demo_console: DemoConsole) -> None:
    async with demo_console.run() as pilot:
        for section in TABLES:
            screen = await _section(pilot, section)
            screen.query_one(ResourceTable).filter_by("no-row-has-this")
            for each in actions_on(section):
                if each.on_row:
                    assert screen.reason_against(each) == "There is no row here to do that with."


async def test_read_only_is_a_reason_against_everything_that_writes(
    demo_console: DemoConsole,
) -> None:
    async with demo_console.run(read_only=True) as pilot:
        for section in SECTIONS:
            screen = await _section(pilot, section)
            for each in actions_on(section):
                reason = screen.reason_against(each) or ""
                if each.name == "fix":
                    continue  # it starts another action, and gives that one's reason
                if each.writes:
                    assert "read-only" in reason or "no row" in reason, each.name
                else:
                    assert "read-only" not in reason, each.name
        screen = await _section(pilot, "networks")
        before = len(pilot.app.screen_stack)
        await pilot.press("e")
        assert len(pilot.app.screen_stack) == before
        notice = pilot.app.notices[-1]  # type: ignore[attr-defined]
        assert "Enable is not possible" in notice.title
        assert "read-only" in notice.message


async def test_the_palette_the_help_and_the_hints_tell_the_same(
    demo_console: DemoConsole,
) -> None:
    async with demo_console.run(size=(160, 48)) as pilot:
        for section in SECTIONS:
            screen = await _section(pilot, section)
            await pilot.press("question_mark")
            await until(pilot, lambda screen=screen: pilot.app.screen is not screen)  # type: ignore[misc]
            shown = str(pilot.app.screen.query("Static").first().render())
            for each in actions_on(section):
                assert each.help in shown, each.name
            await pilot.press("escape")
            await until(pilot, lambda screen=screen: pilot.app.screen is screen)  # type: ignore[misc]


async def _section(pilot: Any, name: str) -> SectionScreen:
    pilot.app.go_to(name)

    def arrived() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, SectionScreen) and name == screen.SECTION

    await until(pilot, arrived)
    screen = pilot.app.screen
    assert isinstance(screen, SectionScreen)
    return screen
