"""What tests of screens share: labs, and how pictures are taken."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.screens.pictures import still_life
from tests.screens.stage import quick_lab
from tui.lab.lab import Lab

__all__ = ["still_life"]


@pytest.fixture(autouse=True)
def nothing_broke(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A fault that is caught and only logged, so that the console goes on, is a fault still."""
    yield
    faults = [
        each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR
    ]
    assert not faults


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The demo's cloud without routers that could be asked; jobs take next to no time."""
    async with quick_lab(tmp_path) as opened:
        yield opened


@pytest.fixture
async def lab_with_routers(tmp_path: Path) -> AsyncIterator[Lab]:
    """The same with its routers."""
    async with quick_lab(tmp_path, routers=True) as opened:
        yield opened
