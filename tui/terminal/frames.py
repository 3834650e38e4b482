"""Frames to the terminal: the difference to what it shows, when it is ready for one.

While the terminal has enough to do, a new frame only changes what should be shown. When it is free
again, the difference between that and what it was sent last goes out, so that frames are dropped
and never queued, and the picture is right in the end.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from tui.terminal.canvas import Canvas, Row
from tui.terminal.cells import Clusters
from tui.terminal.encoder import Encoder
from tui.terminal.link import QUESTION, Link
from tui.terminal.outlet import Outlet
from tui.terminal.pens import PenBook

SYNC_START: Final = "\x1b[?2026h"
SYNC_END: Final = "\x1b[?2026l"

LARGE_FRAME: Final = 1000
"""Characters from which a frame is marked as one: a shorter one comes in one piece anyhow."""

MOMENT: Final = 0.008
"""Seconds in which a frame that is not finished is finished."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What went to the terminal so far."""

    frames_written: int
    frames_dropped: int
    """Frames that never were on the screen, because a newer one took their place."""
    bytes_written: int
    answers: bool | None
    """Whether the terminal says what it has received; `None` while nobody knows."""
    round_trip: float | None
    """Seconds until it said so, the last time."""
    window: int
    """Bytes that may be under way, if it does."""


class FrameWriter:
    """Keeps one terminal's screen as it should be. All of it belongs to the event loop's thread,
    but for what `Link` and `Outlet` allow."""

    def __init__(
        self,
        outlet: Outlet,
        link: Link,
        later: Callable[[float, Callable[[], None]], object],
        *,
        erases_with_colour: bool,
        scrolls: bool = True,
        links: bool = True,
        encoding: str = "utf-8",
    ) -> None:
        """`later` calls something in the event loop, so many seconds from now."""
        self.canvas = Canvas(0, 0)
        self.pens = PenBook(links=links)
        self.clusters = Clusters(encoding)
        self.synchronized = False
        """Whether the terminal can be told where a frame begins and ends (mode 2026)."""
        self._kind = {"erases_with_colour": erases_with_colour, "scrolls": scrolls}
        self._encoder = self._new_encoder()
        self._outlet = outlet
        self._link = link
        self._later = later
        self._sent: list[Row] | None = None
        self._epoch = 0
        self._cursor = self._cursor_sent = (0, 0)
        self._shown = False
        self._changed = False
        self._woken: object | None = None
        self._given = self._written = self._dropped = self._frame_bytes = 0

    # What should be shown.

    def resize(self, width: int, height: int) -> None:
        """The screen has another size, and nobody knows what it shows."""
        if (width, height) != (self.canvas.width, self.canvas.height):
            self.canvas = Canvas(width, height)
            self.forget()

    def changed(self, cursor: tuple[int, int], *, unfinished: bool = False) -> None:
        """The canvas is complete again; show it as soon as the terminal is ready.

        `unfinished`: the next frame is expected in a moment, and this one may wait for it.
        """
        self._given += 1
        self._changed = True
        self._cursor = cursor
        if unfinished:
            self._wake(MOMENT)
        else:
            self.pump()

    def forget(self) -> None:
        """Nobody knows what the terminal shows: the next frame writes everything."""
        self._sent = None
        self._epoch += 1

    def repaint(self) -> None:
        """Write everything again."""
        self.forget()
        self._changed = True
        self.pump()

    @property
    def is_waiting(self) -> bool:
        """Whether there is a frame for which the terminal is not ready."""
        return self._changed and self._shown

    # When it is shown.

    def begin(self) -> None:
        """The terminal is ours, and shows whatever it shows."""
        self._shown = True
        self._link.begin()
        self.forget()
        if self.canvas.height:
            self._changed = True
        self._wake(0.0)

    def end(self) -> None:
        """The terminal is somebody else's: no frame until `begin`."""
        self._shown = False

    def pump(self) -> None:
        """Send a frame if there is one and the terminal is ready for it."""
        if not (self._shown and self._changed) or self._outlet.is_busy:
            return
        wait = self._link.wait()
        if wait > 0:
            self._wake(wait)
            return
        epoch = self._epoch
        rows = list(self.canvas.rows)
        text = self._encoder.frame(self._sent, rows, self._cursor, at_once=self.synchronized)
        if not text and self._cursor != self._cursor_sent:
            text = f"\x1b[{self._cursor[1] + 1};{self._cursor[0] + 1}H"
        if epoch != self._epoch:
            return  # a signal has taken the terminal away in the midst of this
        self._send(text)
        self._dropped += max(0, self._given - 1)
        self._given = 0
        self._changed = False
        self._cursor_sent = self._cursor
        self._sent = rows
        self._renew()

    @property
    def traffic(self) -> Traffic:
        """What went to the terminal so far."""
        return Traffic(
            frames_written=self._written,
            frames_dropped=self._dropped,
            bytes_written=self._frame_bytes,
            answers=self._link.answers,
            round_trip=self._link.round_trip,
            window=self._link.window,
        )

    def _send(self, text: str) -> None:
        if not text:
            return
        if self.synchronized and len(text) > LARGE_FRAME:
            text = SYNC_START + text + SYNC_END
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        asked = self._link.asks(size)
        if asked:
            text += QUESTION
            size += len(QUESTION)
        self._link.note_sent(size, asked=asked)
        self._outlet.write(text)
        self._written += 1
        self._frame_bytes += size

    def _wake(self, seconds: float) -> None:
        """Pump in a while; a later call takes the place of an earlier one."""
        if isinstance(self._woken, asyncio.Handle):
            self._woken.cancel()
        self._woken = self._later(seconds, self.pump)

    def _new_encoder(self) -> Encoder:
        return Encoder(self.pens, self.clusters, **self._kind)

    def _renew(self) -> None:
        """Begin new books of pens and clusters before the old ones are full."""
        if not (self.pens.is_full or self.clusters.is_full):
            return
        rows = self.canvas.rows
        self.clusters, texts = self.clusters.kept({c for row in rows for c in row[0]})
        self.pens, pens = self.pens.kept({c for row in rows for c in row[1]})
        self.canvas.rows = [(row[0].translate(texts), row[1].translate(pens)) for row in rows]
        if self._sent is not None:
            self._sent = list(self.canvas.rows)
        self._encoder = self._new_encoder()
