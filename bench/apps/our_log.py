"""Ours: the console's store and log view over the whole screen, and a line below that answers keys.

Frames go to the terminal as the console's do.
"""

from datetime import UTC, datetime

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from bench.apps.intake import Source, blocks, source_of_arguments
from bench.apps.ours import OurApp
from tui.logs.merge import LogBlock, Origin
from tui.logs.store import LogStore
from tui.widgets.logrows import LogRow
from tui.widgets.logview import LogView

ROOM = 1 << 28


class Stored:
    """The lines of a store as they came, cleaned and redacted, for the view."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    @property
    def first(self) -> int:
        """Number of the oldest line that is kept."""
        return self._store.first

    @property
    def end(self) -> int:
        """Number after that of the newest."""
        return self._store.end

    def row(self, number: int) -> LogRow:
        """A line."""
        line = self._store[number - self._store.first].line
        return LogRow(f"{line.tag}: {line.text}")


class OurLog(OurApp):
    """The log view on the store."""

    CSS = "LogView { height: 1fr; } Static { height: 1; }"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._keys = 0

    def compose(self) -> ComposeResult:
        yield LogView()
        yield Static("ready", id="mark")

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.query_one(LogView).focus()
        self.run_worker(self._take(), group="intake", exclusive=True)

    async def _take(self) -> None:
        store = LogStore(most_lines=4_000_000, most_bytes=ROOM)
        view = self.query_one(LogView)
        view.show(Stored(store))
        async for block in blocks(self._source):
            store.add(LogBlock(Origin("r-42-VM", "daemon", datetime.now(UTC)), block))
            view.grown()

    def on_key(self, event: events.Key) -> None:
        if event.key == "x":
            self.query_one("#mark", Static).update(chr(97 + self._keys % 25) * 8)
            self._keys += 1


if __name__ == "__main__":
    OurLog(source_of_arguments()).run()
