"""Files of the router: their size, age, owner and mode; what is mounted and how."""

import re
from datetime import datetime
from typing import Final

import msgspec

from tui.router.output import Output


class ConfigurationFile(msgspec.Struct, frozen=True):
    """A file of the VPN's configuration. A file that is missing has no entry."""

    path: str
    inode: int
    size: int
    mode: int
    owner: str
    """`root:root`."""
    modified: int
    """Seconds since the epoch."""


class FileStatus(msgspec.Struct, frozen=True):
    """What `stat` says of one file."""

    mode: int
    modified: float
    """Seconds since the epoch."""


class ListedFile(msgspec.Struct, frozen=True):
    """A line of `ls -la`."""

    path: str
    mode: str
    """As `ls` prints it: `-rw-r--r--`."""
    owner: str
    group: str
    size: int
    modified: float
    """Seconds since the epoch."""


class Mount(msgspec.Struct, frozen=True):
    """A mounted file system; `/` that is `ro` has lost its disk."""

    device: str
    path: str
    kind: str
    options: tuple[str, ...]


class Inodes(msgspec.Struct, frozen=True):
    """How many files a file system can hold, and how many it holds."""

    path: str
    total: int
    used: int


def read_configuration_files(output: Output) -> tuple[ConfigurationFile, ...]:
    """`stat -c '%n %i %s %a %U:%G %Y' FILE…`; a file that is missing only makes the status 1."""
    found = []
    for line in output.lines:
        path, inode, size, mode, owner, modified = line.rsplit(None, 5)
        found.append(
            ConfigurationFile(path, int(inode), int(size), int(mode, 8), owner, int(modified))
        )
    return tuple(found)


_MODE: Final = re.compile(r"Access: \((\d+)/")
_MODIFIED: Final = re.compile(r"Modify: (.*)")


def read_file_status(output: Output) -> FileStatus | None:
    """`stat FILE`: None where it is missing (status 1)."""
    if output.status != 0:
        return None
    mode = next(match for line in output.lines if (match := _MODE.match(line)))
    modified = next(match for line in output.lines if (match := _MODIFIED.match(line)))
    return FileStatus(int(mode[1], 8), _moment(modified[1]))


_ROW: Final = re.compile(
    r"(\S{10})[+.@]? +\d+ (\S+) +(\S+) +(\d+) (\d{4}-\d\d-\d\d \S+ [+-]\d{4}) (.*)"
)


def read_listing(output: Output) -> tuple[ListedFile, ...]:
    """`ls -la --time-style=full-iso PATH…`: files of every folder, `.` and `..` left out.

    Names in a folder get the folder before them where `ls` says which it is; a file that is given
    twice is listed twice by `ls`, and here once. Status 2: one of the paths is missing.
    """
    folder = ""
    found: dict[str, ListedFile] = {}
    for line in output.lines:
        if match := _ROW.match(line):
            mode, owner, group, size, moment, name = match.groups()
            name = name.partition(" -> ")[0] if mode.startswith("l") else name
            if name in (".", ".."):
                continue
            path = name if name.startswith("/") or not folder else f"{folder}/{name}"
            found[path] = ListedFile(path, mode, owner, group, int(size), _moment(moment))
        elif line.startswith("/") and line.endswith(":"):
            folder = line[:-1]
    return tuple(found.values())


def _moment(text: str) -> float:
    """`2026-11-23 03:51:44.448000000 +0000` in seconds since the epoch."""
    date, clock, zone = text.split()
    seconds, _, fraction = clock.partition(".")
    moment = datetime.strptime(f"{date} {seconds} {zone}", "%Y-%m-%d %H:%M:%S %z")
    return moment.timestamp() + float(f"0.{fraction or 0}")


def read_mounts(output: Output) -> tuple[Mount, ...]:
    """`cat /proc/mounts`."""
    found = []
    for line in output.lines:
        device, path, kind, options, *_ = line.split(" ")
        found.append(Mount(device, path, kind, tuple(options.split(","))))
    return tuple(found)


def read_inodes(output: Output) -> tuple[Inodes, ...]:
    """`df -i`; file systems without a fixed number are left out."""
    rows = [line.split(None, 5) for line in output.lines[1:]]
    return tuple(
        Inodes(path, int(total), int(used))
        for _, total, used, _, _, path in rows
        if total.isdecimal() and used.isdecimal()
    )
