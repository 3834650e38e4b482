"""The first screen: what is seen and can be done while a profile is being opened, and after it."""

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from screens.enable import EnableScreen
from screens.filterline import FilterLine
from screens.first import FirstScreen
from screens.frame import SectionScreen
from screens.networks import NetworksScreen
from screens.secret import SecretDialog
from screens.tables import TableScreen
from screens.users import UsersScreen
from screens.welcome import WelcomeScreen
from tests.consoles import until, words
from tests.launchers import lab_launcher, saved_profile, secret_of
from tui.app import Console
from tui.lab.lab import Lab
from tui.safety.clipboard import Clipboard
from tui.session.glimpse import GlimpsedNetwork, pack_glimpse, unpack_glimpse
from tui.session.launch import Launcher
from tui.session.start import Start
from tui.settings.model import Profile


def seen_before(*networks: tuple[str, str]) -> bytes:
    """Networks of an earlier run, by id and name."""
    return pack_glimpse(
        [
            GlimpsedNetwork(
                key, name, "isolated", "10.9.9.0/24", "✔ running", "ok", 6, 5, "r-1-VM", "ok",
                "acme", "dc1",
            )
            for key, name in networks
        ],
        time.time() - 7300,
    )  # fmt: skip


class Opening:
    """A console whose profile is not opened before `may_go_on`."""

    def __init__(self, lab: Lab, *, secret: bool = True) -> None:
        self.lab = lab
        self.profile: Profile = saved_profile(lab)
        self.may_go_on = threading.Event()
        self._launcher = lab_launcher(lab, secret_of(lab) if secret else None)

    def launcher(self) -> Launcher:
        """Made in a thread, which waits."""
        assert self.may_go_on.wait(60)
        return self._launcher

    @asynccontextmanager
    async def run(
        self, *networks: tuple[str, str], size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Pilot[None]]:
        """The running console, with the first screen on it."""
        glimpse = unpack_glimpse(seen_before(*networks)) if networks else None
        start = Start(self.profile, False, glimpse)
        console = Console(self.launcher, clipboard=Clipboard(print, {}), start=start)
        async with console.run_test(size=size, notifications=True) as pilot:
            try:
                await until(pilot, lambda: bool(pilot.app.screen.query(FilterLine)))
                yield pilot
            finally:
                self.may_go_on.set()


@pytest.fixture
def opening(contract_lab: Lab) -> Opening:
    return Opening(contract_lab)


def section(pilot: Pilot[None]) -> TableScreen[object]:
    assert isinstance(pilot.app.screen, TableScreen)
    return pilot.app.screen


def id_of(lab: Lab, name: str) -> str:
    """The id of a network of the lab."""
    return next(each.id for each in lab.world.networks.values() if each.name == name)


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (160, 48)])
async def test_networks_of_the_last_run_are_there_with_their_age(
    opening: Opening, size: tuple[int, int]
) -> None:
    async with opening.run(("1", "seen-before"), ("2", "another"), size=size) as pilot:
        assert isinstance(pilot.app.screen, FirstScreen)
        assert "seen-before" in words(pilot) and "2 of 2" in words(pilot)
        assert size[0] < 80 or ("opening" in words(pilot) and "age 2h" in words(pilot))
        assert size[0] < 120 or "As it was last seen." in words(pilot)
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, NetworksScreen))
        await until(pilot, lambda: "acme-prod" in words(pilot))
        assert "seen-before" not in words(pilot)


async def test_without_an_earlier_run_it_says_what_it_waits_for(opening: Opening) -> None:
    async with opening.run() as pilot:
        assert "Asking the server for its networks" in words(pilot)
        opening.may_go_on.set()
        await until(pilot, lambda: "acme-prod" in words(pilot))


async def test_a_filter_is_taken_over_while_it_is_typed(opening: Opening) -> None:
    async with opening.run(("1", "quay-one"), ("2", "other")) as pilot:
        await pilot.press("slash", *"qua")
        await until(pilot, lambda: "1 of 2" in words(pilot))
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, NetworksScreen))
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.screen.query_one(FilterLine).text == "quay")


async def test_the_cursor_stays_on_its_network(opening: Opening) -> None:
    last = id_of(opening.lab, "acme-prod")
    async with opening.run(("0", "aaa"), (last, "acme-prod"), ("9", "zzz")) as pilot:
        await pilot.press("down")
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, NetworksScreen))
        await until(pilot, lambda: section(pilot).name_of_row() == "acme-prod")


async def test_another_section_is_gone_to_when_the_profile_is_open(opening: Opening) -> None:
    async with opening.run(("1", "seen-before")) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "is being opened; then: Users" in words(pilot))
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, UsersScreen))
        await until(pilot, lambda: "VPN users" in words(pilot) or "0 of 0" in words(pilot))
        assert "unforeseen" not in words(pilot)


async def test_an_action_on_a_row_is_done_when_its_lists_are_there(opening: Opening) -> None:
    key = id_of(opening.lab, "acme-prod")
    async with opening.run(("0", "aaa"), (key, "acme-prod")) as pilot:
        await pilot.press("down", "e")
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, EnableScreen))


async def test_escape_takes_back_what_was_to_be_done(opening: Opening) -> None:
    async with opening.run(("1", "seen-before")) as pilot:
        await pilot.press("4", "escape")
        await until(pilot, lambda: "is being opened" not in words(pilot))
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, NetworksScreen))
        await until(pilot, lambda: "acme-prod" in words(pilot))
        assert isinstance(pilot.app.screen, NetworksScreen)


async def test_it_can_be_left_at_once(opening: Opening) -> None:
    async with opening.run(("1", "seen-before")) as pilot:
        await pilot.press("ctrl+q")
        opening.may_go_on.set()
        await until(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 0


async def test_a_secret_that_is_missing_is_asked_for(contract_lab: Lab) -> None:
    opening = Opening(contract_lab, secret=False)
    async with opening.run(("1", "seen-before")) as pilot:
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        await pilot.press(*contract_lab.actors["root"].secret_key, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SectionScreen))
        await until(pilot, lambda: "acme-prod" in words(pilot))


async def test_who_has_no_secret_may_choose_another_profile(contract_lab: Lab) -> None:
    opening = Opening(contract_lab, secret=False)
    async with opening.run() as pilot:
        opening.may_go_on.set()
        await until(pilot, lambda: isinstance(pilot.app.screen, SecretDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        assert "esc Quit" in words(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.is_running)
