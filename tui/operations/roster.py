"""The roster: what CloudStack has no place for about VPN users. Never a password.

One SQLite file for all profiles of one person of this machine, beside the journal: group, note,
expiry date, when the user was last seen, suspended, added, given a new password, and whether a
removal has left its name behind. Rows are known by the cloud's address, the owner and the name.

Everything here blocks: call it in a worker thread. A file that cannot be used is a `RosterError`,
never a reason to stop; what it would have said is then unknown.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from tui.operations.wal import use_wal
from tui.settings.errors import SettingsError
from tui.settings.paths import private_folder, state_folder

VERSION: Final = 1
WAIT_SECONDS: Final = 2.0
"""How long another csvpn that writes just now is waited for."""

OwnerKey = tuple[str, str]
"""As `tui.cloud.models.Owned.owner_key`."""


class RosterError(Exception):
    """The roster cannot be used: `says` why, `remedy` what a person can do."""

    def __init__(self, says: str, remedy: str) -> None:
        super().__init__(f"{says} {remedy}")
        self.says = says
        self.remedy = remedy


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What the roster has about one VPN user. Times are seconds since the epoch."""

    name: str
    group: str = ""
    note: str = ""
    expires: date | None = None
    """The last day on which it may connect."""
    last_seen: float | None = None
    seen_on: str = ""
    """The router that had its session."""
    suspended: float | None = None
    """Since when it is suspended: removed from CloudStack, kept here."""
    added: float | None = None
    """When this console added it for the first time."""
    reset: float | None = None
    """When it was last given a new password."""
    left_behind: float | None = None
    """Since when its name is taken although no list shows it: a removal was refused half-way."""

    @property
    def last_seen_at(self) -> datetime | None:
        """When it was last seen, in UTC."""
        return None if self.last_seen is None else datetime.fromtimestamp(self.last_seen, UTC)


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """What to change about one user; what is not given stays. Fields as those of `Person`."""

    group: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    expires: date | UnsetType | None = UNSET
    last_seen: float | UnsetType = UNSET
    seen_on: str | UnsetType = UNSET
    suspended: float | UnsetType | None = UNSET
    added: float | UnsetType = UNSET
    reset: float | UnsetType = UNSET
    left_behind: float | UnsetType | None = UNSET


class RosterPlace(msgspec.Struct, frozen=True):
    """Where the roster of one cloud is: all that an operation needs to open it again."""

    file: str
    cloud: str
    """The address of the cloud's API, which tells the users of two clouds apart."""


_SCHEMA: Final = """
CREATE TABLE person (
    cloud TEXT NOT NULL,
    domain TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    "group" TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    expires TEXT,
    last_seen REAL,
    seen_on TEXT NOT NULL DEFAULT '',
    suspended REAL,
    added REAL,
    reset REAL,
    left_behind REAL,
    PRIMARY KEY (cloud, domain, owner, name)
) STRICT, WITHOUT ROWID
"""
_FIELDS: Final = tuple(field for field in Person.__struct_fields__ if field != "name")
_LATER_WINS: Final = frozenset({"last_seen"})
"""What only grows: a console that saw less must not set it back."""
_ONCE: Final = frozenset({"added"})
"""What stays as it was first written."""


ROSTER_FILE: Final = "roster.sqlite"
"""Its name in the folder of what the program remembers."""


def roster_file() -> Path:
    """Where the roster of this person is."""
    return state_folder() / ROSTER_FILE


