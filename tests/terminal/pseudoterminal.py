"""A program in a pseudo-terminal of its own, and every byte that it wrote."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self


class PseudoTerminal:
    """Runs `argv` as the foreground program of a new terminal of `columns` x `rows`."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.output = b""
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.hang_up()

    def read_until(self, wanted: bytes, seconds: float = 60) -> None:
        """Read until `wanted` was written; `AssertionError` with the last output if it was not."""
        deadline = time.monotonic() + seconds
        while wanted not in self.output:
            if not self.read(deadline):
                raise AssertionError(f"{wanted!r} not in …{self.output[-2000:]!r}")

    def finish(self, seconds: float = 60) -> int:
        """Read to the end and return the exit code; negative for a signal."""
        deadline = time.monotonic() + seconds
        while self._master >= 0 and self.read(deadline):
            pass
        return self._process.wait(max(0.1, deadline - time.monotonic()))

    def wait(self, seconds: float = 60) -> int:
        """The exit code, while nothing is read: the terminal takes little more and then nothing."""
        return self._process.wait(seconds)

    def send(self, keys: bytes) -> None:
        """Type `keys`."""
        os.write(self._master, keys)

    def signal(self, signum: int) -> None:
        """Send a signal to the program itself."""
        self._process.send_signal(signum)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the kernel tells the program."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def is_cooked(self) -> bool:
        """Whether the terminal shows what is typed, line by line, and ctrl+c is a signal."""
        modes: int = termios.tcgetattr(self._master)[3]
        wanted = termios.ICANON | termios.ECHO | termios.ISIG
        return modes & wanted == wanted

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does; the program gets SIGHUP."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def read(self, deadline: float) -> bool:
        """Read one piece of output; False at the end, or when `time.monotonic` is `deadline`."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:
            return False  # Linux says EIO when the last program has closed the terminal
        self.output += piece
        return bool(piece)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
