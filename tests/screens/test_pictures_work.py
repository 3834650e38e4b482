"""What enabling and asking routers looks like, and what trouble does."""

import httpx
import pytest

from tests.screens.pictures import Compare, Scene, SceneBook, scripted_feed, take
from tests.screens.stage import Answer, Form, Stage, refusal
from tui.lab.lab import Lab
from tui.router.errors import HostKeyUnknown

SCENES = SceneBook()
UNKNOWN = HostKeyUnknown(
    "r-47-VM (169.254.61.7)", "vr:1", "ssh-ed25519 AAAA", "SHA256:k3yOfTheRouterWhoseKeyNobodyKnows"
)


@SCENES.scene("enable", routers=True)
async def _enable(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("e")
    await on.says("create remoteaccessvpn")
    await on.press("tab", "tab")
    await on.type("walter nadia")


@SCENES.scene("enable-findings")
async def _findings(on: Stage) -> None:
    await on.row("acme-voip")
    await on.press("e")
    await on.says("create remoteaccessvpn")
    await on.type("10.6.1.100-10.6.1.107")
    await on.press("tab")
    await on.type("10.0.0.0/33")
    await on.press("tab")
    await on.type("bob x")
    # Where the form comes to stand depends on when which finding came.
    on.app.screen.query_one("#form").scroll_home(animate=False)


@SCENES.scene("enable-result", routers=True)
async def _result(on: Stage) -> None:
    await _enable(on)
    await on.tab_to("#go")
    await on.press("enter")
    await on.settled()
    await on.says("The VPN is enabled", "Passwords, shown only now")


def _refuses(lab: Lab) -> None:
    lab.cloud.simulator.configure("RemoteAccessVpnCfgCommand", "result:fail", 9)


@SCENES.scene("enable-failed", prepare=_refuses)
async def _failed(on: Stage) -> None:
    await _enable(on)
    await on.tab_to("#go")
    await on.press("enter")
    await on.settled()


def _without_ghosts(lab: Lab) -> None:
    for router in lab.cloud.routers.states.values():
        router.ghost_users.clear()


@SCENES.scene("verify", routers=True, prepare=_without_ghosts)
async def _verify(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("v")
    await on.until(lambda: "asking" not in on.text)


@SCENES.scene("verify-failures", routers=True)
async def _verify_failures(on: Stage) -> None:
    await on.row("umbrella-labs")
    await on.press("v")
    await on.until(lambda: "asking" not in on.text)


@SCENES.scene("unknown-host-key")
async def _unknown_key(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("l")
    await on.says("Unknown host key")


def _no_such_role(form: Form) -> Answer:
    return refusal(432, "The API [x] does not exist or is not available for the account.")


def _down(form: Form) -> Answer:
    return httpx.ConnectError("[Errno 111] Connection refused")


@SCENES.scene("refused", answers={"listNetworks": _no_such_role})
async def _refused(on: Stage) -> None:
    await on.says("could not be listed")


@SCENES.scene("network-down", answers={"*": _down})
async def _network_down(on: Stage) -> None:
    await on.says("could not be listed")


@SCENES.scene("no-permission", actor="user")
async def _no_permission(on: Stage) -> None:
    await on.go("logs")
    await on.says("Your role may not see routers")


@pytest.mark.parametrize(("scene", "size"), SCENES.at_all_sizes())
def test_picture(
    snap_compare: Compare,
    still_life: None,
    monkeypatch: pytest.MonkeyPatch,
    scene: Scene,
    size: tuple[int, int],
) -> None:
    scripted_feed(monkeypatch, error=UNKNOWN)
    assert take(snap_compare, scene, size)
