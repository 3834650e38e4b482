"""The resource table, in a running application."""

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.hostile import DANGEROUS, PAYLOADS
from tests.widgets.apps import OneWidget, facts, lines, strips, table_app, told
from tui.safety.text import clean
from tui.widgets.table import POINTER, ResourceTable

LETTERS = [chr(ord("a") + number) * 3 for number in range(26)]


def shown(table: ResourceTable[tuple[str, str, int]]) -> list[str]:
    """The names on the screen, the one under the cursor with its pointer."""
    rows = [line for line in lines(table)[1:] if line.strip()]
    return [POINTER + row[2:].split()[0] if row.startswith(POINTER) else row.split()[0]
            for row in rows]  # fmt: skip


async def test_head_rows_and_pointer() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts("two", "one"))
        await pilot.pause()
        assert lines(table)[0].split() == ["NAME▴", "SIZE", "KEY"]
        assert shown(table) == [f"{POINTER}one", "two"]
        assert {cell_len(line) for line in lines(table)} == {40}


async def test_keys_move_the_cursor() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.pause()
        await pilot.press("down", "j", "down", "up", "k")
        assert table.key_under_cursor == "BBB"
        await pilot.press("pagedown")
        assert table.key_under_cursor == "FFF"
        await pilot.press("end")
        assert table.key_under_cursor == "ZZZ"
        assert shown(table)[-1] == f"{POINTER}zzz"
        await pilot.press("down")
        assert table.key_under_cursor == "ZZZ"
        await pilot.press("home", "up", "pageup")
        assert (table.key_under_cursor, shown(table)[0]) == ("AAA", f"{POINTER}aaa")
        # Faster than the screen is drawn: the last key counts.
        await pilot.press("G", "g")
        assert shown(table)[0] == f"{POINTER}aaa"
        assert [m.key for m in told(app, ResourceTable.Highlighted)][-1] == "AAA"  # type: ignore[attr-defined]


async def test_enter_opens_the_row() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press("enter")
        assert told(app, ResourceTable.Selected) == []
        table.show(facts("a", "b"))
        await pilot.press("down", "enter")
        (event,) = told(app, ResourceTable.Selected)
        assert isinstance(event, ResourceTable.Selected)
        assert (event.key, event.table) == ("B", table)


async def test_the_cursor_stays_on_its_object_when_others_come_and_go() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts("bbb", "ddd", "fff"))
        await pilot.press("down")
        assert table.key_under_cursor == "DDD"
        table.show(facts("aaa", "bbb", "ccc", "ddd", "eee", "fff"))
        await pilot.pause()
        assert table.key_under_cursor == "DDD"
        table.show(facts("ddd"))
        await pilot.pause()
        assert table.key_under_cursor == "DDD"
        table.show(facts("xxx", "yyy"))
        await pilot.pause()
        assert table.key_under_cursor == "XXX"
        table.show([])
        await pilot.pause()
        assert table.key_under_cursor is None
        assert table.fact_under_cursor is None


async def test_a_refresh_scrolls_nothing() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.press(*["down"] * 10)
        before = shown(table)
        assert before[-1] == f"{POINTER}kkk"
        table.show(facts("aaaa", "aab", *LETTERS))  # two more, above what is on the screen
        await pilot.pause()
        assert shown(table) == before
        # Scrolled away from the cursor: what is looked at stays as well.
        table.scroll_to(y=20, animate=False)
        await pilot.pause()
        before = shown(table)
        assert not any(row.startswith(POINTER) for row in before)
        table.show(facts(*LETTERS))
        await pilot.pause()
        assert shown(table) == before
        assert table.key_under_cursor == "KKK"


async def test_sorting_and_filtering_keep_the_cursor_in_sight() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.press("end")
        assert table.sort_by(1) == "SIZE"
        table.turn_round()
        await pilot.pause()
        assert (table.key_under_cursor, shown(table)[0]) == ("ZZZ", f"{POINTER}zzz")
        assert "SIZE▾" in lines(table)[0]
        table.turn_round()
        await pilot.pause()
        assert shown(table)[-1] == f"{POINTER}zzz"
        assert table.sort_by_next() == "KEY"
        assert table.sort_by_next() == "NAME"
        table.sort_by(0)
        await pilot.pause()
        assert "NAME▾" in lines(table)[0]
        table.filter_by("!mmm")
        assert table.key_under_cursor == "ZZZ"
        table.filter_by("mmm")
        await pilot.pause()
        assert shown(table) == [f"{POINTER}mmm"]
        table.filter_by("")
        await pilot.pause()
        assert table.key_under_cursor == "MMM"
        assert f"{POINTER}mmm" in shown(table)


async def test_numbers_are_sorted_as_numbers() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show([("A", "a", 10), ("B", "b", 9), ("C", "c", 100)])
        table.sort_by(1)
        await pilot.pause()
        assert [row.lstrip(POINTER) for row in shown(table)] == ["b", "a", "c"]


