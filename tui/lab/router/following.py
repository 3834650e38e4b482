"""How a lab router answers the commands that read and follow logs: what their scripts would print.

The scripts come with the name of their job as `$0`; the rest are their parameters. No shell runs:
each job is done here, on the files of the router's own folder.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, Final

from tui.lab.router.earlier import earlier_in_file, earlier_in_journal
from tui.lab.router.logfiles import FILES, RouterLogs

Write = Callable[[bytes], Awaitable[None]]

_PORTION: Final = 4 * 1024 * 1024
_HEAD: Final = 256
_PULSE_SECONDS: Final = 5.0
_NOTHING: Final = hashlib.sha256(b"").hexdigest()
_LOG_PATH: Final = re.compile(
    rf"/var/log/((?:{'|'.join(map(re.escape, FILES.values()))})(?:\.\d{{1,2}}(?:\.gz)?)?)"
)
_JOBS: Final = {"csvpn-generations": 5, "csvpn-rest": 6, "csvpn-follow": 6, "csvpn-earlier": 7}
_JOURNAL: Final = ("journalctl", "--no-pager", "-o", "json", "-f")


async def answer_log_command(argv: tuple[str, ...], logs: RouterLogs, write: Write) -> bool:
    """Answer `argv` if it is a log command; False if it is not one."""
    if argv[:5] == _JOURNAL:
        return await _journal(argv[5:], logs, write)
    if argv == ("date", "+%z"):
        await write(b"+0000\n")
        return True
    if argv[:2] == ("sh", "-c") and argv[3:4] == ("csvpn-logins",) and len(argv) == 5:
        await write(_logins(int(argv[4]), logs))
        return True
    if argv[:2] == ("sh", "-c") and argv[3:4] == ("csvpn-journal-earlier",) and len(argv) == 6:
        await write(earlier_in_journal(argv[4], int(argv[5]), logs))
        return True
    if len(argv) < 4 or argv[:2] != ("sh", "-c") or len(argv) - 4 != _JOBS.get(argv[3], -1):
        return False
    path = _LOG_PATH.fullmatch(argv[4])
    if path is None or not all(word.isdecimal() for word in argv[5:8]):
        return False
    inode, offset, head = (int(word) for word in argv[5:8])
    place = _Place(logs.folder / path[1], inode, offset, head, argv[8])
    if argv[3] == "csvpn-generations":
        await write(_generations(place))
    elif argv[3] == "csvpn-earlier":
        at = (inode, offset, head, argv[8])
        await write(earlier_in_file(place.path, at, int(argv[9]), argv[10], _content))
    elif argv[3] == "csvpn-rest":
        await write(_rest(place, argv[9]))
    else:
        await _follow(place, argv[9], logs, write)
    return True


class _Place:
    """A position in a generation of a log file."""

    def __init__(self, path: Path, inode: int, offset: int, head: int, digest: str) -> None:
        self.path = path
        self.inode = inode
        self.offset = offset
        self.head = head
        self.digest = digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _generations(place: _Place) -> bytes:
    """Rows newest first, ending with the generation that holds the place."""
    paths = [place.path]
    if place.inode:
        for number in range(1, 11):
            plain = place.path.with_name(f"{place.path.name}.{number}")
            paths += [plain, plain.with_name(f"{plain.name}.gz")]
    rows = []
    for path in paths:
        if not path.exists():
            continue
        status = path.stat()
        content = _content(path)[: max(place.head, _HEAD)]
        asked = _digest(content[: place.head])
        head = content[:_HEAD]
        rows.append(
            f"{path.name} {status.st_ino} {status.st_size} {asked} {len(head)} {_digest(head)}\n"
        )
        if path == place.path and status.st_size < place.offset:
            continue
        if asked == place.digest if place.head else status.st_ino == place.inode:
            break
    return "".join(rows).encode()


def _content(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def _logins(lines: int, logs: RouterLogs) -> bytes:
    """The oldest entry of the journal, and those that tell who logged in, without the response."""
    wanted = ("rcvd [CHAP Response", "sent [CHAP Success")
    entries = [line for _, line in logs.entries(0, frozenset())]
    told = [line for line in entries if any(each in line for each in wanted)]
    told = [re.sub("<[0-9a-f]*>", "<>", line, count=1) for line in told][-lines:]
    return "".join(f"{line}\n" for line in (*entries[:1], *told)).encode()


def _rest(place: _Place, marker: str) -> bytes:
    if not place.path.exists():
        return f"{marker} missing\n".encode()
    content = _content(place.path)
    moved = place.path.stat().st_ino != place.inode
    if moved or (place.head and _digest(content[: place.head]) != place.digest):
        return f"{marker} other\n".encode()
    return content[place.offset :] + f"{marker} end\n".encode()


async def _follow(place: _Place, marker: str, logs: RouterLogs, write: Write) -> None:
    """Bytes as they are written, each portion proven by a marker line."""
    if not place.path.exists():
        await write(f"{marker} missing\n".encode())
        return
    with place.path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        head, digest = place.head, place.digest
        fits = status.st_ino == place.inode and status.st_size >= place.offset
        if not fits or (head and _digest(_head_of(file, head)) != digest):
            await write(f"{marker} other\n".encode())
            return
        file.seek(place.offset)
        rotated = False
        while True:
            bell = logs.bell
            if head == 0 and os.fstat(file.fileno()).st_size:
                await write(f"{marker} other\n".encode())
                return
            portion = file.read(_PORTION)
            at = file.tell()
            size = os.fstat(file.fileno()).st_size
            now = _head_of(file, _HEAD)
            if size < at or (head and _digest(now[:head]) != digest):
                await write(portion + f"{marker} truncated\n".encode())
                return
            if head < _HEAD:
                head = min(at, _HEAD)
                digest = _digest(now[:head]) if head else _NOTHING
            await write(portion + f"{marker} = {at} {head} {digest if head else '-'}\n".encode())
            if len(portion) == _PORTION:
                continue
            if rotated:
                await write(f"{marker} rotated\n".encode())
                return
            rotated = _has_successor(place.path, file)
            if not rotated:
                await logs.wait(bell, _PULSE_SECONDS)


def _head_of(file: BinaryIO, count: int) -> bytes:
    """The first bytes, wherever the file stands."""
    return os.pread(file.fileno(), count, 0)


def _has_successor(path: Path, file: BinaryIO) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return status.st_ino != os.fstat(file.fileno()).st_ino and status.st_size > 0


async def _journal(options: tuple[str, ...], logs: RouterLogs, write: Write) -> bool:
    """`journalctl -f` with the given identifiers, from the last entries or after a cursor."""
    tags, rest = [], list(options)
    while len(rest) >= 2 and rest[0] == "-t":
        tags.append(rest[1])
        rest = rest[2:]
    wanted = frozenset(tags)
    bell = logs.bell
    cursor = re.fullmatch(r"--after-cursor=s=\w+;i=([0-9a-f]+);.*", rest[-1] if rest else "")
    if len(rest) == 2 and rest[0] == "-n" and rest[1].isdecimal():
        known = logs.entries(0, wanted)
        lines = known[len(known) - int(rest[1]) :] if int(rest[1]) < len(known) else known
        after = known[-1][0] if known else 0
    elif len(rest) == 2 and rest[0] == "--no-tail" and cursor is not None:
        lines = logs.entries(int(cursor[1], 16), wanted)
        after = lines[-1][0] if lines else int(cursor[1], 16)
    else:
        return False
    while True:
        await write("".join(f"{line}\n" for _, line in lines).encode())
        await logs.wait(bell, _PULSE_SECONDS)
        bell = logs.bell
        lines = logs.entries(after, wanted)
        after = lines[-1][0] if lines else after
