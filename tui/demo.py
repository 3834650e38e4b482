"""The demo: the embedded lab and sessions on it, in the event loop of the console.

Only the command line loads this file: nothing else may know the lab.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tui.lab.lab import Lab, open_lab
from tui.safety.secret import Secret
from tui.session.launch import identity_of
from tui.session.session import Session
from tui.settings.model import Profile, SshPath

WORLD = "demo"
ACTOR = "root"
"""Who the console is in the demo: a root admin sees the routers too."""


class Demo:
    """One lab for as long as the program runs, however often the demo is opened.

    It lives in a task of its own, so that it ends in the task in which it began, whoever opened it.
    """

    def __init__(self, *, read_only: bool = False, networks: int = 0, speed: float = 1.0) -> None:
        """`networks` more networks than the story has; `speed` divides all life-like times."""
        self._read_only = read_only
        self._networks = networks
        self._speed = speed
        self._opening = asyncio.Lock()
        self._end = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._lab: Lab | None = None
        self._state: Path | None = None
        """Where the journal, the roster and the trail of the demo are; they go with the lab."""

    async def open(self) -> Session:
        """A session on the lab, which is started first where it does not run. Raises `OSError`."""
        async with self._opening:
            if self._lab is None:
                self._lab = await self._start()
            return session_on(self._lab, read_only=self._read_only, state=self._state)

    async def aclose(self) -> None:
        """End the lab; its folder goes with it."""
        self._end.set()
        if self._keeping is not None:
            await self._keeping

    async def _start(self) -> Lab:
        started: asyncio.Future[Lab] = asyncio.get_running_loop().create_future()
        self._keeping = asyncio.create_task(self._keep(started), name="demo lab")
        either: set[asyncio.Future[Any]] = {started, self._keeping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            failed, self._keeping = self._keeping, None
            failed.result()
        return await started

    async def _keep(self, started: "asyncio.Future[Lab]") -> None:
        with tempfile.TemporaryDirectory(prefix="csvpn-demo-") as folder:
            self._state = Path(folder) / "state"
            async with open_lab(
                WORLD, Path(folder), networks=self._networks, speed=self._speed
            ) as lab:
                started.set_result(lab)
                await self._end.wait()


def session_on(lab: Lab, *, read_only: bool = False, state: Path | None = None) -> Session:
    """A session that reaches the lab's cloud in this process and its routers on loopback; `state`
    is the folder of its journal, its roster and its trail."""
    actor = lab.actors[ACTOR]
    profile = Profile(
        name="demo",
        url="http://localhost/client/api",
        api_key=actor.api_key,
        zones={"*": way_to(lab)} if lab.routers is not None else {},
    )
    return Session(
        profile,
        identity_of(profile, Secret(actor.secret_key)),
        read_only=read_only,
        transport=httpx.ASGITransport(app=lab.app),
        state=state,
    )


def way_to(lab: Lab) -> SshPath:
    """How to reach the routers of a lab."""
    if lab.routers is None:
        return SshPath()
    return SshPath(
        key_file=str(lab.routers.key_file),
        known_hosts=str(lab.routers.known_hosts),
        addresses={each.name: f"{each.host}:{each.port}" for each in lab.routers.endpoints},
    )
