"""The program killed in the middle of something, and started again, against a served lab."""

import contextlib
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.test_program import CSVPN, Served
from tests.consoles import PATIENCE
from tests.terminal.glass import CONSOLE, CTRL_Q, ENTER, ESCAPE, TAB, Glass

pytestmark = pytest.mark.terminal

USERS = ("nora", "omar", "pia", "quinn")
RIGHT = "\x1b[C"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo's cloud with a profile for it; every job takes a while."""
    command = [*CSVPN, "lab", "serve", "--world", "demo", "--no-routers", "--speed", "1.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        known = json.loads(process.stdout.readline())
        known |= {"ssh_key": "", "known_hosts": ""}
        yield Served(known, tmp_path_factory.mktemp("served"))
        process.terminate()
        assert process.wait(PATIENCE) == 0


class Program:
    """csvpn with a folder of its own for what it remembers."""

    def __init__(self, lab: Served, state: Path) -> None:
        self.environment = {
            **lab.environment("root"),
            "CSVPN_STATE_DIR": str(state),
            "CSVPN_DATA_DIR": str(state / "data"),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*CSVPN, "--profile", "root", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 3,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def ended_after_a_step(self, signum: int, *words: str) -> subprocess.CompletedProcess[str]:
        """Begin a command and send it a signal once its first step is done."""
        with subprocess.Popen(
            [*CSVPN, "--profile", "root", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("✔ done"), first
            process.send_signal(signum)
            out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(words, process.returncode, first + out, err)

    def users(self, account: str) -> dict[str, str]:
        """The users of an account and their states."""
        listed = json.loads(self.run("users", "--account", account, "--json").stdout)
        return {user["name"]: user["state"] for user in listed["users"]}

    def unfinished(self) -> list[dict[str, object]]:
        """What is unfinished; none only with the exit code that says so."""
        done = self.run("journal", "--json")
        found: list[dict[str, object]] = json.loads(done.stdout)["operations"]
        assert done.returncode == (1 if found else 0)
        return found

    def console(self) -> Glass:
        """The console in a terminal."""
        argv = [*CONSOLE, "--profile", "root"]
        return Glass(argv, environment=self.environment)


@pytest.fixture
def program(lab: Served, tmp_path: Path) -> Program:
    return Program(lab, tmp_path / "state")


def test_a_command_that_was_killed_is_resumed(program: Program) -> None:
    """`kill -9` after the first of four users: all are there once, with the printed passwords."""
    before = program.users("initech")
    killed = program.ended_after_a_step(
        signal.SIGKILL, "users", "add", *USERS, "--account", "initech"
    )
    assert killed.returncode == -signal.SIGKILL
    (found,) = program.unfinished()
    assert found["title"] == "Add 4 users" and found["running"] is None
    resumed = program.run("journal", "resume", str(found["id"])[:8], "--yes")
    assert resumed.returncode == 0, resumed.stderr
    printed = re.findall(r"password of (\w+): \S+", resumed.stdout)
    assert sorted(printed) == sorted(USERS)
    assert program.users("initech").keys() - before.keys() == set(USERS)
    assert program.unfinished() == []
    undone = program.run("journal", "undo", str(found["id"]), "--yes")
    assert undone.returncode == 0, undone.stderr
    assert program.users("initech") == before


def test_ctrl_c_says_how_to_go_on(program: Program) -> None:
    before = program.users("initech")
    ended = program.ended_after_a_step(
        signal.SIGINT, "users", "add", *USERS, "--account", "initech"
    )
    assert ended.returncode == 130
    assert "csvpn journal shows how to go on" in ended.stderr
    (found,) = program.unfinished()
    assert program.run("journal", "settle", str(found["id"])).returncode == 1
    assert program.run("journal", "undo", str(found["id"]), "--yes").returncode == 0
    assert program.users("initech") == before and program.unfinished() == []


def test_a_console_that_was_killed_while_enabling(program: Program) -> None:
    with program.console() as glass:
        glass.see("acme-prod", "20 of 20")
        glass.press("/initech-new", ENTER)
        glass.see("▸ initech-new", "1 of 20", without="acme-lab")
        glass.press("e")
        glass.see("Client range", "✔ room for")
        glass.press(TAB, TAB, "zoe")
        glass.see("zoe", "0 of 8 used by initech")
        glass.press(ENTER, ENTER)
        glass.see("J shows it", "✔ Acquire an address")
        glass.signal(signal.SIGKILL)
        assert glass.finish() == -signal.SIGKILL
    (found,) = program.unfinished()
    assert found["title"] == "Enable the VPN of initech-new"
    with program.console() as glass:
        glass.see("Unfinished operations", "Enable the VPN of initech-new", "unfinished 1")
        # A call that never arrived is asked after for a minute; the key is refused until then.
        for _ in range(10):
            glass.see("⏎ resume", without="asking …", seconds=90)
            glass.press(ENTER)
            with contextlib.suppress(AssertionError):
                glass.see("What is done is not done again", seconds=5)
                break
        glass.press(RIGHT, ENTER)
        glass.see("✔ The VPN is enabled", "Passwords, shown only now", "– Ask the router")
        glass.press("p")
        glass.see("Pre-shared key", "zoe", without="••••")
        glass.press(ESCAPE)
        glass.see("20 of 20", without="unfinished")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
    assert program.unfinished() == []
    assert "zoe" in program.users("initech")
