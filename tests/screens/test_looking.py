"""What is on the screen is asked for again by itself, row by row, where its list is dear."""

import asyncio

import pytest

from screens import tables
from screens.frame import LIST_WORKERS
from tests.screens.stage import SMALL, Stage, stage
from tui.lab.lab import Lab
from tui.session.freshness import DEAR
from tui.session.inventory import Kind

LISTS = {
    Kind.NETWORKS: "listNetworks",
    Kind.ADDRESSES: "listPublicIpAddresses",
    Kind.ROUTERS: "listRouters",
    Kind.VPNS: "listRemoteAccessVpns",
    Kind.VPCS: "listVPCs",
}
ONE = {"id", "publicipid", "associatednetworkid", "networkid", "vpcid"}


def make_dear(on: Stage) -> None:
    """As if the lists had taken the server a minute each, an hour ago."""
    for kind in LISTS:
        shelf = on.session.inventory.shelf(kind)
        assert shelf.fetched is not None
        shelf.cost = DEAR * 12
        shelf.fetched -= 3600
    on.wire.forms.clear()


def whole_lists(on: Stage) -> list[str]:
    """The lists that were asked for as a whole, of those that are dear."""
    return [
        form["command"]
        for form in on.wire.forms
        if form["command"] in LISTS.values() and not ONE & set(form)
    ]


async def test_rows_on_the_screen_are_looked_at_and_no_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LOOK_EVERY", 0.05)
    async with stage(lab, (80, 12)) as on:
        make_dear(on)
        table = on.on(tables.TableScreen).table
        seen = {row.key for row in table.visible_facts if row.kind == "network"}
        assert 0 < len(seen) < len(on.titles), "some rows are below the screen"
        await on.until(lambda: {form.get("id") for form in on.wire.sent("listNetworks")} >= seen)
        assert {form.get("id") for form in on.wire.sent("listNetworks")} == seen
        assert whole_lists(on) == []
        asked = len(on.wire.sent("listNetworks"))
        await asyncio.sleep(0.3)
        assert len(on.wire.sent("listNetworks")) == asked, "once is enough for a while"
        await on.press("G")
        await on.until(lambda: len(on.wire.sent("listNetworks")) > asked)
        assert whole_lists(on) == []


async def test_a_row_that_vanished_goes_while_it_is_looked_at(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LOOK_EVERY", 0.05)
    async with stage(lab, SMALL) as on:
        used = {router.network for router in lab.world.routers.values()}
        used |= {address.network for address in lab.world.addresses.values()}
        idle = next(each for each in lab.world.networks.values() if each.id not in used)
        assert idle.name in on.titles
        del lab.world.networks[idle.id]
        make_dear(on)
        await on.until(lambda: idle.name not in on.titles)
        assert whole_lists(on) == []


async def test_an_operation_asks_for_what_it_has_touched(lab: Lab) -> None:
    async with stage(lab, (120, 40)) as on:
        await on.row("acme-office")
        make_dear(on)
        await on.press("x")
        await on.says("Disable")
        await on.pilot.click("#go")
        await on.settled()
        await on.until(lambda: "acme-office" not in _with_vpn(on))
        assert whole_lists(on) == []


def _with_vpn(on: Stage) -> list[str]:
    section = on.on(tables.TableScreen)
    return [row.name for row in section.rows() if row.vpn is not None]


async def test_r_asks_for_everything(lab: Lab) -> None:
    async with stage(lab) as on:
        make_dear(on)
        await on.press("r")
        await on.until(lambda: set(LISTS.values()) <= set(whole_lists(on)))


async def test_a_section_that_is_left_does_not_go_on_listing_for_itself(lab: Lab) -> None:
    async with stage(lab) as on:
        held = asyncio.Event()
        inventory = on.session.inventory
        section = on.section

        async def hold() -> None:
            await held.wait()

        section.load(hold, f"{LIST_WORKERS}{Kind.GATEWAYS}")
        section.load(hold, f"{LIST_WORKERS}{Kind.NETWORKS}")
        await on.go("addresses")
        running = {worker.group for worker in on.app.workers if not worker.is_finished}
        assert f"{LIST_WORKERS}{Kind.NETWORKS}" in running, "both sections want the networks"
        assert f"{LIST_WORKERS}{Kind.GATEWAYS}" not in running
        assert inventory.lines == SMALL[1] - 6
        held.set()
