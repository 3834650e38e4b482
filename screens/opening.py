"""Opening the profile of a start behind its first frame, and handing over to the sections."""

import asyncio
import gc
import importlib
import threading
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual.app import App
from textual.message import Message

import screens
from screens.filterline import FilterLine
from screens.first import FirstScreen
from screens.sections import is_section
from tui.actions import action
from tui.session.start import Start

if TYPE_CHECKING:
    from textual.command import Provider

    from tui.session.launch import Launcher, SecretMissing
    from tui.session.session import Session

FIRST_STYLES: Final = Path(__file__).with_name("frame.tcss")
"""The styles of the first screen."""

FOR_THE_SECTION: Final = ("screens.networks", "screens.journal_watch", "tui.cloud.exchange")
"""What has to be loaded before the networks can be shown and asked for."""

FOR_LATER: Final = ("tui.router.connection",)
"""What the next key may want, beside all screens."""


def commands_of_sections() -> "type[Provider]":
    """The provider of the palette, loaded when it is opened."""
    from screens.palette import ActionCommands

    return ActionCommands


class Opening:
    """Opens one profile while the first screen shows what is known of it."""

    class Done(Message):
        """The profile is open, or its secret is missing."""

        def __init__(
            self, session: "Session | None", missing: "SecretMissing | None" = None
        ) -> None:
            super().__init__()
            self.session = session
            self.missing = missing

    def __init__(self, app: App[Any], start: Start, launcher: "Callable[[], Launcher]") -> None:
        """`launcher` is called in a thread: it loads what opening needs."""
        self.screen = FirstScreen(start)
        self._app = app
        self._profile = start.profile
        self._launcher = launcher

    def begin(self) -> None:
        """Open the profile in the background; ends in `Done`."""
        gc.freeze()  # nothing of what is loaded ever becomes garbage
        gc.enable()
        self._app.run_worker(self._open(), group="start", exclusive=True, exit_on_error=False)

    async def _open(self) -> None:
        from tui.session.launch import SecretMissing

        launcher = await asyncio.to_thread(self._launcher)
        session: Session | None = None
        missing: SecretMissing | None = None
        loading = asyncio.create_task(asyncio.to_thread(load, FOR_THE_SECTION))
        try:
            session = await launcher.open(self._profile)
            await asyncio.to_thread(session.keeping_rows.begin)
        except SecretMissing as error:
            missing = error
        await loading
        if not self._app.post_message(self.Done(session, missing)) and session is not None:
            await session.aclose()

    def hand_over(self, session: "Session", shown: Awaitable[object]) -> None:
        """The section takes the place of the first screen, with its filter, cursor and wish, once
        it is `shown`."""
        if session.profile == self._profile:
            self._app.run_worker(
                self._go_on(shown), group="start", exclusive=True, exit_on_error=False
            )
        self._app.run_worker(_load_the_rest(), group="load", exclusive=True, exit_on_error=False)

    async def _go_on(self, shown: Awaitable[object]) -> None:
        first = self.screen
        key, filter_text, is_filtering = first.key, first.filter_text, first.is_filtering
        await shown
        section = self._app.screen
        if not is_section(section):
            return
        on_row = first.wish if first.wish and action(first.wish).on_row else ""
        section.arrive(key, filter_text)
        if on_row or (key and not section.is_on(key)):
            section.arrive_for(key, filter_text, on_row)
        if is_filtering:
            section.query_one(FilterLine).focus_field()
        if first.wish and not action(first.wish).on_row:
            await section.action_perform(first.wish)


async def _load_the_rest() -> None:
    """Load in idle moments what the next keys may want, so that they need not wait for it."""
    import pkgutil

    names = [f"screens.{module.name}" for module in pkgutil.iter_modules(screens.__path__)]
    left = threading.Event()
    try:
        await asyncio.to_thread(load, (*names, *FOR_LATER), left)
    finally:
        left.set()


def load(names: Iterable[str], left: threading.Event | None = None) -> None:
    """Import these modules; no more of them once `left` is set, for a program that ends waits."""
    for name in names:
        if left is not None and left.is_set():
            return
        importlib.import_module(name)
