"""Terminals of every size, on every section and in every dialog."""

from collections.abc import Awaitable, Callable

import pytest

from screens.confirm import ConfirmDialog
from screens.frame import SectionScreen
from tests.screens.pictures import scripted_feed
from tests.screens.stage import SMALL, Stage, hurry, stage
from tui.actions import SECTIONS
from tui.lab.lab import Lab

STORM = ((40, 10), (1, 1), (10, 3), (200, 50), (80, 24))

Way = Callable[[Stage], Awaitable[None]]


def keys(section: str, row: str, *pressed: str) -> Way:
    """The way to a dialog: a section, a row, and keys."""

    async def go(on: Stage) -> None:
        await on.go(section)
        if row:
            await on.row(row)
        await on.press(*pressed)

    return go


async def handover(on: Stage) -> None:
    await on.go("users")
    await on.row("alice")
    await on.press("a")
    await on.type("walter")
    await on.press("enter")
    await on.settled()


async def result(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("e")
    await on.says("Before anything is sent")
    await on.tab_to("#go")
    await on.press("enter")
    await on.settled()


async def open_ports(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("f")
    await on.says("NAT-T (UDP 4500) is closed")
    await on.press("o")


DIALOGS: dict[str, Way] = {
    "details": keys("networks", "acme-office", "enter"),
    "key": keys("vpns", "acme-office", "p"),
    "enable": keys("networks", "acme-prod", "e"),
    "result": result,
    "disable": keys("networks", "acme-lab", "x"),
    "acquire": keys("networks", "initech-new", "a"),
    "verify": keys("networks", "acme-office", "v"),
    "release": keys("addresses", "203.0.113.27", "x"),
    "add users": keys("users", "alice", "a"),
    "handover": handover,
    "remove user": keys("users", "alice", "x"),
    "open ports": open_ports,
    "rule": keys("firewall", "", "a"),
    "sources": keys("firewall", "", "e"),
    "for a time": keys("firewall", "", "t"),
    "choose address": keys("firewall", "", "c"),
    "choose logs": keys("logs", "", "c"),
    "search": keys("logs", "", "s"),
    "help": keys("networks", "", "question_mark"),
    "palette": keys("networks", "", "colon"),
    "jobs": keys("networks", "", "J"),
    "messages": keys("networks", "", "exclamation_mark"),
    "profiles": keys("networks", "", "P"),
}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    scripted_feed(monkeypatch)


def below_header(on: Stage) -> list[str]:
    """The screen without the line on which ages and times go on by themselves."""
    return on.text.split("\n")[1:]


@pytest.mark.parametrize("section", SECTIONS)
async def test_sections(lab: Lab, section: str) -> None:
    async with stage(lab) as on:
        await on.go(section)
        if section == "logs":
            await on.says("charon")
            await on.pilot.pause()
        before = below_header(on)
        for width, height in STORM:
            await on.resize(width, height)
            lines = on.text.split("\n")
            assert len(lines) == height and all(len(line) <= width for line in lines)
        assert below_header(on) == before, "nothing is left of the storm"
        await on.resize(40, 10)
        assert "1 2 3 4 5 6" not in on.text and ": Commands" in on.text


LOSES = {"result", "handover"}
"""These ask before they close: passwords would be lost."""


@pytest.mark.parametrize("name", DIALOGS)
async def test_dialogs(lab: Lab, name: str) -> None:
    """Small or large, a dialog stays; tab goes round in it, what has the focus can be seen, and
    escape closes it."""
    async with stage(lab) as on:
        await DIALOGS[name](on)
        screen = on.app.screen
        assert not isinstance(screen, SectionScreen), f"{name} did not open:\n{on.text}"
        for width, height in ((1, 1), (10, 3), (130, 30), (40, 10)):
            await on.resize(width, height)
            assert on.app.screen is screen
        reached = set()
        for _ in screen.focus_chain:
            await on.press("tab")
            focused = on.app.focused
            if focused is not None:
                await on.until(lambda seen=focused: seen.is_on_screen)  # type: ignore[misc]
            reached.add(focused)
        assert reached >= set(screen.focus_chain)
        await close(on, name in LOSES)


async def close(on: Stage, loses: bool) -> None:
    """Press escape until the dialog is gone: a list that is open in it takes the first."""
    screen = on.app.screen
    for _ in range(3):
        if on.app.screen is screen:
            await on.press("escape")
    if isinstance(on.app.screen, ConfirmDialog):
        assert loses
        await on.press("right", "enter")
    await on.until(lambda: screen not in on.app.screen_stack)


@pytest.mark.parametrize("size", [(40, 10), (1, 1)])
async def test_the_console_starts_at_any_size(lab: Lab, size: tuple[int, int]) -> None:
    async with stage(lab, size) as on:
        for section in SECTIONS:
            await on.go(section)
        await on.go("networks")
        await on.press("e", "escape", "question_mark", "escape")
        await on.resize(*SMALL)
        await on.says("acme-prod")
