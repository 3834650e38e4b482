"""The same in a real terminal: tmux shows what the writer wrote as it shows what Textual wrote.

It is a second opinion on what the emulator of these tests takes for granted: scroll regions, what
erasing leaves behind, wide characters that are half overwritten.
"""

import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.style import Style

from tests.terminal.emulator import Emulator
from tests.terminal.test_encoder import Scene, strip, take_step
from tests.terminal.twins import Twins

pytestmark = pytest.mark.terminal

WIDTH, HEIGHT = 60, 16
WORDS = (
    "net-7",
    "✔ running",
    "日本語",
    "한국",
    "10.1.1.0/24",
    "caf\u00e9",
    "–",
    "│",
    "a, b",
    "ｗide",
)
LOOKS = tuple(
    Style.parse(text)
    for text in (
        "#e0e0e0 on #1e1e1e", "#a0a0a0 on #1e1e1e", "bold #ffffff on #004578", "red", "on blue",
        "underline #e0e0e0 on #1e1e1e", "reverse", "italic color(77) on color(17)", "strike",
        "dim #e0e0e0 on #1e1e1e",
    )
)  # fmt: skip


ENDS = "\x1b7" + "".join(f"\x1b[{y + 1};{WIDTH}H#" for y in range(HEIGHT)) + "\x1b8"
"""Without a character behind them, tmux does not tell of blanks that were erased to a colour."""


class Panes:
    """Windows of a tmux server of its own that show a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, *arguments: str) -> str:
        argv = ["tmux", "-S", str(self._folder / "s"), "-f", os.devnull, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout

    def shown(self, name: str, text: str) -> Emulator:
        """What a pane shows after `text`, read into an emulator."""
        file = self._folder / name
        file.write_text("\x1b[?7l" + text + ENDS)
        size = ("-x", str(WIDTH), "-y", str(HEIGHT))
        ready = self._folder / f"{name}.ready"
        command = f"stty raw -echo; cat {file}; touch {ready}; sleep 60"
        self.run("new-session", "-d", "-s", name, *size, command)
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.2)
        emulator = Emulator(WIDTH, HEIGHT)
        emulator.feed("\x1b[?7l")
        for y, line in enumerate(self.run("capture-pane", "-p", "-e", "-t", name).splitlines()):
            emulator.feed(f"\x1b[{y + 1}H{line}")
        place = self.run("display-message", "-p", "-t", name, "#{cursor_x},#{cursor_y}")
        x, y = map(int, place.split(","))
        emulator.feed(f"\x1b[{y + 1};{x + 1}H")
        return emulator


@pytest.fixture
def panes() -> Iterator[Panes]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    # The name of a socket may have about a hundred characters; a test's own folder has more.
    with tempfile.TemporaryDirectory(prefix="csvpn-tmux-", dir="/tmp") as folder:
        server = Panes(Path(folder))
        server.run("new-session", "-d", "-x", "20", "-y", "5", "sleep 300")
        try:
            yield server
        finally:
            server.run("kill-server")


def scene(seed: int) -> Twins:
    """Some lines, then lines that move, change and are cut; the same for the same seed."""
    chance = random.Random(seed)
    twins = Twins(WIDTH, HEIGHT, synchronized=seed > 0)
    on = Scene(twins, WIDTH, HEIGHT)
    on.resize(WIDTH, HEIGHT)

    def line() -> list[tuple[str, int, Style | None]]:
        return [
            (chance.choice(WORDS), chance.randrange(9), chance.choice(LOOKS))
            for _ in range(chance.randrange(1, 7))
        ]

    on.lines = [strip(line(), WIDTH) for _ in range(HEIGHT)]
    on.show(on.whole(), (0, 0))
    for _ in range(25):
        match chance.randrange(4):
            case 0:
                take_step(on, ("lines", [line(), line()], chance.randrange(40), 1))
            case 1:
                numbers = (chance.randrange(40) for _ in range(3))
                take_step(on, ("part", line(), *numbers))
            case _:
                top, bottom = chance.randrange(40), chance.randrange(40)
                take_step(on, ("scroll", top, bottom, chance.choice((-2, -1, 1, 1, 3)), line()))
    return twins


@pytest.mark.parametrize("seed", range(3))
def test_tmux_shows_the_same(panes: Panes, seed: int) -> None:
    twins = scene(seed)
    twins.compare("in the emulator")
    ours = "".join(twins.ours.log)
    assert "L" in ours and "M" in ours and "\x1b[K" in ours, "too little was done"
    stock = panes.shown("stock", "".join(twins.stock.log))
    written = panes.shown("ours", ours)
    assert list(stock.differing(written)) == []
    twins.ours.feed("".join(f"\x1b[{y + 1};{WIDTH}H#" for y in range(HEIGHT)))
    assert list(twins.ours.differing(written)) == [], (
        "the emulator of the tests is another terminal"
    )
    assert stock.place == written.place
