"""A signal ends the console in order, and by force where order does not come."""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.pseudoterminal import PseudoTerminal
from tui.terminal.signals import SIGNALS, ending_on_signals, exit_code

MAIN_SCREEN = b"\x1b[?1049l"
NO_MOUSE = b"\x1b[?1000l"
CURSOR = b"\x1b[?25h"


def start(proof: Path, how: str = "orderly", patience: float = 30) -> PseudoTerminal:
    argv = [sys.executable, "-m", "tests.terminal.endingapp", how, str(proof), str(patience)]
    return PseudoTerminal(argv)


@pytest.mark.terminal
@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
def test_the_terminal_is_restored_and_the_code_tells(tmp_path: Path, signum: int) -> None:
    proof = tmp_path / "proof"
    with start(proof) as terminal:
        terminal.read_until(b"READY-NOW")
        terminal.signal(signum)
        assert terminal.finish() == 128 + signum
        for sequence in (MAIN_SCREEN, NO_MOUSE, CURSOR):
            assert sequence in terminal.output
    assert proof.read_text() == "unmounted"


@pytest.mark.terminal
def test_a_lost_connection_ends_the_program_in_order(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    with start(proof) as terminal:
        terminal.read_until(b"READY-NOW")
        terminal.hang_up()
        assert terminal.finish() == 129
    assert proof.read_text() == "unmounted"


@pytest.mark.terminal
def test_a_program_that_does_not_end_is_left_with_the_terminal_restored(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    with start(proof, "stuck", 0.1) as terminal:
        terminal.read_until(b"READY-NOW")
        terminal.signal(signal.SIGTERM)
        assert terminal.finish() == 143
        restored = terminal.output.rpartition(b"READY-NOW")[2]
        for sequence in (MAIN_SCREEN, NO_MOUSE, CURSOR):
            assert sequence in restored
    assert not proof.exists()


@pytest.mark.terminal
def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with start(tmp_path / "proof", "stuck", 3600) as terminal:
        terminal.read_until(b"READY-NOW")
        terminal.signal(signal.SIGTERM)
        terminal.signal(signal.SIGHUP)
        assert terminal.finish() in {129, 143}


def stand_still(terminal: PseudoTerminal, proof: Path) -> None:
    """Read nothing until the program waits for the terminal to take more."""
    terminal.read_until(b"READY-NOW")
    mark = proof.with_suffix(".standstill")
    deadline = time.monotonic() + 40
    while not mark.exists():
        assert time.monotonic() < deadline, "the program goes on without a terminal"
        time.sleep(0.02)


@pytest.mark.terminal
def test_a_terminal_that_takes_nothing_does_not_keep_the_program(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    with start(proof, "busy", 0.5) as terminal:
        stand_still(terminal, proof)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 143
        assert terminal.is_cooked


@pytest.mark.terminal
def test_a_connection_that_is_lost_while_the_program_waits_to_write(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    with start(proof, "busy") as terminal:
        stand_still(terminal, proof)
        terminal.hang_up()
        assert terminal.finish() == 129
    assert proof.read_text() == "unmounted"


async def test_a_second_signal_in_the_midst_of_the_first_is_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[int] = []
    timers: list[object] = []
    real = threading.Timer

    def timer(*arguments: Any) -> threading.Timer:
        if not timers:
            timers.append(arguments)
            os.kill(os.getpid(), signal.SIGTERM)  # Python takes it before it goes on here
        return real(*arguments)

    monkeypatch.setattr(threading, "Timer", timer)
    loop = asyncio.get_running_loop()
    with ending_on_signals(loop, lambda code: None, patience=3600, leave=left.append):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
    assert timers and left == [143]


async def test_the_end_is_asked_for_once_and_handlers_go_away() -> None:
    ended: list[int] = []
    left: list[int] = []
    loop = asyncio.get_running_loop()
    handlers = [signal.getsignal(signum) for signum in SIGNALS]
    before = threading.active_count()
    with ending_on_signals(loop, ended.append, patience=60, leave=left.append):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        assert (ended, left) == ([143], [])
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert (ended, left) == ([143], [129])
    assert [signal.getsignal(signum) for signum in SIGNALS] == handlers
    for _ in range(100):
        if threading.active_count() <= before:
            break
        await asyncio.sleep(0.01)
    assert threading.active_count() <= before


def test_codes_of_a_shell() -> None:
    assert [exit_code(signum) for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)] == [
        129,
        130,
        143,
    ]
