"""Writing to the terminal: beside Textual's frames, and when there is no terminal any more.

Textual's driver is the only one that may write, because it queues whole frames; a write from
elsewhere could land within an escape sequence. `App.get_driver_class` is where an application may
choose its driver, and so where the clipboard hooks in.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from textual.app import App
from textual.driver import Driver
from textual.message import Message

from tui.terminal.capabilities import Capabilities
from tui.terminal.compositor import WritesChanges, why_not
from tui.terminal.frames import Traffic
from tui.terminal.output import Output


class TerminalWriter:
    """Writes through the driver of the running application; before and after it, nowhere."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        """What the terminal can do; where that is not said, Textual writes its frames itself."""
        self._capabilities = capabilities
        self._driver: Driver | None = None
        self._output: Output | None = None

    def __call__(self, text: str) -> None:
        """Send `text` to the terminal as it is."""
        if self._driver is not None:
            self._driver.write(text)
            self._driver.flush()

    @property
    def traffic(self) -> Traffic | None:
        """What went to the terminal so far; `None` where Textual writes its frames itself."""
        return None if self._output is None else self._output.frames.traffic

    def attached_to(self, driver_class: type[Driver]) -> type[Driver]:
        """`driver_class`, whose instance this writer will write through.

        It writes only what changes if the terminal can do that and the application is one that
        `WritesChanges`.
        """
        writer = self

        class AttachedDriver(driver_class):  # type: ignore[misc, valid-type]
            def __init__(self, app: App[Any], **options: Any) -> None:
                super().__init__(app, **options)
                writer._driver = self

        capabilities = self._capabilities
        if capabilities is None or capabilities.plain_output or why_not():
            return AttachedDriver
        return _writing_changes(AttachedDriver, writer, capabilities)


def _writing_changes(
    driver_class: type[Driver], writer: TerminalWriter, capabilities: Capabilities
) -> type[Driver]:
    """`driver_class`, which gives what it writes to an `Output` of the writer."""

    class ChangesDriver(driver_class):  # type: ignore[misc, valid-type]
        _changes: Output | None = None

        def __init__(self, app: App[Any], **options: Any) -> None:
            super().__init__(app, **options)
            if isinstance(app, WritesChanges) and not self.is_headless:
                loop = asyncio.get_running_loop()
                self._changes = writer._output = Output(sys.__stderr__, loop, capabilities)
                app.frames_to = self._changes.frames

        def write(self, data: str) -> None:
            if self._changes is not None and self._changes.is_running:
                self._changes.write(data)
            else:
                super().write(data)

        def start_application_mode(self) -> None:
            if self._changes is not None:
                self._changes.start()
            super().start_application_mode()

        def stop_application_mode(self) -> None:
            if self._changes is not None:
                self._changes.stop()
            super().stop_application_mode()

        def close(self) -> None:
            if self._changes is not None:
                self._changes.close()
            super().close()

        def process_message(self, message: Message) -> None:
            if self._changes is None or not self._changes.takes(message):
                super().process_message(message)

    return ChangesDriver


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
