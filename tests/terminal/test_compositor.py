"""The private parts of Textual that the writer of frames stands on are as they were."""

from typing import Any

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Static

from tests.terminal.twins import Eager, later
from tui.terminal import compositor
from tui.terminal.capabilities import read_capabilities
from tui.terminal.compositor import FRAMES, WritesChanges, why_not
from tui.terminal.driver import TerminalWriter
from tui.terminal.frames import FrameWriter
from tui.terminal.link import Link


def test_the_installed_textual_is_as_expected() -> None:
    """If this fails, Textual has changed: `tui.terminal.compositor` has to be read against it.
    Until then the console writes as stock Textual does."""
    assert why_not() == ""
    assert (LayoutUpdate, ChopsUpdate) == FRAMES


def test_what_has_changed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def display(self: App[Any], renderable: Any) -> None:
        """Without the screen."""

    monkeypatch.setattr(App, "_display", display)
    assert "takes other parameters" in why_not()
    monkeypatch.undo()

    def other(self: App[Any], screen: Any, renderable: Any) -> None:
        """Without everything that is relied on."""

    monkeypatch.setattr(App, "_display", other)
    assert why_not() == "App._display does without _batch_count"
    monkeypatch.undo()
    monkeypatch.setattr(compositor, "FRAMES", ())
    assert why_not() == "textual._compositor has no LayoutUpdate or ChopsUpdate"


async def test_a_textual_that_has_changed_writes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    able = read_capabilities({"TERM": "xterm-256color"})
    assert "process_message" in TerminalWriter(able).attached_to(HeadlessDriver).__dict__
    monkeypatch.setattr("tui.terminal.driver.why_not", lambda: "it has changed")
    changed = TerminalWriter(able).attached_to(HeadlessDriver)
    assert "process_message" not in changed.__dict__


class Small(WritesChanges):
    """An app in a terminal that is not there."""

    written: list[str]

    def compose(self) -> ComposeResult:
        yield Static("hello there")


class Visible(HeadlessDriver):
    """A driver that says that it has a screen."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        written.append(data)


written: list[str] = []


async def test_frames_are_taken_and_everything_else_is_left_to_textual() -> None:
    sent: list[str] = []
    written.clear()
    app = Small()
    app.frames_to = FrameWriter(Eager(sent.append), Link(), later, erases_with_colour=True)
    app.frames_to.begin()
    async with app.run_test() as pilot:
        app._driver = Visible(app)
        app.screen.refresh(layout=True)
        await pilot.pause()
        assert any("hello there" in text for text in sent)
        assert written == []
        count = len(sent)
        app._display(app.screen, "something else")
        assert "something else" in "".join(written)
        app.screen.query_one(Static).update("changed")
        await pilot.pause()
        assert sent[count].startswith("\x1b[r"), "what Textual wrote is written over"
        count = len(sent)
        with app.batch_update():
            app.screen.query_one(Static).update("in a batch")
            await pilot.pause()
            assert len(sent) == count
        await pilot.pause()
        assert "in a batch" in "".join(sent[count:])
        count = len(sent)
        app.write_all_again()
        assert sent[count].startswith("\x1b[r") and "in a batch" in sent[count]
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert (app.frames_to.canvas.width, app.frames_to.canvas.height) == (60, 20)
