"""Where a copy goes, what is claimed about it, and that it goes away again."""

import asyncio
import base64
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.terminal.pseudoterminal import PseudoTerminal
from tui.safety.clipboard import LARGEST_OSC52, Clipboard, Route, run_quietly
from tui.safety.secret import Secret

SECRET = "canary-psk-77aa"


class Terminal:
    """Records what is written to it, and the programs that are run; has a small tmux."""

    def __init__(self, *failing: str, features: str = "256,clipboard,title") -> None:
        self.written = ""
        self.runs: list[tuple[tuple[str, ...], bytes]] = []
        self.failing = failing
        self.features = features
        self.buffers: dict[str, bytes] = {}
        """Of tmux, newest first."""

    def write(self, text: str) -> None:
        self.written += text

    async def run(self, argv: Sequence[str], stdin: bytes) -> bytes | None:
        self.runs.append((tuple(argv), stdin))
        if any(word in argv[0] for word in self.failing):
            return None
        return self.tmux(argv, stdin) if argv[0] == "tmux" else b""

    def tmux(self, argv: Sequence[str], stdin: bytes) -> bytes | None:
        match argv[1]:
            case "load-buffer":
                others = {k: v for k, v in self.buffers.items() if k != "csvpn"}
                self.buffers = {"csvpn": stdin, **others}
                return b""
            case "show-buffer":
                return self.buffers.get("csvpn")
            case "list-buffers":
                return "".join(f"{name}\n" for name in self.buffers).encode()
            case "delete-buffer":
                del self.buffers["csvpn"]
                return b""
            case "display-message":
                return f"{self.features}\n".encode()
        raise ValueError(argv)

    def loaded(self) -> list[bytes]:
        """What was sent to tmux, and by it to the terminal."""
        return [stdin for argv, stdin in self.runs if argv[1:2] == ("load-buffer",)]

    def clipboard(self, folder: Path | None = None, **environment: str) -> Clipboard:
        return Clipboard(self.write, environment, self.run, folder=folder)

    def osc52(self) -> str:
        found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", self.written)
        assert found is not None, repr(self.written)
        return base64.b64decode(found.group(1)).decode()


async def test_over_ssh_the_terminal_gets_osc52_and_nothing_is_promised() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TERM="xterm-256color", SSH_CONNECTION="a", DISPLAY=":10")
    copied = await clipboard.copy("grün")
    assert copied.route is Route.TERMINAL
    assert copied.says == "Sent to the terminal (cannot confirm)"
    assert terminal.osc52() == "grün"
    assert terminal.runs == []
    assert not clipboard.holds_secret


async def test_inside_tmux_its_own_command_gets_the_text_on_standard_input() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TMUX="/tmp/tmux-0/default,1,0", TERM="tmux-256color")
    copied = await clipboard.copy(Secret(SECRET))
    assert copied.route is Route.TMUX
    assert copied.says == (
        "In tmux's buffer, and sent to the terminal (cannot confirm); cleared in 45 s"
    )
    load = ("tmux", "load-buffer", "-w", "-b", "csvpn", "-")
    assert terminal.runs[0] == (load, SECRET.encode())
    assert SECRET not in " ".join(word for argv, _ in terminal.runs for word in argv)
    assert terminal.written == ""
    await clipboard.clear()
    assert terminal.loaded() == [SECRET.encode(), b" "] and terminal.buffers == {}


async def test_what_was_copied_in_tmux_since_is_left_alone() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TMUX="x", TERM="tmux-256color")
    await clipboard.copy(Secret(SECRET))
    terminal.buffers = {"buffer7": b"newer", **terminal.buffers}
    await clipboard.clear()
    assert terminal.loaded() == [SECRET.encode()], "the terminal has the newer one now"
    assert terminal.buffers == {"buffer7": b"newer"}


async def test_a_buffer_that_is_not_ours_any_more_is_left_alone() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TMUX="x", TERM="tmux-256color")
    await clipboard.copy(Secret(SECRET))
    terminal.buffers["csvpn"] = b"of another console"
    await clipboard.clear()
    assert terminal.buffers == {"csvpn": b"of another console"}


async def test_a_terminal_that_takes_nothing_from_tmux_is_told() -> None:
    terminal = Terminal(features="256,title")
    clipboard = terminal.clipboard(TMUX="x", TERM="screen-256color", SSH_TTY="x")
    copied = await clipboard.copy(Secret(SECRET))
    assert copied.route is Route.TMUX
    assert copied.says.startswith("In tmux's buffer only: this terminal takes no clipboard")
    await clipboard.clear()
    assert terminal.buffers == {}


