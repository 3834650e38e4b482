"""When frames are sent, what is left out, and what goes with them."""

from collections.abc import Callable

import pytest

from tests.terminal.emulator import Emulator
from tests.terminal.twins import Eager
from tui.terminal import cells, pens
from tui.terminal.frames import LARGE_FRAME, SYNC_END, SYNC_START, FrameWriter
from tui.terminal.link import QUESTION, Link


class Desk:
    """A writer for a screen of 20 x 4, and what it wrote."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.link = Link()
        self.outlet = Eager(self.sent.append)
        self.frames = FrameWriter(
            self.outlet, self.link, self._later, erases_with_colour=True, links=True
        )
        self.frames.resize(20, 4)
        self.frames.begin()

    def _later(self, seconds: float, call: Callable[[], None]) -> object:
        self.due.append((seconds, call))
        return None

    def show(self, text: str, y: int = 0, sgr: str = "", *, unfinished: bool = False) -> None:
        texts = self.frames.clusters.cells(text.ljust(20))
        pen = chr(self.frames.pens.number(sgr))
        self.frames.canvas.put(y, 0, texts, pen * len(texts))
        self.frames.changed((0, 0), unfinished=unfinished)

    def screen(self) -> str:
        emulator = Emulator(20, 4)
        emulator.feed("".join(self.sent).replace(QUESTION, ""))
        return "\n".join(line.rstrip() for line in emulator.display).rstrip()


def test_frames_are_dropped_while_the_terminal_is_busy() -> None:
    desk = Desk()
    desk.show("one")
    desk.outlet.dawdles = True
    for text in ("two", "three", "four"):
        desk.show(text, y=1)
    assert len(desk.sent) == 1 and desk.frames.is_waiting
    desk.outlet.dawdles = False
    desk.frames.pump()
    assert not desk.frames.is_waiting and len(desk.sent) == 2
    assert desk.screen() == "one\nfour"
    assert "two" not in "".join(desk.sent)
    traffic = desk.frames.traffic
    assert (traffic.frames_written, traffic.frames_dropped) == (2, 2)
    assert traffic.bytes_written == sum(map(len, desk.sent))


def test_a_frame_that_is_not_finished_goes_with_the_next_one_or_alone_in_a_moment() -> None:
    desk = Desk()
    desk.show("one", unfinished=True)
    assert desk.sent == []
    desk.show("two", y=1)
    assert len(desk.sent) == 1 and desk.screen() == "one\ntwo"
    desk.due.clear()
    desk.show("three", y=2, unfinished=True)
    assert len(desk.sent) == 1
    [(seconds, pump)] = desk.due
    assert 0 < seconds < 0.02
    pump()
    assert len(desk.sent) == 2 and desk.screen() == "one\ntwo\nthree"


def test_nothing_is_written_where_nothing_has_changed() -> None:
    desk = Desk()
    desk.show("one")
    desk.show("one")
    assert len(desk.sent) == 1
    desk.frames.changed((3, 2))
    assert desk.sent[1:] == ["\x1b[3;4H"]
    desk.frames.changed((3, 2))
    assert len(desk.sent) == 2


def test_only_before_the_end_and_after_the_beginning() -> None:
    desk = Desk()
    desk.show("one")
    desk.frames.end()
    desk.show("two")
    desk.frames.repaint()
    assert len(desk.sent) == 1
    desk.frames.begin()
    while desk.due:
        desk.due.pop()[1]()
    assert len(desk.sent) == 2 and desk.sent[1].startswith("\x1b[r\x1b[m")
    assert desk.screen() == "two"


def test_a_terminal_that_answers_is_waited_for() -> None:
    desk = Desk()
    desk.show("one")
    assert desk.sent[0].endswith(QUESTION)
    desk.link.note_answer()
    desk.link.window = 1
    desk.link.note_sent(5000, asked=True)
    desk.show("two")
    assert len(desk.sent) == 1 and desk.due[-1][0] > 0
    desk.link.note_answer()
    desk.frames.pump()
    assert len(desk.sent) == 2


def test_large_frames_are_marked_where_the_terminal_knows_how() -> None:
    desk = Desk()
    desk.frames.resize(80, 40)
    for y in range(40):
        desk.show("".join(chr(ord("a") + (x * y) % 26) for x in range(80)), y=y)
    desk.frames.synchronized = True
    desk.sent.clear()
    desk.frames.repaint()
    (frame,) = desk.sent
    assert len(frame) > LARGE_FRAME
    assert frame.startswith(SYNC_START) and frame.replace(QUESTION, "").endswith(SYNC_END)
    desk.show("small")
    assert SYNC_START not in desk.sent[-1]


def test_a_signal_in_the_midst_of_a_frame() -> None:
    """The terminal was given away and taken back while a frame was made: everything is written."""
    desk = Desk()
    desk.show("one")
    encode = desk.frames._encoder.frame

    def interrupted(*arguments: object, at_once: bool) -> str:
        desk.frames.forget()
        desk.frames._encoder.frame = encode  # type: ignore[method-assign]
        return "must not be sent"

    desk.frames._encoder.frame = interrupted  # type: ignore[method-assign, assignment]
    desk.show("two")
    assert "must not be sent" not in desk.sent and desk.frames.is_waiting
    desk.frames.pump()
    assert desk.screen() == "two" and desk.sent[-1].startswith("\x1b[r")


def test_full_books_are_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pens, "FULL", 5)
    monkeypatch.setattr(cells, "FULL", 5)
    desk = Desk()
    for number in range(30):
        desk.show(
            f"e\u0301{chr(0x302 + number)}o\u0302 {number}", y=number % 4, sgr=f"38;5;{number}"
        )
        books = desk.frames.pens, desk.frames.clusters
        assert len(books[0]._pens) <= 8 and len(books[1]._texts) <= 10
    emulator = Emulator(20, 4)
    emulator.feed("".join(desk.sent).replace(QUESTION, ""))
    for y, number in enumerate((28, 29, 26, 27)):
        assert emulator.display[y].rstrip() == f"e\u0301{chr(0x302 + number)}o\u0302 {number}"
        assert emulator.buffer[y][0].fg.foreground == (5, number)  # type: ignore[attr-defined]