class Roster:
    """The users of one cloud in the roster file."""

    def __init__(self, place: RosterPlace) -> None:
        """Opens nothing yet."""
        self.place = place
        self._path = Path(place.file)
        self._cloud = place.cloud

    def people(self) -> dict[OwnerKey, dict[str, Person]]:
        """Everybody, by owner and name; nobody where there is no file yet. Raises `RosterError`."""
        if not self._path.exists():
            return {}
        found: dict[OwnerKey, dict[str, Person]] = {}
        with self._opened(reading=True) as roster:
            rows = roster.execute(
                f"SELECT domain, owner, name, {_COLUMNS} FROM person WHERE cloud = ?",  # noqa: S608
                (self._cloud,),
            ).fetchall()
        for domain, owner, name, *values in rows:
            said = dict(zip(_FIELDS, values, strict=True))
            said["expires"] = _day(said["expires"])
            found.setdefault((domain, owner), {})[name] = Person(name=name, **said)
        return found

    def remember(self, owner: OwnerKey, remarks: Mapping[str, Remark]) -> None:
        """Write what is given about these users of `owner`, all of it or nothing.

        A user who is not there yet comes in. Raises `RosterError`.
        """
        with self._opened() as roster:
            for name, remark in remarks.items():
                _write(roster, (self._cloud, *owner, name), remark)

    def forget(self, owner: OwnerKey, names: list[str]) -> None:
        """Take users out, with everything about them. Raises `RosterError`."""
        if not self._path.exists():
            return
        with self._opened() as roster:
            roster.executemany(
                "DELETE FROM person WHERE cloud = ? AND domain = ? AND owner = ? AND name = ?",
                [(self._cloud, *owner, name) for name in names],
            )

    @contextlib.contextmanager
    def _opened(self, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
        """The file in one transaction. Everything that SQLite or the system refuses is told."""
        try:
            if reading and not os.access(self._path.parent, os.W_OK):
                # WAL wants files beside the roster; without them it can still be looked at.
                address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
                with contextlib.closing(sqlite3.connect(address, uri=True)) as roster:
                    self._check_version(roster)
                    yield roster
                return
            self._make()
            with contextlib.closing(
                sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)
            ) as roster:
                use_wal(roster, WAIT_SECONDS)
                with self._transaction(roster):
                    yield roster
        except (sqlite3.Error, OSError) as error:
            raise _refusal(self._path, error) from error

    @contextlib.contextmanager
    def _transaction(self, roster: sqlite3.Connection) -> Iterator[None]:
        roster.execute("BEGIN IMMEDIATE")
        try:
            if self._check_version(roster) == 0:
                roster.execute(_SCHEMA)
                roster.execute(f"PRAGMA user_version = {VERSION}")
            yield
            roster.execute("COMMIT")
        except BaseException:
            if roster.in_transaction:
                roster.execute("ROLLBACK")
            raise

    def _make(self) -> None:
        """Make the file, mode 0600; SQLite gives its companions the same."""
        try:
            private_folder(self._path.parent)
        except SettingsError as error:
            raise RosterError(f"The roster has no folder: {error}.", _ELSEWHERE) from error
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if os.fstat(descriptor).st_uid == os.geteuid():
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)

    def _check_version(self, roster: sqlite3.Connection) -> int:
        """The version of the file, 0 for a new one. Raises `RosterError` for a newer one."""
        version = int(roster.execute("PRAGMA user_version").fetchone()[0])
        if version not in (0, VERSION):
            raise RosterError(
                f"The roster {self._path} is of a newer csvpn (version {version}, known is "
                f"{VERSION}).",
                "Use that csvpn, or another folder with CSVPN_STATE_DIR.",
            )
        return version


_COLUMNS: Final = ", ".join(f'"{field}"' for field in _FIELDS)


def _write(roster: sqlite3.Connection, key: tuple[str, ...], remark: Remark) -> None:
    said = {field: getattr(remark, field) for field in _FIELDS}
    given: dict[str, Any] = {field: v for field, v in said.items() if v is not UNSET}
    if isinstance(given.get("expires"), date):
        given["expires"] = given["expires"].isoformat()
    roster.execute(
        "INSERT OR IGNORE INTO person (cloud, domain, owner, name) VALUES (?, ?, ?, ?)", key
    )
    if not given:
        return
    changes = ", ".join(_change(field) for field in given)
    where = "cloud = ? AND domain = ? AND owner = ? AND name = ?"
    # The names of columns are those of the struct, never text from outside.
    roster.execute(f"UPDATE person SET {changes} WHERE {where}", (*given.values(), *key))  # noqa: S608


def _change(field: str) -> str:
    if field in _LATER_WINS:
        return f'"{field}" = max(coalesce("{field}", 0), ?)'
    return f'"{field}" = coalesce("{field}", ?)' if field in _ONCE else f'"{field}" = ?'


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


_ELSEWHERE: Final = (
    "Until then groups, notes and expiry dates are unknown and nothing of them is kept; "
    "CSVPN_STATE_DIR names another folder."
)


def _refusal(path: Path, error: Exception) -> RosterError:
    """What SQLite or the system has said, and what to do about it."""
    text = str(getattr(error, "strerror", None) or error)
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_BUSY") or name.startswith("SQLITE_LOCKED"):
        says = f"The roster {path} is being written by another program."
        return RosterError(says, "Try again; if it stays, end the other csvpn.")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")) or getattr(error, "errno", 0) == 28:
        return RosterError(
            f"The roster {path} cannot be written: {text}.", "Make room on the disk."
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or type(error) is sqlite3.DatabaseError:
        says = f"The roster {path} is damaged: {text}."
        return RosterError(says, f"Move it away, or put back a copy. {_ELSEWHERE}")
    return RosterError(f"The roster {path} cannot be used: {text}.", _ELSEWHERE)
