"""Runs a program behind a link that is slow and far away: `python -m bench.slow_link csvpn demo`.

    .venv/bin/python -m bench.slow_link --kilobits 128 --round-trip 150 .venv/bin/csvpn demo

The program gets a terminal of its own; what it writes waits in a buffer as in an SSH session, goes
out at the rate of the link and arrives half a round trip later, as do the keys on their way back.
Nothing is measured but what passes: at the end it says how much that was, and when the link was
busy. It is for looking at the console with one's own eyes, and no bar depends on it.
"""

import argparse
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

BUFFER: Final = 64 * 1024
"""Bytes that may wait before the link, as in the buffers of sshd and TCP."""
_PORTION: Final = 4096
_PIECE: Final = 128
"""Bytes that go over the link as one: a screen fills up visibly, as over a real one."""


class Link:
    """One direction: `take` what is sent, `deliver` what has arrived by now."""

    def __init__(self, bytes_per_second: float | None, delay: float) -> None:
        """`delay` in seconds; without a rate only that counts."""
        self._rate = bytes_per_second
        self._delay = delay
        self._waiting = bytearray()
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._free = 0.0
        """When the link has sent what it was given."""
        self.passed = 0
        self.busy = 0.0
        """Seconds that it took to send everything."""

    @property
    def has_room(self) -> bool:
        """Whether the buffer before the link takes more."""
        return len(self._waiting) < BUFFER

    def take(self, portion: bytes, now: float) -> None:
        """Send `portion`, behind what waits."""
        self._waiting += portion
        self._send(now)

    def deliver(self, now: float) -> bytes:
        """What has arrived at the other end."""
        self._send(now)
        arrived = bytearray()
        while self._under_way and self._under_way[0][0] <= now:
            arrived += self._under_way.popleft()[1]
        self.passed += len(arrived)
        return bytes(arrived)

    def next_moment(self) -> float | None:
        """When there is something to deliver or to send; None while nothing is under way."""
        moments = [self._under_way[0][0]] if self._under_way else []
        if self._waiting:
            moments.append(self._free)
        return min(moments) if moments else None

    def _send(self, now: float) -> None:
        while self._waiting and self._free <= now:
            piece = bytes(self._waiting[:_PIECE])
            del self._waiting[:_PIECE]
            seconds = len(piece) / self._rate if self._rate else 0.0
            self._free = max(self._free, now) + seconds
            self.busy += seconds
            self._under_way.append((self._free + self._delay, piece))


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """The terminal hands on every key as it is while this is open."""
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def run(command: Sequence[str], kilobits: float, round_trip: float) -> int:
    """Run `command` behind the link; its exit status. `round_trip` in milliseconds."""
    down = Link(kilobits * 1000 / 8, round_trip / 2000)
    up = Link(None, round_trip / 2000)
    child, master = pty.fork()
    if child == 0:
        os.execvp(command[0], list(command))  # noqa: S606 - the command that was asked for

    def fit(*_: object) -> None:
        size = fcntl.ioctl(sys.stdin.fileno(), termios.TIOCGWINSZ, struct.pack("4H", 0, 0, 0, 0))
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)

    fit()
    signal.signal(signal.SIGWINCH, fit)
    started = time.monotonic()
    with _raw(sys.stdin.fileno()):
        _pass_on(master, down, up)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - started
    print(
        f"{down.passed:,} bytes to the terminal and {up.passed:,} back in {seconds:.1f} s; "
        f"the link was busy for {down.busy:.1f} s"
    )
    return status


def _pass_on(master: int, down: Link, up: Link) -> None:
    keyboard, screen = sys.stdin.fileno(), sys.stdout.fileno()
    ended = deaf = False
    while not (ended and down.next_moment() is None):
        now = time.monotonic()
        moments = [each for link in (down, up) if (each := link.next_moment()) is not None]
        wait = max(0.0, min(moments) - now) if moments else None
        wanted = [] if deaf else [keyboard]
        if down.has_room and not ended:
            wanted.append(master)
        readable, _, _ = select.select(wanted, [], [], wait)
        now = time.monotonic()
        if master in readable:
            try:
                portion = os.read(master, _PORTION)
            except OSError:  # the program has ended
                portion = b""
            ended = not portion
            down.take(portion, now)
        if keyboard in readable:
            keys = os.read(keyboard, _PORTION)
            deaf = not keys
            up.take(keys, now)
        _write(screen, down.deliver(now))
        typed = up.deliver(now)
        if not ended:
            _write(master, typed)


def _write(descriptor: int, portion: bytes) -> None:
    while portion:
        portion = portion[os.write(descriptor, portion) :]


def main() -> int:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m bench.slow_link", description=__doc__)
    options.add_argument("--kilobits", type=float, default=128, help="per second (128)")
    options.add_argument("--round-trip", type=float, default=150, help="milliseconds (150)")
    options.add_argument("command", nargs=argparse.REMAINDER, help="the program and its arguments")
    given = options.parse_args()
    if not given.command or given.kilobits <= 0 or given.round_trip < 0:
        options.error("a program is needed, a rate above 0 and a round trip of 0 or more")
    return run(given.command, given.kilobits, given.round_trip)


if __name__ == "__main__":
    sys.exit(main())
