"""How much may be under way: with a clock of the test's own."""

import threading
import time
from collections import deque

from tui.terminal.link import ASK_AFTER, FIRST, LOST, PROBE, SMALLEST, Link


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal:
    """What a link is told about a terminal; `send` as the writer of frames does."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.link = Link(self.clock)

    def send(self, count: int) -> bool:
        asked = self.link.asks(count)
        self.link.note_sent(count, asked=asked)
        return asked

    def answer(self, after: float) -> None:
        self.clock.now += after
        assert self.link.note_answer()


def test_the_first_frame_asks_and_holds_nothing_back() -> None:
    terminal = Terminal()
    assert terminal.send(20_000)
    assert terminal.link.answers is None and terminal.link.wait() == 0
    assert not terminal.send(20_000), "one question at a time, as long as nobody answers"
    assert terminal.link.wait() == 0


def test_a_terminal_that_does_not_answer_is_not_asked_again() -> None:
    terminal = Terminal()
    terminal.send(100)
    terminal.clock.now += PROBE
    assert terminal.link.wait() == 0
    assert terminal.link.answers is False
    assert not terminal.send(50_000) and terminal.link.wait() == 0
    assert terminal.link.note_answer() and terminal.link.answers, "it was only slow"
    assert not terminal.link.note_answer(), "somebody else's answer"


def test_writes_that_take_long_are_followed_by_a_rest() -> None:
    terminal = Terminal()
    terminal.link.note_written(0.001)
    assert terminal.link.wait() == 0
    terminal.link.note_written(0.1)
    assert 0.09 < terminal.link.wait() <= 0.1
    terminal.clock.now += 0.1
    assert terminal.link.wait() == 0
    terminal.link.note_written(9.0)
    assert terminal.link.wait() < 1


def test_nothing_is_sent_beyond_the_window_until_an_answer_comes() -> None:
    terminal = Terminal()
    terminal.send(100)
    terminal.answer(0.01)
    assert terminal.link.answers is True and terminal.link.window == FIRST
    assert not terminal.send(ASK_AFTER - 1), "a small frame is not worth a question"
    assert terminal.send(FIRST)
    assert terminal.link.wait() > 0
    terminal.answer(0.01)
    assert terminal.link.wait() == 0
    assert terminal.link.round_trip is not None and terminal.link.round_trip < 0.02


def flood(rate: float, delay: float) -> Terminal:
    """As many frames as may be sent within 20 s over a link of `rate` bytes a second."""
    terminal = Terminal()
    clock, free = terminal.clock, 0.0
    answers: deque[float] = deque()
    end = clock.now + 20
    while clock.now < end:
        if terminal.link.wait() == 0:
            asked = terminal.send(1_500)
            free = max(free, clock.now) + 1_500 / rate
            if asked:
                answers.append(free + delay)
        clock.now += 0.005
        while answers and answers[0] <= clock.now:
            answers.popleft()
            assert terminal.link.note_answer()
    return terminal


def test_the_window_fits_the_link() -> None:
    slow, fast = flood(16_000, 0.15), flood(50_000_000, 0.01)
    assert SMALLEST <= slow.link.window < 8_000
    assert slow.link.round_trip is not None and slow.link.round_trip < 0.7
    assert slow.link._sent > 20 * 16_000 * 0.6, "the link is used"
    assert fast.link.window >= FIRST and fast.link._sent > 5_000_000


def test_an_answer_that_was_lost_does_not_stop_the_picture() -> None:
    terminal = Terminal()
    terminal.send(10)
    terminal.answer(0.1)
    terminal.send(FIRST)
    wait = terminal.link.wait()
    assert LOST < wait < LOST + 1
    terminal.clock.now += wait
    assert terminal.link.wait() == 0 and terminal.link.answers is True
    for _ in range(2):
        terminal.send(FIRST)
        terminal.clock.now += terminal.link.wait()
        assert terminal.link.wait() == 0
    assert terminal.link.answers is False, "it does not answer any more"


def test_a_new_beginning_asks_again() -> None:
    terminal = Terminal()
    terminal.send(10)
    terminal.link.begin()
    assert terminal.link.answers is None and not terminal.link.note_answer()
    assert terminal.send(10)


def test_before_somebody_else_reads_answers_are_waited_for() -> None:
    link = Link()
    link.note_sent(10, asked=True)
    began = time.monotonic()
    link.settle(0.5)  # nobody knows whether it answers at all
    assert 0.1 < time.monotonic() - began < 5
    link.note_answer()
    link.note_sent(10, asked=True)
    threading.Timer(0.1, link.note_answer).start()
    began = time.monotonic()
    link.settle(20)
    assert 0.05 < time.monotonic() - began < 10
    link.note_sent(10, asked=True)
    link.settle(0.01)
