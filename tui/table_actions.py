"""The actions of every table: filter, order, marks, columns; see `tui.actions`."""

from typing import Final

from tui.action import TABLES, Action


def _in_tables(
    name: str, keys: tuple[str, ...], label: str, words: str, *, on_row: bool = False
) -> Action:
    return Action(
        name=name,
        keys=keys,
        label=label,
        help=words,
        screens=TABLES,
        on_row=on_row,
        hint=False,
    )


TABLE_ACTIONS: Final = (
    Action(
        name="filter",
        keys=("slash",),
        label="Filter",
        help="Filter as you type: word, field:value, !not; escape clears.",
        screens=(*TABLES, "logs"),
    ),
    _in_tables("sort", ("s",), "Sort", "Sort by the next column."),
    _in_tables("reverse", ("S",), "Reverse", "Turn the sorting round."),
    _in_tables(
        "mark_row",
        ("space",),
        "Mark",
        "Mark the row or take its mark away; what works on many then works on the marked rows.",
        on_row=True,
    ),
    _in_tables(
        "mark_shown",
        ("asterisk",),
        "Mark all",
        "Mark every row that the filter leaves.",
        on_row=True,
    ),
    _in_tables("clear_marks", ("minus",), "Unmark all", "Take every mark away."),
    _in_tables(
        "choose_columns",
        ("O",),
        "Columns",
        "Choose the columns of the section; the choice is kept.",
    ),
    _in_tables(
        "plain_rows",
        ("Z",),
        "Words",
        "Show each row as words for a screen reader, or the columns again.",
    ),
    _in_tables(
        "refresh",
        ("r", "f5"),
        "Refresh",
        "Ask the server or the routers again; the cursor stays on its row.",
    ),
)
