"""Client kits on disk: new files of mode 0600 in new folders of mode 0700, or nothing at all."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from tui.vpn.kits.kit import Kit, zipped

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class KitNotWritten(Exception):
    """A kit could not be written, and nothing of it is left; says what happened and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class Written(msgspec.Struct, frozen=True):
    """A kit that lies on disk."""

    path: Path
    """Its folder, or its zip."""
    files: tuple[str, ...]
    """Paths of its files below `path`; none for a zip."""
    user: str
    secrets: tuple[str, ...]
    """The secrets that stand in it in clear text."""


def write_kits(kits: Iterable[Kit], into: Path, *, as_zip: bool = False) -> list[Written]:
    """Write each kit as a folder, or a zip, into the folder `into`, which is made where it is not.

    What is there already is never replaced. When anything goes wrong, all that was written by this
    call is removed again. Raises `KitNotWritten`.
    """
    made: list[Path] = []
    written: list[Written] = []
    try:
        into = Path(os.path.abspath(into.expanduser()))
        _make_folders(into, made)
        for kit in kits:
            written.append(_write_zip(kit, into, made) if as_zip else _write(kit, into, made))
        _sync(into)
    except FileExistsError as error:
        _take_back(made)
        name = Path(str(error.filename))
        raise KitNotWritten(
            f"{into / name.name} is there already, and a kit replaces nothing",
            "delete it with csvpn kits delete, or choose another folder",
        ) from error
    except OSError as error:
        _take_back(made)
        raise KitNotWritten(
            f"the kit could not be written to {into}: {error.strerror or error}",
            "nothing of it was kept; make room or choose another folder",
        ) from error
    except BaseException:
        _take_back(made)
        raise
    return written


def _make_folders(path: Path, made: list[Path]) -> None:
    """Make `path` and what is missing above it, noting each in `made`."""
    missing = []
    here = path
    while not here.is_dir():
        missing.append(here)
        here = here.parent
    for each in reversed(missing):
        each.mkdir(0o700)
        made.append(each)


def _write(kit: Kit, into: Path, made: list[Path]) -> Written:
    top = into / kit.name
    top.mkdir(0o700)
    made.append(top)
    for artefact in kit.artefacts:
        place = top
        for part in PurePosixPath(artefact.name).parts[:-1]:
            place = place / part
            if not place.is_dir():
                place.mkdir(0o700)
                made.append(place)
        _write_file(place, PurePosixPath(artefact.name).name, artefact.content, made)
    for folder in [each for each in made if top in (each, *each.parents) and each.is_dir()]:
        _sync(folder)
    return Written(top, tuple(each.name for each in kit.artefacts), kit.user, kit.secrets)


def _write_zip(kit: Kit, into: Path, made: list[Path]) -> Written:
    name = f"{kit.name}.zip"
    _write_file(into, name, zipped(kit), made)
    return Written(into / name, (), kit.user, kit.secrets)


def _write_file(folder: Path, name: str, content: bytes, made: list[Path]) -> None:
    """A new file; the folder is opened first, so that no link that is put in its place is
    followed."""
    with _opened(folder) as at:
        descriptor = os.open(name, _NEW, 0o600, dir_fd=at)
        made.append(folder / name)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    with _opened(folder) as at:
        os.fsync(at)


def _take_back(made: list[Path]) -> None:
    """Remove what this call made, the newest first; what cannot be removed stays."""
    for path in reversed(made):
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()


def delete_kit(path: Path, files: Iterable[str]) -> list[Path]:
    """Remove a kit that was written: its files, its folders where they are empty then, or its zip.

    Returns what is left in its place because it is not part of the kit. Links are not followed.
    Raises `KitNotWritten` when the system refuses. What a disk, a backup or a synchronised copy
    still has of it is out of reach.
    """
    names = tuple(name for name in files if ".." not in PurePosixPath(name).parts)
    try:
        if not names:
            path.unlink(missing_ok=True)
            return []
        if path.is_symlink():
            return [path]
        for name in names:
            target = path / name
            if any(each.is_symlink() for each in target.parents if path in each.parents):
                continue
            target.unlink(missing_ok=True)
        folders = {parent for name in names for parent in (path / name).parents}
        inside = [each for each in folders if path in (each, *each.parents)]
        for folder in sorted(inside, key=lambda each: len(each.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
    except OSError as error:
        raise KitNotWritten(
            f"{path} could not be deleted: {error.strerror or error}",
            "delete it by hand",
        ) from error
    return sorted(each for each in path.rglob("*") if not each.is_dir()) if path.exists() else []
