"""Rotating, another range, repairing, restarting and cleaning up, from the sections."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.widgets import Button, RadioSet

from screens.confirm import ConfirmDialog
from screens.fields import CheckBox
from screens.leftovers import LeftoversDialog
from screens.networks import NetworksScreen
from screens.newkey import NewKeyDialog
from screens.repair import RepairDialog
from screens.restart import RestartDialog
from screens.rotate import ChangeRangeDialog, RotateDialog
from tests.screens.stage import (
    LARGE,
    SMALL,
    Stage,
    address_of,
    hurry,
    quick_lab,
    quiet_routers,
    stage,
    vpns_of,
)
from tui.lab.lab import Lab
from tui.lab.state import RouterState
from tui.session import verifying
from tui.session.tray import TaskState
from tui.vpn.psk_policy import TAG


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    quiet_routers(monkeypatch)
    monkeypatch.setattr(verifying, "PATIENCE", 2.0)


@pytest.fixture
async def lab_with_routers(tmp_path: Path) -> AsyncIterator[Lab]:
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab


def key_of(lab: Lab, network: str) -> str:
    (vpn,) = vpns_of(lab, network)
    return vpn.preshared_key


def state_of(lab: Lab, router: str) -> RouterState:
    return next(each for each in lab.cloud.routers.states.values() if each.name == router)


def can_go(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


async def go(on: Stage) -> None:
    """Press the button that goes ahead."""
    await on.tab_to("#go")
    await on.press("enter")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_rotate_and_see_the_new_key(lab_with_routers: Lab, size: tuple[int, int]) -> None:
    lab = lab_with_routers
    before = key_of(lab, "umbrella-ha")
    async with stage(lab, size) as on:
        await on.go("vpns")
        await on.row("umbrella-ha")
        await on.press("R")
        await on.until(lambda: isinstance(on.app.screen, RotateDialog))
        await on.says("Nobody can connect in between", "The client range stays 10.3.7.1-10.3.7.8")
        assert on.app.focused is on.app.screen.query_one("#cancel"), "the safe answer"
        await on.press("escape")
        assert on.wire.writes == []
        await on.press("R")
        await on.until(lambda: isinstance(on.app.screen, RotateDialog))
        await on.until(lambda: can_go(on))
        on.app.screen.query_one("#end-sessions", CheckBox).focus()
        await on.press("space")
        dialog = on.on(RotateDialog)
        assert "strongSwan and xl2tpd are restarted on r-56-VM" in " ".join(dialog.sentences())
        await go(on)
        await on.until(lambda: isinstance(on.app.screen, NewKeyDialog))
        task = await on.settled()
        assert task.state is TaskState.DONE, task.outcome
        assert on.wire.writes == ["deleteRemoteAccessVpn", "createRemoteAccessVpn", "createTags"]
        after = key_of(lab, "umbrella-ha")
        assert after != before and after not in on.flat
        await on.press("p")
        assert after in on.flat
        await on.press("p")
        assert after not in on.flat
        await on.press("y")
        assert any("copied" in each.lower() or "clipboard" in each.lower() for each in on.notices)
        await on.press("escape")
        assert address_of(lab, "umbrella-ha").tags[TAG]
        await on.until(lambda: "0 d" in on.text or size == SMALL)


async def test_a_vpn_that_stays_down_says_so_and_is_half_made(lab_with_routers: Lab) -> None:
    """Deleting sends two commands to the router; the third, for making it, fails."""
    lab = lab_with_routers
    async with stage(lab, LARGE) as on:
        await on.row("acme-staging")
        await on.press("R")
        await on.until(lambda: isinstance(on.app.screen, RotateDialog))
        await on.until(lambda: can_go(on))

        def made(form: dict[str, str]) -> None:
            lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 1)

        on.wire.answers["createRemoteAccessVpn"] = made
        await go(on)
        task = await on.settled()
        assert task.state is TaskState.FAILED
        await on.says("✘ THE VPN IS DOWN", "Nobody can connect until this is resumed.")
        await on.press("escape")
        await on.says("half-made")
        on.wire.mend()
        await on.press("M")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.says("The VPN of acme-staging is half-made")
        await go(on)
        task = await on.settled(2)
        (vpn,) = vpns_of(lab, "acme-staging")
        assert vpn.state == "Running"
        await on.until(lambda: "half-made" not in on.text)


async def test_another_range(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    async with stage(lab) as on:
        await on.row("umbrella-ha")
        await on.press("C")
        await on.until(lambda: isinstance(on.app.screen, ChangeRangeDialog))
        for typed, says in (
            ("10.3.7.1-10.3.7.8", "has 10.3.7.1-10.3.7.8 already"),
            ("10.4.3.1-10.4.3.9", "overlaps this network"),
            ("8.8.8.1-8.8.8.9", "is not private"),
            ("", "is empty"),
        ):
            await on.type(typed)
            assert says in on.flat and not can_go(on), typed
        await on.type("10.77.0.1-10.77.0.30")
        dialog = on.on(ChangeRangeDialog)
        assert can_go(on)
        assert "xl2tpd is restarted on r-56-VM" in " ".join(dialog.sentences())
        on.app.screen.query_one("#restart", CheckBox).value = False
        await on.pilot.pause()
        assert "goes on handing out the old range" in " ".join(dialog.sentences())
        on.app.screen.query_one("#restart", CheckBox).value = True
        await on.pilot.pause()
        await on.tab_to("#range Input")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.DONE, task.outcome
        assert state_of(lab, "r-56-VM").loaded_pool == "10.77.0.2-10.77.0.30"


async def test_a_production_profile_wants_the_name(lab: Lab) -> None:
    async with stage(lab, production=True) as on:
        await on.row("umbrella-ha")
        await on.press("R")
        await on.until(lambda: isinstance(on.app.screen, RotateDialog))
        assert not can_go(on)
        await on.tab_to("#typed")
        await on.type("umbrella")
        assert not can_go(on)
        await on.type("umbrella-ha")
        assert can_go(on)


async def test_what_is_left_is_said_and_cleaned(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    async with stage(lab) as on:
        await on.row("acme-staging")
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.says("r-49-VM is asked what is left")
        await on.press("right", "enter")
        await on.until(lambda: isinstance(on.app.screen, LeftoversDialog))
        await on.says("r-49-VM: xl2tpd and strongSwan go on running. The old pre-shared key")
        on.app.screen.query_one("#daemons", CheckBox).value = False
        on.app.screen.query_one("#key", CheckBox).value = False
        await on.pilot.pause()
        assert not can_go(on) and "Nothing is ticked" in on.flat
        on.app.screen.query_one("#daemons", CheckBox).value = True
        on.app.screen.query_one("#key", CheckBox).value = True
        await on.pilot.pause()
        assert "Stop xl2tpd and strongSwan on r-49-VM" in on.flat
        await go(on)
        task = await on.settled(2)
        assert task.state is TaskState.DONE, task.outcome
        state = state_of(lab, "r-49-VM")
        assert not state.charon_running and not state.xl2tpd_running
        assert "Nothing is left" in task.outcome or "stay in chap-secrets" in task.outcome


async def test_repair_shows_evidence_and_does_what_is_ticked(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    async with stage(lab) as on:
        await on.row("acme-office")
        await on.press("M")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.says("walter was removed and can still log in", "walter may log in on r-47-VM")
        on.app.screen.query_one("#trouble-0", CheckBox).value = False
        await on.pilot.pause()
        assert not can_go(on)
        on.app.screen.query_one("#trouble-0", CheckBox).value = True
        await on.pilot.pause()
        await go(on)
        task = await on.settled()
        assert task.state is TaskState.DONE, task.outcome
        assert "walter" not in state_of(lab, "r-47-VM").ghost_users
        assert on.wire.writes == ["removeVpnUser"]
        await on.press("M")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.says("Nothing is wrong with it")
        assert not can_go(on)


async def test_what_is_shown_is_what_is_done(lab_with_routers: Lab) -> None:
    """The name of the user that is there for a moment is chosen once."""
    async with stage(lab_with_routers, LARGE) as on:
        await on.row("globex-vpc")
        await on.press("M")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        dialog = on.on(RepairDialog)
        first, second = dialog.operation(), dialog.operation()
        assert first is not None and second is not None
        assert first.wanted.push_name and first.wanted.push_name == second.wanted.push_name
        await on.says(f"username={first.wanted.push_name}")
        await go(on)
        task = await on.settled()
        assert task.state is TaskState.DONE, task.outcome
        sent = {form["username"] for form in on.wire.sent("addVpnUser")}
        assert first.wanted.push_name in sent


async def test_restart_says_what_each_way_costs(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    async with stage(lab, LARGE) as on:
        await on.row("umbrella-labs")
        await on.press("B")
        await on.until(lambda: isinstance(on.app.screen, RestartDialog))
        await on.says("guests notice next to nothing", "an xl2tpd that has died stays dead")
        assert "▐●▌ Send everything again" in on.text and "▐ ▌ Reboot the router" in on.text
        on.app.screen.query_one(RadioSet).focus()
        await on.press("down", "enter")
        await on.says("usually one to three minutes", "cmk reboot router")
        assert "▐●▌ Reboot the router r-55-VM" in on.text
        await go(on)
        task = await on.settled()
        assert task.state is TaskState.DONE, task.outcome
        assert state_of(lab, "r-55-VM").xl2tpd_running


async def test_what_speaks_against_it(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.row("acme-prod")
        for key in ("R", "C"):
            await on.press(key)
            assert "acme-prod has no VPN that runs." in on.notices[-1]
        await on.row("acme-l2")
        for key in ("M", "B"):
            await on.press(key)
            assert "has no public address" in on.notices[-1]
        assert isinstance(on.app.screen, NetworksScreen) and on.wire.writes == []


async def test_ages_of_keys(lab: Lab) -> None:
    async with stage(lab, LARGE) as on:
        await on.go("vpns")
        await on.says("✘ 120 d", "▲ 80 d", "✔ 60 d", "? unknown")
        await on.row("umbrella-labs")
        await on.says("The key is 120 days old (known from the server's events)", "R rotates it.")
        asked = on.wire.commands.count("listEvents")
        await on.press("down", "up")
        assert on.wire.commands.count("listEvents") == asked, "asked once"


async def test_the_policy_is_the_profiles(lab: Lab) -> None:
    async with stage(lab, LARGE, psk_days=50) as on:
        await on.go("vpns")
        await on.says("✘ 60 d", "▲ 80 d".replace("▲", "✘"))
