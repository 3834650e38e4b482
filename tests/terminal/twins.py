"""Two terminals side by side: on one Textual writes every frame, on the other the writer does."""

from collections.abc import Callable
from typing import Any, Final

from rich.color import ColorSystem
from rich.console import Console as RichConsole
from rich.control import Control

from tests.terminal.emulator import Emulator, Measure
from tui.terminal.compositor import Paint, WritesChanges
from tui.terminal.frames import FrameWriter
from tui.terminal.link import QUESTION, Link
from tui.terminal.outlet import Outlet

COLOURS: Final = {"truecolor": "truecolor", "256": "256", "16": "standard"}


class Eager(Outlet):
    """An outlet that has written at once, or that has no time while it `dawdles`."""

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__(Nowhere(), lambda took: None)
        self._take = take
        self.dawdles = False

    @property
    def is_busy(self) -> bool:
        return self.dawdles

    def write(self, text: str) -> None:
        self._take(text)


class Nowhere:
    """A stream that must not be used."""

    def write(self, text: str, /) -> object:
        raise AssertionError("written past the outlet")

    def flush(self) -> object:
        raise AssertionError("written past the outlet")


def later(seconds: float, call: Callable[[], None]) -> object:
    """Nothing is ever late here."""
    call()
    return None


class Twins:
    """The two terminals, `stock` and `ours`, and the writer of the second one."""

    def __init__(
        self,
        width: int,
        height: int,
        *,
        colours: str = "truecolor",
        erases_with_colour: bool = True,
        scrolls: bool = True,
        synchronized: bool = False,
        measure: Measure = lambda cluster, width: width,
    ) -> None:
        self.console = RichConsole(color_system=COLOURS[colours], force_terminal=True)  # type: ignore[arg-type]
        self.colours = colour_system(colours)
        self.stock = Emulator(width, height)
        self.ours = Emulator(width, height, erases_with_colour=erases_with_colour, measure=measure)
        for each in (self.stock, self.ours):
            each.feed("\x1b[?7l")  # lines are not wrapped, as Textual's driver has it
        self.outlet = Eager(self._write)
        self.frames = FrameWriter(
            self.outlet,
            Link(),
            later,
            erases_with_colour=erases_with_colour,
            scrolls=scrolls,
        )
        self.frames.synchronized = synchronized
        self.frames.begin()
        self.shown = 0
        self._size = width, height

    def _write(self, text: str) -> None:
        self.ours.feed(text.replace(QUESTION, ""))

    def frame(self, app: WritesChanges, update: Any) -> None:
        """Show one frame of `app` on both."""
        self.resize(*app.size)
        self.stock.feed(self.as_textual_writes(update) + _cursor(app))
        if app._paint is None:
            app._paint = Paint(self.frames, self.colours)
        app._show(self.frames, update)
        self.shown += 1

    def as_textual_writes(self, update: Any) -> str:
        """The text of Textual. It keeps texts with styles and strips, whatever the colours are."""
        _forget_texts(update)
        text: str = update.render_segments(self.console)
        _forget_texts(update)
        return text

    def resize(self, width: int, height: int) -> None:
        """Give both another size; what they show then is not the same any more."""
        if self._size == (width, height):
            return
        self._size = width, height
        for each in (self.stock, self.ours):
            each.resize(height, width)
        self.ours.feed("\x1b[H" + "?" * 7)
        self.frames.forget()

    def compare(self, what: str = "") -> None:
        """Fail with the first cells that differ."""
        differ = list(self.stock.differing(self.ours))
        if differ:
            shown = "\n".join(differ[:8])
            raise AssertionError(f"{what}, frame {self.shown}: {len(differ)} cells\n{shown}")
        assert self.ours.place == self.stock.place, f"{what}: the cursor"
        assert self.ours.is_as_found, f"{what}: the pen or the region is left over"


def _cursor(app: WritesChanges) -> str:
    x, y = app.screen.outer_size.clamp_offset(app.cursor_position)
    return Control.move_to(x, y).segment.text


def _forget_texts(update: Any) -> None:
    lines = update.strips if hasattr(update, "strips") else [c.values() for c in update.chops]
    for line in lines:
        for strip in line:
            if strip is not None:
                strip._render_cache = None
                for segment in strip:
                    if segment.style is not None:
                        segment.style._ansi = None


def colour_system(name: str) -> ColorSystem:
    """The colours of a terminal that has so many."""
    return {
        "truecolor": ColorSystem.TRUECOLOR,
        "256": ColorSystem.EIGHT_BIT,
        "16": ColorSystem.STANDARD,
    }[name]
