"""Writing to the terminal: beside Textual's frames, and when there is no terminal any more.

Textual's driver is the only one that may write, because it queues whole frames; a write from
elsewhere could land within an escape sequence. `App.get_driver_class` is where an application may
choose its driver, and so where the clipboard hooks in.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from textual.driver import Driver


class TerminalWriter:
    """Writes through the driver of the running application; before and after it, nowhere."""

    def __init__(self) -> None:
        self._driver: Driver | None = None

    def __call__(self, text: str) -> None:
        """Send `text` to the terminal as it is."""
        if self._driver is not None:
            self._driver.write(text)
            self._driver.flush()

    def attached_to(self, driver_class: type[Driver]) -> type[Driver]:
        """`driver_class`, whose instance this writer will write through."""
        writer = self

        class AttachedDriver(driver_class):  # type: ignore[misc, valid-type]
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                writer._driver = self

        return AttachedDriver


class LastingStream:
    """A stream on which writing does not fail: what no terminal takes any more is dropped.

    Textual writes in a thread of its own. Where the connection is lost, writing fails and would end
    that thread; its queue would fill up, and the program wait for room in it for ever.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = False

    @property
    def lost(self) -> bool:
        """Whether writing has failed."""
        return self._lost

    def write(self, text: str) -> int:
        """Write `text`, or drop it; its length."""
        if not self._lost:
            try:
                self._stream.write(text)
            except OSError:
                self._lost = True
        return len(text)

    def flush(self) -> None:
        """Send what is buffered, or drop it."""
        if not self._lost:
            try:
                self._stream.flush()
            except OSError:
                self._lost = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def outlasting_the_terminal() -> Iterator[None]:
    """While open, the stream that Textual draws on is a `LastingStream`.

    If the terminal is lost, what is still in buffers goes nowhere afterwards: Python would fail to
    write it when it ends, and end with a code of its own.
    """
    stream = sys.__stderr__
    if stream is None:
        yield
        return
    lasting = LastingStream(stream)
    sys.__stderr__ = cast(TextIO, lasting)  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.__stderr__ = stream  # type: ignore[misc]
        lasting.flush()
        if lasting.lost:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
