"""Two consoles of one person do not change the same thing at once.

A lock is a file held with `flock`, so it is free again however its holder has ended. The server
itself keeps other people apart.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tui.operations.ledger import JournalUnavailable
from tui.safety.text import clean
from tui.settings.errors import SettingsError
from tui.settings.paths import private_folder, state_folder


class HeldElsewhere(JournalUnavailable):
    """Another console is changing the same thing now."""


class Exclusion:
    """The locks of one process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else state_folder() / "locks"
        self._within: dict[str, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def hold(self, cloud: str, subject: str) -> AsyncIterator[None]:
        """Hold what `subject` names in a cloud; "" names nothing.

        An operation of this process is waited for. Raises `HeldElsewhere` where another process has
        it, and `JournalUnavailable` where no lock can be made.
        """
        if not subject:
            yield
            return
        name = hashlib.sha256(f"{cloud}\n{subject}".encode()).hexdigest()[:32]
        async with self._within.setdefault(name, asyncio.Lock()):
            descriptor = await asyncio.to_thread(self._take, name, subject)
            try:
                yield
            finally:
                os.close(descriptor)

    def is_free(self, cloud: str, subject: str) -> bool:
        """Whether nobody holds it now, in this process or another."""
        name = hashlib.sha256(f"{cloud}\n{subject}".encode()).hexdigest()[:32]
        within = self._within.get(name)
        if not subject or (within is not None and within.locked()):
            return not subject
        try:
            os.close(self._take(name, subject))
        except JournalUnavailable:
            return False
        return True

    def _take(self, name: str, subject: str) -> int:
        path = self._folder / f"{name}.lock"
        try:
            private_folder(self._folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
        except (OSError, SettingsError) as error:
            raise JournalUnavailable(
                f"The folder {self._folder} cannot be written ({error}), so nothing is changed",
                "Make it writable, or choose another with CSVPN_STATE_DIR.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = clean(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())
            os.close(descriptor)
            raise HeldElsewhere(
                f"Another console is changing the same now ({holder or 'it does not say which'})",
                "Wait until it has ended; nothing was changed here.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _who_we_are().encode(), 0)
        return descriptor


def _who_we_are() -> str:
    """What another console is told: `pid 4711 on pts/3 since 14:05`."""
    terminal = ""
    for stream in (0, 1, 2):
        with contextlib.suppress(OSError):
            terminal = f" on {os.ttyname(stream).removeprefix('/dev/')}"
            break
    return f"pid {os.getpid()}{terminal} since {time.strftime('%H:%M')}"
