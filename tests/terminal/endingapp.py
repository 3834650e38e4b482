"""Run by `test_signals`: an app that ends on signals, well or (with `stuck`) only by force.

With `busy` it draws without end, so that a terminal that takes nothing soon stops it; a file then
says that it stands still.
"""

import asyncio
import contextlib
import signal
import sys
import threading
import time
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.terminal.driver import outlasting_the_terminal
from tui.terminal.signals import ending_on_signals

STANDSTILL = 1.0


class Ending(App[None]):
    """Says when it is ready, and leaves a file to prove that it was unmounted."""

    drawn = 0

    def compose(self) -> ComposeResult:
        yield Static("READY-NOW")

    def on_mount(self) -> None:
        if sys.argv[1] == "busy":
            # The kernel sends SIGCONT too, at which Textual begins to write afresh, but only to
            # the leader of the session: to a shell, and not to what is run in it.
            signal.signal(signal.SIGCONT, signal.SIG_IGN)
            self.set_interval(0.001, self.draw_much)
            threading.Thread(target=self.tell_standstill, daemon=True).start()

    def tell_standstill(self) -> None:
        """Say when nothing was drawn for a while."""
        drawn = -1
        while drawn != self.drawn:
            drawn = self.drawn
            time.sleep(STANDSTILL)
        Path(sys.argv[2]).with_suffix(".standstill").touch()

    def draw_much(self) -> None:
        """Another text in every cell of the screen."""
        self.drawn += 1
        self.query_one(Static).update(f"{self.drawn:05} " * 400)

    def on_unmount(self) -> None:
        with open(sys.argv[2], "w") as file:
            file.write("unmounted")


async def main() -> int:
    app = Ending()

    def end(code: int) -> None:
        if sys.argv[1] != "stuck":
            app.exit(return_code=code)

    loop = asyncio.get_running_loop()
    with outlasting_the_terminal(), ending_on_signals(loop, end, patience=float(sys.argv[3])):
        await app.run_async()
    return app.return_code or 0


if __name__ == "__main__":
    code = 1
    with contextlib.suppress(KeyboardInterrupt):
        code = asyncio.run(main())
    sys.exit(code)
