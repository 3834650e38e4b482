"""What a table shows beside plain rows: columns out of sight, marks, selections, words, the
terminal's cursor; and which rows it says are looked at."""

from typing import Any

import pytest
from textual.geometry import Offset, Size
from textual.pilot import Pilot
from textual.selection import SELECT_ALL, Selection

from tests.widgets.apps import COLUMNS, Fact, OneWidget, facts, lines, table_app, told
from tui.widgets.columns import Cell, Column
from tui.widgets.rowpaint import MARK, POINTER
from tui.widgets.table import ResourceTable

LETTERS = [chr(ord("a") + number) * 3 for number in range(26)]


def wide_table() -> tuple[OneWidget, ResourceTable[tuple[str, ...]]]:
    """Six columns of nine cells: three of them fit into 40 cells, those of the lowest rank."""
    columns: list[Column[tuple[str, ...]]] = [
        Column(f"C{n}", lambda row, n=n: Cell(row[n]), rank=n, widest=9, narrowest=9)  # type: ignore[misc]
        for n in range(6)
    ]
    table: ResourceTable[tuple[str, ...]] = ResourceTable(columns, lambda row: row[0])
    return OneWidget(table), table


def titles(table: ResourceTable[Any]) -> list[str]:
    return [word.strip("▴▾") for word in lines(table)[0].split()]


class CountingTable(OneWidget):
    """A table that counts how often a row is formatted."""

    def __init__(self) -> None:
        self.formatted: list[str] = []

        def name(fact: Fact) -> Cell:
            self.formatted.append(fact[0])
            return Cell(fact[1])

        columns = (Column("NAME", name, order=lambda fact: fact[1]), *COLUMNS[1:])
        self.table: ResourceTable[Fact] = ResourceTable(columns, lambda fact: fact[0])
        super().__init__(self.table)


async def test_only_rows_on_the_screen_are_formatted() -> None:
    app = CountingTable()
    async with app.run_test(size=(40, 12)) as pilot:
        many = [(f"K{n:05}", f"n{n:05}", n) for n in range(50_000)]
        app.table.show(many)
        await pilot.pause()
        sample = 400  # for the widths
        assert len(app.formatted) <= sample + 11
        app.formatted.clear()
        app.table.show(many)
        await pilot.pause()
        assert len(app.formatted) <= sample + 11
        await pilot.press("end")
        await pilot.pause()
        app.formatted.clear()
        for _ in range(5):
            await pilot.press("home", "down", "up")
        await pilot.press("end", *["up"] * 10)
        await pilot.pause()
        # Each row at most once as it is and once under the cursor, however often it is painted.
        assert len(app.formatted) <= 2 * 22


async def test_a_line_that_is_scrolled_formats_one_row() -> None:
    app = CountingTable()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.show([(f"K{n:05}", f"n{n:05}", n) for n in range(1_000)])
        await pilot.press(*["down"] * 10)
        await pilot.pause()
        for _ in range(5):
            app.formatted.clear()
            await pilot.press("down")
            await pilot.pause()
            # The new row under the cursor, and the old one without it.
            assert 1 <= len(app.formatted) <= 2


async def test_columns_out_of_sight_are_brought_in_and_the_first_stays() -> None:
    app, table = wide_table()
    async with app.run_test(size=(40, 5)) as pilot:
        table.show([tuple(f"row{r}-cel{n}" for n in range(6)) for r in range(3)])
        await pilot.pause()
        assert titles(table) == ["C0", "C1", "C2"], "the least important are left out"
        seen = []
        for _ in range(9):
            await pilot.press("right")
            seen.append(titles(table))
            assert {len(line) for line in lines(table)} == {40}
        assert seen[0][:2] == ["C0", "C1"]
        assert seen[1][:2] == ["C0", "C2"]
        assert all(each[0] == "C0" for each in seen)
        assert seen[-1][-1] == "C5" and "row0-cel5" in lines(table)[1]
        assert seen[-1] == seen[-2], "no further than the last column"
        await pilot.click(ResourceTable, offset=(lines(table)[0].index("C5"), 0))
        assert "C5▴" in lines(table)[0], "a head that was brought in sorts as well"
        await pilot.press(*["left"] * 9)
        assert titles(table) == ["C0", "C1", "C2"]
        await pilot.resize_terminal(80, 5)
        await pilot.press("right")
        assert titles(table) == [f"C{n}" for n in range(6)], "where all fit nothing moves"


