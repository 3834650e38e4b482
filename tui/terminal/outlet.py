"""A thread that writes, so that a slow terminal keeps nobody else waiting."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol


class Stream(Protocol):
    """What is written to."""

    def write(self, text: str, /) -> object:
        """Take the text."""

    def flush(self) -> object:
        """Send it."""


class Outlet:
    """Takes texts at once and writes them in the order in which they came.

    What is given while the outlet is closed waits until it is open again. There is no lock: a
    signal handler that gives away the terminal may interrupt anything here.
    """

    def __init__(self, stream: Stream, written: Callable[[float], None]) -> None:
        """`written` is called in the thread after each write, with the seconds that it took."""
        self._stream = stream
        self._written = written
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._given = 0
        self._taken = 0
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a thread that writes."""
        return self._thread is not None

    @property
    def is_busy(self) -> bool:
        """Whether something has not been taken by the terminal yet."""
        return self._taken < self._given

    def open(self) -> None:
        """Begin to write."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="csvpn-output", daemon=True)
            self._thread.start()

    def write(self, text: str) -> None:
        """Write `text` after everything that was given before; returns at once."""
        self._given += 1
        self._waiting.put(text)

    def close(self) -> None:
        """Wait until everything is written, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            texts: list[str] = []
            item = self._waiting.get()
            while item is not None:
                texts.append(item)
                try:
                    item = self._waiting.get_nowait()
                except Empty:
                    break
            goes_on = item is not None
            if texts:
                began = time.monotonic()
                self._stream.write("".join(texts))
                self._stream.flush()
                took = time.monotonic() - began
                self._taken += len(texts)
                self._written(took)
