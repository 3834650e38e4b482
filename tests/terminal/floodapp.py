"""Run by `test_slow_terminal`: an app that draws more than a slow terminal can take.

`python -m tests.terminal.floodapp REPORT [plain]`. `f` begins and ends a flood of frames, `c`
writes to the clipboard, `s` lends the terminal, `l` writes all again, every other key is written
down. At its end it writes down what it saw as JSON into REPORT.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from tui.terminal.capabilities import read_capabilities
from tui.terminal.compositor import WritesChanges
from tui.terminal.driver import TerminalWriter, outlasting_the_terminal
from tui.terminal.signals import ending_on_signals

STEP = 0.02


class Flood(WritesChanges):
    """Counts, and says with every frame how far it is."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, writer: TerminalWriter) -> None:
        self.writer = writer
        super().__init__()
        self.floods = False
        self.count = self.copies = 0
        self.keys: list[str] = []
        self.lag = 0.0
        """Seconds that the event loop was late at the most, while it flooded."""

    def get_driver_class(self):  # type: ignore[no-untyped-def]
        return self.writer.attached_to(super().get_driver_class())

    def compose(self) -> ComposeResult:
        yield Static("READY-NOW", id="text")

    def on_mount(self) -> None:
        self.run_worker(self.draw(), exit_on_error=True)

    async def draw(self) -> None:
        """Another text in every cell, again and again."""
        due = time.monotonic()
        while True:
            await asyncio.sleep(STEP)
            now = time.monotonic()
            if self.floods:
                self.lag = max(self.lag, now - due - STEP)
                self.count += 1
                words = " ".join(str((self.count * 7919 + n * 104729) % 99991) for n in range(300))
                self.show(f"count {self.count} keys {''.join(self.keys)} {words}")
            due = now

    def show(self, text: str) -> None:
        self.query_one("#text", Static).update(text)

    def on_key(self, event: events.Key) -> None:
        match event.key:
            case "f":
                self.floods = not self.floods
                if not self.floods:
                    self.show(f"ENDED at {self.count} keys {''.join(self.keys)}")
            case "c":
                self.copies += 1
                self.writer(f"\x1b]52;c;{self.copies:04}\x07")
            case "s":
                with self.suspend():
                    print("SOMEBODY-ELSE")
            case "l":
                self.write_all_again()
            case "q":
                self.exit()
            case key:
                self.keys.append(key)
                Path(sys.argv[1]).with_suffix(".keys").write_text("".join(self.keys))

    def on_unmount(self) -> None:
        traffic = self.writer.traffic
        report = {
            "keys": self.keys,
            "count": self.count,
            "lag": self.lag,
            "traffic": None if traffic is None else msgspec.to_builtins(traffic),
        }
        Path(sys.argv[1]).write_text(json.dumps(report))


async def main() -> int:
    writer = TerminalWriter(read_capabilities(plain_output="plain" in sys.argv))
    app = Flood(writer)
    loop = asyncio.get_running_loop()
    end = ending_on_signals(loop, lambda code: app.exit(return_code=code), patience=1)
    with outlasting_the_terminal(), end:
        await app.run_async()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
