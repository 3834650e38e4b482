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
            descriptor = await asyncio.to_thread(self._take, name)
            try:
                yield
            finally:
                os.close(descriptor)

    def holder(self, cloud: str, subject: str) -> str:
        """Who holds it now: `this console`, another as it describes itself, or "" for nobody.

        Where that cannot be seen nobody is named: what wants to hold it will be told why.
        """
        name = hashlib.sha256(f"{cloud}\n{subject}".encode()).hexdigest()[:32]
        within = self._within.get(name)
        if not subject:
            return ""
        if within is not None and within.locked():
            return "this console"
        try:
            descriptor = os.open(
                self._folder / f"{name}.lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            )
        except OSError:
            return ""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _words_in(descriptor) or "another console"
        finally:
            os.close(descriptor)
        return ""

    def _take(self, name: str) -> int:
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
            _lock(descriptor)
        except OSError as error:
            holder = _words_in(descriptor)
            os.close(descriptor)
            raise HeldElsewhere(
                f"Another console is changing the same now ({holder or 'it does not say which'})",
                "Wait until it has ended; nothing was changed here.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _who_we_are().encode(), 0)
        return descriptor


_TRIES = 5
_BETWEEN_TRIES = 0.02


def _lock(descriptor: int) -> None:
    """Raises `OSError` where another process has it.

    Who only looks whether it is free has it for an instant too, so one refusal proves nothing.
    """
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if not left:
                raise
            time.sleep(_BETWEEN_TRIES)
        else:
            return


def _words_in(descriptor: int) -> str:
    """What the holder of a lock has written into its file."""
    return clean(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())


def _who_we_are() -> str:
    """What another console is told: `pid 4711 on pts/3 since 14:05`."""
    terminal = ""
    for stream in (0, 1, 2):
        with contextlib.suppress(OSError):
            terminal = f" on {os.ttyname(stream).removeprefix('/dev/')}"
            break
    return f"pid {os.getpid()}{terminal} since {time.strftime('%H:%M')}"
