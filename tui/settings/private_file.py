"""Files that only their owner may write: checked on reading, replaced in one piece on writing."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui.settings.errors import SettingsError
from tui.settings.paths import private_folder


def read_private(path: Path) -> str | None:
    """The text of `path`, or None where there is no such file.

    Refuses a file that somebody else could have written: group- or other-writable, or owned by
    neither root nor us. The check and the read are of the same open file.
    """
    try:
        with path.open("rb") as file:
            _refuse_foreign(os.fstat(file.fileno()), path)
            return file.read().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"byte {error.start} is not UTF-8", "save the file as UTF-8", path=path
        ) from error
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", path=path) from error


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text`, mode 0600, at once and on disk: a reader sees the old or the new.

    A symbolic link is followed, so that a file kept elsewhere stays where it is.
    """
    import tempfile  # only writing needs it, and starting must be quick

    target = path.resolve()
    private_folder(target.parent)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}", path=path) from error


@contextlib.contextmanager
def locked_folder(path: Path) -> Iterator[None]:
    """Hold the lock of the folder `path`, so that two programs do not overwrite each other."""
    try:
        descriptor = os.open(private_folder(path), os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise SettingsError(f"the folder cannot be opened: {error.strerror}", path=path) from error
    try:
        # Some network file systems have no locks: saving without one is better than not saving.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_foreign(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError("is not a file", path=path)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SettingsError(
            f"other users may write it (mode {stat.S_IMODE(status.st_mode):04o})",
            f"look whether it is still yours, then: chmod 600 {path}",
            path=path,
        )
    if os.geteuid() != 0 and status.st_uid not in {0, os.geteuid()}:
        raise SettingsError(
            f"belongs to another user (uid {status.st_uid})", "use a file of your own", path=path
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
