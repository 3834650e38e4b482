"""The Checkup section: results, the worst first, and the way from each to its fix."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from screens.check_dialog import CheckDialog
from screens.checkup import CheckupScreen
from screens.choose import ChooseDialog
from screens.repair import RepairDialog
from screens.unreached import UnreachedDialog
from tests.screens.stage import LARGE, SMALL, Stage, hurry, quick_lab, quiet_routers, stage
from tui.lab.lab import Lab
from tui.router import surveying
from tui.router.errors import ConnectTimeout
from tui.session import router_rounds


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    quiet_routers(monkeypatch)


@pytest.fixture
async def lab_with_routers(tmp_path: Path) -> AsyncIterator[Lab]:
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab


async def settled(on: Stage) -> CheckupScreen:
    """Wait until every router of the scope has been looked at."""
    section = on.on(CheckupScreen)

    def done() -> bool:
        scope = section.scope
        known = section.checkups.results
        return (
            scope is not None
            and all(router.id in known for router in scope.routers)
            and not section._under_way
        )

    await on.until(done)
    return section


async def to_router(on: Stage, name: str) -> CheckupScreen:
    """Look at one router alone, chosen by its name."""
    await on.go("checkup")
    await on.press("c")
    await on.until(lambda: isinstance(on.app.screen, ChooseDialog))
    await on.type(name)
    await on.press("enter")
    await on.until(lambda: isinstance(on.app.screen, CheckupScreen))
    return await settled(on)


async def to_check(on: Stage, name: str) -> None:
    section = on.on(CheckupScreen)
    (key,) = [row.key for row in section.rows() if row.check.name == name]
    assert section.table.go_to(key)
    await on.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_every_router_with_a_vpn_is_looked_at(
    lab_with_routers: Lab, size: tuple[int, int]
) -> None:
    async with stage(lab_with_routers, size) as on:
        await on.go("checkup")
        section = await settled(on)
        scope = section.scope
        assert scope is not None and len(scope.routers) > 5
        await on.says(f"Every router with a VPN ({len(scope.routers)})", "✘", "fail", "pass")
        ranks = [row.check.state for row in section.rows()]
        assert ranks[0] == "fail" and ranks.index("pass") > ranks.index("warn")
        row = section.row
        assert row is not None and row.check.state == "fail", "the cursor is on the worst"
        await on.says(row.check.says[:40], f"{row.router.name} ")


async def test_a_healthy_router(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers, LARGE) as on:
        section = await to_router(on, "r-56-VM")
        assert {row.check.state for row in section.rows()} <= {"pass", "n/a", "warn"}
        await on.says("r-56-VM", "✔ pass")
        await on.press("m")
        await on.says("What to do about r-56-VM, in this order")


async def test_a_faulty_router_from_the_finding_to_the_fix(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        await to_router(on, "r-50-VM")
        await to_check(on, "range_loaded")
        await on.press("enter")
        await on.until(lambda: isinstance(on.app.screen, CheckDialog))
        await on.says("▲ warn", "Evidence", "What to do", "f Repair.")
        await on.press("f")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.says("The range is not loaded")
        await on.press("escape")
        assert isinstance(on.app.screen, CheckupScreen)
        await on.press("m")
        await on.says("What to do about r-50-VM, in this order", "each check says what to do")


async def test_what_was_mended_is_looked_at_again(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        section = await to_router(on, "r-50-VM")
        await to_check(on, "range_loaded")
        router = section.row.router  # type: ignore[union-attr]
        before = section.checkups.results[router.id]
        await on.press("f")
        await on.until(lambda: isinstance(on.app.screen, RepairDialog))
        await on.says("The range is not loaded")
        await on.press("tab")
        await on.press("enter")
        await on.until(lambda: section.checkups.results[router.id] is not before)
        await settled(on)
        (state,) = [r.check.state for r in section.rows() if r.check.name == "range_loaded"]
        assert state == "pass"
        after = section.checkups.results[router.id]
        section.show_task(section.session.tray.tasks[-1])
        assert not section._under_way, "it is looked at once"
        assert section.checkups.results[router.id] is after


async def test_a_check_without_a_fix_says_so(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        await to_router(on, "r-56-VM")
        await to_check(on, "charon_process")
        await on.press("f")
        assert "There is nothing to mend." in on.notices[-1]


async def test_only_what_should_be_looked_at(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        section = await to_router(on, "r-50-VM")
        whole = len(section.rows())
        await on.press("o")
        rows = section.rows()
        assert 0 < len(rows) < whole
        assert {row.check.state for row in rows} <= {"fail", "warn", "unknown"}
        await on.press("o")
        assert len(section.rows()) == whole


async def test_a_refresh_keeps_the_cursor(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers) as on:
        section = await to_router(on, "r-50-VM")
        await to_check(on, "psk_matches")
        before = section.checkups.results[section.scope.routers[0].id]  # type: ignore[union-attr]
        await on.press("r")
        await on.until(
            lambda: (
                section.checkups.results[before.router.id] is not before and not section._under_way
            )
        )
        assert section.row is not None and section.row.check.name == "psk_matches"


async def test_the_evidence_is_kept(
    lab_with_routers: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tui.diagnose.bundle_folder import read_bundle

    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with stage(lab_with_routers) as on:
        section = await to_router(on, "r-50-VM")
        assert section.row is not None
        await on.press("b")
        await on.until(lambda: any("The evidence is saved" in each for each in on.notices))
        (kept,) = folder.iterdir()
        assert kept.name.startswith("csvpn-check-r-50-VM-")
        bundle = read_bundle(kept)
        assert bundle.cloud is not None and bundle.cloud.has_vpn
        assert len(bundle.survey.answers) > 50


async def test_a_router_that_cannot_be_asked_is_a_finding(
    lab_with_routers: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = surveying.survey

    async def fails(connection: Any, *asked: Any, **more: Any) -> Any:
        if connection.target.name == "r-50-VM":
            raise ConnectTimeout("r-50-VM does not answer", "check that it runs")
        return await whole(connection, *asked, **more)

    monkeypatch.setattr(surveying, "survey", fails)
    async with stage(lab_with_routers) as on:
        await on.go("checkup")
        section = await settled(on)
        await on.says("▲ r-50-VM could not be asked: r-50-VM does not answer")
        (row,) = [row for row in section.rows() if row.check.name == "reachable"]
        assert row.check.state == "unknown" and row.check.fix == "check that it runs"
        await on.press("u")
        await on.until(lambda: isinstance(on.app.screen, UnreachedDialog))
        await on.says("✘ r-50-VM")


async def test_many_routers_are_not_looked_at_unasked(
    lab_with_routers: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.checkup.AT_A_TIME", 2)
    async with stage(lab_with_routers) as on:
        await on.go("checkup")
        await on.says("routers have a VPN. Press c to choose one of them, or all.")
        assert on.on(CheckupScreen).checkups.results == {}
    assert router_rounds.AT_A_TIME == 10


async def test_a_read_only_console_mends_nothing(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers, read_only=True) as on:
        await to_router(on, "r-50-VM")
        await to_check(on, "range_loaded")
        await on.press("f")
        assert "read-only" in on.notices[-1]


async def test_without_a_way_to_the_routers_it_says_what_to_do(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("checkup")
        await settled(on)
        await on.says("does not say how to reach routers", "add the SSH path of the zone")


async def test_a_role_that_may_not_see_routers(lab: Lab) -> None:
    async with stage(lab, actor="user") as on:
        await on.go("checkup")
        await on.says("Your role may not see routers, so they cannot be checked.")
        await on.press("c")
        assert "Your role may not see routers." in on.notices[-1]
