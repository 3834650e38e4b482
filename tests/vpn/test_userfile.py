"""Lists of users: names and tables, whatever is pasted; every line is accounted for."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.vpn.expiry import ExpiryError, expires_soon, expiry_words, is_expired, read_expiry
from tui.vpn.userfile import COLUMNS, LONGEST, Entry, UserFile, read_users
from tui.vpn.usertable import neutral, unneutral, write_table

TODAY = date(2026, 11, 25)


def names(file: UserFile) -> list[str]:
    return [line.entry.name for line in file.lines]


def codes(file: UserFile) -> list[list[str]]:
    return [[each.code for each in line.findings] for line in file.lines]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("alice bob carol", [1, 1, 1]),
        ("alice,bob,carol", [1, 1, 1]),
        ("alice;bob; carol", [1, 1, 1]),
        ("alice\nbob\ncarol", [1, 2, 3]),
        ("\ufeffalice\r\n\r\nbob\r\n# who came last\r\ncarol\r\n", [1, 3, 5]),
        ("alice, bob,\ncarol", [1, 1, 2]),
        ("alice\rbob\rcarol", [1, 2, 3]),
    ],
)
def test_names_in_every_form(text: str, numbers: list[int]) -> None:
    file = read_users(text, TODAY)
    assert file.reading == "names" and file.words == "names"
    assert names(file) == ["alice", "bob", "carol"]
    assert [line.number for line in file.lines] == numbers


def test_a_table_without_a_header() -> None:
    file = read_users(
        'alice,Secret.1234,sales,2027-01-31,"likes, commas"\nbob\ncarol,,,+30d\n', TODAY
    )
    assert file.reading == "table" and file.columns == COLUMNS and file.header == 0
    assert [line.entry for line in file.lines] == [
        Entry("alice", "Secret.1234", "sales", date(2027, 1, 31), "likes, commas"),
        Entry("bob"),
        Entry("carol", "", "", date(2026, 12, 25)),
    ]
    assert codes(file) == [[], [], []]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_header_decides_order_and_separator(separator: str) -> None:
    rows = (("Group", "Username", "Expiry"), ("sales", "alice", "never"), ("it", "bob", ""))
    text = "# made by hand\n" + "\n".join(separator.join(row) for row in rows)
    file = read_users(text, TODAY)
    assert (file.separator, file.columns, file.header) == (
        separator,
        ("group", "name", "expires"),
        2,
    )
    assert [(line.number, line.entry) for line in file.lines] == [
        (3, Entry("alice", group="sales")),
        (4, Entry("bob", group="it")),
    ]
    assert file.left_out == (1,)
    assert "header on line 2" in file.words


def test_how_to_read_it_can_be_said() -> None:
    assert names(read_users("alice,bob", TODAY)) == ["alice", "bob"]
    table = read_users("alice,bob", TODAY, "table")
    assert table.lines[0].entry == Entry("alice", "bob")
    assert names(read_users("alice,x\nbob,y", TODAY, "names")) == ["alice", "x", "bob", "y"]
    assert names(read_users("alice,x\nbob,y", TODAY)) == ["alice", "bob"]


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ('"alice,x', "file-quotes", "quotes of the line do not fit"),
        ('"alice"x,y', "file-quotes", "quotes of the line do not fit"),
        ("a,b,c,never,e,f", "file-columns", "The line has 6 columns, allowed are name,password"),
        ("alice,,,31.01.2027", "file-expires", "write 2027-01-31"),
        ("alice,,,2027-02-30", "file-expires", "no day 2027-02-30"),
        ("alice,,,2026-11-24", "file-expires", "is over; today is 2026-11-25"),
        ("alice," + "x" * 2000, "file-cell", "more than 1000 characters"),
    ],
)
def test_what_is_wrong_with_a_line_stands_beside_it(row: str, code: str, says: str) -> None:
    file = read_users(f"name,password,group,expires,note\nbob\n{row}\ncarol", TODAY)
    assert codes(file) == [[], [code], []]
    assert says in file.lines[1].findings[0].says and file.lines[1].number == 3
    assert not file.lines[1].is_right


def test_a_password_is_taken_exactly_and_never_shown() -> None:
    line = read_users("name,password\nalice,'=pass \nbob,-Xy", TODAY).lines
    assert line[0].entry.password == "'=pass " and line[1].entry.password == "-Xy"
    assert "pass" not in repr(line[0]) and "Xy" not in repr(line[1])


def test_a_list_that_is_too_long_is_read_to_its_end() -> None:
    file = read_users("\n".join(f"user{number}" for number in range(LONGEST + 5)), TODAY)
    assert len(file.lines) == LONGEST + 5
    assert codes(file)[LONGEST - 1 : LONGEST + 1] == [[], ["file-long"]]
    table = read_users("name,group\n" + "a,b\n" * (LONGEST + 2), TODAY)
    assert [len(found) for found in codes(table)][-3:] == [0, 1, 1]


TEXTS = st.one_of(
    st.text(),
    st.text("ab,;\t\" \n\r#'=\ufeff", max_size=80),
    st.lists(st.sampled_from(["name,group", "alice", '"', "a,b", "#x", " ", "a;b;c;+3d"])).map(
        "\n".join
    ),
)


@given(TEXTS, st.sampled_from([None, "names", "table"]))
@example("\x00,\x00\nname", None)
@example('name\n"\ud800"', None)
def test_nothing_breaks_it_and_every_line_is_accounted_for(text: str, reading: str | None) -> None:
    file = read_users(text, TODAY, reading)  # type: ignore[arg-type]
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    there = len(plain.removesuffix("\n").split("\n")) if plain else 0
    told = {line.number for line in file.lines} | set(file.left_out)
    told |= {file.header} - {0}
    if file.reading == "table":
        assert told == set(range(1, there + 1))
    else:
        # A line of nothing but commas has no name in it.
        rows = plain.removesuffix("\n").split("\n") if plain else []
        silent = {n for n, row in enumerate(rows, 1) if not row.strip(", ;\t\r\n\v\f")}
        assert set(range(1, there + 1)) - silent - told <= {
            n
            for n, row in enumerate(rows, 1)
            if not any(p for p in row.replace(",", " ").replace(";", " ").split())
        }


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30).map(
    str.strip
)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9][a-z0-9@._-]{2,20}", fullmatch=True).filter(
                lambda name: name != "name"
            ),
            CELLS,
            st.none() | st.dates(TODAY, date(2099, 1, 1)),
            CELLS,
        ),
        max_size=6,
    )
)
def test_what_is_exported_can_be_read_again(
    people: list[tuple[str, str, date | None, str]],
) -> None:
    rows = [
        (name, group, expires.isoformat() if expires else "", note)
        for name, group, expires, note in people
    ]
    text = write_table(("name", "group", "expires", "note"), rows)
    entries = [line.entry for line in read_users(text, TODAY).lines]
    assert entries == [
        Entry(name, "", group, expires, note) for name, group, expires, note in people
    ]


@given(st.text())
def test_no_cell_is_a_formula(cell: str) -> None:
    made = neutral(cell)
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unneutral(made) == cell


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "'=x", "\t=x"])
def test_formulas_are_told_by_an_apostrophe(cell: str) -> None:
    assert neutral(cell) == f"'{cell}" and neutral("plain") == "plain"


def test_expiry_dates() -> None:
    assert read_expiry("never", TODAY) is None and read_expiry(" ", TODAY) is None
    assert read_expiry("2026-11-25", TODAY) == TODAY
    assert read_expiry("+7d", TODAY) == date(2026, 12, 2) == read_expiry("7D", TODAY)
    assert read_expiry("9999d", TODAY) == date(2054, 4, 11)
    for wrong in ("tomorrow", "2026-13-01", "26-11-25", "٢٠٢٧-01-01", "2026-11-24"):
        with pytest.raises(ExpiryError):
            read_expiry(wrong, TODAY)
    assert not is_expired(None, TODAY) and not is_expired(TODAY, TODAY)
    assert is_expired(date(2026, 11, 24), TODAY)
    assert expires_soon(date(2026, 12, 2), TODAY) and not expires_soon(date(2026, 12, 3), TODAY)
    assert expiry_words(None, TODAY) == ""
    assert expiry_words(date(2026, 11, 24), TODAY) == "✘ 2026-11-24"
    assert expiry_words(TODAY, TODAY) == "▲ 2026-11-25"
    assert expiry_words(date(2027, 11, 24), TODAY) == "2027-11-24"
