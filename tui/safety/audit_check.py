"""Reading the audit trail again: whether its chain is whole, and what it says."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tui.safety.audit import NO_LINE, put_aside
from tui.safety.audit_records import LONGEST_LINE, Record, Torn

_LONGEST_READ: Final = 16 * LONGEST_LINE


class Place(msgspec.Struct, frozen=True):
    """A line of the trail and what is to be said about it."""

    path: Path
    line: int
    says: str


class Checked(msgspec.Struct, frozen=True):
    """What a walk over the whole trail has found."""

    files: int = 0
    records: int = 0
    first: int = 0
    """Number of the first record that is there; above 1, earlier files were taken away."""
    last: int = 0
    broken: Place | None = None
    """The first place where the chain does not hold."""
    notes: tuple[Place, ...] = ()
    """What is no break: lines that were not finished, and that the next record tells of."""


def trail_files(path: Path) -> list[Path]:
    """The files of the trail in their order; none where nothing was recorded yet."""
    return [*put_aside(path), *([path] if path.exists() else [])]


def check_trail(path: Path) -> Checked:
    """Walk over every file of the trail. Raises `OSError` where one cannot be read."""
    walk = _Walk()
    files = trail_files(path)
    for file in files:
        for number, line, whole in _lines(file):
            broken = walk.take(file, number, line, whole=whole)
            if broken is not None:
                return walk.result(len(files), broken)
    return walk.result(len(files), walk.end())


def read_trail(path: Path) -> Iterator[Record]:
    """Every record that can be read, oldest first. Raises `OSError`."""
    for file in trail_files(path):
        for _number, line, _whole in _lines(file):
            record = _record(line)
            if not isinstance(record, str):
                yield record


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether the line feed is there; a line without end is cut."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_READ):
            number += 1
            yield number, line.removesuffix(b"\n"), line.endswith(b"\n")


def _record(line: bytes) -> Record | str:
    """The record in `line`, or why it is none."""
    try:
        return msgspec.json.decode(line, type=Record)
    except RecursionError:
        return "it is nested too deeply"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return str(error)


class _Walk:
    """The chain so far."""

    def __init__(self) -> None:
        self._before = NO_LINE
        self._first = self._last = self._records = 0
        self._unread: tuple[Place, Torn] | None = None
        """A line that is no record, which the next one has to tell of."""
        self._unread_whole = False
        self._notes: list[Place] = []

    def take(self, path: Path, number: int, line: bytes, *, whole: bool) -> Place | None:
        """Go on by one line; what is wrong with it, or with the one before."""
        record = _record(line)
        if isinstance(record, str):
            if self._unread is not None:
                return self._unread[0]
            place = Place(path, number, f"is no record of the trail: {record}")
            self._unread = place, Torn(len(line), hashlib.sha256(line).hexdigest())
            self._unread_whole = whole
            return None
        says = self._wrong(record)
        if self._unread is not None:
            place, torn = self._unread
            if record.torn != torn:
                return place
            self._unread = None
            says_torn = f"was not finished; record {record.seq} tells of it"
            self._notes.append(Place(place.path, place.line, says_torn))
        elif record.torn is not None:
            says = says or "tells of an unfinished line before it, which is not there"
        if says:
            return Place(path, number, says)
        self._first = self._first or record.seq
        self._last, self._before = record.seq, hashlib.sha256(line).hexdigest()
        self._records += 1
        return None

    def _wrong(self, record: Record) -> str:
        if not self._records:
            if record.seq == 1 and record.prev != NO_LINE:
                return "is the first record and names a line before it"
            return ""
        if record.seq != self._last + 1:
            return f"is record {record.seq} and follows record {self._last}"
        if record.prev != self._before:
            return (
                f"does not fit the line before it: record {self._last} was changed after it was "
                f"written, or this one was put in its place"
            )
        return ""

    def end(self) -> Place | None:
        """The trail ends here: an unfinished last line is told of by the next record only."""
        if self._unread is None:
            return None
        place, _torn = self._unread
        if self._unread_whole:
            return place
        says = "is not finished: the program ended while it wrote; the next record will tell of it"
        self._notes.append(Place(place.path, place.line, says))
        return None

    def result(self, files: int, broken: Place | None) -> Checked:
        """What was found."""
        notes = tuple(self._notes)
        return Checked(files, self._records, self._first, self._last, broken, notes)
