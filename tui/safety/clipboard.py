"""The one class that writes to a clipboard, and says honestly what became of it.

Over SSH the clipboard that people mean is that of the terminal in front of them. tmux and the
escape sequence OSC 52 reach it, but neither confirms; tmux's own buffer and a desktop's clipboard
can be read back. The order: tmux's own command inside tmux (it drops OSC 52 by default), the
desktop's clipboard where this is no SSH session and the value comes back the same, OSC 52, and
where none of them can work a file that only its owner may read.
"""

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from tui.safety.secret import Secret

CLEAR_AFTER: Final = 45.0
"""Seconds after which a copied secret is overwritten; the habit of `pass`."""

LARGEST_OSC52: Final = 74_994
"""Bytes of base64 that terminals take; more is dropped by some without a word."""

_PATIENCE: Final = 3.0
"""Seconds that tmux or a desktop's clipboard may take."""

_BUFFER: Final = "csvpn"
_SHOW_BUFFER: Final = ("tmux", "show-buffer", "-b", _BUFFER)
_NO_OSC52: Final = {"", "dumb", "linux", "vt100", "vt220", "cons25", "unknown"}
_SCREEN_CHUNK: Final = 76
_HARMLESS: Final = " "
"""What clears a clipboard. tmux ignores an empty value, and terminals an empty OSC 52."""

# In a process of their own, because xclip and its like write errors onto the terminal, return as
# if they had copied, or wait for a display that is gone. `-P` keeps the working folder out.
_PYTHON: Final = (sys.executable, "-P", "-c")
# xclip stays behind and would hold our pipe open.
_ALONE: Final = "import os; os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
_COPY: Final = (
    f"{_ALONE}import pyperclip, sys\n"
    "text = sys.stdin.buffer.read().decode()\n"
    "pyperclip.copy(text)\n"
    "sys.exit(0 if pyperclip.paste() == text else 1)\n"
)
_CLEAR: Final = (
    f"{_ALONE}import pyperclip, sys\n"
    "text = sys.stdin.buffer.read().decode()\n"
    "pyperclip.copy(' ') if pyperclip.paste() == text else None\n"
)

Run = Callable[[Sequence[str], bytes], Awaitable[bytes | None]]
"""Runs a program with bytes on its standard input; what it printed if it ended well in time."""


class Route(StrEnum):
    """Where a copied text went."""

    TMUX = "tmux"
    TERMINAL = "terminal"
    DESKTOP = "desktop"
    FILE = "file"


class Copied(msgspec.Struct, frozen=True):
    """What became of one copy."""

    route: Route
    says: str
    """One sentence for the user. It never claims more than is known."""
    path: Path | None = None
    """The file, for `Route.FILE`."""
    cleared_after: float | None = None
    """Seconds until it is overwritten; None: it stays."""


