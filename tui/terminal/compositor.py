"""The frames of Textual, taken before they become text.

Textual's compositor says what has changed by classes that are not part of its public interface, and
`App._display` turns them into text. Everything that touches either is in this file, a test runs it
against the installed version, and where something is not as it was when this was written, Textual
writes as it always does.
"""

import contextlib
import inspect
from collections.abc import Iterable
from typing import Any, Final

from rich.color import ColorSystem
from rich.style import Style
from textual import events
from textual.app import App
from textual.strip import Strip

from tui.terminal.canvas import Canvas
from tui.terminal.frames import FrameWriter

try:
    from textual._compositor import ChopsUpdate, LayoutUpdate
except ImportError:
    FRAMES: tuple[type, ...] = ()
else:
    FRAMES = (LayoutUpdate, ChopsUpdate)

STYLES_KEPT: Final = 20_000

_COLOURS: Final = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}


def why_not() -> str:
    """What this version of Textual has changed, so that its frames cannot be taken; else nothing.

    Looks at what is relied on, not at a version: a change elsewhere does no harm.
    """
    if not FRAMES:
        return "textual._compositor has no LayoutUpdate or ChopsUpdate"
    wanted = (
        (App._display, ["self", "screen", "renderable"]),
        (LayoutUpdate.__init__, ["self", "strips", "region"]),
        (ChopsUpdate.__init__, ["self", "chops", "spans", "chop_ends"]),
        (Strip.render_ansi, ["style", "color_system"]),
        (Strip.crop, ["self", "start", "end"]),
    )
    for function, names in wanted:
        if list(inspect.signature(function).parameters) != names:
            return f"{function.__qualname__} takes other parameters"
    used = App._display.__code__.co_names
    for name in ("_batch_count", "_running", "_closed", "cursor_position", "post_display_hook"):
        if name not in used:
            return f"App._display does without {name}"
    return ""


class Paint:
    """Turns the compositor's strips into cells of a canvas."""

    def __init__(self, frames: FrameWriter, colours: ColorSystem) -> None:
        self._frames = frames
        self._colours = colours
        self._books = frames.pens, frames.clusters
        self._pens: dict[Style, tuple[str, str]] = {}
        self._strips: dict[int, tuple[Strip, str, str]] = {}
        self._before: dict[int, tuple[Strip, str, str]] = {}

    def layout(self, update: Any) -> None:
        """Paint a `LayoutUpdate`: every line of the screen."""
        self._begin()
        region = update.region
        canvas = self._frames.canvas
        for y, strips in enumerate(update.strips, region.y):
            self._line(canvas, y, region.x, strips)

    def chops(self, update: Any) -> None:
        """Paint a `ChopsUpdate`: parts of some lines, as `ChopsUpdate.render_segments` does."""
        self._begin()
        canvas = self._frames.canvas
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is None or x > last or end <= first:
                    continue
                if not (last > x >= first and end <= last):
                    strip = strip.crop(0, min(end, last) - x)
                canvas.put(y, x, *self._cells(strip))

    def _line(self, canvas: Canvas, y: int, x: int, strips: Iterable[Strip | None]) -> None:
        cells = [self._cells(strip) for strip in strips if strip is not None]
        canvas.put(y, x, "".join([text for text, _ in cells]), "".join([pen for _, pen in cells]))

    def _cells(self, strip: Strip) -> tuple[str, str]:
        """The cells of a strip. Textual keeps strips that have not changed, so they are kept here
        by identity for as long as two frames in a row have them."""
        found = self._strips.get(id(strip)) or self._before.get(id(strip))
        if found is None:
            found = strip, *self._converted(strip)
        self._strips[id(strip)] = found
        return found[1], found[2]

    def _begin(self) -> None:
        """Forget the strips of the frame before the last, and all if there are new books."""
        self._before, self._strips = self._strips, {}
        books = self._frames.pens, self._frames.clusters
        if books != self._books:
            self._books = books
            self._before = {}
            self._pens.clear()

    def _converted(self, strip: Strip) -> tuple[str, str]:
        clusters = self._frames.clusters
        texts: list[str] = []
        pens: list[str] = []
        for text, style, control in strip:
            if control or not text:
                continue
            if texts and texts[-1] and (marks := clusters.leading_marks(text)):
                texts[-1] = clusters.marked(texts[-1], marks)
            text = clusters.cells(text)
            if style is None:
                pen = blank = "\0"
            else:
                pen, blank = self._pens.get(style) or self._pen(style)
            texts.append(text)
            # Cells look the same whatever came before them: what is not seen must not differ.
            words = [pen * len(word) for word in text.split(" ")]
            pens.append(blank.join(words))
        return "".join(texts), "".join(pens)

    def _pen(self, style: Style) -> tuple[str, str]:
        if len(self._pens) >= STYLES_KEPT:
            self._pens.clear()
        book = self._frames.pens
        number = book.number(Strip.render_ansi(style, self._colours), style.link or "")
        found = self._pens[style] = chr(number), chr(book.on_blanks(number))
        return found


class WritesChanges(App[None]):
    """An application that writes only what has changed, through `frames_to` if it has one."""

    frames_to: FrameWriter | None = None
    _paint: Paint | None = None
    _last_shown: Any = None

    def _display(self, screen: Any, renderable: Any) -> None:
        frames = self.frames_to
        if frames is None or not self._takes(renderable):
            super()._display(screen, renderable)
            if frames is not None and not isinstance(renderable, (*FRAMES, type(None))):
                frames.forget()
            return
        try:
            self._show(frames, renderable)
        finally:
            self.post_display_hook()

    def _takes(self, renderable: Any) -> bool:
        """Whether this is a frame that stock Textual would write now."""
        driver = self._driver
        return (
            isinstance(renderable, FRAMES)
            and driver is not None
            and not driver.is_inline
            and not driver.is_headless
            and not self._batch_count
            and self._running
            and not self._closed
        )

    def _show(self, frames: FrameWriter, update: Any) -> None:
        if self._paint is None:
            name = self.console.color_system or "truecolor"
            self._paint = Paint(frames, _COLOURS[name])
        frames.resize(*self.screen.outer_size)
        if isinstance(update, LayoutUpdate):
            self._paint.layout(update)
        else:
            self._paint.chops(update)
        x, y = self.screen.outer_size.clamp_offset(self.cursor_position)
        # Another screen comes in two frames: its middle, and then all of it.
        is_other = self.screen is not self._last_shown
        self._last_shown = self.screen
        frames.changed((x, y), unfinished=is_other)

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that gets another size moves or cuts off what it shows."""
        if self.frames_to is not None:
            self.frames_to.forget()
            if event.size == (self.frames_to.canvas.width, self.frames_to.canvas.height):
                self.frames_to.repaint()

    def write_all_again(self) -> None:
        """Write the whole screen, as another program may have written over it."""
        with contextlib.suppress(AttributeError):
            self.screen.refresh(layout=True)
        if self.frames_to is not None:
            self.frames_to.repaint()
