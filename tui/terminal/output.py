"""The way of everything that is written to one terminal: frames, and what lies between them."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from textual import events, messages
from textual.message import Message

from tui.terminal.capabilities import Capabilities
from tui.terminal.frames import FrameWriter
from tui.terminal.link import Link
from tui.terminal.outlet import Outlet

SETTLE: float = 1.0
"""Seconds that are waited for answers of the terminal before somebody else reads what it says."""


class Output:
    """Owned by the driver that has the terminal."""

    def __init__(
        self, stream: Any, loop: asyncio.AbstractEventLoop, capabilities: Capabilities
    ) -> None:
        """Writes to `stream`, a text stream; frames are made in `loop`."""
        self._loop = loop
        self._link = Link()
        self._outlet = Outlet(stream, self._note_written)
        self._running = False
        self.frames = FrameWriter(
            self._outlet,
            self._link,
            self._later,
            erases_with_colour=capabilities.erases_with_colour,
            links=capabilities.links,
            encoding=getattr(stream, "encoding", None) or "utf-8",
        )

    @property
    def is_running(self) -> bool:
        """Whether the terminal is ours."""
        return self._running

    def write(self, text: str) -> None:
        """Write a sequence after everything before it, never within a frame; returns at once."""
        self._outlet.write(text)

    def start(self) -> None:
        """The terminal is ours from now on; may be called in a signal handler."""
        self._running = True
        self._outlet.open()
        self.frames.begin()

    def stop(self) -> None:
        """No more frames. Waits a moment for answers: the next program would take them for keys."""
        self.frames.end()
        if not self._outlet.is_busy:
            self._link.settle(SETTLE)

    def close(self) -> None:
        """Wait until everything is written; what comes later waits for `start`."""
        self._outlet.close()

    def takes(self, message: Message) -> bool:
        """Whether `message` is an answer to a question of ours; called in the input's thread."""
        if isinstance(message, messages.TerminalSupportsSynchronizedOutput):
            self.frames.synchronized = True
        if not isinstance(message, events.CursorPosition) or not self._link.note_answer():
            return False
        self._go_on()
        return True

    def _note_written(self, took: float) -> None:
        self._link.note_written(took)
        self._go_on()

    def _go_on(self) -> None:
        """Called in another thread: look in the loop whether a frame waits."""
        if self.frames.is_waiting:
            self._later(0.0, self.frames.pump)

    def _later(self, seconds: float, call: Callable[[], None]) -> object:
        if seconds > 0:
            return self._loop.call_later(seconds, call)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            return self._loop.call_soon_threadsafe(call)
        return None