async def run_quietly(argv: Sequence[str], stdin: bytes) -> bytes | None:
    """What `argv` prints when it is given `stdin`; None if it fails or takes over three seconds."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_PATIENCE):
            output, _ = await process.communicate(stdin)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return None
    return output if process.returncode == 0 else None


class Clipboard:
    """Copies texts and secrets for one terminal; `write` sends characters to that terminal.

    The text waits nowhere but where it was sent: an `App` should not keep its own copy of it.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
        run: Run = run_quietly,
        *,
        folder: Path | None = None,
    ) -> None:
        """`folder` is where the file of last resort goes; the system's own for temporary files."""
        self._write = write
        self._environment = environment
        self._run = run
        self._folder = folder
        self._last: tuple[Route, str] | None = None
        self._file: Path | None = None
        self._timer: asyncio.Task[None] | None = None

    async def copy(self, text: str | Secret, *, clear_after: float | None = CLEAR_AFTER) -> Copied:
        """Copy `text`. A `Secret` is overwritten after `clear_after` seconds, a `str` stays.

        Raises `OSError` where no clipboard can be reached and the file cannot be written either.
        """
        self._stop_timer()
        self._remove_file()
        value = text.reveal() if isinstance(text, Secret) else text
        route, says = await self._send(value)
        cleared = clear_after if isinstance(text, Secret) else None
        self._last = (route, value) if isinstance(text, Secret) else None
        if cleared is not None:
            self._timer = asyncio.create_task(self._clear_later(cleared), name="clear clipboard")
            says = f"{says}; cleared in {cleared:g} s"
        return Copied(route, says, self._file, cleared)

    @property
    def holds_secret(self) -> bool:
        """True while a secret that was copied has not been overwritten."""
        return self._last is not None

    async def clear(self) -> None:
        """Overwrite the secret copied last, if any. For the timer, a key, and the end.

        What was copied since in tmux or on a desktop stays. A terminal's clipboard cannot be read,
        so something newer in it is overwritten too; its history, where it keeps one, cannot be
        reached at all.
        """
        self._stop_timer()
        self._remove_file()
        if self._last is None:
            return
        (route, value), self._last = self._last, None
        if route is Route.TMUX:
            await self._clear_tmux(value)
        elif route is Route.DESKTOP:
            await self._run((*_PYTHON, _CLEAR), _encode(value))
        elif route is Route.TERMINAL:
            self._write(self._osc52(_HARMLESS))

    async def _send(self, value: str) -> tuple[Route, str]:
        in_tmux = bool(self._environment.get("TMUX")) and await self._tmux(value)
        if in_tmux and await self._tmux_passes_on():
            return Route.TMUX, "In tmux's buffer, and sent to the terminal (cannot confirm)"
        if self._is_local() and await self._run((*_PYTHON, _COPY), _encode(value)) is not None:
            if in_tmux:
                await self._delete_buffer()
            return Route.DESKTOP, "Copied to this desktop's clipboard"
        if in_tmux:
            says = "In tmux's buffer only: this terminal takes no clipboard from tmux"
            return Route.TMUX, f"{says}; paste with the prefix key and ]"
        sequence = self._osc52(value)
        if sequence:
            self._write(sequence)
            return Route.TERMINAL, f"Sent to the terminal (cannot confirm){self._doubt(value)}"
        self._file = self._to_file(value)
        return Route.FILE, f"No clipboard can be reached; written to {self._file}"

    def _is_local(self) -> bool:
        """A display of this machine, and nobody who came in over SSH."""
        if any(self._environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
            return False
        displays = ("DISPLAY", "WAYLAND_DISPLAY")
        return sys.platform == "darwin" or any(self._environment.get(name) for name in displays)

    async def _tmux(self, value: str) -> bool:
        """Whether tmux's buffer holds `value` now."""
        # On standard input: every user of the machine can read arguments.
        load = ("tmux", "load-buffer", "-w", "-b", _BUFFER, "-")
        if await self._run(load, _encode(value)) is None:
            return False
        return await self._run(_SHOW_BUFFER, b"") == _encode(value)

    async def _tmux_passes_on(self) -> bool:
        """Whether the terminal around tmux takes its clipboard, as far as tmux knows it."""
        ask = ("tmux", "display-message", "-p", "#{client_termfeatures}")
        features = await self._run(ask, b"") or b""
        return b"clipboard" in features.strip().split(b",")

    async def _clear_tmux(self, value: str) -> None:
        """Take the secret out of tmux, and out of the terminal if nothing was copied since."""
        if await self._run(_SHOW_BUFFER, b"") != _encode(value):
            return  # somebody has put something else there
        names = await self._run(("tmux", "list-buffers", "-F", "#{buffer_name}"), b"") or b""
        if names.split(b"\n")[0] == _BUFFER.encode():
            await self._tmux(_HARMLESS)
        await self._delete_buffer()

    async def _delete_buffer(self) -> None:
        await self._run(("tmux", "delete-buffer", "-b", _BUFFER), b"")

    def _osc52(self, value: str) -> str:
        """The escape sequence that sets the terminal's clipboard; empty where none can."""
        encoded = base64.b64encode(_encode(value)).decode()
        in_screen = bool(self._environment.get("STY"))
        if len(encoded) > LARGEST_OSC52:
            return ""
        if not in_screen:
            if self._environment.get("TERM", "") in _NO_OSC52:
                return ""
            return f"\x1b]52;c;{encoded}\a"
        # GNU screen hands on what stands in a device control string, in pieces of limited size.
        starts = range(0, len(encoded), _SCREEN_CHUNK)
        pieces = [encoded[start : start + _SCREEN_CHUNK] for start in starts]
        joined = "\x1b\\\x1bP".join(pieces)
        return f"\x1bP\x1b]52;c;{joined}\a\x1b\\"

    def _doubt(self, value: str) -> str:
        if self._environment.get("TERM_PROGRAM") == "vscode" and not value.isascii():
            return "; VS Code garbles what is not ASCII"
        return ""

    def _to_file(self, value: str) -> Path:
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        import tempfile  # the last resort, and starting must be quick

        descriptor, name = tempfile.mkstemp(prefix="csvpn-copy-", suffix=".txt", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_encode(value))
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def _remove_file(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            self._file = None

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer is not asyncio.current_task():
            self._timer.cancel()
        self._timer = None

    async def _clear_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.clear()


def _encode(value: str) -> bytes:
    return value.encode("utf-8", "backslashreplace")
