"""A program in a pseudo-terminal of its own: what it writes and when, what it costs.

The terminal has a size, is an `xterm-256color` with all colours, answers what programs ask a
terminal at their start (what it is, where the cursor stands, whether it has synchronized output) as
a modern one does, and notes the time of every piece that it is given. Things are found in the
bytes, which says when they came; `picture` draws all of them in a terminal emulator, which says
that they are to be seen.

A writer that sends only what has changed leaves out letters that stood there before. What is looked
for has therefore to differ from what it replaces in every cell: see `mark`.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

PATIENCE: Final = 60.0
"""Seconds that something may take: only what is broken needs them."""
_PIECE: Final = 1 << 16
_LONGEST_QUESTION: Final = 32
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")

Size = tuple[int, int]
"""Columns and rows."""
SMALL: Final[Size] = (80, 24)
LARGE: Final[Size] = (200, 50)

_QUESTIONS: Final = re.compile(
    rb"\x1b\[(?:(?P<what>0?c)|(?P<second>>0?c)|(?P<cursor>6n)|(?P<alive>5n)|(?P<size>18t)"
    rb"|\?(?P<mode>\d+)\$p)|\x1b\](?P<colour>1[01]);\?(?:\x07|\x1b\\)"
)
_SYNCHRONIZED: Final = b"2026"


class TooLate(AssertionError):
    """Something did not come within its time; the text has the end of what did."""


def mark(number: int) -> bytes:
    """A word of eight letters that differs in each from those of the numbers beside it."""
    return bytes([97 + number % 25]) * 8


class Terminal:
    """Runs `argv` as the foreground program of a new terminal.

    The program finds an empty home folder and none of the caller's settings, unless `environment`
    says so.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        size: Size = SMALL,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.size = size
        self.output = bytearray()
        """All that was written."""
        self.pieces: list[tuple[float, int]] = []
        """When a piece came (`time.perf_counter`), and how much had come with it."""
        self._home = tempfile.TemporaryDirectory(prefix="csvpn-bench-home-")
        self._master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.perf_counter()
        """Just before the program was started."""
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=clean_environment(Path(self._home.name)) | dict(environment or {}),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program, and let nothing of it behind."""
        if self._master < 0:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)
        self._master = -1
        self._home.cleanup()

    # Reading.

    @property
    def written(self) -> int:
        """Bytes so far."""
        return len(self.output)

    def read(self, seconds: float) -> bool:
        """Wait so long for a piece and take it; False if none came, `EOFError` after the last."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            piece = os.read(self._master, _PIECE)
        except BlockingIOError:
            return False
        except OSError as error:  # Linux says EIO when the program is gone
            raise EOFError(f"the program has ended: {self._tail()}") from error
        if not piece:
            raise EOFError(f"the program has ended: {self._tail()}")
        seen = max(0, len(self.output) - _LONGEST_QUESTION)
        before = len(self.output)
        self.output += piece
        self.pieces.append((time.perf_counter(), len(self.output)))
        if self.output.find(b"\x1b", seen) >= 0:
            self._answer(seen, before)
        return True

    def _answer(self, start: int, answered: int) -> None:
        """Answer what is asked from `start` on, but for what ended before `answered`."""
        columns, rows = self.size
        for asked in _QUESTIONS.finditer(self.output, start):
            if asked.end() <= answered:
                continue
            match asked.lastgroup:
                case "what":
                    answer = b"\x1b[?62;22c"
                case "second":
                    answer = b"\x1b[>0;276;0c"
                case "cursor":
                    answer = b"\x1b[1;1R"
                case "alive":
                    answer = b"\x1b[0n"
                case "size":
                    answer = b"\x1b[8;%d;%dt" % (rows, columns)
                case "mode":
                    state = 2 if asked["mode"] == _SYNCHRONIZED else 0
                    answer = b"\x1b[?%b;%d$y" % (asked["mode"], state)
                case _:
                    shade = b"ffff/ffff/ffff" if asked["colour"] == b"10" else b"0000/0000/0000"
                    answer = b"\x1b]%b;rgb:%b\x1b\\" % (asked["colour"], shade)
            self.send(answer)

    def wait_for(self, wanted: bytes, since: int = 0, patience: float = PATIENCE) -> float:
        """When `wanted` had come, if it came after the first `since` bytes."""
        deadline = time.perf_counter() + patience
        looked = since
        while True:
            found = self.output.find(wanted, looked)
            if found >= 0:
                return self.time_of(found + len(wanted))
            looked = max(since, len(self.output) - len(wanted) + 1)
            left = deadline - time.perf_counter()
            if left <= 0 or not self.read(left):
                raise TooLate(f"{wanted!r} did not come within {patience:g} s: {self._tail()}")

    def time_of(self, byte: int) -> float:
        """When so many bytes had come."""
        for moment, end in reversed(self.pieces):
            if end < byte:
                break
            found = moment
        return found

    def quiet(self, idle: float = 0.3, patience: float = PATIENCE) -> int:
        """Read until nothing has come for `idle` seconds; how many bytes that were."""
        before, deadline = len(self.output), time.perf_counter() + patience
        while self.read(idle):
            if time.perf_counter() > deadline:
                raise TooLate(f"it does not stop writing: {self._tail()}")
        return len(self.output) - before

    def read_for(self, seconds: float) -> int:
        """Read what comes within `seconds`; how many bytes that were."""
        before, deadline = len(self.output), time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self.read(left)
        return len(self.output) - before

    def picture(self) -> list[str]:
        """What is on the screen: its lines, drawn by a terminal emulator."""
        screen = pyte.Screen(*self.size)
        stream = pyte.ByteStream(screen)
        # The emulator knows neither questions with an intermediate byte nor other private strings.
        known = re.sub(rb"\x1b\[[?>=]?[0-9;]*[$ ][a-z]|\x1b\[[?>=<][0-9;]*[usqm]", b"", self.output)
        stream.feed(known)
        return [line.rstrip() for line in screen.display]

    def require(self, *words: str) -> None:
        """Raise `TooLate` unless all of `words` are on the screen."""
        picture = "\n".join(self.picture())
        missing = [word for word in words if word not in picture]
        if missing:
            raise TooLate(f"{missing} are not on the screen:\n{picture}")

    def _tail(self) -> str:
        return "\n".join(line for line in self.picture() if line)[-2000:]

    # Writing, and what it costs.

    def send(self, keys: bytes) -> float:
        """Type `keys`; when."""
        moment = time.perf_counter()
        os.write(self._master, keys)
        return moment

    def cpu_seconds(self) -> float:
        """Of the processor, spent by all of its threads so far."""
        try:
            tasks = sum(
                int(path.read_text().split()[0])
                for path in Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
            )
        except (OSError, IndexError):
            tasks = 0
        if tasks:
            return tasks / 1e9
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident(self) -> int:
        """Bytes of memory that it has now."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * _PAGE

    def stop(self) -> None:
        """Ask it to end, as a closed terminal does."""
        self._process.send_signal(signal.SIGHUP)


def clean_environment(home: Path) -> dict[str, str]:
    """What a program is started with: nothing of the caller's but where programs are."""
    kept = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "share"),
        "LANG": environment.get("LANG", "C.UTF-8"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
