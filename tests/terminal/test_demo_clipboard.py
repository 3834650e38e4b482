"""A copied key reaches the clipboard of the terminal, and does not stay there."""

import base64
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import Demo
from tests.terminal.glass import CONSOLE, CTRL_Q, ENTER, ESCAPE, PATIENCE, Glass
from tests.terminal.sequences import CLIPBOARD

pytestmark = pytest.mark.terminal

KEY = re.compile(r"Key +([A-Za-z0-9]{8,})\b")


def go_to_vpn(glass: Glass) -> None:
    """The VPN of acme-lab alone among the VPNs."""
    glass.see("20 of 20")
    glass.press("3")
    glass.see("PORTS")
    glass.press("/acme-lab", ENTER)
    glass.see("▸ acme-lab", "1 of 9")


def key_on(text: str) -> str:
    """The pre-shared key that is shown."""
    found = KEY.search(text)
    assert found is not None, text
    return found[1]


def copied(glass: Glass) -> list[str]:
    """What the terminal was told to put into its clipboard."""
    found = CLIPBOARD.findall(glass.output.decode())
    return [base64.b64decode(each).decode() for each in found]


def test_the_key_goes_to_the_terminal_and_is_cleared_at_the_end(demo: Demo) -> None:
    with demo.start() as glass:
        go_to_vpn(glass)
        glass.press("p")
        glass.see("Server", "203.0.113.16", "Owner")
        key = key_on(glass.text)
        glass.press(ESCAPE)
        glass.see("▸ acme-lab", without="Owner")
        assert copied(glass) == []

        glass.press("y")
        glass.see("Pre-shared key of acme-lab", "Sent to the terminal (cannot", "cleared in 45 s")
        assert copied(glass) == [key]
        assert key not in glass.text
        glass.press(CTRL_Q)
        assert glass.finish() == 0
        assert copied(glass) == [key, " "]
    assert not demo.leaves_files


def test_a_terminal_without_a_clipboard_gets_a_file_for_its_owner(
    demo: Demo, temporary: Path
) -> None:
    with demo.start(environment={"TERM": "linux"}) as glass:
        go_to_vpn(glass)
        glass.press("y")
        glass.see("No clipboard can be reached", "cleared in 45 s")
        (file,) = temporary.glob("csvpn-copy-*")
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(file.read_text()) >= 8
        assert copied(glass) == []
        glass.press(CTRL_Q)
        assert glass.finish() == 0
    assert not demo.leaves_files


class Tmux:
    """A tmux server of its own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def run(self, *arguments: str) -> str:
        """What a tmux command prints; `CalledProcessError` if it fails."""
        argv = ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout

    def press(self, *keys: str) -> None:
        self.run("send-keys", "-t", "csvpn", *keys)

    def see(self, *words: str) -> str:
        """The screen, as soon as all of `words` are on it."""

        def on_screen() -> str:
            text = self.run("capture-pane", "-p", "-t", "csvpn")
            return text if all(word in text for word in words) else ""

        return until(on_screen)


def until(reached: Callable[[], str]) -> str:
    """The first answer of `reached` that is not empty."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = reached()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("not reached in time")


@pytest.fixture
def tmux(temporary: Path) -> Iterator[Tmux]:
    """A server whose one window runs the demo and then says its exit code."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    # The name of a socket may have about a hundred characters; a test's own folder has more.
    with tempfile.TemporaryDirectory(prefix="csvpn-tmux-", dir="/tmp") as folder:
        server = Tmux(Path(folder) / "s")
        command = f"{shlex.join([*CONSOLE, 'demo'])}; echo ended with $?; cat"
        size = ("-x", "80", "-y", "24")
        server.run("new-session", "-d", "-s", "csvpn", *size, f"sh -c {shlex.quote(command)}")
        try:
            yield server
        finally:
            server.run("kill-server")


def test_inside_tmux_the_key_goes_to_its_buffer(tmux: Tmux, temporary: Path) -> None:
    tmux.see("20 of 20")
    tmux.press("3")
    tmux.see("PORTS")
    tmux.press("/acme-lab", "Enter")
    tmux.see("▸ acme-lab", "1 of 9")
    tmux.press("p")
    key = key_on(tmux.see("203.0.113.16", "Owner"))
    tmux.press("Escape")
    tmux.see("▸ acme-lab", "Verify")
    tmux.press("y")
    tmux.see("In tmux's buffer", "cleared in 45 s")
    assert tmux.run("show-buffer", "-b", "csvpn") == key
    assert tmux.run("show-buffer") == key

    tmux.press("C-q")
    screen = tmux.see("ended with 0")
    assert "acme-lab" not in screen
    assert tmux.run("list-buffers") == ""
    assert not any(temporary.iterdir())
