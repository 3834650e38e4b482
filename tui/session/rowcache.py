"""The rows that were known last, on disk: shown at once at the next start, with their age.

One file for each list, in a folder for each profile, server and identity, so that nobody is shown
the rows of another account. Only the fields of `kept_rows.KEPT_FIELDS` are written. A file that
cannot be used, whatever the reason, counts as not there: the server is asked anyway.
"""

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tui.session.kept_rows import Packed, pack, unpack
from tui.session.lists import LISTINGS
from tui.session.row_files import digest_of, read_own, rows_folder, write_own
from tui.session.shelf import Kind
from tui.settings.model import Profile

_log = logging.getLogger(__name__)

KEPT_DAYS: Final = 60
"""Rows of a profile that was not used for so long are deleted."""

_SUFFIX: Final = ".rows"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One list as it was last known."""

    kind: Kind
    rows: tuple[Any, ...]
    """Of the kind's model; what is never written has its default."""
    listed: float
    """Seconds since the epoch at which the server last gave the whole list; 0 for never."""
    cost: float = 0.0
    """Seconds that the server took for the whole list."""


class _File(msgspec.Struct, frozen=True, array_like=True):
    whose: str
    kind: str
    listed: float
    cost: float
    packed: Packed


class RowCache:
    """The files of one profile, server and identity."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        """`folder` is where every profile has a folder of its own; it is made when needed."""
        self.folder = rows_folder(profile, folder)
        self._whose = digest_of(profile)

    def load(self) -> list[Kept]:
        """Every list that is there and can be used."""
        return [kept for kind in Kind if (kept := self.load_list(kind)) is not None]

    def load_list(self, kind: Kind) -> Kept | None:
        """One list; None where there is none that can be used."""
        try:
            content = read_own(self._path(kind))
            if content is None:
                return None
            file = msgspec.msgpack.decode(content, type=_File)
            if (file.whose, file.kind) != (self._whose, kind.name):
                return None
            rows = unpack(file.packed, LISTINGS[kind].type)
        except (OSError, ValueError, RecursionError, OverflowError) as error:
            _log.info("the kept rows of %s are not used: %s", kind.name, error)
            return None
        return Kept(kind=kind, rows=tuple(rows), listed=file.listed, cost=file.cost)

    def save(self, lists: Sequence[Kept]) -> None:
        """Replace the files of these lists, each as a whole. Raises `OSError`."""
        for kept in lists:
            packed = pack(kept.rows, LISTINGS[kept.kind].type)
            content = msgspec.msgpack.encode(
                _File(self._whose, kept.kind.name, kept.listed, kept.cost, packed)
            )
            write_own(self._path(kept.kind), content)
        self._delete_unused()

    def clear(self) -> None:
        """Delete the files. Raises `OSError`."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _path(self, kind: Kind) -> Path:
        return self.folder / f"{kind.name.lower()}{_SUFFIX}"

    def _delete_unused(self) -> None:
        if not self.folder.is_dir():
            return
        os.utime(self.folder)
        now = time.time()
        for path in self.folder.glob(".*"):
            # What a console that was killed while it wrote has left.
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < now - 3600:
                    path.unlink()
        limit = now - KEPT_DAYS * 86400
        for folder in _folders(self.folder.parent):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < limit:
                    shutil.rmtree(folder)


def clear_rows(folder: Path, name: str = "") -> int:
    """Delete the rows of the profile `name`, whoever it was for whatever server, or of all of
    them; returns how many folders that were. Raises `OSError`."""
    found = [
        each
        for each in _folders(folder / "rows")
        if not name or each.name.rpartition("-")[0] == name
    ]
    for each in found:
        shutil.rmtree(each)
    return len(found)


def _folders(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for each in sorted(folder.iterdir()):
            if each.is_dir() and not each.is_symlink():
                yield each
