"""Programs of these tests run in a terminal that says nothing about the one in front of us."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.terminal.glass import CONSOLE, Glass

_ABOUT_TERMINALS: Final = (
    "COLORTERM",
    "TERM_PROGRAM",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "TEXTUAL",
    "PYTHONUNBUFFERED",  # hides what becomes of buffers when the terminal is lost
)


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is inherited from the terminal in which the tests run."""
    for name in _ABOUT_TERMINALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder for temporary files of the programs that are started."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


class Demo:
    """Starts `csvpn demo` in terminals, and says what became of one."""

    def __init__(self, temporary: Path) -> None:
        self._temporary = temporary

    def start(
        self,
        *options: str,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> Glass:
        """The demo, not to be seen yet; `environment` is added to ours."""
        argv = [*CONSOLE, "demo", *options]
        return Glass(argv, columns=columns, rows=rows, environment=environment)

    @property
    def leaves_files(self) -> bool:
        """Whether anything is left in the folder for temporary files."""
        return any(self._temporary.iterdir())


@pytest.fixture
def demo(temporary: Path) -> Demo:
    """`demo.start()` starts the demo in a terminal of its own."""
    return Demo(temporary)
