"""Lists of new VPN users: pasted names, or a table `name,password,group,expires,note`.

Every line is accounted for: it is a user, with what is wrong or remarkable about it, or it is blank
or a comment. Nothing raises, whatever is pasted. What may stand where:

- Names: one on a line, or several with blanks, commas, semicolons or tabs between.
- A table: one user on a line. Without a header the columns are those above, in this order, and only
  the first is needed; with a header they may stand in any order, and `;` or a tab may be between
  them instead of a comma. Quotes as in CSV, closed on the line on which they open.
- Blank lines, and lines that begin with #, are left out. A byte order mark is too.
"""

import csv
import re
from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

import msgspec

from tui.vpn.expiry import ExpiryError, read_expiry
from tui.vpn.findings import Finding, errors
from tui.vpn.usertable import SEPARATORS, unneutral

COLUMNS: Final = ("name", "password", "group", "expires", "note")
LONGEST: Final = 1000
"""Users that one list may have; an account has room for eight, unless it was given more."""

_SPELLINGS: Final = {
    "name": "name", "user": "name", "username": "name", "user name": "name",
    "password": "password", "group": "group", "groups": "group",
    "expires": "expires", "expiry": "expires", "expiry date": "expires",
    "note": "note", "notes": "note", "comment": "note",
}  # fmt: skip

LARGEST_LIST: Final = 1024 * 1024
"""Bytes of a file of users that are read: a thousand users need a tenth."""

Reading = Literal["names", "table"]
"""What a text is read as."""


class Entry(msgspec.Struct, frozen=True):
    """A user as a line of the list has it. Shows no password when it is printed."""

    name: str
    password: str = ""
    """Empty: one is to be made."""
    group: str = ""
    expires: date | None = None
    note: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.name!r}, group={self.group!r}, expires={self.expires})"


