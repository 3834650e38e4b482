"""What the sections look like, filled, empty and looked at only."""

import pytest

from tests.screens.pictures import (
    Compare,
    Scene,
    SceneBook,
    scripted_feed,
    take,
)
from tests.screens.stage import SMALL, Stage
from tui.lab.lab import Lab

SCENES = SceneBook()


@SCENES.scene("networks")
async def _networks(on: Stage) -> None:
    await on.row("acme-prod")


@SCENES.scene("networks-filtered")
async def _filtered(on: Stage) -> None:
    await on.press("slash")
    await on.type("vpn:running !umbrella")


@SCENES.scene("nothing-matches", sizes=(SMALL,))
async def _nothing_matches(on: Stage) -> None:
    await on.press("slash")
    await on.type("account:nobody")


@SCENES.scene("addresses")
async def _addresses(on: Stage) -> None:
    await on.go("addresses")
    await on.row("203.0.113.10")


@SCENES.scene("vpns")
async def _vpns(on: Stage) -> None:
    await on.go("vpns")
    await on.says("1 of 3", "0 of 3")
    await on.row("acme-lab")


@SCENES.scene("users")
async def _users(on: Stage) -> None:
    await on.go("users")
    await on.row("bob")


@SCENES.scene("firewall")
async def _firewall(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("f")
    await on.says("NAT-T (UDP 4500) is closed")


@SCENES.scene("logs")
async def _logs(on: Stage) -> None:
    await on.row("acme-office")
    await on.press("l")
    await on.says("r-47-VM", "mallory", "half open")


@SCENES.scene("logs-attempts")
async def _attempts(on: Stage) -> None:
    await _logs(on)
    await on.press("p")
    await on.says("alice", "REACHED", "L2TP call")


@SCENES.scene("logs-chips")
async def _chips(on: Stage) -> None:
    await _logs(on)
    await on.press("slash")
    await on.type("!source:cloud level:warning context:2")
    await on.press("enter", "E", "m")
    await on.says("level:warning", "marked")


@SCENES.scene("read-only", profile={"read_only": True, "production": True})
async def _read_only(on: Stage) -> None:
    await on.row("acme-prod")
    await on.press("x")


def _nothing(lab: Lab) -> None:
    world = lab.world
    for table in (world.networks, world.vpcs, world.addresses, world.vpns, world.vpn_users):
        table.clear()
    world.routers.clear()


@SCENES.scene("networks-empty", prepare=_nothing)
async def _no_networks(on: Stage) -> None:
    await on.says("There is no network here")


@SCENES.scene("addresses-empty", prepare=_nothing, sizes=(SMALL,))
async def _no_addresses(on: Stage) -> None:
    await on.go("addresses")


@SCENES.scene("vpns-empty", prepare=_nothing, sizes=(SMALL,))
async def _no_vpns(on: Stage) -> None:
    await on.go("vpns")


@SCENES.scene("users-empty", prepare=_nothing, sizes=(SMALL,))
async def _no_users(on: Stage) -> None:
    await on.go("users")


@SCENES.scene("firewall-empty")
async def _no_rules(on: Stage) -> None:
    await on.row("acme-staging")
    await on.press("f")
    await on.says("The address has no firewall rule")


@SCENES.scene("logs-empty", prepare=_nothing, sizes=(SMALL,))
async def _no_logs(on: Stage) -> None:
    await on.go("logs")
    await on.says("No router with a VPN runs")


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