async def test_counts_are_told() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        table.filter_by("aa")
        await pilot.pause()
        counts = [
            (event.shown, event.total)
            for event in told(app, ResourceTable.Counted)
            if isinstance(event, ResourceTable.Counted)
        ]
        assert counts == [(26, 26), (1, 26)]


async def test_a_table_without_rows_says_what_to_do() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.note = "Nothing is here.\nPress a to add [something]."
        await pilot.pause()
        assert [line.strip() for line in lines(table)[2:4]] == [
            "Nothing is here.",
            "Press a to add [something].",
        ]
        table.show(facts("a"))
        await pilot.pause()
        assert not any("Nothing" in line for line in lines(table))


async def test_the_mouse_moves_opens_sorts_and_scrolls() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.pause()
        await pilot.click(ResourceTable, offset=(4, 3))
        assert table.key_under_cursor == "CCC"
        assert told(app, ResourceTable.Selected) == []
        await pilot.double_click(ResourceTable, offset=(4, 2))
        (event,) = told(app, ResourceTable.Selected)
        assert isinstance(event, ResourceTable.Selected)
        assert event.key == "BBB"
        x = lines(table)[0].index("SIZE")
        await pilot.click(ResourceTable, offset=(x, 0))
        assert "SIZE▴" in lines(table)[0]
        await pilot.click(ResourceTable, offset=(x, 0))
        assert "SIZE▾" in lines(table)[0]
        assert table.key_under_cursor == "BBB"
        await pilot.click(ResourceTable, offset=(0, 0))  # left of the first column
        assert "SIZE▾" in lines(table)[0]
        table.filter_by("aaa")
        await pilot.pause()
        await pilot.click(ResourceTable, offset=(4, 4))  # below the last row
        assert table.key_under_cursor == "AAA"


async def test_wide_characters_keep_columns_in_place() -> None:
    app, table = table_app()
    async with app.run_test(size=(44, 8)) as pilot:
        table.show(facts("日本語ネットワーク非常に長い名前", "ascii", "🏳️‍🌈 flag", "é" * 30))
        await pilot.pause()
        assert {cell_len(line) for line in lines(table)} == {44}
        long = next(line for line in lines(table) if "日本語" in line)
        assert "…" in long


async def test_ten_thousand_rows() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 12)) as pilot:
        table.show([(f"K{number}", f"net-{number:05}", number) for number in range(10_000)])
        await pilot.press("end")
        assert table.key_under_cursor == "K9999"
        assert shown(table)[-1] == f"{POINTER}net-09999"
        table.filter_by("name:net-0500")
        await pilot.pause()
        assert len(shown(table)) == 10
        table.filter_by("")
        assert table.go_to("K777")
        await pilot.pause()
        assert f"{POINTER}net-00777" in shown(table)
        assert not table.go_to("K10000")
        assert len(table.visible_facts) == 11
        assert table.fact_under_cursor in table.visible_facts


@pytest.mark.parametrize("size", [(10, 4), (3, 2), (40, 1), (1, 1), (80, 24), (200, 60)])
async def test_every_size(size: tuple[int, int]) -> None:
    app, table = table_app()
    async with app.run_test(size=(80, 24)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.press("end")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert len(lines(table)) == size[1]
        assert {cell_len(line) for line in lines(table)} == {table.size.width}
        if size[1] > 1 and size[0] > 3:
            assert any(line.startswith(POINTER) for line in lines(table))
        await pilot.press("home", "down", "pagedown")
        assert table.key_under_cursor is not None
        table.note = "nothing"
        table.show([])
        await pilot.pause()
        await pilot.resize_terminal(80, 24)


async def _rendered(app: OneWidget, pilot: Pilot[None], text: str) -> str:
    table = app.widget
    assert isinstance(table, ResourceTable)
    table.show([("K", text, 1)])
    await pilot.pause()
    return lines(table)[1]


async def test_text_is_never_read_as_markup() -> None:
    app, _ = table_app()
    async with app.run_test(size=(60, 4)) as pilot:
        for text in ("[red]x[/red]", "[@click=app.quit]q", "[/]", "\\[x]", "[link=http://e]z"):
            assert text in await _rendered(app, pilot, text)


async def test_hostile_texts_once_cleaned_are_only_texts() -> None:
    app, table = table_app()
    texts = [clean(payload, 500) for payload in PAYLOADS]
    async with app.run_test(size=(60, len(texts) + 1)) as pilot:
        table.show([(f"K{n}", text, n) for n, text in enumerate(texts)])
        table.sort_by(1)
        await pilot.pause()
        drawn = strips(table)
        assert len(drawn) == len(texts) + 1
        for payload, strip in zip(["head", *PAYLOADS], drawn, strict=True):
            assert cell_len(strip.text) == 60, payload[:40]
            assert DANGEROUS.search(strip.text) is None, payload[:40]
            assert all(s.style is None or not s.style.meta.get("@click") for s in strip)
