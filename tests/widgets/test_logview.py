"""The log view, in a running application."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot

from tests.hostile import DANGEROUS, PAYLOADS
from tests.widgets.apps import OneWidget, lines, strips, told
from tui.safety.text import clean
from tui.widgets import logview
from tui.widgets.logrows import LogRow
from tui.widgets.logview import LogView

WIDE = LogRow("x" * 25 + "END")


class Rows:
    """Rows that tests add, take away and put before."""

    def __init__(self, rows: Sequence[LogRow] = (), first: int = 0) -> None:
        self.rows = list(rows)
        self.first = first
        self.drawn: list[int] = []

    @property
    def end(self) -> int:
        return self.first + len(self.rows)

    def row(self, number: int) -> LogRow:
        assert self.first <= number < self.end
        self.drawn.append(number)
        return self.rows[number - self.first]


@asynccontextmanager
async def running(
    size: tuple[int, int] = (21, 5), rows: Sequence[LogRow] = ()
) -> AsyncIterator[tuple[LogView, Rows, Pilot[None], OneWidget]]:
    """A view of 20 cells and 5 lines beside its gutter."""
    view = LogView()
    app = OneWidget(view)
    shown = Rows(rows)
    async with app.run_test(size=size) as pilot:
        view.show(shown)
        await pilot.pause()
        yield view, shown, pilot, app


def numbered(first: int, last: int) -> list[LogRow]:
    return [LogRow(f"line {number}") for number in range(first, last)]


def seen(view: LogView) -> list[str]:
    """The texts on the screen, without the gutter."""
    return [line[1:].rstrip() for line in lines(view) if line.strip()]


def pointed(view: LogView) -> list[str]:
    """The text at the pointer."""
    return [line[1:].rstrip() for line in lines(view) if line[0] in "▸◈"]


def add(view: LogView, rows: Rows, more: Sequence[LogRow]) -> None:
    rows.rows += more
    view.grown()


async def frame(pilot: Pilot[None]) -> None:
    """Let more than a frame pass."""
    await pilot.pause(0.15)


async def test_the_end_is_followed_until_somebody_moves_up() -> None:
    async with running(rows=numbered(0, 3)) as (view, rows, pilot, app):
        assert seen(view) == ["line 0", "line 1", "line 2"]
        assert pointed(view) == ["line 2"]
        add(view, rows, numbered(3, 20))
        await frame(pilot)
        assert seen(view)[-1] == "line 19" and pointed(view) == ["line 19"]
        before = len(told(app, LogView.Moved))
        await pilot.press("up")
        assert not view.following and pointed(view) == ["line 18"]
        assert len(told(app, LogView.Moved)) > before
        add(view, rows, numbered(20, 30))
        await frame(pilot)
        assert seen(view) == [f"line {n}" for n in range(15, 20)]
        assert view.count == 30
        for _ in range(6):
            await pilot.press("pagedown")
        assert view.following and seen(view)[-1] == "line 29"
        await pilot.press("g")
        assert (view.following, seen(view)[0], view.cursor) == (False, "line 0", 0)
        view.follow()
        await pilot.pause()
        assert (view.following, seen(view)[-1]) == (True, "line 29")


async def test_moving_scrolls_no_more_than_it_must() -> None:
    async with running(rows=numbered(0, 50)) as (view, _rows, pilot, _app):
        await pilot.press("up", "up", "up", "up")
        assert seen(view)[0] == "line 45" and pointed(view) == ["line 45"]
        await pilot.press("k")
        assert seen(view) == [f"line {n}" for n in range(44, 49)]
        await pilot.press("j", "j", "j", "j")
        assert seen(view)[0] == "line 44" and pointed(view) == ["line 48"]
        await pilot.press("down")
        assert view.following and seen(view)[-1] == "line 49"


async def test_wanting_more_than_the_first_line_is_told() -> None:
    async with running(rows=numbered(0, 50)) as (view, rows, pilot, app):
        await pilot.press("home")
        assert not told(app, LogView.TopReached)
        await pilot.press("up", "home", "pageup")
        assert len(told(app, LogView.TopReached)) == 3
        rows.rows[:0] = [LogRow("older")]
        rows.first = -1
        view.grown()
        await frame(pilot)
        assert pointed(view) == ["line 0"], "the cursor stays where it was"
        assert seen(view)[0] == "line 0"
        await pilot.press("up")
        assert seen(view)[:2] == ["older", "line 0"]


async def test_the_wheel_and_the_scroll_bar_leave_and_return_too() -> None:
    async with running(rows=numbered(0, 50)) as (view, rows, pilot, _app):
        view.post_message(_turned(events.MouseScrollUp, view))
        await pilot.pause()
        assert (view.following, seen(view)[-1], view.cursor) == (False, "line 47", 47)
        view.post_message(_turned(events.MouseScrollDown, view))
        await pilot.pause()
        assert (view.following, seen(view)[-1], view.cursor) == (True, "line 49", 49)
        view.scroll_to(y=10, duration=0.1)  # as dragging the bar does
        await pilot.wait_for_animation()
        await pilot.pause()
        assert not view.following and view.cursor == 14
        add(view, rows, numbered(50, 51))
        await frame(pilot)
        assert seen(view)[0] == "line 10"


async def test_a_click_puts_the_cursor() -> None:
    async with running(rows=numbered(0, 50)) as (view, _rows, pilot, _app):
        await pilot.click(LogView, offset=(3, 1))
        assert pointed(view) == ["line 46"] and not view.following
        await pilot.click(LogView, offset=(3, 4))
        assert view.following


def _turned(kind: type[events.MouseEvent], view: LogView) -> events.MouseEvent:
    """The wheel, turned by one notch: two lines."""
    return kind(view, 2, 2, 0, 0, 0, shift=False, meta=False, ctrl=False)


async def test_other_lines_keep_the_cursor_at_its_height() -> None:
    async with running(rows=numbered(0, 50)) as (view, _rows, pilot, _app):
        await pilot.press("g", "pagedown", "pagedown", "down", "down")
        assert pointed(view) == ["line 10"]
        before = seen(view).index("line 10")
        late = Rows([*numbered(0, 3), LogRow("came late"), *numbered(3, 50)])
        view.show(late, 11)
        await pilot.pause()
        assert pointed(view) == ["line 10"] and seen(view).index("line 10") == before
        view.show(Rows(numbered(0, 2)), 1)
        await pilot.pause()
        assert seen(view) == ["line 0", "line 1"] and pointed(view) == ["line 1"]
        view.show(Rows())
        await pilot.pause()
        assert (seen(view), view.cursor, view.following) == ([], None, True)
        await pilot.press("up", "down", "pageup", "pagedown", "home")
        assert view.cursor is None


async def test_the_oldest_lines_leave_and_nothing_moves() -> None:
    async with running(rows=numbered(0, 300)) as (view, rows, pilot, _app):
        await pilot.press("up", "up")
        before = seen(view)
        del rows.rows[:200]
        rows.first = 200
        add(view, rows, numbered(300, 340))
        await frame(pilot)
        assert seen(view) == before and pointed(view) == ["line 297"]
        del rows.rows[:]
        rows.first = 700
        add(view, rows, numbered(700, 800))
        await frame(pilot)
        assert seen(view)[0] == "line 700", "what was there is gone"
        assert pointed(view) == ["line 700"]


async def test_a_flood_is_drawn_a_few_times_a_second_and_keys_at_once() -> None:
    async with running((40, 10), numbered(0, 10)) as (view, rows, pilot, _app):
        await frame(pilot)
        rows.drawn.clear()
        for first in range(10, 50_010, 100):
            add(view, rows, numbered(first, first + 100))
        for _ in range(20):  # on a busy machine the view waits longer by itself
            await frame(pilot)
            if seen(view)[-1] == "line 50009":
                break
        assert seen(view)[-1] == "line 50009"
        assert len(rows.drawn) <= 30, "most lines were never on the screen"
        add(view, rows, numbered(50_010, 50_110))
        await pilot.press("up")
        assert not view.following


async def test_the_end_of_a_burst_does_not_wait_for_its_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(rows=numbered(0, 3)) as (view, rows, pilot, _):
        monkeypatch.setattr(logview, "FRAMES", 0.01)  # a hundred seconds from one to the next
        monkeypatch.setattr(logview, "BURSTS", 50.0)
        add(view, rows, numbered(3, 4))
        for _ in range(200):
            if pointed(view) == ["line 3"]:
                break
            await pilot.pause(0.02)
        assert pointed(view) == ["line 3"]
        # What comes now and then is no burst: it has its frames, and no more.
        add(view, rows, numbered(4, 5))
        await pilot.pause(0.2)
        assert pointed(view) == ["line 3"]


async def test_long_lines_are_cut_moved_or_wrapped() -> None:
    rows = [LogRow("first"), WIDE, LogRow("last")]
    async with running(rows=rows) as (view, _rows, pilot, _app):
        assert seen(view) == ["first", "x" * 20, "last"]
        await pilot.press("right")
        assert seen(view)[0] == "x" * 15 + "END"
        await pilot.press("right", "right", "right")
        assert seen(view)[0] == "x" * 15 + "END", "there is nothing more to see of it"
        await pilot.press("left", "left", "left")
        assert seen(view) == ["first", "x" * 20, "last"]
        view.wrapping = True
        await pilot.pause()
        assert seen(view) == ["first", "x" * 20, "    " + "x" * 5 + "END", "last"]
        await pilot.press("right")
        assert seen(view)[0] == "first"
        await pilot.resize_terminal(13, 8)
        assert seen(view) == ["first", "x" * 12, "    " + "x" * 8, "    xxxxxEND", "last"]
        view.wrapping = False
        await pilot.pause()
        assert seen(view) == ["first", "x" * 12, "last"]


async def test_wrapping_keeps_the_place() -> None:
    async with running(rows=[WIDE] * 20 + numbered(0, 30)) as (view, _rows, pilot, _app):
        await pilot.press("g")
        for _n in range(25):
            await pilot.press("down")
        assert pointed(view) == ["line 5"]
        view.wrapping = True
        await pilot.pause()
        assert pointed(view) == ["line 5"]
        await pilot.resize_terminal(10, 5)
        await pilot.pause()
        assert pointed(view) == ["line 5"]
        for _n in range(8):
            await pilot.press("up")
        assert pointed(view) == ["x" * 9], "a wrapped line is one step"
        view.follow()
        await pilot.pause()
        assert seen(view)[-1] == "line 29"


async def test_a_line_taller_than_the_screen_is_read_to_its_end() -> None:
    tall = LogRow(" ".join(f"word{n:03}" for n in range(40)))
    async with running(rows=[*numbered(0, 9), tall, *numbered(10, 30)]) as (view, _r, pilot, _a):
        view.wrapping = True
        view.go_to(9)
        await pilot.pause()
        assert seen(view)[0].startswith("word000")
        words = set()
        for _n in range(40):
            words |= set(re.findall(r"word\d\d\d", "".join(seen(view)).replace(" ", "")))
            if pointed(view) == ["line 10"]:
                break
            await pilot.press("down")
        assert pointed(view) == ["line 10"]
        assert {"word000", "word039"} <= words
        await pilot.press("up")
        assert view.cursor == 9 and seen(view)[0].startswith("word000")


async def test_wide_characters_are_never_cut_in_half() -> None:
    text = "日本語ネットワーク" * 4
    async with running((22, 12), [LogRow(text)]) as (view, _rows, pilot, _app):
        view.wrapping = True
        await pilot.pause()
        assert "".join(line.strip() for line in seen(view)) == text
        assert {cell_len(line) for line in lines(view)} == {22}
        view.wrapping = False
        await pilot.pause()
        await pilot.press("right")
        assert {cell_len(line) for line in lines(view)} == {22}


async def test_a_line_far_away_comes_to_the_middle() -> None:
    async with running(rows=numbered(0, 50)) as (view, rows, pilot, _app):
        view.go_to(20)
        await pilot.pause()
        assert seen(view) == [f"line {n}" for n in range(18, 23)] and pointed(view) == ["line 20"]
        view.go_to(22)
        await pilot.pause()
        assert seen(view)[0] == "line 18", "it was seen already"
        rows.rows += numbered(50, 60)
        view.go_to(59)
        await pilot.pause()
        assert view.following and pointed(view) == ["line 59"]


async def test_matches_stand_out_and_so_do_marks_and_the_cursor() -> None:
    rows = [
        LogRow("12:00 a bad bad line", "bad", 6, marked=True),
        LogRow("fine", "ok", marked=True),
        LogRow("last"),
    ]
    async with running(rows=rows) as (view, _rows, pilot, _app):
        assert [line[0] for line in lines(view)[:3]] == ["◆", "◆", "▸"]
        view.highlight(re.compile("bad"))
        await pilot.pause()
        marked = [s.text for s in strips(view)[0] if s.style and s.style.reverse]
        assert marked == ["bad", "bad"]
        view.go_to(0)
        await pilot.pause()
        assert [line[0] for line in lines(view)[:3]] == ["◈", "◆", " "]
        view.highlight(re.compile("x*"))  # matches nothing of any length
        await pilot.pause()
        assert seen(view)[0] == "12:00 a bad bad line"


@pytest.mark.parametrize("size", [(80, 24), (7, 3), (1, 1), (200, 60), (40, 1)])
@pytest.mark.parametrize("wrapping", [True, False])
async def test_every_size(size: tuple[int, int], wrapping: bool) -> None:
    async with running((80, 24), [*numbered(0, 100), WIDE]) as (view, _rows, pilot, _app):
        view.wrapping = wrapping
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert len(lines(view)) == size[1]
        assert {cell_len(line) for line in lines(view)} == {view.size.width}
        assert view.following
        await pilot.press("up", "pageup", "g", "right", "left")
        if size[0] > 1:
            assert seen(view)[0].startswith("line 0"[: size[0] - 2])


async def test_a_megabyte_and_what_no_line_should_have() -> None:
    """Texts are cleaned before they come here; what is not must not break the view either."""
    texts = ["m" * 1_000_000, "nul\0in it", "\u202ebidi", "e\u0301" * 50, "\t tab", ""]
    async with running((30, 12), [LogRow(text) for text in texts]) as (view, _rows, pilot, _app):
        for wrapping in (False, True, False):
            view.wrapping = wrapping
            await pilot.press("home", "down", "pagedown", "right", "pageup")
            view.highlight(re.compile("in it"))
            await pilot.pause()
            assert len(lines(view)) == 12
        view.wrapping = True
        view.go_to(0)
        await pilot.pause()
        assert set("".join(seen(view)).replace(" ", "")) == {"m"}


async def test_hostile_texts_once_cleaned_are_only_texts() -> None:
    texts = [clean(payload, 500) for payload in PAYLOADS]
    rows = [LogRow(text, "warn", min(3, len(text))) for text in texts]
    async with running((60, len(texts)), rows) as (view, _rows, pilot, _app):
        view.highlight(re.compile("PWNED"))
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