class Line(msgspec.Struct, frozen=True):
    """One user of the list, and what there is to say about the line."""

    number: int
    """Of the line in the text, from 1."""
    entry: Entry
    findings: tuple[Finding, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether nothing stands in the way of this user."""
        return not errors(self.findings)


class UserFile(msgspec.Struct, frozen=True):
    """A whole list, read."""

    reading: Reading
    columns: tuple[str, ...] = COLUMNS
    """Of a table, in their order."""
    separator: str = ","
    header: int = 0
    """Number of the line with the header; 0 without one."""
    lines: tuple[Line, ...] = ()
    left_out: tuple[int, ...] = ()
    """Numbers of blank lines and comments."""

    @property
    def words(self) -> str:
        """What it was read as, in words."""
        if self.reading == "names":
            return "names"
        header = f"header on line {self.header}" if self.header else "no header"
        return f"a table of {SEPARATORS[self.separator].join(self.columns)} ({header})"


def list_text(raw: bytes) -> str:
    """The text of a file of users. Raises `ValueError`, in words that come after “it is”."""
    if len(raw) > LARGEST_LIST:
        raise ValueError("larger than 1 MB, so it is no list of users")
    try:
        # Spreadsheets that say “Unicode text” write UTF-16.
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8; save it as CSV UTF-8") from error


def read_users(text: str, today: date, reading: Reading | None = None) -> UserFile:
    """Read a list; without `reading` what it is follows from its form.

    A header makes it a table. Without one it is names where nothing but blanks and line ends is
    between them, where it is a single line, or where a blank follows every comma.
    """
    rows = list(enumerate(_split(text), start=1))
    left_out = tuple(number for number, row in rows if _is_left_out(row))
    rows = [(number, row) for number, row in rows if not _is_left_out(row)]
    header = _header(rows[0][1]) if rows else None
    if header is not None and reading != "names":
        separator, columns = header
        lines = _table(rows[1:], separator, columns, today)
        return UserFile("table", columns, separator, rows[0][0], lines, left_out)
    if reading == "table" or (reading is None and not _look_like_names([r for _, r in rows])):
        lines = _table(rows, ",", COLUMNS, today)
        return UserFile("table", lines=lines, left_out=left_out)
    return UserFile("names", lines=_names(rows), left_out=left_out)


def _split(text: str) -> list[str]:
    """The lines of a text, whatever its line ends are; only these: a form feed ends none."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return plain.removesuffix("\n").split("\n") if plain else []


def _is_left_out(row: str) -> bool:
    return not row.strip() or row.lstrip().startswith("#")


def _header(row: str) -> tuple[str, tuple[str, ...]] | None:
    """Separator and columns, if every cell of the row is the name of a column, `name` among them.

    A lone `name` is a header too: nobody is called so.
    """
    for separator in SEPARATORS:
        cells = _cells(row, separator)
        if isinstance(cells, Finding):
            continue
        known = [_SPELLINGS.get(cell.strip().lower(), "") for cell in cells]
        if "name" in known and all(known) and len(set(known)) == len(known):
            return separator, tuple(known)
    return None


def _look_like_names(rows: Sequence[str]) -> bool:
    if any('"' in row or "\t" in row for row in rows):
        return False
    with_commas = [row for row in rows if re.search("[,;]", row)]
    return (
        not with_commas
        or len(rows) == 1
        or all(re.search(r"[,;](?!\s|$)", row) is None for row in with_commas)
    )


def _names(rows: Sequence[tuple[int, str]]) -> tuple[Line, ...]:
    found = [(number, name) for number, row in rows for name in re.split(r"[\s,;]+", row) if name]
    lines = [Line(number, Entry(name)) for number, name in found[:LONGEST]]
    return (*lines, *(_too_many(number, name) for number, name in found[LONGEST:]))


def _too_many(number: int, name: str = "") -> Line:
    says = f"One list may have {LONGEST:,} users; put the others into another one."
    return Line(number, Entry(name), (Finding("error", "file-long", says),))


def _table(
    rows: Sequence[tuple[int, str]], separator: str, columns: Sequence[str], today: date
) -> tuple[Line, ...]:
    lines = [_line(number, row, separator, columns, today) for number, row in rows[:LONGEST]]
    return (*lines, *(_too_many(number) for number, _ in rows[LONGEST:]))


def _line(number: int, row: str, separator: str, columns: Sequence[str], today: date) -> Line:
    cells = _cells(row, separator)
    if isinstance(cells, Finding):
        return Line(number, Entry(""), (cells,))
    said = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    findings: list[Finding] = []
    if any(cell.strip() for cell in cells[len(columns) :]):
        findings.append(_too_wide(len(cells), columns, separator))
    expires = None
    try:
        expires = read_expiry(said.get("expires", ""), today)
    except ExpiryError as problem:
        findings.append(Finding("error", "file-expires", str(problem)))
    # A password is taken as it stands: an apostrophe or a blank in it has to be complained about.
    password = cells[columns.index("password")] if "password" in said else ""
    entry = Entry(
        said.get("name", ""),
        password,
        unneutral(said.get("group", "")),
        expires,
        unneutral(said.get("note", "")),
    )
    return Line(number, entry, tuple(findings))


def _too_wide(cells: int, columns: Sequence[str], separator: str) -> Finding:
    between = SEPARATORS[separator]
    says = (
        f"The line has {cells} columns, allowed are {between.join(columns)}; put what has a "
        f"{between} in it into quotes."
    )
    return Finding("error", "file-columns", says)


def _cells(row: str, separator: str) -> list[str] | Finding:
    """The cells of one line, or what is wrong with its quotes."""
    try:
        cells = next(csv.reader([row], delimiter=separator, strict=True), [])
    except csv.Error:
        says = (
            "The quotes of the line do not fit: a cell in quotes begins and ends with one, and one "
            "within it is doubled."
        )
        return Finding("error", "file-quotes", says)
    if len(max(cells, key=len, default="")) > _LONGEST_CELL:
        return Finding("error", "file-cell", f"A cell has more than {_LONGEST_CELL} characters.")
    return cells


_LONGEST_CELL: Final = 1000
