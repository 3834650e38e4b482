"""A thread that writes, so that a slow terminal keeps nobody else waiting."""

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Stream(Protocol):
    """What is written to."""

    def write(self, text: str, /) -> object:
        """Take the text."""

    def flush(self) -> object:
        """Send it."""


class Outlet:
    """Takes texts at once and writes them in the order in which they came.

    What is given while the outlet is closed waits until it is open again. The lock may be taken by
    a signal handler that interrupts its owner: it is reentrant, and nothing blocks within it.
    """

    def __init__(self, stream: Stream, written: Callable[[float], None]) -> None:
        """`written` is called in the thread after each write, with the seconds that it took."""
        self._stream = stream
        self._written = written
        self._changed = threading.Condition(threading.RLock())
        self._waiting: list[str] = []
        self._writing = False
        self._thread: threading.Thread | None = None
        self.bytes_given = 0
        """How many characters were given so far; with UTF-8 beyond ASCII these are fewer than the
        bytes that they take."""

    @property
    def is_open(self) -> bool:
        """Whether there is a thread that writes."""
        return self._thread is not None

    @property
    def is_busy(self) -> bool:
        """Whether something has not been taken by the terminal yet."""
        with self._changed:
            return self._writing or bool(self._waiting)

    def open(self) -> None:
        """Begin to write."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="csvpn-output", daemon=True)
                self._thread.start()

    def write(self, text: str) -> None:
        """Write `text` after everything that was given before; returns at once."""
        with self._changed:
            self._waiting.append(text)
            self.bytes_given += len(text)
            self._changed.notify_all()

    def close(self) -> None:
        """Wait until everything is written, and end the thread."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                while not self._waiting:
                    if self._thread is not me:
                        return
                    self._changed.wait()
                text = "".join(self._waiting)
                self._waiting.clear()
                self._writing = True
            began = time.monotonic()
            self._stream.write(text)
            self._stream.flush()
            took = time.monotonic() - began
            with self._changed:
                self._writing = False
            self._written(took)
