"""What the dialogs look like: asking, choosing, telling."""

import pytest

from screens.firewall import FirewallScreen
from tests.screens.pictures import Compare, Scene, SceneBook, scripted_feed, stop_clocks, take
from tests.screens.stage import Stage

SCENES = SceneBook()


@SCENES.scene("details")
async def _details(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("enter")


@SCENES.scene("key-shown")
async def _key(on: Stage) -> None:
    await on.go("vpns")
    await on.row("acme-office")
    await on.press("p")


@SCENES.scene("acquire")
async def _acquire(on: Stage) -> None:
    await on.row("initech-new")
    await on.press("a")
    await on.says("the first one that is acquired becomes it")


@SCENES.scene("add-users")
async def _add_users(on: Stage) -> None:
    await on.go("users")
    await on.row("bob")
    await on.press("a")
    await on.type("walter nadia Bob x!")


@SCENES.scene("handover")
async def _handover(on: Stage) -> None:
    await on.go("users")
    await on.row("bob")
    await on.press("a")
    await on.type("walter nadia")
    await on.press("enter")
    await on.settled()
    await on.says("Hand these over now")
    await on.press("p")


@SCENES.scene("rule")
async def _rule(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("f")
    await on.says("NAT-T (UDP 4500) is closed")
    await on.press("a")
    await on.type("4500")
    await on.press("tab")
    await on.type("198.51.100.0/24")


@SCENES.scene("rule-clash")
async def _rule_clash(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("f")
    await on.says("NAT-T (UDP 4500) is closed")
    await on.press("a")
    await on.type("400-600")


@SCENES.scene("sources")
async def _sources(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("f")
    await on.says("203.0.113.15", "IKE (UDP 500) from anywhere")
    await on.press("e")
    await on.type("198.51.100.0/24, 192.0.2.0/24")


@SCENES.scene("tier")
async def _tier(on: Stage) -> None:
    await on.row("globex-vpc")
    await on.press("f")
    await on.says("VPN clients reach only TCP 443")
    await on.press("i")
    await on.says("cmk create networkacl")


@SCENES.scene("choose-address")
async def _choose_address(on: Stage) -> None:
    await on.go("firewall")
    await on.until(lambda: on.on(FirewallScreen).row is not None)
    await on.press("c")
    await on.type("acme")


@SCENES.scene("choose-logs")
async def _choose_logs(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("l")
    await on.says("mallory")
    await on.press("c")


@SCENES.scene("search")
async def _search(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("l")
    await on.says("mallory")
    await on.press("s")
    await on.type("/CHAP (/")


@SCENES.scene("confirm")
async def _confirm(on: Stage) -> None:
    await on.row("acme-lab")
    await on.press("x")
    await on.says("delete remoteaccessvpn")


@SCENES.scene("confirm-production", profile={"production": True})
async def _confirm_production(on: Stage) -> None:
    await on.go("users")
    await on.row("alice")
    await on.press("x")
    await on.type("alic")


@SCENES.scene("jobs")
async def _jobs(on: Stage) -> None:
    on.lab.cloud.simulator.configure("VpnUsersCfgCommand", "result:fail", 1)
    await on.go("users")
    await on.row("bob")
    await on.press("a")
    await on.type("walter")
    await on.press("enter")
    await on.settled()
    await on.press("escape")
    stop_clocks(on)
    await on.press("J")


@SCENES.scene("messages")
async def _messages(on: Stage) -> None:
    await on.row("acme-l2")
    await on.press("e")
    await on.row("acme-office")
    await on.press("e")
    stop_clocks(on)
    on.app.clear_notifications()
    await on.press("exclamation_mark")
    await on.says("escape closes")


@SCENES.scene("palette")
async def _palette(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("colon")
    await on.says("Enable acme-prod")


@SCENES.scene("help")
async def _help(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("question_mark")
    await on.says("Keys in Networks")


@pytest.mark.parametrize(("scene", "size"), SCENES.at_all_sizes())
def test_picture(
    snap_compare: Compare,
    still_life: None,
    monkeypatch: pytest.MonkeyPatch,
    scene: Scene,
    size: tuple[int, int],
) -> None:
    scripted_feed(monkeypatch)
    assert take(snap_compare, scene, size)
