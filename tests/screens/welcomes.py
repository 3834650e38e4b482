"""The welcome screen by itself: what its tests start from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.app import App
from textual.pilot import Pilot

import screens
from screens.fields import TextField
from screens.welcome import WelcomeScreen
from tui.session.launch import Launcher
from tui.session.session import Session


class Host(App[None]):
    """Shows the welcome screen and keeps what it returned."""

    CSS_PATH = Path(screens.__file__).parent / "console.tcss"

    def __init__(self, launcher: Launcher) -> None:
        super().__init__()
        self.launcher = launcher
        self.answers: list[Session | None] = []

    def on_mount(self) -> None:
        self.push_screen(WelcomeScreen(self.launcher), self.answers.append)


@asynccontextmanager
async def welcome(
    launcher: Launcher, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """The running welcome screen; closes the session that it opened."""
    app = Host(launcher)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot
    for session in app.answers:
        if session is not None:
            await session.aclose()


def answers(pilot: Pilot[None]) -> list[Session | None]:
    """What the welcome screen has returned."""
    assert isinstance(pilot.app, Host)
    return pilot.app.answers


async def enter(pilot: Pilot[None], field: str, text: str) -> None:
    """Replace what stands in a field by pasting `text` into it: typing takes a test too long."""
    widget = pilot.app.screen.query_one(f"#{field}", TextField)
    widget.focus_field()
    await pilot.press("end", "ctrl+u")
    focused = pilot.app.focused
    assert focused is not None
    focused.post_message(events.Paste(text))
    await pilot.pause()
    assert widget.text == text


def text_of(pilot: Pilot[None], field: str) -> str:
    """What stands in a field of the form on the screen."""
    return pilot.app.screen.query_one(f"#{field}", TextField).text
