"""The log view, in a running application."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot

from tests.hostile import DANGEROUS, PAYLOADS
from tests.widgets.apps import OneWidget, lines, strips, told
from tui.safety.text import clean
from tui.widgets import logview
from tui.widgets.logview import LogRow, LogView

WIDE = LogRow("x" * 25 + "END")


@asynccontextmanager
async def running(
    size: tuple[int, int] = (20, 5),
) -> AsyncIterator[tuple[LogView, Pilot[None], OneWidget]]:
    view = LogView()
    app = OneWidget(view)
    async with app.run_test(size=size) as pilot:
        yield view, pilot, app


def rows(first: int, last: int) -> list[LogRow]:
    return [LogRow(f"line {number}") for number in range(first, last)]


def shown(view: LogView) -> list[str]:
    return [line.strip() for line in lines(view) if line.strip()]


async def test_the_end_is_followed_until_somebody_scrolls_up() -> None:
    async with running() as (view, pilot, app):
        view.append(rows(0, 3))
        await pilot.pause()
        assert shown(view) == ["line 0", "line 1", "line 2"]
        view.append(rows(3, 20))
        await pilot.pause()
        assert shown(view)[-1] == "line 19"
        await pilot.press("up")
        assert not view.following
        assert len(told(app, LogView.Moved)) == 1
        view.append(rows(20, 30))
        await pilot.pause()
        assert shown(view) == [f"line {n}" for n in range(14, 19)]
        assert view.count == 30
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        assert view.following
        assert shown(view)[-1] == "line 29"
        await pilot.press("g")
        assert (view.following, shown(view)[0]) == (False, "line 0")
        view.follow()
        await pilot.pause()
        assert (view.following, shown(view)[-1]) == (True, "line 29")


async def test_scrolling_up_works_while_lines_keep_coming() -> None:
    async with running() as (view, pilot, _):
        view.append(rows(0, 50))
        await pilot.pause()
        view.action_scroll(-1)
        view.append(rows(50, 60))  # before the screen was drawn again
        await pilot.pause()
        assert not view.following
        assert shown(view)[-1] == "line 48"


async def test_the_wheel_and_the_scroll_bar_leave_and_return_too() -> None:
    async with running() as (view, pilot, _):
        view.append(rows(0, 50))
        await pilot.pause()
        view.post_message(_turned(events.MouseScrollUp, view))
        await pilot.pause()
        assert (view.following, shown(view)[-1]) == (False, "line 47")
        view.post_message(_turned(events.MouseScrollDown, view))
        await pilot.pause()
        assert (view.following, shown(view)[-1]) == (True, "line 49")
        view.scroll_to(y=10, animate=False)  # as dragging the bar does
        await pilot.pause()
        assert not view.following
        view.append(rows(50, 51))
        await pilot.pause()
        assert shown(view)[0] == "line 10"


def _turned(kind: type[events.MouseEvent], view: LogView) -> events.MouseEvent:
    """The wheel, turned by one notch: two lines."""
    return kind(view, 2, 2, 0, 0, 0, shift=False, meta=False, ctrl=False)


async def test_other_rows_keep_the_place() -> None:
    async with running() as (view, pilot, _):
        view.append(rows(0, 50))
        await pilot.press("g", "pagedown", "pagedown")
        assert shown(view)[0] == "line 8"
        late = [*rows(0, 3), LogRow("came late"), *rows(3, 50)]
        view.replace(late)
        await pilot.pause()
        assert shown(view)[0] == "line 8"
        view.replace(rows(0, 2))
        await pilot.pause()
        assert shown(view) == ["line 0", "line 1"]
        view.replace(())
        await pilot.pause()
        assert shown(view) == []
    async with running() as (view, pilot, _):
        view.append(rows(0, 50))
        view.replace(rows(0, 30))
        await pilot.pause()
        assert shown(view)[-1] == "line 29"


async def test_the_oldest_lines_leave_and_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logview, "LARGEST", 100)
    async with running() as (view, pilot, _):
        for first in range(0, 300, 10):
            view.append(rows(first, first + 10))
            assert view.count <= 110
        await pilot.pause()
        assert shown(view)[-1] == "line 299"
        await pilot.press("up", "up")
        view.search(re.compile("line 290"))
        await pilot.pause()
        before = shown(view)
        assert not view.following
        view.append(rows(300, 340))
        await pilot.pause()
        assert shown(view) == before
        assert view.find(1) is False  # the match is still the one that was found
        view.append(rows(340, 800))
        await pilot.pause()
        assert shown(view)[0] == "line 700"  # what was there is gone
        view.replace(rows(0, 1000))
        assert view.count == 100


async def test_long_lines_are_cut_moved_or_wrapped() -> None:
    async with running() as (view, pilot, _):
        view.append([LogRow("first"), WIDE, LogRow("last")])
        await pilot.pause()
        assert shown(view) == ["first", "x" * 20, "last"]
        await pilot.press("right")
        assert shown(view)[0] == "x" * 15 + "END"
        await pilot.press("right", "right", "right")
        assert shown(view) == ["x" * 15 + "END"]  # there is nothing more to see of it
        await pilot.press("left", "left", "left")
        assert shown(view) == ["first", "x" * 20, "last"]
        view.wrapping = True
        await pilot.pause()
        assert lines(view)[:4] == [
            "first".ljust(20),
            "x" * 20,
            ("    " + "x" * 5 + "END").ljust(20),
            "last".ljust(20),
        ]
        await pilot.press("right")
        assert shown(view)[0] == "first"
        await pilot.resize_terminal(12, 8)
        assert shown(view) == ["first", "x" * 12, "x" * 8, "x" * 5 + "END", "last"]
        view.wrapping = False
        await pilot.pause()
        assert shown(view) == ["first", "x" * 12, "last"]


async def test_wrapping_keeps_the_place() -> None:
    async with running() as (view, pilot, _):
        view.append([WIDE] * 20 + rows(0, 30))
        await pilot.press("g")
        for _n in range(25):
            await pilot.press("down")
        assert shown(view)[0] == "line 5"
        view.wrapping = True
        await pilot.pause()
        assert shown(view)[0] == "line 5"
        await pilot.resize_terminal(10, 5)
        await pilot.pause()
        assert shown(view)[0] == "line 5"


async def test_wide_characters_are_never_cut_in_half() -> None:
    text = "日本語ネットワーク" * 4
    async with running((21, 12)) as (view, pilot, _):
        view.append([LogRow(text)])
        view.wrapping = True
        await pilot.pause()
        assert "".join(shown(view)) == text
        assert {cell_len(line) for line in lines(view)} == {21}
        view.wrapping = False
        await pilot.pause()
        await pilot.press("right")
        assert {cell_len(line) for line in lines(view)} == {21}


async def test_search_goes_from_match_to_match() -> None:
    async with running() as (view, pilot, _):
        assert view.find(1) is False
        view.append([LogRow(f"line {n}" + (" BAD" if n % 10 == 5 else "")) for n in range(50)])
        await pilot.pause()
        assert view.search(re.compile("bad", re.I)) == 5
        await pilot.pause()
        assert "line 45 BAD" in shown(view)
        assert view.find(1) is False
        found = []
        while view.find(-1):
            await pilot.pause()
            assert not view.following
            found += [line for line in shown(view) if "BAD" in line]
        assert found == [f"line {n} BAD" for n in (35, 25, 15, 5)]
        assert view.find(1)
        await pilot.pause()
        assert "line 15 BAD" in shown(view)
        assert view.search(re.compile("nowhere")) == 0
        assert view.find(1) is False
        assert view.search(None) == 0
        assert view.find(-1) is False


async def test_matches_stand_out_and_the_line_that_was_found_too() -> None:
    async with running() as (view, pilot, _):
        view.append([LogRow("12:00 a bad bad line", "bad", 6), LogRow("fine", "ok")])
        view.search(re.compile("bad"))
        await pilot.pause()
        marked = [s.text for s in strips(view)[0] if s.style and s.style.reverse]
        assert marked == ["bad", "bad"]
        view.search(re.compile("x*"))  # matches nothing of any length
        await pilot.pause()
        assert shown(view)[0] == "12:00 a bad bad line"


@pytest.mark.parametrize("size", [(80, 24), (7, 3), (1, 1), (200, 60), (40, 1)])
@pytest.mark.parametrize("wrapping", [True, False])
async def test_every_size(size: tuple[int, int], wrapping: bool) -> None:
    async with running((80, 24)) as (view, pilot, _):
        view.wrapping = wrapping
        view.append([*rows(0, 100), WIDE])
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert len(lines(view)) == size[1]
        assert {cell_len(line) for line in lines(view)} == {view.size.width}
        assert view.following
        await pilot.press("up", "pageup", "g", "right", "left")
        assert shown(view)[0].startswith("line 0"[: size[0]])


async def test_hostile_texts_once_cleaned_are_only_texts() -> None:
    texts = [clean(payload, 500) for payload in PAYLOADS]
    async with running((60, len(texts))) as (view, pilot, _):
        view.append([LogRow(text, "warn", min(3, len(text))) for text in texts])
        view.search(re.compile("PWNED"))
        view.follow()
        await pilot.pause()
        for payload, strip in zip(PAYLOADS, strips(view), strict=True):
            assert cell_len(strip.text) == 60, payload[:40]
            assert DANGEROUS.search(strip.text) is None, payload[:40]
            assert all(s.style is None or not s.style.meta.get("@click") for s in strip)
        assert "[@click=app.quit]x[/]" in "\n".join(lines(view))
        view.wrapping = True
        await pilot.pause()
        assert {cell_len(line) for line in lines(view)} == {view.size.width}
