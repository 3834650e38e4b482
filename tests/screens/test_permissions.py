"""Who may only look, and whose role lacks a command: said before, when pressed, and enforced."""

import pytest
from textual.widgets import Button

from screens.confirm import ConfirmDialog
from screens.enable import EnableScreen
from screens.help import HelpDialog
from tests.consoles import lab_profile
from tests.screens.stage import Stage, Wire, hurry, stage
from tui.actions import SECTIONS, TABLES, actions_on
from tui.cloud.endpoint import Keys
from tui.cloud.errors import ReadOnly
from tui.lab.lab import Lab
from tui.safety.secret import Secret
from tui.session.session import Session
from tui.widgets.hints import HintBar


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def disabled(on: Stage) -> set[str]:
    """The actions that the hint line strikes out."""
    return {hint.name for hint in on.section.query_one(HintBar).hints if hint.disabled}


@pytest.mark.parametrize("section", SECTIONS)
async def test_read_only_changes_nothing(lab: Lab, section: str) -> None:
    async with stage(lab, read_only=True) as on:
        await on.go(section)
        assert "READ-ONLY" in on.text
        writing = [each for each in actions_on(section) if each.writes]
        assert {each.name for each in writing if each.hint} <= disabled(on)
        for action in writing:
            told = len(on.notices)
            await on.press(action.keys[0])
            assert on.app.screen is on.section
            assert len(on.notices) == told + 1 and "read-only" in on.notices[-1]
        assert on.wire.writes == []
        await on.press("question_mark")
        assert isinstance(on.app.screen, HelpDialog)
        keys = max(on.flat.splitlines(), key=len)
        assert keys.count("Not now: This console is read-only.") == len(writing)


@pytest.mark.parametrize("by_profile", [False, True])
async def test_the_client_itself_refuses(lab: Lab, by_profile: bool) -> None:
    who, wire = lab.actors["root"], Wire(lab)
    session = Session(
        lab_profile(lab, read_only=by_profile),
        Keys(who.api_key, Secret(who.secret_key)),
        read_only=not by_profile,
        transport=wire,
    )
    for command in ("deleteRemoteAccessVpn", "addVpnUser"):
        with pytest.raises(ReadOnly):
            await session.client.run(command, username="x")
        with pytest.raises(ReadOnly):
            await session.client.call(command, username="x")
    assert wire.forms == []
    await session.aclose()


async def test_a_read_only_screen_that_is_open_sends_nothing_either(lab: Lab) -> None:
    """Even a form that was opened by other means ends at the client."""
    async with stage(lab, read_only=True) as on:
        await on.row("acme-prod")
        row = on.section.row  # type: ignore[attr-defined]
        on.app.push_screen(EnableScreen(row.key))
        await on.says("Before anything is sent")
        await on.tab_to("#go")
        await on.press("enter")
        await on.settled()
        await on.says("✘ Enable the VPN on", "read-only")
        assert on.wire.writes == []


async def test_everything_else_works_read_only(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers, read_only=True) as on:
        await on.row("acme-lab")
        await on.press("v")
        await on.says("✔ pre-shared key matches")
        await on.press("escape", "l")
        await on.says("following")
        await on.go("vpns")
        await on.row("acme-lab")
        await on.press("p")
        (vpn,) = [v for v in lab_with_routers.world.vpns.values() if v.pool == "10.3.2.2-10.3.2.8"]
        await on.says(vpn.preshared_key)


async def test_a_role_that_may_not_see_routers(lab: Lab) -> None:
    async with stage(lab, actor="user") as on:
        assert "acme@customers" in on.text
        for section in TABLES:
            await on.go(section)
            assert "✘" not in on.text.splitlines()[3], on.text
        await on.go("networks")
        await on.row("acme-office")
        assert "r-47" not in on.text and "✔ running" in on.text
        await on.press("v")
        assert "No router of acme-office is known to ask." in on.notices[-1] or (
            "may not" in on.notices[-1]
        )
        await on.press("l")
        await on.says("Your role may not see routers, so their logs cannot be followed.")
        await on.press("c")
        assert "Your role may not see routers." in on.notices[-1]
        assert "listRouters" not in on.wire.commands, "it is not asked for in vain"
        await on.go("networks")
        await on.row("acme-prod")
        await on.press("e")
        await on.says("The router is not asked at the end: your role may not see routers.")
        assert not on.app.screen.query_one("#go", Button).disabled
        await on.tab_to("#go")
        await on.press("enter")
        await on.settled()
        await on.says("✔ The VPN is enabled")


async def test_a_role_without_a_command_is_told_so(lab: Lab) -> None:
    role = next(each for each in lab.world.roles.values() if each.name == "User")
    role.deny = ("addVpnUser", "createRemoteAccessVpn", "deleteFirewallRule")
    async with stage(lab, actor="user") as on:
        await on.row("acme-prod")
        assert "enable" in disabled(on)
        await on.press("e")
        assert "Your role may not use createRemoteAccessVpn" in on.notices[-1]
        await on.go("users")
        await on.press("a")
        assert "Your role may not use addVpnUser" in on.notices[-1]
        await on.press("x")
        assert isinstance(on.app.screen, ConfirmDialog), "what the role has still works"
        await on.press("escape")
        await on.go("firewall")
        await on.press("x")
        assert "Your role may not use deleteFirewallRule" in on.notices[-1]
        assert on.wire.writes == []


async def test_a_domain_admin_sees_the_domain(lab: Lab) -> None:
    async with stage(lab, actor="domain-admin") as on:
        assert "acme-prod" in on.text and "umbrella" not in on.text
