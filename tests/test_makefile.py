"""The two commands of the README on machines that lack something, played by fake programs."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.terminal.pseudoterminal import PseudoTerminal

ROOT = Path(__file__).parent.parent
TOOLS = ("make", "sh", "bash", "rm", "tail", "touch", "mkdir", "env", "dirname", "chmod", "tee")
"""What Makefile and `.ci/run` may call besides Python; every system has them."""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

AS_IF = """\
import platform, sys
old = {old!r}
if old:
    sys.version_info = tuple(int(part) for part in old.split("."))
    platform.python_version = lambda: old
for name in {without!r}:
    sys.modules[name] = None
exec(sys.argv[1])
"""


class Machine:
    """A folder with a copy of the project's Makefile, and a PATH with what there is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.path = folder / "path"
        self._log = folder / "log"
        self.policy = folder / "policy-rc.d"
        for each in (self.folder, self.path):
            each.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, tool
            (self.path / tool).symlink_to(found)
        for name in ("Makefile", "pyproject.toml", ".ci/run"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.folder / name)

    @property
    def environment(self) -> dict[str, str]:
        """What a program there sees."""
        return {
            "PATH": str(self.path),
            "HOME": str(self.folder),
            "LOG": str(self._log),
            "POLICY_RC_D": str(self.policy),
        }

    def install(self, name: str, script: str) -> None:
        """Put a shell script on the PATH; `$LOG` is the file of `self.calls`."""
        program = self.path / name
        program.unlink(missing_ok=True)
        program.write_text("#!/bin/sh\n" + textwrap.dedent(script))
        program.chmod(0o755)

    def install_python(
        self, name: str = "python3", *, old: str = "", without: tuple[str, ...] = ()
    ) -> None:
        """A Python that seems to be version `old`, or lacks modules.

        It notes what it runs, and the environments that it makes have Python and tools that do.
        """
        code = self.path / f"{name}-as-if.py"
        code.write_text(AS_IF.format(old=old, without=without))
        self.install(
            name,
            f"""\
            if [ "$1" = -c ]; then exec {sys.executable} {code} "$2"; fi
            echo "{name} $*" >> "$LOG"
            rm -rf .venv; mkdir -p .venv/bin
            for tool in python csvpn ruff mypy lint-imports; do
                echo "#!/bin/sh
            case \\"\\$1\\" in -c) echo works; exit;; esac
            echo \\"$tool \\$*\\" >> \\"\\$LOG\\"
            if [ $tool = csvpn ] && [ -t 0 ] && [ -t 1 ]; then echo on a terminal; fi
            case \\"\\$*\\" in *pip\\ install*) $PIP ;; esac
            exit 0" > .venv/bin/$tool
                chmod 755 .venv/bin/$tool
            done
            touch .venv/pyvenv.cfg
            """,
        )

    def make(self, *words: str, **names: str) -> subprocess.CompletedProcess[str]:
        """Run make there."""
        return self.run("make", *words, **names)

    def run(self, program: str, *words: str, **names: str) -> subprocess.CompletedProcess[str]:
        """Run a program there, without a terminal."""
        return subprocess.run(
            [program, *words],
            cwd=self.folder,
            env={**self.environment, **names},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self) -> list[str]:
        """What was run since this was asked last."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without Python."""
    return Machine(tmp_path)


def only_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a failed make said, besides make's own closing line."""
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_without_python(machine: Machine, target: str) -> None:
    says = only_error(machine.make(target))
    assert "no Python was found" in says
    assert "install Python 3.11 or newer" in says
    assert machine.calls() == []


@pytest.mark.parametrize("target", ["demo", "test"])
def test_with_a_python_that_is_too_old(machine: Machine, target: str) -> None:
    machine.install_python(old="3.9.2")
    says = only_error(machine.make(target))
    assert "python3 is 3.9.2, and csvpn needs Python 3.11 or newer" in says
    assert machine.calls() == []


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_without_the_venv_module(machine: Machine, module: str) -> None:
    machine.install_python(without=(module,))
    says = only_error(machine.make("demo"))
    assert "python3 has no venv module" in says
    assert "apt-get install python3-venv" in says
    assert not (machine.folder / ".venv").exists()


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.install_python(old="3.9.2")
    machine.install_python("python3.12")
    assert machine.make("install").returncode == 0
    assert machine.calls()[0] == "python3.12 -m venv --clear .venv"


def test_a_python_that_is_named_is_taken(machine: Machine) -> None:
    machine.install_python()
    machine.install_python("my-python")
    assert machine.make("install", "PYTHON=my-python").returncode == 0
    assert machine.calls()[0] == "my-python -m venv --clear .venv"
    (machine.folder / ".venv" / "bin" / "python").unlink()
    says = only_error(machine.make("install", "PYTHON=/nowhere/python3"))
    assert "no Python was found (/nowhere/python3)" in says


