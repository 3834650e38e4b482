"""Columns share the room that there is."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.columns import GAP, SQUEEZE, Cell, Column, lay_out

Row = tuple[str, ...]
texts = st.text(st.sampled_from("ab 日本語é🎉-"), max_size=30)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column[Row]], list[Row]]:
    count = draw(st.integers(1, 8))
    columns: list[Column[Row]] = []
    for number in range(count):
        narrowest = draw(st.integers(1, 15))
        columns.append(
            Column(
                "T" * draw(st.integers(1, 10)),
                lambda row, number=number: Cell(row[number]),  # type: ignore[misc]
                widest=draw(st.integers(narrowest, 40)),
                narrowest=narrowest,
                rank=draw(st.integers(0, 4)),
            )
        )
    rows = draw(st.lists(st.tuples(*[texts] * count), max_size=6))
    return columns, rows


def total(widths: tuple[int, ...]) -> int:
    return sum(width + GAP for width in widths)


@given(tables(), st.integers(0, 250))
def test_never_wider_than_the_room_where_that_is_possible(
    table: tuple[list[Column[Row]], list[Row]], room: int
) -> None:
    columns, rows = table
    layout = lay_out(columns, rows, room)
    least = sum(column.least + GAP for column in columns if column.rank == 0)
    if least <= room:
        assert total(layout.widths) <= room
    else:
        assert [c for c in layout.columns if c.rank > 0] == []
        assert total(layout.widths) == least


@given(tables(), st.integers(0, 250))
def test_columns_leave_by_rank_and_keep_their_order(
    table: tuple[list[Column[Row]], list[Row]], room: int
) -> None:
    columns, rows = table
    layout = lay_out(columns, rows, room)
    shown = [columns.index(column) for column in layout.columns]
    assert shown == sorted(shown)
    gone = [column for column in columns if column not in layout.columns]
    assert all(column.rank > 0 for column in gone)
    if gone:
        last = min(column.rank for column in gone)
        assert all(column.rank <= last for column in layout.columns)
        # Of one rank the rightmost leave first.
        kept = [columns.index(c) for c in layout.columns if c.rank == last]
        left = [columns.index(c) for c in gone if c.rank == last]
        assert not kept or max(kept) < min(left)


@given(tables(), st.integers(0, 250))
def test_widths_stay_within_what_a_column_asks_for(
    table: tuple[list[Column[Row]], list[Row]], room: int
) -> None:
    columns, rows = table
    layout = lay_out(columns, rows, room)
    for column, width in zip(layout.columns, layout.widths, strict=True):
        assert column.least <= width <= column.widest


@given(tables())
def test_with_room_enough_nothing_is_cut(table: tuple[list[Column[Row]], list[Row]]) -> None:
    columns, rows = table
    layout = lay_out(columns, rows, 10_000)
    assert layout.columns == tuple(columns)
    for number, (column, width) in enumerate(zip(columns, layout.widths, strict=True)):
        widest = max((cell_len(row[number]) for row in rows), default=0)
        assert width >= min(column.widest, widest)


@given(tables(), st.integers(0, 200))
def test_more_room_never_shows_less(table: tuple[list[Column[Row]], list[Row]], room: int) -> None:
    columns, rows = table
    narrow, wide = lay_out(columns, rows, room), lay_out(columns, rows, room + 1)
    assert set(map(id, narrow.columns)) <= set(map(id, wide.columns))


def test_a_few_cells_are_squeezed_out_before_a_column_leaves() -> None:
    def column(title: str, rank: int) -> Column[str]:
        return Column(title, Cell, widest=20, narrowest=4, rank=rank)

    columns = [column("A", 0), column("B", 1)]
    whole = 2 * (20 + GAP)
    for missing in range(SQUEEZE + 1):
        layout = lay_out(columns, ["x" * 20], whole - missing)
        assert len(layout.columns) == 2
        assert total(layout.widths) == whole - missing
    assert len(lay_out(columns, ["x" * 20], whole - SQUEEZE - 1).columns) == 1


def test_only_the_ends_of_a_long_list_are_measured() -> None:
    asked: list[int] = []

    def show(fact: int) -> Cell:
        asked.append(fact)
        return Cell(str(fact))

    column: Column[int] = Column("N", show)
    lay_out([column], range(10_000), 80)
    assert len(asked) == 400
    assert asked[0] == 0
    assert asked[-1] == 9_999


def test_sorting_by_text_ignores_case() -> None:
    by_text: Column[str] = Column("T", Cell)
    assert sorted(["b", "A", "c"], key=by_text.sort_key) == ["A", "b", "c"]
    by_length: Column[str] = Column("T", Cell, order=len)
    assert by_length.sort_key("four") == 4
