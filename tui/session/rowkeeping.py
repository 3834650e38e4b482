"""Reading the kept rows of a profile when the console starts, and writing them while it runs."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui.session.glimpse import save_glimpse
from tui.session.inventory import Inventory
from tui.session.rowcache import RowCache
from tui.session.shelf import Kind
from tui.session.views import network_rows
from tui.settings.model import Profile

_log = logging.getLogger(__name__)

PAUSE: Final = 20.0
"""Seconds after a change in which others may come, before the rows are written."""


class RowKeeping:
    """Keeps the rows of an inventory on disk, from `begin` to `aclose`."""

    def __init__(self, inventory: Inventory, profile: Profile, folder: Path) -> None:
        """`folder` has the rows of every profile. One that keeps none has what is there deleted at
        `begin`, and nothing is written."""
        self.cache = RowCache(folder, profile)
        self._inventory = inventory
        self._profile = profile
        self._stop: Callable[[], None] | None = None
        self._written: dict[Kind, int] = {}
        """`Shelf.changes` of what the files hold."""
        self._writing: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Fill the inventory with what is on disk, and write what changes from now on.

        Reads files: some 20 ms for 10,000 networks. Needs no event loop.
        """
        if not self._profile.keep_rows:
            self._try("deleted", self.cache.clear)
        elif self._stop is None:
            self._inventory.recall(self.cache.load())
            self._written = {kind: self._inventory.shelf(kind).changes for kind in Kind}
            self._stop = self._inventory.listen(self._changed)

    async def aclose(self) -> None:
        """Write what is not written yet, and stop."""
        if self._stop is None:
            return
        self._stop()
        self._stop = None
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._write()

    def _changed(self, name: str) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon(), name="keep rows")

    async def _write_soon(self) -> None:
        await asyncio.sleep(PAUSE)
        await self._write()

    async def _write(self) -> None:
        changes = {kind: self._inventory.shelf(kind).changes for kind in Kind}
        lists = [
            kept
            for kept in self._inventory.worth_keeping()
            if changes[kept.kind] != self._written.get(kept.kind)
        ]
        if lists:
            networks = self._inventory.networks.listed
            places = network_rows(self._inventory) if networks is not None else ()

            def write() -> None:
                self.cache.save(lists)
                if networks is not None:
                    save_glimpse(self._profile, places, networks, self.cache.folder)

            await asyncio.to_thread(self._try, "kept", write)
            self._written = changes

    def _try(self, done: str, action: Callable[[], None]) -> None:
        """Rows on disk are a convenience: that they cannot be had is not worth a word."""
        try:
            action()
        except OSError as error:
            _log.info("the rows could not be %s: %s", done, error)
