"""Stock Textual: a log over the whole screen, and a line below it that answers keys."""

import os
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Log, RichLog, Static

from bench.apps.intake import Source, blocks, source_of_arguments


class StockLog(App[None]):
    """Textual's `Log`, or `RichLog` if the environment says RICH."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Log, RichLog { height: 1fr; } Static { height: 1; }"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._rich = "RICH" in os.environ
        self._keys = 0

    def compose(self) -> ComposeResult:
        yield RichLog() if self._rich else Log()
        yield Static("ready", id="mark")

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.run_worker(self._take(), group="intake", exclusive=True)

    async def _take(self) -> None:
        log: Any = self.query_one(RichLog if self._rich else Log)
        async for block in blocks(self._source):
            text = block.decode("utf-8", "replace")
            if self._rich:
                for line in text.splitlines():
                    log.write(line)
            else:
                log.write(text)

    def on_key(self, event: events.Key) -> None:
        if event.key == "x":
            self.query_one("#mark", Static).update(chr(97 + self._keys % 25) * 8)
            self._keys += 1


if __name__ == "__main__":
    StockLog(source_of_arguments()).run()
