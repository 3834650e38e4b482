"""How a lab router answers what a log says before a position."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui.lab.router.logfiles import RouterLogs

_HEAD: Final = 256
_MOST_JOURNAL: Final = 4 * 1024 * 1024


def earlier_in_file(
    path: Path,
    place: tuple[int, int, int, str],
    most: int,
    marker: str,
    read: Callable[[Path], bytes],
) -> bytes:
    """At most `most` bytes before the place (inode, offset, head, digest), with their marker."""
    inode, offset, head, digest = place
    found = False
    for number in range(12):
        name = path if number == 0 else path.with_name(f"{path.name}.{number}")
        if not name.exists():
            name = name.with_name(f"{name.name}.gz")
        if not name.exists():
            continue
        content = read(name)
        same = _digest(content[:head]) == digest if head else name.stat().st_ino == inode
        if same and offset:
            return _part(name, content, offset, most, marker)
        if found and not same:
            return _part(name, content, len(content), most, marker)
        found = found or same
    return f"{marker} {'first' if found else 'gone'}\n".encode()


def _part(path: Path, content: bytes, end: int, most: int, marker: str) -> bytes:
    start = max(0, end - most)
    head = content[:_HEAD]
    where = f"{marker} = {start} {len(head)} {_digest(head)} {path.stat().st_ino}\n"
    return content[start:end] + where.encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def earlier_in_journal(cursor: str, lines: int, logs: RouterLogs) -> bytes:
    """Entries of the VPN's daemons up to the one of `cursor`, newest first."""
    named = re.fullmatch(r"s=\w+;i=([0-9a-f]+);.*", cursor)
    last = int(named[1], 16) if named is not None else 0
    known = logs.entries(0, frozenset({"charon", "xl2tpd", "pppd"}))
    found = [entry for number, entry in reversed(known) if number <= last][:lines]
    return "".join(f"{entry}\n" for entry in found).encode()[:_MOST_JOURNAL]
