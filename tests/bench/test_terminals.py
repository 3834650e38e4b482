import os
import sys
import time

import pytest

from bench.terminals import LARGE, Terminal, TooLate, mark

ECHO = """
import os, sys, termios, tty
tty.setraw(0)
os.write(1, b"ready")
while True:
    key = os.read(0, 100)
    os.write(1, b"<" + key.hex().encode() + b">")
"""
ASK = """
import os, tty
tty.setraw(0)
for question in (
    b"\\x1b[c", b"\\x1b[6n", b"\\x1b[?2026$p", b"\\x1b[?2048$p", b"\\x1b[18t", b"\\x1b]11;?\\x07"
):
    half = len(question) // 2
    os.write(1, question[:half])
    os.write(1, question[half:])
    answer = os.read(0, 100)
    os.write(1, answer.hex().encode() + b"\\r\\n")
os.write(1, b"done")
os.read(0, 100)
"""


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-c", source)


def test_keys_are_sent_and_what_comes_is_counted_and_timed() -> None:
    with Terminal(python(ECHO)) as terminal:
        terminal.wait_for(b"ready")
        before = terminal.written
        sent = terminal.send(b"x")
        came = terminal.wait_for(b"<78>", before)
        assert terminal.written - before == 4
        assert sent < came < time.perf_counter()
        assert terminal.quiet(0.05) == 0


def test_what_came_before_is_not_taken_for_what_is_waited_for() -> None:
    with Terminal(python(ECHO)) as terminal:
        terminal.wait_for(b"ready")
        with pytest.raises(TooLate, match="did not come"):
            terminal.wait_for(b"ready", since=1, patience=0.2)


def test_questions_are_answered_as_by_a_terminal_even_in_two_pieces() -> None:
    with Terminal(python(ASK), size=LARGE) as terminal:
        terminal.wait_for(b"done")
        lines = [bytes.fromhex(line) for line in terminal.picture()[:6]]
    assert lines == [
        b"\x1b[?62;22c",
        b"\x1b[1;1R",
        b"\x1b[?2026;2$y",
        b"\x1b[?2048;0$y",
        b"\x1b[8;50;200t",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    ]


def test_the_picture_is_what_a_person_sees() -> None:
    with Terminal(python("print('\\x1b[2J\\x1b[3;5Hhello', flush=True); input()")) as terminal:
        terminal.wait_for(b"hello")
        assert terminal.picture()[2] == "    hello"
        terminal.require("hello")
        with pytest.raises(TooLate, match="good bye"):
            terminal.require("good bye")


def test_a_program_finds_nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CSVPN_SECRET_KEY", "of somebody")
    source = "import os; print(sorted(os.environ), os.path.expanduser('~'), 'END', flush=True)"
    with Terminal(python(source), size=LARGE, environment={"OURS": "1"}) as terminal:
        terminal.wait_for(b"END")
        text = bytes(terminal.output).decode()
    assert "OURS" in text
    assert "NO_COLOR" not in text
    assert "CSVPN" not in text
    assert os.environ["HOME"] not in text.split("]")[1]


def test_the_processor_time_and_the_memory_are_those_of_the_program() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint('END', flush=True); input()"
    with Terminal(python(busy)) as terminal:
        terminal.wait_for(b"END")
        assert 0.25 < terminal.cpu_seconds() < 3
        small = terminal.resident()
    kept = "text = b'x' * 50_000_000\nprint('END', flush=True); input()"
    with Terminal(python(kept)) as terminal:
        terminal.wait_for(b"END")
        assert 45e6 < terminal.resident() - small < 70e6


def test_a_program_that_ends_is_told_with_what_it_said_last() -> None:
    ends = python("raise SystemExit('no such file')")
    with Terminal(ends) as terminal, pytest.raises(EOFError, match="no such file"):
        terminal.wait_for(b"never")


def test_marks_differ_in_every_letter_from_those_beside_them() -> None:
    for number in range(60):
        assert len(mark(number)) == 8
        assert not set(mark(number)) & set(mark(number + 1))
