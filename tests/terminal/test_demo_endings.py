"""However the console begins and ends, the terminal is as it was and nothing private is told."""

import re
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal import crashingdemo
from tests.terminal.conftest import Demo
from tests.terminal.glass import CONSOLE, CTRL_Q, ENTER, ESCAPE, Glass
from tests.terminal.sequences import left_behind, leftover

pytestmark = pytest.mark.terminal

MANY_COLOURS = re.compile(r"\x1b\[[0-9;]*\b[34]8;[25];")
PALETTE = re.compile(r"\b[34]8;5;([0-9]+)")
GREYS = {0, 7, 8, 15, 16, 59, 102, 145, 188, 231, *range(232, 256)}


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"]
)
def test_a_signal_ends_it_in_order(demo: Demo, signum: int, code: int) -> None:
    with demo.start() as glass:
        glass.see("acme-prod", "20 of 20")
        glass.signal(signum)
        assert glass.finish() == code
        assert left_behind(glass.output.decode()) == []
        assert glass.is_cooked
    assert not demo.leaves_files


def test_a_lost_connection_ends_it_in_order(demo: Demo) -> None:
    with demo.start() as glass:
        glass.see("acme-prod", "20 of 20")
        glass.hang_up()
        assert glass.finish() == 129
    assert not demo.leaves_files


def test_a_signal_while_an_operation_runs(demo: Demo) -> None:
    with demo.start("--speed", "0.2") as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press("/acme-prod", ENTER)
        glass.see("▸ acme-prod", "1 of 20")
        glass.press("e")
        glass.see("Client range", "checks are fine")
        glass.press("\t\t", ENTER, ENTER)
        glass.see("esc back: the job goes on")
        glass.signal(signal.SIGTERM)
        assert glass.finish() == 143
        assert left_behind(glass.output.decode()) == []
    assert not demo.leaves_files


@pytest.mark.parametrize("kind", ["action", "worker", "query"])
def test_a_crash_tells_where_and_no_secret(temporary: Path, kind: str) -> None:
    argv = [sys.executable, "-m", "tests.terminal.crashingdemo", kind]
    with Glass(argv, columns=160, rows=50) as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press(crashingdemo.KEY)
        assert glass.finish() == 1
        assert glass.is_cooked
        output = glass.output.decode()
    assert left_behind(output) == []
    told = leftover(output.rpartition("\x1b[?1049l")[2])
    assert "Traceback" in told
    assert "crashingdemo.py" in told
    assert ("NoMatches" if kind == "query" else "RuntimeError: broken 2") in told
    for private in (crashingdemo.IN_A_VARIABLE, crashingdemo.KEPT_AS_SECRET, "locals"):
        assert private not in output
    assert "\x1b]2;" not in output
    assert not any(temporary.iterdir())


@pytest.mark.parametrize(
    "names",
    [
        {"NO_COLOR": "1"},
        {"TERM": "dumb"},
        {"TERM": "linux"},
        {"TERM": "vt100"},
        {"TERM": ""},
        {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["NO_COLOR", "dumb", "linux", "vt100", "no TERM", "no UTF-8"],
)
def test_any_terminal_will_do(demo: Demo, names: dict[str, str]) -> None:
    with demo.start(environment=names) as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press("3")
        glass.see("acme-office", "running", "3 of 3")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
        output = glass.output.decode()
    assert left_behind(output) == []
    if names.get("TERM") in {"linux", "vt100", ""}:
        assert MANY_COLOURS.search(output) is None
    if "NO_COLOR" in names:
        assert {int(number) for number in PALETTE.findall(output)} <= GREYS


def test_without_a_profile_it_welcomes(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CSVPN_CONFIG_DIR", "CSVPN_STATE_DIR", "CSVPN_DATA_DIR"):
        monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with Glass(CONSOLE) as glass:
        glass.see("There is no profile yet", "Demo", "New profile")
        glass.press("n")
        glass.see("Sign in with")
        glass.press(ESCAPE)
        glass.see("There is no profile yet", without="Sign in with")
        glass.press(ENTER)
        glass.see("acme-prod", "20 of 20")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
    assert list(home.iterdir()) == []
    assert not any(temporary.iterdir())


def test_the_welcome_is_left_by_the_key_that_leaves(temporary: Path) -> None:
    with Glass(CONSOLE) as glass:
        glass.see("There is no profile yet")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
        assert left_behind(glass.output.decode()) == []
        assert glass.is_cooked
    assert not any(temporary.iterdir())


def test_variables_that_write_the_screen_down_are_ignored(tmp_path: Path, temporary: Path) -> None:
    written = tmp_path / "textual.log"
    with Glass(CONSOLE, environment={"TEXTUAL_LOG": str(written)}) as glass:
        glass.see("There is no profile yet")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
        assert "note: TEXTUAL_LOG is ignored" in glass.output.decode()
    assert not written.exists()
