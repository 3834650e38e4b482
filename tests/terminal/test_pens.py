"""From one look to another, read back by somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.terminal.emulator import Emulator
from tui.terminal.pens import PLAIN, Pen, PenBook, pen_of

ATTRIBUTES = st.lists(
    st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"]),
    unique=True,
)
FOREGROUND = st.sampled_from(["", "39", "31", "97", "38;5;7", "38;2;1;2;3"])
BACKGROUND = st.sampled_from(["", "49", "41", "107", "48;5;255", "48;2;0;0;0"])
SGR = st.builds(
    lambda attributes, *colours: ";".join([*attributes, *filter(None, colours)]),
    ATTRIBUTES,
    FOREGROUND,
    BACKGROUND,
)


@given(st.lists(SGR, min_size=1, max_size=6))
def test_every_change_leads_to_the_look(looks: list[str]) -> None:
    book, pen, screen = PenBook(), PLAIN, Emulator(4, 2)
    for sgr in looks:
        number = book.number(sgr)
        screen.feed(book.change(pen, number))
        pen = number
        afresh = Emulator(4, 2)
        afresh.feed(f"\x1b[{sgr}m" if sgr else "")
        assert screen._look == afresh._look
    screen.feed(book.change(pen, PLAIN))
    assert screen.is_as_found


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("", "", ""),
        ("1", "", "\x1b[m"),
        ("38;2;1;2;3;48;2;9;9;9", "1;38;2;1;2;3;48;2;9;9;9", "\x1b[1m"),
        ("1;38;2;1;2;3;48;2;9;9;9", "38;2;1;2;3;48;2;9;9;9", "\x1b[22m"),
        ("1;2;38;2;1;2;3", "2;38;2;1;2;3", "\x1b[22;2m"),
        ("31;44", "31;41", "\x1b[41m"),
        ("21;38;2;1;2;3", "38;2;1;2;3", "\x1b[0;38;2;1;2;3m"),
    ],
)
def test_only_what_changes_is_said(old: str, new: str, change: str) -> None:
    book = PenBook()
    assert book.change(book.number(old), book.number(new)) == change


def test_links_begin_and_end() -> None:
    book = PenBook()
    here, there = book.number("4", "https://a.example/"), book.number("4", "https://b.example/")
    begins = book.change(PLAIN, here)
    assert begins == f"\x1b]8;id={here};https://a.example/\x1b\\\x1b[4m"
    assert book.change(here, there) == f"\x1b]8;id={there};https://b.example/\x1b\\"
    assert book.change(there, PLAIN) == "\x1b]8;;\x1b\\\x1b[m"
    without = PenBook(links=False)
    assert without.number("4", "https://a.example/") == without.number("4")


def test_blanks_and_what_erases() -> None:
    book = PenBook()
    text, blank = book.number("1;31;48;5;4"), book.number("48;5;4")
    assert book.on_blanks(text) == blank
    line = book.number("4;31")
    assert book.on_blanks(line) == line, "a line under a blank is to be seen"
    assert book.erases(blank, with_colour=True) and not book.erases(blank, with_colour=False)
    assert book.erases(PLAIN, with_colour=False) and not book.erases(line, with_colour=True)
    assert pen_of("0;39;49") == Pen()