async def test_columns_that_are_not_offered_are_searched_all_the_same() -> None:
    app, table = wide_table()
    async with app.run_test(size=(80, 5)) as pilot:
        table.show([tuple(f"row{r}-cel{n}" for n in range(6)) for r in range(3)])
        table.offer_columns(["C3", "nothing", "C0"])
        await pilot.pause()
        assert titles(table) == ["C3", "C0"]
        assert table.columns_offered == ("C3", "C0")
        table.filter_by("c5:row1")
        await pilot.pause()
        assert lines(table)[1].split() == [POINTER, "row1-cel3", "row1-cel0"]
        assert table.sort_by_next() in ("C3", "C0")
        table.offer_columns([])
        await pilot.pause()
        assert titles(table) == [f"C{n}" for n in range(6)]


async def test_marks_are_shown_counted_and_kept() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        table.action_mark()
        table.action_mark()
        await pilot.pause()
        assert table.key_under_cursor == "CCC", "it goes to the next row"
        assert [line[:2] for line in lines(table)[1:4]] == [f" {MARK}", f" {MARK}", f"{POINTER} "]
        table.show(facts("zero", *LETTERS))
        table.filter_by("!aaa")
        await pilot.pause()
        assert [fact[0] for fact in table.marked_facts] == ["BBB", "AAA"]
        counted = told(app, ResourceTable.Counted)[-1]
        assert isinstance(counted, ResourceTable.Counted)
        assert counted.marked == 2
        table.action_mark_shown()
        assert len(table.marked_facts) == 27
        table.action_clear_marks()
        await pilot.pause()
        assert not table.marked_facts and MARK not in "".join(lines(table))


async def test_rows_looked_at_are_told_when_they_are_others() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:

        def viewed() -> list[tuple[str, ...]]:
            return [m.keys for m in told(app, ResourceTable.Viewed)]  # type: ignore[attr-defined]

        table.show(facts(*LETTERS))
        await pilot.pause()
        assert viewed() == [("AAA", "BBB", "CCC", "DDD", "EEE")]
        table.show(facts(*LETTERS))
        await pilot.press("down", "down")
        await pilot.pause()
        assert len(viewed()) == 1, "the same rows again are no news"
        await pilot.press("end")
        await pilot.pause()
        assert viewed()[-1] == ("VVV", "WWW", "XXX", "YYY", "ZZZ")
        assert tuple(fact[0] for fact in table.visible_facts) == viewed()[-1]
        table.filter_by("mmm")
        await pilot.pause()
        assert viewed()[-1] == ("MMM",)
        await pilot.resize_terminal(40, 4)
        table.filter_by("")
        await pilot.pause()
        assert len(viewed()[-1]) == 3
        before = len(viewed())
        for _ in range(20):
            table.action_page(-1)
            table.action_page(1)
        table.action_edge(0)
        await pilot.pause()
        assert viewed()[-1] == ("AAA", "BBB", "CCC")
        assert len(viewed()) - before < 20, "a burst is told once, or a few times"


async def test_a_row_changes_in_its_place_when_it_is_merged() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.press(*["down"] * 9)
        before = lines(table)
        table.merge([("HHH", "hhh", 999), ("III", "iii", 7)])
        await pilot.pause()
        assert table.key_under_cursor == "JJJ"
        changed = [(a, b) for a, b in zip(before, lines(table), strict=True) if a != b]
        assert len(changed) == 2 and "999" in changed[0][1]