def test_the_environment_is_made_once_and_follows_pyproject(machine: Machine) -> None:
    machine.install_python()
    made = "python3 -m venv --clear .venv"
    installed = "python -m pip install --quiet --disable-pip-version-check --editable .[lab]"
    assert machine.make("install").returncode == 0
    assert machine.calls() == [made, installed]
    assert machine.make("install").returncode == 0
    assert machine.calls() == []
    newer = (machine.folder / ".venv" / ".console").stat().st_mtime + 10
    os.utime(machine.folder / "pyproject.toml", (newer, newer))
    assert machine.make("install").returncode == 0
    assert machine.calls() == [installed]


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.install_python()
    machine.make("install")
    first = machine.calls()
    (machine.folder / ".venv" / "bin" / "python").unlink()
    (machine.folder / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    assert machine.make("install").returncode == 0
    assert machine.calls() == first


def test_an_environment_whose_making_was_interrupted_is_made_anew(machine: Machine) -> None:
    machine.install_python()
    machine.make("install")
    first = machine.calls()
    for name in (".made", ".console"):
        (machine.folder / ".venv" / name).unlink()
    assert machine.make("install").returncode == 0
    assert machine.calls() == first


def test_packages_that_cannot_be_installed(machine: Machine) -> None:
    machine.install_python()
    done = machine.make("demo", PIP="echo ERROR: no network >&2; exit 1")
    assert done.returncode != 0
    assert "error: the packages could not be installed, see above" in done.stderr
    assert not any(call.startswith("csvpn") for call in machine.calls())
    (machine.folder / ".venv" / "bin" / "python").unlink()
    assert machine.make("demo").returncode == 0
    assert machine.calls()[-1] == "csvpn demo"


def test_warnings_of_pip_stop_nothing(machine: Machine) -> None:
    machine.install_python()
    done = machine.make("demo", PIP="echo WARNING: a new release of pip is available >&2")
    assert done.returncode == 0
    assert machine.calls()[-1] == "csvpn demo"


@pytest.mark.terminal
def test_the_demo_gets_the_terminal(machine: Machine) -> None:
    machine.install_python()
    machine.install("clear-and-make", f'cd {machine.folder} && PATH="{machine.path}" make demo')
    argv = [str(machine.path / "clear-and-make")]
    with PseudoTerminal(argv, environment=machine.environment) as terminal:
        assert terminal.finish() == 0
        assert b"on a terminal" in terminal.output


def test_everything_is_checked_and_the_tests_come_last(machine: Machine) -> None:
    machine.install_python()
    done = machine.make("test")
    assert done.returncode == 0, done.stderr
    calls = machine.calls()
    assert calls[2:6] == ["ruff check .", "ruff format --check .", "mypy ", "lint-imports "]
    assert len(calls) == 7
    assert calls[-1].startswith("python -m pytest -n auto")
    assert done.stdout.splitlines()[-1].startswith(".venv/bin/python -m pytest")


# `.ci/run`

READERS = ("nmcli", "plistutil", "ipsec", "xl2tpd", "pppd", "zbarimg", "rsvg-convert")
"""Programs that read client kits."""


def continuous(
    machine: Machine, *, user: int = 0, tmux: bool = True, apt: str = "exit 0"
) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` as `user` where all but perhaps tmux is installed."""
    machine.install("make", 'echo "make $*" >> "$LOG"')
    machine.install("id", f"echo {user}")
    for name in ("sshd", "ssh", *READERS, *(["tmux"] if tmux else [])):
        machine.install(name, "exit 0")
    machine.install("apt-get", f'echo "apt-get $* $DEBIAN_FRONTEND" >> "$LOG"\n{apt}')
    return machine.run("bash", ".ci/run")


def test_ci_installs_nothing_that_is_there(machine: Machine) -> None:
    done = continuous(machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls() == ["make test"]


def test_ci_installs_what_is_missing_without_asking(machine: Machine) -> None:
    assert continuous(machine, tmux=False).returncode == 0
    assert machine.calls() == [
        "apt-get update -qq noninteractive",
        "apt-get install -y -qq --no-install-recommends tmux noninteractive",
        "make test",
    ]


def test_ci_lets_no_package_start_a_daemon(machine: Machine) -> None:
    apt = f'[ -x {machine.policy} ] && echo "no daemon" >> "$LOG"'
    assert continuous(machine, tmux=False, apt=f"{apt}\nexit 0").returncode == 0
    assert machine.calls()[1:3] == [
        "apt-get install -y -qq --no-install-recommends tmux noninteractive",
        "no daemon",
    ]
    assert not machine.policy.exists(), "the machine is as it was"
    machine.policy.write_text("mine")
    assert continuous(machine, tmux=False).returncode == 0
    assert machine.policy.read_text() == "mine"


def test_ci_takes_what_it_can_get(machine: Machine) -> None:
    apt = 'case "$*" in *tmux*) exit 100;; esac'
    done = continuous(machine, tmux=False, apt=apt)
    assert done.returncode == 0 and "note: tmux could not be installed" in done.stderr
    assert machine.calls()[-1] == "make test"


@pytest.mark.parametrize("user", [0, 1000])
def test_ci_goes_on_where_nothing_can_be_installed(machine: Machine, user: int) -> None:
    done = continuous(machine, user=user, tmux=False, apt="exit 100")
    assert done.returncode == 0
    assert "note: not installed: tmux; tests that need them are skipped" in done.stderr
    assert machine.calls()[-1] == "make test"


def test_ci_has_the_exit_code_of_the_tests(machine: Machine) -> None:
    continuous(machine)
    machine.install("make", "exit 2")
    assert machine.run("bash", ".ci/run").returncode == 2
