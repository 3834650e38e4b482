"""Run by `test_signals`: an app that ends on signals, well or (with `stuck`) only by force."""

import asyncio
import contextlib
import sys

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.terminal.signals import ending_on_signals


class Ending(App[None]):
    """Says when it is ready, and leaves a file to prove that it was unmounted."""

    def compose(self) -> ComposeResult:
        yield Static("READY-NOW")

    def on_unmount(self) -> None:
        with open(sys.argv[2], "w") as file:
            file.write("unmounted")


async def main() -> int:
    app = Ending()

    def end(code: int) -> None:
        if sys.argv[1] != "stuck":
            app.exit(return_code=code)

    with ending_on_signals(asyncio.get_running_loop(), end, patience=float(sys.argv[3])):
        await app.run_async()
    return app.return_code or 0


if __name__ == "__main__":
    code = 1
    with contextlib.suppress(KeyboardInterrupt):
        code = asyncio.run(main())
    sys.exit(code)
