"""Beside Textual's frames: the clipboard's way to the terminal, and a terminal that is gone."""

import io
import sys

import pytest
from textual.app import App
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver

from tui.terminal.driver import LastingStream, TerminalWriter, outlasting_the_terminal


class Gone(io.StringIO):
    """A terminal that is lost after the first word."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def write(self, text: str) -> int:
        self.asked += 1
        if self.asked > 1:
            raise OSError(5, "Input/output error")
        return super().write(text)


class Recording(HeadlessDriver):
    """Keeps what is written through it."""

    written: list[str]

    def write(self, data: str) -> None:
        self.written = [*getattr(self, "written", []), data]


async def test_a_writer_writes_through_the_driver_that_was_made_last() -> None:
    writer = TerminalWriter()
    writer("before there is a driver")
    attached = writer.attached_to(Recording)
    assert issubclass(attached, Recording)
    driver: Driver = attached(App())
    writer("\x1b]52;c;eA==\x07")
    assert isinstance(driver, Recording)
    assert driver.written == ["\x1b]52;c;eA==\x07"]


def test_what_a_lost_terminal_does_not_take_is_dropped() -> None:
    gone = Gone()
    stream = LastingStream(gone)
    assert [stream.write(text) for text in ("one", "three", "four")] == [3, 5, 4]
    stream.flush()
    assert gone.getvalue() == "one"
    assert gone.asked == 2
    assert stream.isatty() is False


def test_a_terminal_that_is_lost_while_flushing() -> None:
    class GoneFlushing(io.StringIO):
        def flush(self) -> None:
            raise OSError(5, "Input/output error")

    gone = GoneFlushing()
    stream = LastingStream(gone)
    stream.flush()
    stream.write("x")
    assert gone.getvalue() == ""


def test_the_stream_is_replaced_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.__stderr__
    with outlasting_the_terminal():
        assert isinstance(sys.__stderr__, LastingStream)
    assert sys.__stderr__ is before
    monkeypatch.setattr(sys, "__stderr__", None)
    with outlasting_the_terminal():
        assert sys.__stderr__ is None
