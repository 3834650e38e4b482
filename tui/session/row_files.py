"""Where the rows of a profile are kept on disk, and how such a file is read and replaced.

One folder for each profile, server and identity, so that nobody is shown the rows of another
account. A file is only used if it is ours alone, whole, and of this version.
"""

import os
import stat
import zlib
from pathlib import Path
from typing import Final

import msgspec

from tui.settings.model import Profile
from tui.settings.paths import cache_folder

LARGEST_FILE: Final = 48 * 1024 * 1024
"""Bytes; some 100,000 networks. A longer list is not kept, and a longer file is not read."""
_MAGIC: Final = b"csvpn rows 1\n"


def digest_of(profile: Profile) -> str:
    """What tells one server and identity from every other, without naming them."""
    import hashlib

    who = (
        ("keys", profile.api_key)
        if profile.auth == "keys"
        else ("password", profile.domain, profile.username)
    )
    return hashlib.sha256(msgspec.json.encode((profile.name, profile.url, who))).hexdigest()


def rows_folder(profile: Profile, base: Path | None = None) -> Path:
    """The folder of one profile, server and identity, in `base` or the usual cache folder."""
    return (base or cache_folder()) / "rows" / f"{profile.name}-{digest_of(profile)[:16]}"


def read_own(path: Path) -> bytes | None:
    """What follows the head of the file; None without a file.

    Raises `OSError` or `ValueError` for a file that is not ours alone, is too long, is of another
    version, or is not as it was written.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
            raise ValueError("others may read or write it")
        if status.st_uid != os.geteuid():
            raise ValueError("it belongs to somebody else")
        if status.st_size > LARGEST_FILE:
            raise ValueError("it is too long")
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError("it is of another version")
        checksum, content = file.read(4), file.read()
    if checksum != zlib.crc32(content).to_bytes(4):
        raise ValueError("it is damaged")
    return content


def write_own(path: Path, content: bytes) -> None:
    """Replace the file, mode 0600: whoever reads it sees the old one or the new one.

    `content` that is too long takes the file away. Raises `OSError`.
    """
    import contextlib
    import tempfile

    if len(content) > LARGEST_FILE:
        path.unlink(missing_ok=True)
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC)
            file.write(zlib.crc32(content).to_bytes(4))
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
