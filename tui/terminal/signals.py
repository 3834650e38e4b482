"""A lost SSH session and a polite kill end the console the way a key does.

Textual does nothing about SIGHUP and SIGTERM: Python would die at once, with the terminal left in
its other screen and the mouse switched on, and nothing unmounted.
"""

import asyncio
import contextlib
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)

PATIENCE: Final = 2.0
"""Seconds that the program has to end by itself after a signal."""

RESTORE: Final = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[<u"  # focus, bracketed paste, key protocol
    "\x1b[?1049l\x1b[?25h\x1b[0m\r\n"  # main screen, cursor, no colour
)
"""Puts a terminal back to what a shell expects, whatever state Textual left it in."""


def exit_code(signum: int) -> int:
    """What a shell reports for a program that `signum` ended: 129 for SIGHUP, 143 for SIGTERM."""
    return 128 + signum


@contextlib.contextmanager
def ending_on_signals(
    loop: asyncio.AbstractEventLoop,
    end: Callable[[int], None],
    *,
    patience: float = PATIENCE,
    leave: Callable[[int], None] = os._exit,
) -> Iterator[None]:
    """While open, a signal calls `end(exit code)` in the loop, once.

    `end` starts an orderly end, such as `app.exit(return_code=code)`. If the program is still there
    after `patience` seconds, or at a second signal, the terminal is restored here and the process
    left with the same code.

    The handlers are Python's own and not the loop's, because a loop whose terminal takes no more
    text (ctrl+s, a stalled link) is stuck in writing, and would never come to them.
    """
    saved = _terminal_attributes()
    watchdog: list[threading.Timer] = []
    received: list[int] = []

    def force(code: int) -> None:
        _restore(saved)
        leave(code)

    def receive(signum: int, _frame: FrameType | None) -> None:
        code = exit_code(signum)
        # First of all, since a second signal may come in the midst of this.
        received.append(signum)
        if len(received) > 1:
            force(code)
            return
        timer = threading.Timer(patience, force, (code,))
        timer.daemon = True
        watchdog.append(timer)
        timer.start()
        loop.call_soon_threadsafe(end, code)

    before = {signum: signal.signal(signum, receive) for signum in SIGNALS}
    try:
        yield
    finally:
        for timer in watchdog:
            timer.cancel()
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _terminal_attributes() -> tuple[int, list[int | list[bytes | int]]] | None:
    with contextlib.suppress(OSError, ValueError, termios.error, AttributeError):
        descriptor = sys.__stdin__.fileno()  # type: ignore[union-attr]
        return descriptor, termios.tcgetattr(descriptor)
    return None


def _restore(saved: tuple[int, list[int | list[bytes | int]]] | None) -> None:
    """Best effort: after SIGHUP there may be no terminal any more."""
    if saved is None:
        return
    descriptor, attributes = saved
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    with contextlib.suppress(OSError):
        os.set_blocking(descriptor, False)  # a terminal that is held (ctrl+s) must not hold us
        os.write(descriptor, RESTORE.encode())
