"""Write-ahead logging for the files of several consoles at once."""

import sqlite3
import time
from typing import Final

_AGAIN: Final = 0.01
"""Seconds between two tries."""
_PRIMARY: Final = 0xFF
"""What an extended result code has of the primary one."""


def use_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Write ahead, each transaction flushed to the disk.

    Only the first one who opens a new file has to switch it; SQLite does not wait for others then,
    whatever the timeout of the connection is. It is tried for `seconds`. Raises `sqlite3.Error`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            kind = error.sqlite_errorcode & _PRIMARY
            if kind != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN)
    connection.execute("PRAGMA synchronous = FULL")
