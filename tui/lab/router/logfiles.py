"""The log files and the journal of a lab router: real files that grow and rotate as on a router."""

import asyncio
import contextlib
import gzip
import json
import os
import shutil
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILES: Final = {
    "daemon": "daemon.log",
    "messages": "messages",
    "cloud": "cloud.log",
    "auth": "auth.log",
    "haproxy": "haproxy.log",
    "kern": "kern.log",
}
_COPYTRUNCATE: Final = {"cloud"}
_KEPT_GENERATIONS: Final = 10
_KEPT_ENTRIES: Final = 5000
_ROTATE_AT: Final = 512 * 1024
_FACILITY: Final = {"charon": "3", "xl2tpd": "3", "pppd": "18"}
_ERROR: Final = 3
"""The lowest priority of syslog that is an error."""
_DUPLICATE_BUFFER: Final = 8192


class RouterLogs:
    """The folder `/var/log` of one router, kept in `folder`, and its journal, kept in memory.

    `rotate_at` bytes is where logrotate would act (10 MB on a router).
    """

    def __init__(self, folder: Path, host: str, *, rotate_at: int = _ROTATE_AT) -> None:
        self.folder = folder
        self.host = host
        self._rotate_at = rotate_at
        self._bell = asyncio.Event()
        self._entries: deque[tuple[int, str, str]] = deque(maxlen=_KEPT_ENTRIES)
        self._sequence = 0
        self._machine_id = os.urandom(16).hex()
        self._boot_id = os.urandom(16).hex()
        self._duplicates: list[str] = []
        self._held: dict[str, list[bytes]] | None = None

    def create(self) -> None:
        """Make the folder and empty files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in FILES.values():
            (self.folder / name).touch()

    def path(self, source: str) -> Path:
        """Where the file of `source` is."""
        return self.folder / FILES[source]

    @property
    def bell(self) -> asyncio.Event:
        """Rings with the next write. Take it before reading, so that no write is missed."""
        return self._bell

    async def wait(self, bell: asyncio.Event, seconds: float) -> None:
        """Until `bell` rings, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            return

    def syslog(self, source: str, when: float, tag: str, pid: int | None, text: str) -> None:
        """Write a line as rsyslog does; `when` is in seconds since the epoch."""
        moment = time.gmtime(when)
        stamp = f"{time.strftime('%b', moment)} {moment.tm_mday:2d} {time.strftime('%X', moment)}"
        label = tag if pid is None or tag == "charon" else f"{tag}[{pid}]"
        self.append(source, f"{stamp} {self.host} {label}: {text}\n".encode())

    def cloud(self, when: float, level: str, text: str) -> None:
        """Write a line of cloud.log as CloudStack's scripts do."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(when))
        millis = int(when % 1 * 1000)
        self.append("cloud", f"{stamp},{millis:03d} {level:<8} {text}\n".encode())

    def journal(self, when: float, tag: str, pid: int, text: str, priority: int = 6) -> None:
        """Add an entry to the journal, with the fields that matter."""
        self._sequence += 1
        micros = int(when * 1_000_000)
        cursor = (
            f"s={self._machine_id};i={self._sequence:x};b={self._boot_id};"
            f"m={micros % 10**12:x};t={micros:x};x={micros * 2654435761 % 2**64:x}"
        )
        entry = {
            "__CURSOR": cursor,
            "__REALTIME_TIMESTAMP": str(micros),
            "_SOURCE_REALTIME_TIMESTAMP": str(micros),
            "_HOSTNAME": self.host,
            "_PID": str(pid),
            "SYSLOG_IDENTIFIER": tag,
            "SYSLOG_FACILITY": _FACILITY.get(tag, "3"),
            "PRIORITY": str(priority),
            "_BOOT_ID": self._boot_id,
            "_TRANSPORT": "syslog",
            "MESSAGE": text,
        }
        self._entries.append((self._sequence, tag, json.dumps(entry, separators=(",", ":"))))
        self._ring()

    def entries(self, after: int, tags: frozenset[str]) -> list[tuple[int, str]]:
        """Entries with a number above `after`, of `tags` (all where that is empty)."""
        return [
            (number, line)
            for number, tag, line in self._entries
            if number > after and (not tags or tag in tags)
        ]

    def charon(self, when: float, starter: int, pid: int, text: str) -> None:
        """A line of charon: in daemon.log, in the journal, and a second time in daemon.log later.

        The starter passes charon's output on through a buffer, so its copies come in bursts with
        the time of the burst.
        """
        self.syslog("daemon", when, "charon", None, text)
        self.journal(when, "charon", pid, text)
        self._duplicates.append(text)
        if sum(map(len, self._duplicates)) > _DUPLICATE_BUFFER:
            burst, self._duplicates = self._duplicates, []
            for line in burst:
                self.syslog("daemon", when, "ipsec", starter, line)
                self.journal(when, "ipsec", starter, line)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """What is written meanwhile goes to each file in one piece: at its end, or when the file is
        rotated. Nothing is rotated by itself."""
        self._held = {}
        try:
            yield
        finally:
            for source in FILES:
                self._release(source)
            self._held = None

    def _release(self, source: str) -> None:
        """Write what is held back."""
        if self._held and (parts := self._held.pop(source, None)):
            with self.path(source).open("ab") as file:
                file.write(b"".join(parts))

    def append(self, source: str, raw: bytes) -> None:
        """Write bytes as they are, and rotate the file when it is due."""
        if self._held is not None:
            self._held.setdefault(source, []).append(raw)
            return
        path = self.path(source)
        with path.open("ab") as file:
            file.write(raw)
            size = file.tell()
        if size > self._rotate_at:
            self.rotate(source)
        self._ring()

    def rotate(self, source: str) -> None:
        """What logrotate does on a router: cloud.log is copied and truncated, others renamed."""
        self._release(source)
        path = self.path(source)
        for number in range(_KEPT_GENERATIONS, 0, -1):
            old = path.with_name(f"{path.name}.{number}.gz")
            if old.exists():
                old.replace(path.with_name(f"{path.name}.{number + 1}.gz"))
        path.with_name(f"{path.name}.{_KEPT_GENERATIONS + 1}.gz").unlink(missing_ok=True)
        rotated = path.with_name(f"{path.name}.1")
        if source in _COPYTRUNCATE:
            shutil.copyfile(path, rotated)
            os.truncate(path, 0)
        else:
            path.replace(rotated)
            path.touch()
        with rotated.open("rb") as plain, gzip.open(f"{rotated}.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        rotated.unlink()
        self._ring()

    def tail(self, source: str, count: int = 40) -> str:
        """The last `count` lines."""
        text = self.path(source).read_bytes()[-count * 1024 :].decode("utf-8", "replace")
        return "".join(text.splitlines(keepends=True)[-count:])

    def stat(self) -> str:
        """`stat -c '%n %i %s %Y'` of the four files that are asked for."""
        rows = []
        for source in ("daemon", "messages", "cloud", "auth"):
            status = self.path(source).stat()
            numbers = f"{status.st_ino} {status.st_size} {int(status.st_mtime)}"
            rows.append(f"/var/log/{FILES[source]} {numbers}\n")
        return "".join(rows)

    def recorded(self, name: str) -> str | None:
        """The answer to a log command without parameters, or None if it is not one."""
        if name == "daemon_log_stat":
            return self.stat()
        if name.startswith("tail_") and name.endswith("_log"):
            return self.tail(name.removeprefix("tail_").removesuffix("_log"))
        if name == "tail_messages":
            return self.tail("messages")
        if name == "jc_pppd_errors":
            return self._errors_of_pppd()
        if name == "journal_disk":
            return "Archived and active journals take up 8.0M in the file system.\n"
        tags = {
            "journal_ipsec_duplicates": {"ipsec"},
            "journal_strongswan": {"charon", "ipsec"},
            "journal_charon": {"charon"},
            "journal_xl2tpd": {"xl2tpd", "pppd"},
            "journal_pppd": {"pppd"},
        }.get(name)
        if tags is None:
            return None
        return "".join(f"{line}\n" for _, line in self.entries(0, frozenset(tags))[-40:])

    def _errors_of_pppd(self, count: int = 20) -> str:
        """`journalctl -o short-iso-precise -p err -t pppd`."""
        rows = []
        for _, line in self.entries(0, frozenset({"pppd"})):
            entry = json.loads(line)
            if int(entry["PRIORITY"]) > _ERROR:
                continue
            whole, micros = divmod(int(entry["__REALTIME_TIMESTAMP"]), 1_000_000)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
            rows.append(
                f"{stamp}.{micros:06d}+0000 {self.host} pppd[{entry['_PID']}]: {entry['MESSAGE']}\n"
            )
        return "".join(rows[-count:])

    def _ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()
