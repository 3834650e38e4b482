"""What is done for lines in the background ends by itself."""

import pytest

from screens.logs import LogsScreen
from tests.screens.stage import stage
from tests.screens.test_logs_flood import Tap, portion
from tui.lab.lab import Lab
from tui.logs import chores


async def test_lines_that_rest_are_marked_and_packed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    tap = Tap(monkeypatch)
    monkeypatch.setattr(chores, "HOT", 100_000)
    async with stage(lab) as on:
        await on.go("logs")
        screen = on.on(LogsScreen)
        tap.open(*(portion(number) for number in range(4)))
        await on.until(lambda: screen.view.count == 20_000)
        store = screen.intake.store
        await on.until(lambda: all(len(each.levels) == each.count for each in store.segments))
        await on.until(lambda: store.segments[0].is_packed and not store.segments[-1].is_packed)
        tidying = [each for each in screen.workers if each.group == "tidy"]
        await on.until(lambda: all(each.is_finished for each in tidying))
        await on.press("home")
        await on.until(lambda: screen.view.cursor == screen.view.lines.first)
        assert "no IKE config found for this one 0" in on.text
        before = screen.intake.store.memory
        tap.open(portion(4))
        await on.until(lambda: len(store) == 25_000)
        await on.until(lambda: len(store.segments[-1].levels) == store.segments[-1].count)
        assert store.memory < before + 600_000
