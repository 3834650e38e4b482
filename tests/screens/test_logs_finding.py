"""Finding lines in the Logs section: errors, times, and the ways in which times are shown."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from screens.details import DetailsDialog
from screens.logs import LogsScreen
from screens.moments import MomentDialog, parse_moment
from tests.screens.log_stage import follow, logs_of, pointed, write
from tests.screens.stage import stage
from tui.lab.lab import Lab

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


async def test_from_error_to_error(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        for number in (1, 2):
            write(quiet, f"10[IKE] no IKE config found for the {number}. time")
            for other in range(30):
                write(quiet, f"10[IKE] all is well {number}.{other}")
        await on.says("all is well 2.29")
        await on.press("E")
        await on.until(lambda: "the 2. time" in pointed(on))
        await on.press("E")
        await on.until(lambda: "the 1. time" in pointed(on))
        await on.press("e")
        await on.until(lambda: "the 2. time" in pointed(on))
        await on.press("e")
        await on.until(lambda: "No further error below." in on.notices[-1])
        assert "the 2. time" in pointed(on)
        await on.press("n")
        assert "Nothing is searched for." in on.notices[-1]


async def test_to_a_time(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        for hours in (30, 20, 10):
            moment = datetime.now(UTC) - timedelta(hours=hours)
            logs_of(quiet).journal(moment.timestamp(), "charon", 977, f"{hours} hours ago")
        screen = on.on(LogsScreen)
        await on.says("10 hours ago")
        await on.press("home")
        await on.press("t")
        on.on(MomentDialog)
        await on.says("There are lines from")
        await on.type("soon")
        await on.press("enter")
        await on.says("'soon' is not a time. Write 14:05")
        await on.type("")
        await on.press("enter")
        assert on.app.screen is screen
        before = pointed(on)
        await on.press("t", *"-3m", "enter")
        await on.until(lambda: pointed(on) != before)
        line = screen.line
        assert line is not None and line.time is not None
        assert abs(datetime.now(UTC) - line.time - timedelta(minutes=3)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14:05", datetime(2026, 11, 23, 14, 5, tzinfo=UTC)),
        ("14:31", datetime(2026, 11, 22, 14, 31, tzinfo=UTC)),
        ("9:05:30", datetime(2026, 11, 23, 9, 5, 30, tzinfo=UTC)),
        ("-10m", datetime(2026, 11, 23, 14, 20, tzinfo=UTC)),
        ("-2h", datetime(2026, 11, 23, 12, 30, tzinfo=UTC)),
        ("- 1 d", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
        ("2026-11-23 00:15", datetime(2026, 11, 23, 0, 15, tzinfo=UTC)),
        ("2026-11-23T00:15:00+02:00", datetime(2026, 11, 22, 22, 15, tzinfo=UTC)),
        ("", None),
        ("  ", None),
    ],
)
def test_times_that_are_understood(text: str, found: datetime | None) -> None:
    assert parse_moment(text, NOW, local=False) == found


@pytest.mark.parametrize("text", ["25:00", "12:99", "10m", "-10x", "never", "2026-13-01", "x" * 99])
def test_times_that_are_not(text: str) -> None:
    problem = parse_moment(text, NOW, local=False)
    assert isinstance(problem, str) and "is not a time. Write 14:05" in problem


def test_a_local_time_is_one_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    here = NOW.astimezone(timezone(timedelta(hours=2))).tzinfo
    monkeypatch.setattr("screens.moments.zone_of", lambda local: here if local else UTC)
    assert parse_moment("14:05", NOW, local=True) == datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
    assert parse_moment("2026-11-23 00:15", NOW, local=True) == datetime(
        2026, 11, 22, 22, 15, tzinfo=UTC
    )


async def test_the_ways_to_show_times(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        write(quiet, "10[IKE] first")
        write(quiet, "10[IKE] second")
        await on.says("second", "times in UTC")
        assert re.search(r"\d\d:\d\d:\d\d charon", pointed(on))
        await on.press("T")
        await on.says("local times (")
        await on.press("T")
        await on.says("times ago")
        assert re.search(r"\ds ago charon", pointed(on))
        await on.press("T")
        await on.says("times since the line before")
        assert re.search(r"\+\d+\.\d{3}s charon", pointed(on))
        await on.press("T")
        await on.says("times in UTC")


async def test_a_line_whole_and_copied(quiet: Lab) -> None:
    async with stage(quiet) as on:
        await follow(on)
        write(quiet, "10[IKE] no IKE config found for " + "very " * 40 + "long END")
        await on.says("no IKE config")
        await on.press("enter")
        on.on(DetailsDialog)
        await on.says("END", "journal", "charon[977]", "error")
        await on.press("escape", "y")
        await on.until(lambda: "The line" in on.notices[-1])
        assert on.written


async def test_what_is_typed_is_counted_and_stands_out_before_enter(quiet: Lab) -> None:
    async with stage(quiet) as on:
        view = await follow(on)
        for number in range(30):
            write(quiet, f"line {number} of {number % 3}")
        await on.until(lambda: "line 29" in pointed(on))
        await on.press("s")
        await on.type("of 2")
        await on.says("10 line(s) match")
        await on.press("x")
        await on.says(" 0 line(s) match")
        await on.press("backspace", "escape")
        assert view.following, "nobody has gone anywhere"
        await on.press("n")
        assert "Nothing is searched for." in on.notices[-1]
