"""The audit trail: who did what, from where, and what became of it. One JSON object a line.

Each record names the SHA-256 of the line before it, so that a line that was changed, taken out or
put in is found by `csvpn audit verify` (`tui.safety.audit_check`). That is evidence and no lock:
who may write the file may write a whole new one. What the server itself knows is in its events.

Several programs append to one chain: reading the last line and writing the next happens under one
lock. A line is one `write` of at most 4 KB. A record never holds a secret.
"""

import fcntl
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from tui.safety.audit_records import (
    LONGEST_LINE,
    Actor,
    Record,
    Target,
    Torn,
    cleaned,
    fitted,
    fitted_params,
    seq_of,
    this_actor,
)
from tui.safety.text import clean

__all__ = [
    "Actor",
    "AuditTrail",
    "AuditUnwritable",
    "Record",
    "Rule",
    "Target",
    "this_actor",
]

LARGEST_FILE: Final = 8 * 1024 * 1024
"""Bytes after which a file is put aside as `audit-NUMBER.jsonl`; the chain goes on in a new one."""

NO_LINE: Final = "0" * 64
"""What the very first record names as the line before it."""

PATIENCE: Final = 3.0
"""Seconds to wait for the lock; somebody who holds it longer has stopped."""

SESSION_ID: Final = secrets.token_hex(6)
"""This run of the program, in every record that it writes."""

Rule = Literal["required", "best-effort"]


class AuditUnwritable(Exception):
    """The trail cannot be written, so nothing may be changed; `str()` says why and what to do."""


class End(msgspec.Struct, frozen=True):
    """Where a file of the trail ends."""

    size: int = 0
    seq: int = 0
    sha256: str = NO_LINE
    """Of the last whole line."""
    torn: Torn | None = None
    unfinished: bool = False
    """Whether the file does not end with a line feed."""


def last_line(path: Path) -> End:
    """How `path` ends. A file that is not there is empty."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 4 * LONGEST_LINE))
            tail = file.read()
    except FileNotFoundError:
        return End()
    *whole, rest = tail.split(b"\n")
    if size > len(tail):
        whole = whole[1:]  # its beginning is not in what was read
    if rest and seq_of(rest) is not None:
        whole, rest, unfinished = [*whole, rest], b"", True  # only the line feed is missing
    else:
        unfinished = bool(rest)
    torn = Torn(len(rest), hashlib.sha256(rest).hexdigest()) if rest else None
    if not whole:
        return End(size, 0, NO_LINE, torn, unfinished)
    behind = 0
    for line in reversed(whole):
        seq = seq_of(line)
        if seq is not None:
            return End(size, seq + behind, hashlib.sha256(whole[-1]).hexdigest(), torn, unfinished)
        behind += 1
    return End(size, behind, hashlib.sha256(whole[-1]).hexdigest(), torn, unfinished)


def put_aside_as(path: Path, seq: int) -> Path:
    """What a file of the trail is called once it is full; `seq` is that of its last record."""
    return path.with_name(f"{path.stem}-{seq:012}{path.suffix}")


def put_aside(path: Path) -> list[Path]:
    """The full files of the trail, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}-{'[0-9]' * 12}{path.suffix}"))


def _carried_over(path: Path) -> End:
    """How the chain stands before the first record of a new file."""
    full = put_aside(path)
    return msgspec.structs.replace(last_line(full[-1]), size=0) if full else End()


class AuditTrail:
    """Appends to one trail. Cheap to make; no file is open between two records."""

    def __init__(
        self,
        path: Path,
        actor: Actor,
        *,
        profile: str = "",
        rule: Rule = "required",
        largest: int = LARGEST_FILE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: float = PATIENCE,
    ) -> None:
        """`best-effort` writes what it can and never stands in the way."""
        self.path = path
        self.actor = actor
        self.rule = rule
        self.trouble = ""
        """Why the last record could not be written; empty when it was."""
        self._profile = profile
        self._largest = largest
        self._now = now
        self._patience = patience

    def record(
        self,
        action: str,
        *,
        profile: str = "",
        target: Target | None = None,
        params: Mapping[str, object] | None = None,
        jobid: str = "",
        result: str = "",
        code: int | None = None,
        ms: float | None = None,
        dry_run: bool = False,
    ) -> Record | None:
        """Append one record and have it on disk. Blocking: call it in a thread (or `arecord`).

        Returns None where it could not be written and that is allowed. Raises `AuditUnwritable`
        where it is not.
        """
        target = target or Target()
        wanted = Record(
            ts="", seq=0, prev="", session=SESSION_ID, actor=self.actor,
            action=cleaned(action), profile=cleaned(profile or self._profile),
            target=Target(cleaned(target.type), cleaned(target.id), cleaned(target.name)),
            params=fitted_params(params or {}),
            jobid=cleaned(jobid), result=cleaned(result), code=code,
            ms=None if ms is None else round(ms), dry_run=dry_run,
        )  # fmt: skip
        try:
            written = self._append(wanted)
        except OSError as error:
            self.trouble = self._words(error)
            if self.rule == "required":
                raise AuditUnwritable(self.trouble) from error
            return None
        self.trouble = ""
        return written

    async def arecord(self, action: str, **fields: Any) -> Record | None:
        """`record` in a thread of its own."""
        import asyncio

        return await asyncio.to_thread(self.record, action, **fields)

    def check(self) -> None:
        """Raise `AuditUnwritable` where a record could not be written now. Blocking."""
        try:
            with self._locked(), _opened(self.path):
                self.trouble = ""
        except OSError as error:
            self.trouble = self._words(error)
            if self.rule == "required":
                raise AuditUnwritable(self.trouble) from error

    def _words(self, error: OSError) -> str:
        why = error.strerror or str(error)
        return clean(
            f"the audit trail {self.path} cannot be written ({why}); make it writable, or set "
            'audit = "best-effort" in the profile'
        )

    def _append(self, wanted: Record) -> Record:
        with self._locked():
            end = last_line(self.path)
            if end.size == 0:
                end = _carried_over(self.path)
            elif end.size + LONGEST_LINE > self._largest and end.torn is None:
                end = self._put_aside(end)
            with _opened(self.path) as descriptor:
                ts = self._now().astimezone(UTC).isoformat(timespec="milliseconds")
                record = msgspec.structs.replace(
                    wanted, ts=ts.replace("+00:00", "Z"), seq=end.seq + 1, prev=end.sha256,
                    torn=end.torn,
                )  # fmt: skip
                line, record = fitted(record)
                _write(descriptor, (b"\n" if end.unfinished else b"") + line + b"\n")
        return record

    def _put_aside(self, end: End) -> End:
        """Begin a new file, unless one of that name was put aside already: none is replaced."""
        aside = put_aside_as(self.path, end.seq)
        if aside.exists():
            return end
        self.path.rename(aside)
        return msgspec.structs.replace(end, size=0, unfinished=False)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock of the trail; `OSError` where it cannot be had."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path.with_suffix(".lock"), flags, 0o600)
        try:
            deadline = time.monotonic() + self._patience
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise TimeoutError(0, "another program holds its lock") from error
                    time.sleep(0.005)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """`path` for appending, private and ours; `OSError` otherwise."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is not a file")
        if status.st_uid != os.geteuid():
            raise OSError(0, f"it belongs to another user, uid {status.st_uid}")
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    """All of `line` on disk, or nothing of it."""
    before = os.fstat(descriptor).st_size
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(0, "no space left for a whole record")
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