async def test_words_for_who_does_not_see_columns() -> None:
    app, table = table_app()
    async with app.run_test(size=(60, 6)) as pilot:
        table.show(facts("one", "two"))
        table.plain = True
        table.action_mark()
        await pilot.pause()
        first, second = [line.rstrip() for line in lines(table)[1:3]]
        assert first == "marked, NAME one, SIZE 1, KEY ONE"
        assert second == "NAME two, SIZE 2, KEY TWO"
        assert POINTER not in "".join(lines(table)) and MARK not in "".join(lines(table))
        await pilot.press("right")
        table.plain = False
        await pilot.pause()
        assert lines(table)[2].startswith(POINTER)


async def test_the_terminals_cursor_is_on_the_row_under_ours() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 6)) as pilot:
        table.show(facts(*LETTERS))
        await pilot.press("down", "down")
        assert app.cursor_position == Offset(2, 3)
        await pilot.press("end")
        assert app.cursor_position == Offset(2, 5)
        table.plain = True
        assert app.cursor_position == Offset(0, 5)
        table.filter_by("bbb")
        await pilot.pause()
        assert app.cursor_position == Offset(0, 1)


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(ResourceTable, offset=start)
    await pilot.hover(ResourceTable, offset=end)
    await pilot.mouse_up(ResourceTable, offset=end)
    await pilot.pause()


async def test_text_is_selected_with_the_mouse() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 8)) as pilot:
        table.show([(f"K{n}", f"name-{n:02}", n) for n in range(30)])
        await pilot.pause()
        await drag(pilot, (2, 2), (9, 2))
        assert (app.screen.get_selected_text() or "").strip() == "name-01"
        assert table.key_under_cursor == "K0", "the end of a selection moves nothing"
        strip = table.render_lines(table.size.region)[2]
        style = app.screen.get_component_rich_style("screen--selection")
        marked = [s.text for s in strip if s.style and s.style.bgcolor == style.bgcolor]
        assert "".join(marked).startswith("name-01")
        await pilot.click(ResourceTable, offset=(4, 3))
        assert not app.screen.get_selected_text()
        assert table.key_under_cursor == "K2", "a click takes the selection away and moves"
        table.scroll_to(y=10, animate=False)
        await pilot.pause()
        await drag(pilot, (2, 1), (9, 3))
        selected = app.screen.get_selected_text() or ""
        assert [line.split()[0] for line in selected.splitlines()] == [
            "name-10",
            "name-11",
            "name-12",
        ]
        await pilot.double_click(ResourceTable, offset=(4, 2))
        assert not app.screen.get_selected_text(), "a double click opens, it does not select"


@pytest.mark.parametrize("count", [0, 3])
async def test_everything_selected_is_head_and_rows_or_the_note(count: int) -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 8)) as pilot:
        table.note = "Nothing is here.\nPress a."
        table.show([(f"K{n}", f"name-{n}", n) for n in range(count)])
        await pilot.pause()
        text, _ = table.get_selection(SELECT_ALL) or ("", "")
        rows = text.splitlines()
        assert rows[0].split() == ["NAME▴", "SIZE", "KEY"]
        if count:
            assert [row.split()[-1] for row in rows[1:]] == ["K0", "K1", "K2"]
        else:
            assert [row.strip() for row in rows[1:] if row.strip()] == [
                "Nothing is here.",
                "Press a.",
            ]
        part = Selection(Offset(2, 1), Offset(8, 99))
        assert table.get_selection(part) is not None


async def test_a_failure_is_told_in_its_colour() -> None:
    app, table = table_app()
    async with app.run_test(size=(40, 8)) as pilot:
        table.note = "It could not be listed.\nPress r."
        await pilot.pause()
        quiet = next(iter(table.render_lines(table.size.region)[2])).style
        table.note_tone = "bad"
        await pilot.pause()
        loud = next(iter(table.render_lines(table.size.region)[2])).style
        assert quiet is not None and loud is not None and quiet.color != loud.color
        assert table.size == Size(40, 8)