async def test_a_desktop_is_better_than_a_tmux_that_passes_nothing_on() -> None:
    terminal = Terminal(features="")
    clipboard = terminal.clipboard(TMUX="x", TERM="screen", DISPLAY=":0")
    assert (await clipboard.copy(Secret(SECRET))).route is Route.DESKTOP
    assert terminal.buffers == {}


async def test_a_tmux_that_does_not_give_back_the_same_is_not_believed() -> None:
    terminal = Terminal()
    clipboard = Clipboard(terminal.write, {"TMUX": "x", "TERM": "xterm"}, _forgetful)
    assert (await clipboard.copy("x")).route is Route.TERMINAL
    assert terminal.osc52() == "x"


async def _forgetful(argv: Sequence[str], stdin: bytes) -> bytes | None:
    """A tmux that takes everything and keeps nothing."""
    return b""


async def test_a_tmux_that_does_not_answer_falls_back_to_osc52() -> None:
    terminal = Terminal("tmux")
    copied = await terminal.clipboard(TMUX="gone", TERM="tmux-256color", SSH_TTY="x").copy("x")
    assert copied.route is Route.TERMINAL
    assert terminal.osc52() == "x"


async def test_a_desktop_is_used_when_it_gives_back_the_same() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(DISPLAY=":0", TERM="xterm")
    copied = await clipboard.copy(Secret(SECRET))
    assert copied.route is Route.DESKTOP
    assert copied.says.startswith("Copied to this desktop's clipboard")
    assert SECRET not in " ".join(terminal.runs[0][0])
    assert terminal.written == ""
    await clipboard.clear()
    assert len(terminal.runs) == 2


async def test_a_desktop_that_only_pretends_falls_back_to_osc52() -> None:
    terminal = Terminal("python")
    copied = await terminal.clipboard(WAYLAND_DISPLAY="wayland-9", TERM="xterm").copy("x")
    assert copied.route is Route.TERMINAL
    assert len(terminal.runs) == 1


async def test_gnu_screen_gets_pieces_in_device_control_strings() -> None:
    terminal = Terminal()
    text = "0123456789" * 30
    copied = await terminal.clipboard(STY="1.pts", TERM="screen").copy(text)
    assert copied.route is Route.TERMINAL
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", terminal.written, re.DOTALL)
    assert all(len(piece) <= 90 for piece in pieces)
    assert re.sub(r"\x1bP|\x1b\\", "", terminal.written).startswith("]52;c;") is False
    joined = "".join(pieces)
    assert joined.startswith("\x1b]52;c;")
    assert base64.b64decode(joined[7:].removesuffix("\a")).decode() == text


@pytest.mark.parametrize(
    ("term", "text"), [("linux", "x"), ("dumb", "x"), ("", "x"), ("xterm", "x" * LARGEST_OSC52)]
)
async def test_without_any_clipboard_a_private_file_is_written_and_removed(
    tmp_path: Path, term: str, text: str
) -> None:
    terminal = Terminal()
    folder = tmp_path / "new"
    clipboard = terminal.clipboard(folder, TERM=term, SSH_CONNECTION="x")
    copied = await clipboard.copy(Secret(text))
    assert copied.route is Route.FILE
    assert copied.path is not None
    assert copied.path.read_text() == text
    assert stat.S_IMODE(copied.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert str(copied.path) in copied.says
    assert terminal.written == ""
    await clipboard.clear()
    assert list(folder.iterdir()) == []


async def test_the_cap_is_where_terminals_stop() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TERM="xterm", SSH_CONNECTION="x")
    fits = LARGEST_OSC52 // 4 * 3
    assert (await clipboard.copy("x" * fits)).route is Route.TERMINAL


async def test_a_secret_is_overwritten_after_its_time_and_only_once() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TERM="xterm", SSH_CONNECTION="x")
    copied = await clipboard.copy(Secret(SECRET), clear_after=0.01)
    assert copied.cleared_after == 0.01
    assert clipboard.holds_secret
    terminal.written = ""
    await asyncio.sleep(0.1)
    assert terminal.osc52() == " "
    assert not clipboard.holds_secret
    terminal.written = ""
    await clipboard.clear()
    assert terminal.written == ""


