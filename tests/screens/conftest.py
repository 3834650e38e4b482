"""What tests of screens share: labs, and how pictures are taken."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.screens.pictures import still_life
from tests.screens.stage import quick_lab, quiet_routers
from tui.lab.lab import Lab

__all__ = ["still_life"]


@pytest.fixture
def briskly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot waits until the processor was idle for 20 ms after each key. Here it waits
    for so many turns of the event loop that whatever a key has set off is done; how fast the
    machine is does not matter to that."""

    async def turns(min_sleep: float = 0, max_sleep: float = 1) -> None:
        for _ in range(4):
            for _ in range(30):
                await asyncio.sleep(0)
            await asyncio.sleep(0.001)

    for user in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{user}.wait_for_idle", turns)


@pytest.fixture(autouse=True)
def nothing_broke(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A fault that is caught and only logged, so that the console goes on, is a fault still."""
    yield
    faults = [
        each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR
    ]
    assert not faults


@pytest.fixture
async def lab(tmp_path: Path, briskly: None) -> AsyncIterator[Lab]:
    """The demo's cloud without routers that could be asked; jobs take next to no time."""
    async with quick_lab(tmp_path) as opened:
        yield opened


@pytest.fixture
async def lab_with_routers(tmp_path: Path, briskly: None) -> AsyncIterator[Lab]:
    """The same with its routers."""
    async with quick_lab(tmp_path, routers=True) as opened:
        yield opened


@pytest.fixture
async def quiet(
    tmp_path: Path, briskly: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Lab]:
    """A lab with routers on which nothing happens by itself."""
    quiet_routers(monkeypatch)
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab
