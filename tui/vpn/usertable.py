"""Writing a table of users that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

SEPARATORS: Final = {",": ",", ";": ";", "\t": " (tab) "}
"""What may be between the columns of a table, and how it is spelled."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection)."""


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before one that is."""
    bare = cell.lstrip(" '")
    return f"'{cell}" if bare.startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def unneutral(cell: str) -> str:
    """What `neutral` has made such a cell from."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def write_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows under their heads as CSV, line ends as RFC 4180 has them.

    Line ends within a cell become blanks, so that one user stays one line.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([neutral(" ".join(cell.splitlines())) for cell in row])
    return out.getvalue()