async def test_a_later_copy_stops_the_timer_of_the_earlier() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TERM="xterm", SSH_CONNECTION="x")
    await clipboard.copy(Secret(SECRET), clear_after=0.02)
    terminal.written = ""
    await clipboard.copy("a name")
    await asyncio.sleep(0.1)
    assert terminal.osc52() == "a name"
    assert not clipboard.holds_secret


async def test_vscode_is_known_to_garble() -> None:
    terminal = Terminal()
    clipboard = terminal.clipboard(TERM="xterm", TERM_PROGRAM="vscode", SSH_TTY="x")
    assert "garbles" in (await clipboard.copy("ü")).says
    assert "garbles" not in (await clipboard.copy("u")).says


async def test_a_lone_surrogate_can_be_copied() -> None:
    terminal = Terminal()
    await terminal.clipboard(TERM="xterm", SSH_TTY="x").copy("a\ud800b")
    assert terminal.osc52() == "a\\ud800b"


async def test_programs_that_fail_hang_or_are_missing() -> None:
    assert await run_quietly(("cat",), b"x" * 200_000) == b"x" * 200_000
    assert await run_quietly(("false",), b"") is None
    assert await run_quietly(("/nowhere/xclip",), b"") is None


async def test_a_program_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.safety.clipboard._PATIENCE", 0.05)
    assert await run_quietly(("sleep", "60"), b"") is None


async def test_a_dead_display_of_a_real_desktop_is_not_believed() -> None:
    written: list[str] = []
    environment = {"DISPLAY": ":9999", "TERM": "xterm"}
    copied = await Clipboard(written.append, environment).copy("x")
    assert copied.route is Route.TERMINAL


def tmux(*arguments: str) -> str:
    done = subprocess.run(["tmux", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def real_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A tmux server of its own; gives the value of $TMUX inside it."""
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    tmux("-f", "/dev/null", "new-session", "-d", "sleep 60")
    inside = tmux("display", "-p", "#{socket_path},#{pid},0")
    monkeypatch.setenv("TMUX", inside)
    yield inside
    tmux("kill-server")


class RealTmux:
    """A tmux server of its own with somebody in front of it, whose terminal is read."""

    def __init__(self, inside: str, outer: PseudoTerminal) -> None:
        self.clipboard = Clipboard(lambda text: None, {"TMUX": inside, "TERM": "tmux-256color"})
        self.outer = outer

    async def reaches_terminal(self, text: str) -> bool:
        """Whether the terminal around tmux is told to put `text` into its clipboard."""
        wanted = base64.b64encode(text.encode())
        for _ in range(100):
            self.outer.read(time.monotonic() + 0.02)
            if wanted in self.outer.output:
                return True
            await asyncio.sleep(0.01)
        return False


@pytest.fixture
def attached(real_tmux: str) -> Iterator[RealTmux]:
    """Somebody is attached from a terminal that takes a clipboard."""
    with PseudoTerminal(["env", "-u", "TMUX", "tmux", "attach"]) as outer:
        outer.read_until(b"\x1b[?1049h")
        for _ in range(100):
            if tmux("list-clients"):
                break
            time.sleep(0.02)
        yield RealTmux(real_tmux, outer)


for_real = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.mark.terminal
@for_real
async def test_a_real_tmux_takes_passes_on_and_loses_the_secret(attached: RealTmux) -> None:
    copied = await attached.clipboard.copy(Secret(SECRET))
    assert copied.route is Route.TMUX and "sent to the terminal" in copied.says
    assert tmux("show-buffer", "-b", "csvpn") == SECRET
    assert await attached.reaches_terminal(SECRET)
    await attached.clipboard.clear()
    assert tmux("list-buffers") == ""
    assert await attached.reaches_terminal(" ")


@pytest.mark.terminal
@for_real
async def test_a_real_tmux_keeps_what_was_copied_since(attached: RealTmux) -> None:
    await attached.clipboard.copy(Secret(SECRET))
    tmux("set-buffer", "newer")
    assert await attached.reaches_terminal(SECRET)
    attached.outer.output = b""
    await attached.clipboard.clear()
    assert SECRET not in tmux("list-buffers") and "newer" in tmux("list-buffers")
    assert not await attached.reaches_terminal(" ")


@pytest.mark.terminal
@for_real
async def test_a_real_tmux_without_a_terminal_says_so(real_tmux: str) -> None:
    clipboard = Clipboard(lambda text: None, {"TMUX": real_tmux, "TERM": "tmux-256color"})
    copied = await clipboard.copy(Secret(SECRET))
    assert copied.says.startswith("In tmux's buffer only")
    await clipboard.clear()
    assert tmux("list-buffers") == ""
