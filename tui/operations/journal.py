"""The journal: what consoles of this person are about to do and have done, on disk before it is.

One SQLite file in WAL mode for all profiles, `synchronous=FULL`: a record counts as written when
the disk has it. A torn end of the WAL is a transaction that never was; SQLite leaves it out.
"""

import asyncio
import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec

from tui.operations.ledger import JournalUnavailable, Record
from tui.operations.wal import use_wal
from tui.safety.text import clean
from tui.settings.errors import SettingsError
from tui.settings.paths import private_folder, state_folder

T = TypeVar("T")

KEPT_DAYS: Final = 90
"""Days for which operations that have ended are remembered."""

_FORMAT: Final = 1
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS operations (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, subject TEXT NOT NULL,
        target TEXT NOT NULL, cloud TEXT NOT NULL, profile TEXT NOT NULL, who TEXT NOT NULL,
        wanted BLOB NOT NULL, began REAL NOT NULL, ended REAL, outcome TEXT NOT NULL,
        must_finish TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS records (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        operation TEXT NOT NULL REFERENCES operations(id) ON DELETE CASCADE,
        record BLOB NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS records_by_operation ON records(operation, seq)",
    "CREATE TABLE IF NOT EXISTS opened (one INTEGER PRIMARY KEY, at REAL NOT NULL) STRICT",
)

OPEN: Final = "open"
DONE: Final = "done"
FAILED: Final = "failed"
ROLLED_BACK: Final = "rolled back"
FORGOTTEN: Final = "forgotten"
SETTLED: Final = "settled"
"""Outcomes. `settled`: another operation on the same subject has made it unnecessary."""


class KeptOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as the journal has it."""

    id: str
    """A UUID, by which people name it too."""
    kind: str
    title: str
    subject: str
    target: tuple[str, str, str] = ("", "", "")
    """Kind, id and name of what it is about."""
    cloud: str
    """URL of the API."""
    profile: str
    who: str
    """Whose credentials: the end of an API key, or a user name."""
    wanted: bytes
    began: float
    """Seconds since the epoch."""
    ended: float | None = None
    outcome: str = OPEN
    must_finish: str = ""
    """Why it must not stay as it is; "" where nothing was left half-done knowingly."""


def journal_file() -> Path:
    """Where the journal of this person is."""
    return state_folder() / "journal.sqlite3"


class Journal:
    """The file. Every method may be called from any thread; all but `close` raise
    `JournalUnavailable` where the file cannot be used.

    The asynchronous ones do their work in a thread, and finish it when they are cancelled.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], float] = time.time) -> None:
        self.path = path if path is not None else journal_file()
        self.now = now
        """Seconds since the epoch, by the clock of this machine."""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    # -- operations ----------------------------------------------------------------------------

    async def check(self) -> None:
        """Open the file, make it where it is missing, and see that it takes a record."""
        await asyncio.to_thread(self._work, self._probe)

    async def begin(self, operation: KeptOperation) -> None:
        """Write down that an operation begins."""
        fields = msgspec.structs.asdict(operation) | {"target": "\n".join(operation.target)}
        names, marks = ", ".join(fields), ", ".join("?" * len(fields))
        statement = f"INSERT INTO operations ({names}) VALUES ({marks})"  # noqa: S608 - own names
        await self._do((statement, tuple(fields.values())))

    async def add(self, operation_id: str, record: Record) -> None:
        """Write down a record."""
        await self._do(
            (
                "INSERT INTO records (operation, record) VALUES (?, ?)",
                (operation_id, msgspec.json.encode(record)),
            )
        )

    async def end(
        self,
        operation_id: str,
        outcome: str,
        *,
        must_finish: str = "",
        target: tuple[str, str, str] | None = None,
        wanted: bytes | None = None,
    ) -> None:
        """Write down how an operation has ended, or, as `OPEN`, that it has not.

        `target` and `wanted` replace what was written when it began.
        """
        ended = None if outcome == OPEN else self.now()
        statements: list[tuple[str, tuple[Any, ...]]] = [
            (
                "UPDATE operations SET outcome = ?, ended = ?, must_finish = ? WHERE id = ?",
                (outcome, ended, must_finish, operation_id),
            )
        ]
        if wanted is not None:
            statement = "UPDATE operations SET wanted = ? WHERE id = ?"
            statements.append((statement, (wanted, operation_id)))
        if target is not None:
            statements.append(
                (
                    "UPDATE operations SET target = ? WHERE id = ?",
                    ("\n".join(target), operation_id),
                )
            )
        await self._do(*statements)

    async def operations(
        self, *, cloud: str = "", only_open: bool = False, most: int = 200
    ) -> tuple[KeptOperation, ...]:
        """The operations of a cloud, or of all, newest first."""
        where, values = [], []
        if cloud:
            where.append("cloud = ?")
            values.append(cloud)
        if only_open:
            where.append("outcome = ?")
            values.append(OPEN)
        clause = f"WHERE {' AND '.join(where)}" if where else ""
        query = f"SELECT * FROM operations {clause} ORDER BY began DESC LIMIT {most:d}"  # noqa: S608
        return tuple(_operation(row) for row in await self._rows(query, tuple(values)))

    async def operation(self, name: str) -> tuple[KeptOperation, ...]:
        """The operations whose id begins with `name`: one, for a name that is long enough."""
        wanted = "".join(one for one in name.lower() if one in "0123456789abcdef-")
        if not wanted or wanted != name.lower():
            return ()
        query = "SELECT * FROM operations WHERE id LIKE ? ORDER BY began DESC LIMIT 10"
        return tuple(_operation(row) for row in await self._rows(query, (f"{wanted}%",)))

    async def records(self, operation_id: str) -> tuple[Record, ...]:
        """The records of an operation in their order."""
        query = "SELECT record FROM records WHERE operation = ? ORDER BY seq"
        rows = await self._rows(query, (operation_id,))
        try:
            return tuple(msgspec.json.decode(row["record"], type=Record) for row in rows)
        except msgspec.DecodeError as error:
            raise _unreadable(self.path, str(error)) from error

    async def settle_others(self, done: KeptOperation, kinds: Iterable[str]) -> None:
        """Close the open operations of `kinds` that an operation has made unnecessary."""
        statements = [
            (
                "UPDATE operations SET outcome = ?, ended = ? WHERE cloud = ? AND subject = ? AND "
                "kind = ? AND outcome = ? AND id != ?",
                (SETTLED, self.now(), done.cloud, done.subject, kind, OPEN, done.id),
            )
            for kind in kinds
        ]
        if statements:
            await self._do(*statements)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # -- the file ------------------------------------------------------------------------------

    async def _do(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            _transaction(connection, statements)

        await asyncio.to_thread(self._work, write)

    async def _rows(self, query: str, values: tuple[Any, ...]) -> Sequence[sqlite3.Row]:
        def read(connection: sqlite3.Connection) -> Sequence[sqlite3.Row]:
            return connection.execute(query, values).fetchall()

        return await asyncio.to_thread(self._work, read)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the open file; any failure is `JournalUnavailable`."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                return work(self._connection)
            except sqlite3.Error as error:
                if not isinstance(error, sqlite3.OperationalError):
                    raise _unreadable(self.path, str(error)) from error
                raise _unwritable(self.path, str(error)) from error
            except OSError as error:
                raise _unwritable(self.path, error.strerror or str(error)) from error
            except SettingsError as error:
                raise _unwritable(self.path, str(error)) from error

    def _open(self) -> sqlite3.Connection:
        private_folder(self.path.parent)
        _make_private(self.path)
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            use_wal(connection, _BUSY_SECONDS)
            connection.execute("PRAGMA foreign_keys = ON")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _FORMAT:
                raise JournalUnavailable(
                    f"The journal {self.path} was written by a newer csvpn",
                    "Use that version, or move the file away.",
                )
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise _unreadable(self.path, str(state))
            if version < _FORMAT:
                _transaction(connection, [(each, ()) for each in _SCHEMA])
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
            self._probe(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _probe(self, connection: sqlite3.Connection) -> None:
        now = self.now()
        _transaction(
            connection,
            [
                ("INSERT OR REPLACE INTO opened (one, at) VALUES (1, ?)", (now,)),
                (
                    "DELETE FROM operations WHERE outcome != ? AND ended < ?",
                    (OPEN, now - KEPT_DAYS * 86_400),
                ),
            ],
        )


def _make_private(path: Path) -> None:
    """See that the file is ours alone, and make it so where it is missing."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is not a file")
        if status.st_uid != os.geteuid():
            raise OSError(0, f"it belongs to another user (uid {status.st_uid})")
        if stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _transaction(
    connection: sqlite3.Connection, statements: Iterable[tuple[str, tuple[Any, ...]]]
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has ended the transaction already.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _unwritable(path: Path, why: str) -> JournalUnavailable:
    return JournalUnavailable(
        f"The journal {path} cannot be written ({why}), so nothing is changed",
        "Free space or make its folder writable, or choose another with CSVPN_STATE_DIR.",
    )


def _unreadable(path: Path, why: str) -> JournalUnavailable:
    return JournalUnavailable(
        f"The journal {path} cannot be read ({why}), so nothing is changed",
        "Move the file away: what it knew of unfinished operations goes with it, so look at the "
        "lists first.",
    )


def _operation(row: sqlite3.Row) -> KeptOperation:
    fields = dict(row)
    target = (*(clean(each) for each in str(fields.pop("target")).split("\n")), "", "", "")[:3]
    for name in ("title", "profile", "who", "must_finish"):
        fields[name] = clean(fields[name])
    return KeptOperation(target=(target[0], target[1], target[2]), **fields)


def new_operation_id() -> str:
    """An id for an operation."""
    return str(uuid4())
