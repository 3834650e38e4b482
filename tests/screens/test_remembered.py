"""Rows of an earlier run: shown at once, told apart from live ones, and nothing is done on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from screens.networks import NetworksScreen
from screens.vpns import VpnsScreen
from tests.consoles import DemoConsole, lab_session, until
from tests.screens.stage import LARGE, SMALL, Stage, Wire, stage
from tui.actions import action
from tui.lab.lab import Lab
from tui.session.glimpse import load_glimpse
from tui.session.session import Session


@asynccontextmanager
async def held_stage(lab: Lab, size: tuple[int, int] = SMALL) -> AsyncIterator[Stage]:
    """A console whose server does not answer at all."""
    wire = Wire(lab)
    wire.fail(httpx.ConnectError("nobody there"))
    console = DemoConsole(lab)
    session = lab_session(lab, transport=wire)
    app = console.app(session)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NetworksScreen))
        yield Stage(pilot, lab, wire, console.written)


def age_by(session: Session, seconds: float) -> None:
    """Make the lists that will be kept so much older."""
    for kept in session.inventory.worth_keeping():
        shelf = session.inventory.shelf(kept.kind)
        assert shelf.listed is not None
        shelf.listed -= seconds


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_next_start_shows_them_with_their_age(lab: Lab, size: tuple[int, int]) -> None:
    async with stage(lab, size) as on:
        live = on.titles
        assert "from" not in on.text
        age_by(on.session, 3 * 3600 + 60)
    async with held_stage(lab, size) as on:
        assert on.titles == live
        await on.says("◌ from 3 h ago")
        assert live[0] in on.text


async def test_nothing_is_changed_by_what_is_only_remembered(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        await on.go("vpns")
    async with held_stage(lab, LARGE) as on:
        section = on.on(NetworksScreen)
        await on.row("acme-office")
        for name in ("enable", "disable", "rotate", "repair", "restart"):
            reason = section.reason_against(action(name))
            assert reason is not None
            assert "earlier run" in reason, name
        assert section.reason_against(action("details")) is None
        await on.press("3")
        await on.until(lambda: isinstance(on.app.screen, VpnsScreen))
        await on.row("acme-office")
        for name in ("reveal", "kits", "disable"):
            assert "earlier run" in (on.section.reason_against(action(name)) or ""), name
        assert on.wire.writes == []


async def test_what_the_server_tells_takes_their_place(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        shown = set(on.titles)
    used = {router.network for router in lab.world.routers.values()}
    used |= {address.network for address in lab.world.addresses.values()}
    idle = next(each for each in lab.world.networks.values() if each.id not in used)
    assert idle.name in shown
    gone = lab.world.networks.pop(idle.id).name
    async with stage(lab, LARGE) as on:
        await on.until(lambda: "◌" not in on.text)
        assert gone not in on.titles
        await on.row("acme-office")
        assert on.section.reason_against(action("disable")) is None


async def test_a_profile_may_be_without(lab: Lab) -> None:
    async with stage(lab) as on:
        folder = on.session.keeping_rows.cache.folder
        profile, titles = on.session.profile, on.titles
    glimpse = load_glimpse(profile)
    assert glimpse is not None
    assert [row.name for row in glimpse] == sorted(titles, key=str.casefold)
    async with stage(lab, keep_rows=False) as on:
        assert on.session.inventory.networks.fetched is not None
    assert not folder.exists()
    assert load_glimpse(profile) is None
