"""Run by `test_demo_endings`: the demo, with one key that makes it crash the way that is named.

`python -m tests.terminal.crashingdemo KIND`. Everything but the key is the program's own.
"""

import sys
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

import tui.app
from tui.__main__ import main
from tui.safety.secret import Secret

IN_A_VARIABLE = "kept-in-a-local-variable"
KEPT_AS_SECRET = "told-by-the-exception-itself"
IN_BETWEEN = "\x1b]2;title\x07"
KEY = "\x1b[24~"  # F12


class CrashingConsole(tui.app.Console):
    """Crashes on F12."""

    CSS_PATH = str(Path(tui.app.__file__).parent / tui.app.Console.CSS_PATH)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f12", "crash", priority=True)]

    async def action_crash(self) -> None:
        password = IN_A_VARIABLE
        held = Secret(KEPT_AS_SECRET)
        if sys.argv[1] == "action":
            crash(password, held)
        elif sys.argv[1] == "worker":
            self.run_worker(crash_later(password, held))
        else:
            self.screen.query_one("#no-such-widget")


def crash(password: str, held: Secret) -> None:
    parameters = {"password": password, "length": len(password)}
    raise RuntimeError(f"broken {len(parameters)} {held.reveal()} {IN_BETWEEN}")


async def crash_later(password: str, held: Secret) -> None:
    crash(password, held)


if __name__ == "__main__":
    tui.app.Console = CrashingConsole  # type: ignore[misc]
    sys.exit(main(["demo"]))
