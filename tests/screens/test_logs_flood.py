"""More than can be drawn: nothing is lost, and the screen says what it holds back."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from screens import logs_reading
from screens.logs import LogsScreen
from tests.screens.log_stage import pointed
from tests.screens.stage import Stage, stage
from tui.lab.lab import Lab
from tui.logs.merge import LogBlock, Origin
from tui.session.logfeed import ClockOffset, FeedEvent, LinesArrived, LinkNews, LogFeed

PORTION = 5_000
PORTIONS = 24


def portion(number: int, count: int = PORTION) -> LinesArrived:
    """Lines of daemon.log; each hundredth is an error."""
    stamp = f"{datetime.now(UTC):%b %d %H:%M:%S}".encode()
    first = number * PORTION
    words = (
        b"no IKE config found for this one" if n % 100 == 0 else b"all is well"
        for n in range(count)
    )
    text = b"".join(
        b"%s r-47-VM charon: 07[IKE] %s %d\n" % (stamp, said, first + n)
        for n, said in enumerate(words)
    )
    return LinesArrived(LogBlock(Origin("r-47-VM", "daemon", datetime.now(UTC)), text, first + 1))


class Tap:
    """A feed that gives what tests put into it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: asyncio.Queue[FeedEvent] = asyncio.Queue()
        tap = self

        async def events(feed: LogFeed) -> AsyncGenerator[FeedEvent, None]:
            while True:
                yield await tap.events.get()

        monkeypatch.setattr(LogFeed, "events", events)

    def open(self, *events: FeedEvent) -> None:
        """Let events through."""
        for event in events:
            self.events.put_nowait(event)


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch) -> Tap:
    return Tap(monkeypatch)


async def logs(on: Stage) -> LogsScreen:
    await on.go("logs")
    return on.on(LogsScreen)


async def test_a_flood_is_kept_whole_while_keys_are_answered(
    lab: Lab, tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(lab) as on:
        screen = await logs(on)
        with monkeypatch.context() as slowly:  # as on a machine that cannot keep up
            slowly.setattr(logs_reading, "PORTION_SECONDS", 0.0)
            tap.open(*(portion(number) for number in range(PORTIONS)))
            await on.says("▼", "lines not drawn yet")
        await on.press("question_mark")
        await on.says("Keys in Logs")
        await on.press("escape")
        await on.until(lambda: len(screen.intake.store) == PORTIONS * PORTION)
        await on.until(lambda: screen.intake.waiting == 0)
        assert screen.intake.store.dropped == 0
        await on.until(lambda: screen.view.count == PORTIONS * PORTION)
        await on.until(lambda: f"all is well {PORTIONS * PORTION - 1}" in pointed(on))
        numbers = [each.number for each in screen.intake.store]
        assert numbers == list(range(1, PORTIONS * PORTION + 1))


async def test_what_came_while_frozen_is_counted_with_its_errors(lab: Lab, tap: Tap) -> None:
    async with stage(lab) as on:
        screen = await logs(on)
        tap.open(portion(0, 10))
        await on.until(lambda: "all is well 9" in pointed(on))
        before = pointed(on)
        await on.press("space")
        tap.open(*(portion(number) for number in (1, 2)))
        await on.says("‖ frozen, 10,000 new, 100 of them errors (space goes on)")
        assert pointed(on) == before and screen.view.count == 10
        await on.press("up", "down", "W", "W")
        assert screen.view.count == 10, "nothing new comes in while it is frozen"
        await on.press("slash", *"well", "enter")
        await on.until(lambda: screen.intake.waiting == 0)
        assert screen.view.count == 9, "nor does a filter let it in"
        await on.press("F")
        await on.until(lambda: screen.intake.waiting == 0 and screen.view.count == 10)
        await on.press("space")
        await on.until(lambda: screen.view.count == 10_010)
        await on.until(lambda: "all is well 14999" in pointed(on))


async def test_the_pill_leads_to_the_end(lab: Lab, tap: Tap) -> None:
    async with stage(lab) as on:
        screen = await logs(on)
        tap.open(portion(0, 100))
        await on.until(lambda: screen.view.count == 100)
        await on.press("home")
        tap.open(portion(1, 100))
        await on.says("↓ 100 new, 1 of them errors (G follows)")
        await on.pilot.click("#pill")
        await on.until(lambda: screen.view.following)
        assert "new" not in on.text


async def test_a_filter_goes_on_while_lines_come(lab: Lab, tap: Tap) -> None:
    async with stage(lab) as on:
        screen = await logs(on)
        screen.set_filter("level:error")
        tap.open(*(portion(number) for number in range(4)))
        await on.until(lambda: len(screen.intake.store) == 4 * PORTION)
        await on.until(lambda: screen.view.count == 4 * PORTION // 100)
        await on.press("s")
        await on.type("/this one 1700$/")
        await on.press("enter")
        await on.until(lambda: pointed(on).rstrip().endswith("this one 1700"))
        await on.press("F")
        await on.until(lambda: screen.view.count == 4 * PORTION)
        await on.until(lambda: pointed(on).rstrip().endswith("this one 1700"))  # where it was


async def test_lost_lines_have_a_line_of_their_own(lab: Lab, tap: Tap) -> None:
    async with stage(lab) as on:
        screen = await logs(on)
        gap = LinkNews("lines of daemon are lost here: the file is gone", False, True, "r-47-VM")
        tap.open(portion(0, 5), gap, portion(1, 5))
        await on.until(lambda: screen.view.count == 11)
        await on.says("▲ lines of daemon are lost here: the file is gone")
        words = [entry.words for entry in screen.list.entries()]
        assert [bool(each) for each in words] == [False] * 5 + [True] + [False] * 5
        for _ in range(5):
            await on.press("up")
        assert "are lost here" in pointed(on)
        for key in ("m", "a", "y", "enter", "i"):
            await on.press(key)
            assert "There is no line of a log under the cursor." in on.notices[-1]
        await on.press("slash", *"well", "enter")
        await on.until(lambda: screen.view.count == 9)
        assert any(entry.is_gap for entry in screen.list.entries()), "a filter never hides it"


async def test_a_clock_that_is_off_is_said(lab: Lab, tap: Tap) -> None:
    async with stage(lab) as on:
        await logs(on)
        tap.open(ClockOffset("r-47-VM", 0.9), portion(0, 5))
        await on.says("all is well 4")
        assert "clock" not in on.text
        tap.open(ClockOffset("r-47-VM", -83.4))
        await on.says("▲ clock -83 s")
