"""Older lines, and several routers, in the Logs section."""

import time

from screens.choose_logs import ChooseLogsDialog, TickList
from screens.logs import LogsScreen
from tests.screens.log_stage import OFFICE, follow, logs_of, pointed, write
from tests.screens.stage import LARGE, Stage, stage
from tui.lab.lab import Lab

LAB = "r-48-VM"


async def only(on: Stage, *sources: str) -> None:
    """Follow these logs of the present router, and no others."""
    await on.press("c")
    for name in ("journal", "daemon", "cloud"):
        box = on.on(ChooseLogsDialog).query_one(f"#log-{name}")
        if box.value != (name in sources):  # type: ignore[attr-defined]
            await on.tab_to(f"#log-{name}")
            await on.press("space")
    await on.press("f10")


async def test_older_lines_come_when_somebody_goes_on_upwards(quiet: Lab) -> None:
    now = time.time()
    for number in range(40_000):
        logs_of(quiet).syslog("daemon", now - 100, "xl2tpd", 980, f"old line {number:05} of many")
    async with stage(quiet) as on:
        view = await follow(on)
        await only(on, "daemon")
        await on.says("old line 39999")
        screen = on.on(LogsScreen)
        before, first = view.count, screen.intake.store[0].line.text
        assert "00000" not in first
        await on.press("home", "up")
        await on.until(lambda: view.count > before)
        assert first in pointed(on), "the cursor stays on its line"
        assert screen.intake.store[0].line.text < first
        await on.press("up")
        assert pointed(on) != "" and first not in pointed(on)
        numbers = [each.number for each in screen.intake.store]
        assert numbers == sorted(numbers)
        for _ in range(20):
            before = view.count
            await on.press("home", "home")
            await on.until(lambda: not screen.is_looking_back)
            if view.count == before:
                break
        texts = [each.line.text for each in screen.intake.store]
        assert texts.count("old line 00000 of many") == 1
        assert texts.count("old line 39999 of many") == 1
        await on.until(lambda: any("No older lines" in notice for notice in on.notices))


async def test_several_routers_in_one_order(quiet: Lab) -> None:
    async with stage(quiet, LARGE) as on:
        await follow(on)
        await on.press("c")
        dialog = on.on(ChooseLogsDialog)
        await on.says("Logs of which routers?", "VPN", "⇄ pair")
        await on.press("v")
        chosen = list(dialog.query_one(TickList).chosen)
        assert len(chosen) > 2
        await on.press("f10")
        screen = on.on(LogsScreen)
        assert screen.feed is not None and len(screen.feed.routers) == len(chosen)
        await on.says(f"and {len(chosen) - 3} more")
        write(quiet, "10[IKE] said on the first", router=OFFICE)
        await on.says("said on the first")
        write(quiet, "10[IKE] said on the second", router=LAB)
        await on.says("said on the second", f"{LAB} charon")
        places = [each.at for each in screen.intake.store]
        assert places == sorted(places)
        await on.press("i", *LAB, "enter")
        await on.until(lambda: {e.kept.origin.router for e in screen.list.entries()} == {LAB})


async def test_only_the_router_under_the_cursor(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        await on.press("c", "v", "down", "o")
        dialog = on.on(ChooseLogsDialog)
        routers = dialog.query_one(TickList)
        assert len(routers.chosen) == 1
        await on.press("space")
        await on.says("▲ choose a router with space")
        await on.press("f10")
        assert on.app.screen is dialog, "nothing is chosen"
        await on.press("space", "f10")
        await on.says("journal cloud")
