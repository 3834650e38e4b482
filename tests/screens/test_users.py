"""VPN users: added with typed and made passwords, removed after asking, counted."""

import pytest
from textual.widgets import Button, Select

from screens.add_users import AddUsersDialog
from screens.confirm import ConfirmDialog
from screens.handover import HandoverDialog
from screens.users import UsersScreen
from tests.screens.stage import Stage, hurry, stage, users_of
from tests.screens.test_enable import copied
from tui.lab.lab import Lab
from tui.session.tray import TaskState


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def open_dialog(on: Stage, user: str = "bob") -> None:
    """The dialog that adds users, for the account of `user`."""
    await on.go("users")
    await on.row(user)
    await on.press("a")
    assert isinstance(on.app.screen, AddUsersDialog)


def can_add(on: Stage) -> bool:
    return not on.app.screen.query_one("#go", Button).disabled


async def test_a_made_password_is_handed_over_once(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on)
        assert not can_add(on), "no name yet"
        await on.type("walter")
        await on.press("enter")
        assert isinstance(on.app.screen, HandoverDialog)
        await on.settled()
        password = users_of(lab, "acme")["walter"]
        assert len(password) >= 20 and password not in on.text
        await on.says("walter is active on every VPN of the account", "cannot give a password back")
        await on.press("y")
        await on.until(lambda: copied(on) == f"walter {password}")
        await on.press("p")
        await on.says(password)
        await on.press("escape")
        assert isinstance(on.app.screen, UsersScreen)
        await on.row("walter")
        await on.press("a")
        assert password not in on.text
        assert all(password not in notice for notice in on.notices)


async def test_a_typed_password_shows_its_strength(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on)
        await on.type("walter")
        await on.tab_to("#password-input")
        await on.type("summer2024")
        assert "▲ About" in on.flat and "quickly guessed" in on.flat and can_add(on)
        assert "summer2024" not in on.text, "it is not shown while it is typed"
        await on.type("walter12")
        assert "quickly guessed" in on.flat
        await on.type("pa ss")
        assert "✘ The password has" in on.flat and not can_add(on)
        await on.type("xY")
        assert "it needs 3 to 32" in on.flat and not can_add(on)
        await on.type("Qm7-Vt2.Rb9_Wd4+Hs8")
        assert "✔ About" in on.flat and can_add(on)
        await on.press("enter")
        await on.settled()
        assert users_of(lab, "acme")["walter"] == "Qm7-Vt2.Rb9_Wd4+Hs8"
        await on.press("escape")
        assert isinstance(on.app.screen, UsersScreen), "who typed it knows it"


async def test_one_password_for_several_is_said(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on)
        await on.type("walter nadia")
        await on.tab_to("#password-input")
        await on.type("Qm7-Vt2.Rb9_Wd4+Hs8")
        assert "All 2 of them get this one password." in on.flat


async def test_names_that_the_server_would_refuse(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on)
        for typed, says in (
            ("ab", "it needs 3 to 64"),
            ("-walter", "must begin with a letter or a digit"),
            ("wal!ter", "allowed are letters, digits"),
            ("wälter", "allowed are letters, digits"),
            ("alice", "already has a VPN user alice"),
            ("walter walter", "already has a VPN user walter"),
            ("x" * 65, "it needs 3 to 64"),
            ("one2 two2 three four", "so 3 are left; 4 more do not fit"),
        ):
            await on.type(typed)
            assert says in on.flat and not can_add(on), typed
        await on.type("Alice")
        assert "differs from alice in case only" in on.flat and can_add(on)
        await on.press("escape")
        assert on.wire.writes == []


async def test_an_account_that_is_full(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on, "judy")
        await on.type("walter")
        assert "The account has 8 of 8 VPN users, so none is left" in on.flat and not can_add(on)


async def test_another_account_can_be_chosen(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_dialog(on)
        chooser = on.app.screen.query_one(Select)
        await on.type("walter")
        await on.tab_to("Select")
        await on.press("enter", "home")
        while "initech" not in str(chooser.query_one("SelectOverlay").highlighted_option.prompt):  # type: ignore[attr-defined]
            await on.press("down")
        await on.press("enter")
        await on.says("account=initech")
        await on.tab_to("#go")
        await on.press("enter")
        await on.settled()
        await on.says("✔ Add the user walter")
        assert "walter" in users_of(lab, "initech") and "walter" not in users_of(lab, "acme")


async def test_a_router_that_refuses_a_user(lab: Lab) -> None:
    lab.cloud.simulator.configure("VpnUsersCfgCommand", "result:fail", 1)
    async with stage(lab) as on:
        await open_dialog(on)
        await on.type("walter")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.FAILED and task.failure is not None
        await on.says(task.failure.says, task.failure.remedy)
        await on.press("escape")
        assert isinstance(on.app.screen, UsersScreen), "there is no password to lose"
        await on.says("▲ waiting")


async def test_removing_asks_first(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("x")
        dialog = on.on(ConfirmDialog)
        assert on.app.focused is dialog.query_one("#cancel"), "the safe answer has the focus"
        assert "bob can no longer connect to any VPN of the account" in on.flat
        assert "cmk remove vpnuser username=bob" in on.flat
        await on.press("enter")
        assert isinstance(on.app.screen, UsersScreen) and on.wire.writes == []
        await on.press("x", "right", "enter")
        await on.settled()
        assert on.wire.writes == ["removeVpnUser"] and "bob" not in users_of(lab, "acme")
        await on.until(lambda: "bob" not in on.titles)


async def test_on_a_production_profile_the_name_is_typed(lab: Lab) -> None:
    async with stage(lab, production=True) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("x")
        dialog = on.on(ConfirmDialog)
        assert dialog.query_one("#go", Button).disabled
        await on.type("bobb")
        await on.press("enter")
        assert on.app.screen is dialog and on.wire.writes == []
        await on.type("bob")
        assert not dialog.query_one("#go", Button).disabled
        await on.press("enter")
        await on.settled()
        assert on.wire.writes == ["removeVpnUser"]
