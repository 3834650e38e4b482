"""A session, or the whole console, on the embedded lab: what tests of screens start from."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
from textual.pilot import Pilot

from screens.frame import SectionScreen
from tui.app import Console
from tui.cloud.endpoint import Keys
from tui.lab.lab import Lab
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.safety.secret import Secret
from tui.session.launch import Launcher
from tui.session.session import FindSealingKey, Session
from tui.settings.model import Profile, SshPath

PATIENCE: Final = 20.0
"""Seconds of the machine's clock that `until` waits at the most: only a broken test needs them."""
_STEP: Final = 0.02


def lab_profile(lab: Lab, actor: str = "root", **fields: object) -> Profile:
    """The profile of one of the lab's actors, with the way to the lab's routers.

    `fields` replace others of the profile: `read_only=True`, `zones={}`, `page_size=3`.
    """
    given: dict[str, object] = {
        "name": "demo",
        "url": "http://lab/client/api",
        "api_key": lab.actors[actor].api_key,
        "zones": {"*": lab_path(lab)} if lab.routers is not None else {},
    }
    return Profile(**{**given, **fields})  # type: ignore[arg-type]


def lab_path(lab: Lab, known_hosts: str | None = None) -> SshPath:
    """How the lab's routers are reached; `known_hosts` instead of the file that knows them all."""
    routers = lab.routers
    if routers is None:
        raise ValueError("this lab was opened without routers")
    return SshPath(
        key_file=str(routers.key_file),
        known_hosts=str(routers.known_hosts) if known_hosts is None else known_hosts,
        addresses={each.name: f"{each.host}:{each.port}" for each in routers.endpoints},
    )


def lab_session(
    lab: Lab,
    actor: str = "root",
    *,
    read_only: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
    state: Path | None = None,
    find_sealing_key: FindSealingKey | None = None,
    **fields: object,
) -> Session:
    """A session of one of the lab's actors, which has asked nothing yet; see `lab_profile`."""
    who = lab.actors[actor]
    return Session(
        lab_profile(lab, actor, **fields),
        Keys(who.api_key, Secret(who.secret_key)),
        read_only=read_only,
        transport=transport or httpx.ASGITransport(app=lab.app),
        state=state,
        find_sealing_key=find_sealing_key,
    )


class DemoConsole:
    """Starts the console on a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.written: list[str] = []
        """What was sent to the terminal beside the frames: the clipboard's escapes."""

    def app(self, session: Session | None) -> Console:
        """The console, not running yet."""
        clipboard = Clipboard(self.written.append, {"TERM": "xterm-256color"})
        return Console(Launcher(CredentialStore({})), session, clipboard=clipboard)

    @asynccontextmanager
    async def run(
        self,
        size: tuple[int, int] = (80, 24),
        actor: str = "root",
        *,
        session: Session | None = None,
        **fields: object,
    ) -> AsyncIterator[Pilot[None]]:
        """The running console, its first section filled; `fields` go to `lab_session`."""
        opened = session or lab_session(self.lab, actor, **fields)  # type: ignore[arg-type]
        app = self.app(opened)
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: is_filled(pilot))
            yield pilot


def is_filled(pilot: Pilot[None]) -> bool:
    """Whether the section on the screen, or below the dialog on it, has all of its lists, or knows
    why not."""
    sections = [each for each in pilot.app.screen_stack if isinstance(each, SectionScreen)]
    if not sections:
        return False
    screen = sections[-1]
    shelves = [screen.session.inventory.shelf(kind) for kind in screen.kinds]
    return all(
        not shelf.loading and (shelf.fetched is not None or shelf.error is not None)
        for shelf in shelves
    )


async def until(pilot: Pilot[None], reached: Callable[[], bool]) -> None:
    """Let the console go on until `reached`; fails after `PATIENCE` seconds."""
    for _ in range(int(PATIENCE / _STEP)):
        await pilot.pause()
        if reached():
            await pilot.pause()
            return
        await pilot.pause(_STEP)
    raise AssertionError(f"not reached within {PATIENCE:g} s: {reached}")


def words(pilot: Pilot[None]) -> str:
    """The text on the screen, one line a row, as somebody would read it aloud."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips()[:height]
    return "\n".join("".join(segment.text for segment in line)[:width].rstrip() for line in lines)
