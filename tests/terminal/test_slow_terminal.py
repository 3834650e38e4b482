"""A terminal that is slow, or takes nothing at all, slows nobody down but the picture."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.glass import Glass
from tests.terminal.sequences import CLIPBOARD, left_behind, leftover
from tui.terminal.link import QUESTION

pytestmark = pytest.mark.terminal

ANSWER = b"\x1b[1;1R"


class SlowGlass(Glass):
    """Reads at most so many bytes a second, and may answer questions, each after a while."""

    def __init__(
        self, report: Path, *more: str, rate: float = 0.0, answers: float | None = None
    ) -> None:
        self.report = report
        self.rate = rate
        self._answers = answers
        self._due: list[float] = []
        self.asked = 0
        argv = [sys.executable, "-m", "tests.terminal.floodapp", str(report), *more]
        super().__init__(argv)

    def read(self, deadline: float) -> bool:
        """As before, then wait as long as a link of this rate needs for what was read."""
        seen = len(self.output)
        more = super().read(min(deadline, time.monotonic() + 0.02))
        fresh = self.output[max(0, seen - 3) :]
        if self.rate:
            time.sleep((len(self.output) - seen) / self.rate)
        if self._answers is not None:
            for _ in range(fresh.count(QUESTION.encode())):
                self.asked += 1
                self._due.append(time.monotonic() + self._answers)
        while self._due and self._due[0] <= time.monotonic():
            self._due.pop(0)
            self.send(ANSWER)
        return more or (self._process.poll() is None and time.monotonic() < deadline)

    def read_for(self, seconds: float) -> bytes:
        """What comes within this time."""
        seen = len(self.output)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(deadline)
        return self.output[seen:]

    def told(self) -> Any:
        """What the program wrote down at its end."""
        self.press("q")
        assert self.finish() == 0
        assert left_behind(self.output.decode()) == []
        return json.loads(self.report.read_text())

    @property
    def is_stopped(self) -> bool:
        """Whether the program was stopped by a signal."""
        state = ["ps", "-o", "stat=", "-p", str(self._process.pid)]
        return subprocess.run(state, capture_output=True, check=True).stdout.startswith(b"T")

    def typed(self) -> str:
        """The keys that the program has seen, though it may not be able to say so."""
        file = self.report.with_suffix(".keys")
        return file.read_text() if file.exists() else ""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def until(reached: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not reached"
        time.sleep(0.02)


def test_frames_are_dropped_and_the_last_one_is_right(report: Path) -> None:
    with SlowGlass(report, rate=20_000) as glass:
        glass.see("READY-NOW")
        glass.press("f")
        glass.read_for(3)
        glass.press("k")
        glass.see("keys k")
        glass.press("f")
        glass.see("ENDED at", "keys k", without="count")
        said = glass.told()
    traffic = said["traffic"]
    assert said["keys"] == ["k"]
    assert traffic["frames_dropped"] > traffic["frames_written"] / 4
    assert traffic["answers"] is False and traffic["round_trip"] is None
    assert traffic["bytes_written"] <= len(glass.output)


def test_a_terminal_that_takes_nothing_for_a_while(report: Path) -> None:
    with SlowGlass(report) as glass:
        glass.see("READY-NOW")
        glass.press("f")
        time.sleep(2.0)
        glass.press("x")
        until(lambda: glass.typed() == "x")
        glass.press("f", "y")
        until(lambda: glass.typed() == "xy")
        glass.see("ENDED at", "keys x", without="count")
        said = glass.told()
    assert said["lag"] < 1.0, "the event loop has waited for the terminal"
    assert said["count"] > 10


def test_a_terminal_that_answers_is_never_far_behind(report: Path) -> None:
    """At 16 kB/s and 0.15 s for an answer: a key is seen soon in the midst of a flood."""
    with SlowGlass(report, rate=16_000, answers=0.15) as glass:
        glass.see("READY-NOW")
        glass.press("f")
        glass.read_for(4)
        before = len(glass.output)
        glass.press("k")
        glass.see("keys k")
        behind = len(glass.output) - before
        glass.press("f")
        glass.see("ENDED at")
        glass.read_for(0.5)
        assert glass.read_for(1.0) == b"", "something is written though nothing changes"
        said = glass.told()
    assert said["keys"] == ["k"], "an answer was taken for a key"
    assert said["traffic"]["answers"] is True
    assert said["traffic"]["round_trip"] >= 0.15
    assert glass.asked > 5
    assert behind < 12_000, "so many bytes lay before the answer to the key"


def test_the_clipboard_stays_in_order_and_out_of_frames(report: Path) -> None:
    with SlowGlass(report, rate=100_000) as glass:
        glass.see("READY-NOW")
        glass.press("f")
        for _ in range(12):
            glass.press("c")
            glass.read_for(0.1)
        glass.press("f")
        glass.see("ENDED at")
        glass.told()
    output = glass.output.decode()
    assert CLIPBOARD.findall(output) == [f"{number:04}" for number in range(1, 13)]
    assert "\x1b" not in leftover(CLIPBOARD.sub("", output)), "a sequence was cut in two"
    for before in re.findall(r"(.{4})\x1b\]52;", output, re.DOTALL):
        assert before.endswith(("H", "G", "A", "B", "C", "D", "m", "n", "\x07", "l", "h")), before


def test_everything_again_on_request_and_after_somebody_else(report: Path) -> None:
    with SlowGlass(report) as glass:
        glass.see("READY-NOW")
        glass._stream.feed(b"\x1b[H\x1b[2JSCRIBBLE")
        glass.press("l")
        glass.see("READY-NOW", without="SCRIBBLE")
        glass.press("s")
        glass.wait_for(lambda _: b"SOMEBODY-ELSE" in glass.output, "the other program")
        glass.see("READY-NOW", without="SOMEBODY-ELSE")
        glass._stream.feed(b"\x1b[H\x1b[2JSCRIBBLE")
        glass.resize(70, 20)
        glass.see("READY-NOW", without="SCRIBBLE")
        glass.told()


def test_stopped_by_the_shell_and_continued(report: Path) -> None:
    with SlowGlass(report) as glass:
        glass.see("READY-NOW")
        glass.signal(signal.SIGTSTP)
        glass.wait_for(
            lambda _: left_behind(glass.output.decode()) == [], "the terminal given back"
        )
        glass._stream.feed(b"\x1b[H\x1b[2JSCRIBBLE")
        before = len(glass.output)
        # A shell goes on with what has stopped: the terminal is given back a moment before that.
        until(lambda: glass.is_stopped)
        glass.signal(signal.SIGCONT)
        glass.wait_for(lambda _: len(glass.output) > before, "anything after SIGCONT")
        glass.see("READY-NOW", without="SCRIBBLE")
        glass.press("z")
        until(lambda: glass.typed() == "z")
        glass.told()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_though_the_terminal_takes_nothing(report: Path, signum: int) -> None:
    with SlowGlass(report) as glass:
        glass.see("READY-NOW")
        glass.press("f")
        time.sleep(2.0)
        glass.signal(signum)
        assert glass.wait() == 128 + signum
        assert glass.is_cooked
    assert report.exists(), "it was not unmounted"


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_plain_output_is_textual_as_it_is(
    report: Path, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    more = [] if term == "dumb" else ["plain"]
    argv = [sys.executable, "-m", "tests.terminal.floodapp", str(report), *more]
    with Glass(argv, environment={"TERM": term}) as glass:
        glass.see("READY-NOW")
        glass.press("q")
        assert glass.finish() == 0
    assert QUESTION.encode() not in glass.output and b"\x1b[r" not in glass.output
    assert json.loads(report.read_text())["traffic"] is None
