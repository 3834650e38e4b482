"""Switching a file to write-ahead logging while others use it."""

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from tui.operations.wal import use_wal


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def mode(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_it_waits_for_who_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    first, second = opened(path), opened(path)
    first.execute("CREATE TABLE t (a)")
    first.execute("BEGIN EXCLUSIVE")
    letting_go = threading.Timer(0.2, lambda: first.execute("COMMIT"))
    letting_go.start()
    use_wal(second, 5)
    letting_go.join()
    first.execute("SELECT a FROM t")  # it sees the change once it reads
    assert mode(second) == mode(first) == "wal"
    assert second.execute("PRAGMA synchronous").fetchone() == (2,)
    first.close()
    second.close()


def test_it_gives_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    first, second = opened(path), opened(path)
    first.execute("CREATE TABLE t (a)")
    first.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_wal(second, 0.1)
    assert time.monotonic() - began < 5
    first.close()
    second.close()


def test_what_is_no_lock_is_raised_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    path.write_bytes(b"this is no database, and long enough to be looked at as one" * 20)
    connection = opened(path)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_wal(connection, 60)
    connection.close()
