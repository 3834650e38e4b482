"""Bar 3: our resource table beside Textual's DataTable, in one process, painted for real.

Both show the same texts in the same eight columns. The frames go through Textual's own driver
interface into nothing, so that all of the rendering is measured and no terminal is. Ours sorts the
rows each time it is given some, as it does in the console; the DataTable keeps them as they come.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widget import Widget
from textual.widgets import DataTable

from bench.ratios import Ratio, Samples, run_alone
from tui.widgets.columns import Cell, Column
from tui.widgets.table import ResourceTable

SIZE: Final = (80, 24)
COLUMNS: Final = 8
ROUNDS: Final = 3
KEYS: Final = 60
"""Lines that are scrolled, one after the other, each painted before the next."""

Row = tuple[str, ...]
Round = Callable[[], Awaitable[None]]


class NowhereDriver(HeadlessDriver):
    """Takes every frame, as a terminal would."""

    taken = 0

    @property
    def is_headless(self) -> bool:
        """A driver without a head is given no frames."""
        return False

    def write(self, data: str) -> None:
        """Count what would have been sent."""
        NowhereDriver.taken += len(data)


class Shown(App[None]):
    """One table on the whole screen."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widget: Widget, measure: Callable[["Shown"], Awaitable[None]]) -> None:
        super().__init__()
        self.widget = widget
        self._measure = measure

    def get_driver_class(self) -> type[HeadlessDriver]:
        """No terminal."""
        return NowhereDriver

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.widget.focus()
        self.run_worker(self._run(), group="bench", exclusive=True)

    async def _run(self) -> None:
        await self.painted()
        await self._measure(self)
        self.exit()

    async def painted(self) -> None:
        """Wait until what is on its way is on the screen."""
        done = asyncio.Event()
        self.call_after_refresh(done.set)
        await done.wait()


def rows_of(count: int, generation: int) -> list[Row]:
    """Rows of names, addresses and numbers; those of another generation differ in every row."""
    return [
        (
            f"net-{generation}-{number:06}",
            "isolated",
            f"10.{number // 256 % 256}.{number % 256}.0/24",
            "✔ running",
            f"{number % 8}/7",
            f"{number % 9}/8",
            f"r-{number}-VM primary",
            f"account-{number % 50}",
        )
        for number in range(count)
    ]


def our_table() -> ResourceTable[Row]:
    """Ours, with a column for each text."""
    columns = [
        Column(f"COLUMN {n}", lambda row, n=n: Cell(row[n]), rank=n)  # type: ignore[misc]
        for n in range(COLUMNS)
    ]
    return ResourceTable(columns, lambda row: row[0])


def their_table() -> DataTable[str]:
    """Textual's, with a cursor that marks rows as ours does."""
    table: DataTable[str] = DataTable(cursor_type="row")
    return table


async def timed(clock: Callable[[], float], action: Round) -> float:
    """Seconds of `clock` that `action` takes."""
    before = clock()
    await action()
    return clock() - before


async def ours(replaced: dict[int, list[float]], scrolled: list[float]) -> None:
    """Measure our table: seconds until painted by number of rows, seconds of CPU per line."""

    async def measure(app: Shown) -> None:
        table: ResourceTable[Row] = app.widget  # type: ignore[assignment]
        for count, times in replaced.items():
            for generation in range(ROUNDS + 1):
                rows = rows_of(count, generation)

                async def replace(rows: list[Row] = rows) -> None:
                    table.show(rows)
                    await app.painted()

                times.append(await timed(time.perf_counter, replace))
            del times[0]  # the first one warms up
        await scroll(app, lambda: table.action_move(1), scrolled)

    await Shown(our_table(), measure).run_async(size=SIZE)


async def theirs(replaced: dict[int, list[float]], scrolled: list[float]) -> None:
    """The same of the DataTable."""

    async def measure(app: Shown) -> None:
        table: DataTable[Any] = app.widget  # type: ignore[assignment]
        table.add_columns(*(f"COLUMN {n}" for n in range(COLUMNS)))
        for count, times in replaced.items():
            for generation in range(ROUNDS + 1):
                rows = rows_of(count, generation)

                async def replace(rows: list[Row] = rows) -> None:
                    table.clear()
                    table.add_rows(rows)
                    await app.painted()
                    while table.virtual_size.height < len(rows):  # it measures cells when idle
                        await app.painted()

                times.append(await timed(time.perf_counter, replace))
            del times[0]
        await scroll(app, table.action_cursor_down, scrolled)

    await Shown(their_table(), measure).run_async(size=SIZE)


async def scroll(app: Shown, down: Callable[[], None], scrolled: list[float]) -> None:
    """Seconds of CPU for each line, once the cursor is at the lower edge."""

    async def line() -> None:
        down()
        await app.painted()

    for _ in range(SIZE[1] + 2):
        await line()
    for _ in range(KEYS):
        scrolled.append(await timed(time.process_time, line))


async def in_turn() -> list[Ratio]:
    """All of bar 3."""
    our_times: dict[int, list[float]] = {1_000: [], 100_000: [], 10_000: []}
    their_times: dict[int, list[float]] = {10_000: []}
    our_lines: list[float] = []
    their_lines: list[float] = []
    await ours(our_times, our_lines)
    await theirs(their_times, their_lines)
    taken = {count: Samples(tuple(times)) for count, times in our_times.items()}
    return [
        Ratio(
            bar=3,
            name="replace 10,000 rows (peer: DataTable)",
            ours=taken[10_000],
            peer=Samples(tuple(their_times[10_000])),
            unit="s",
            limit=20,
            at_least=True,
        ),
        Ratio(
            bar=3,
            name="replace 100,000 rows (peer: 1,000 of ours)",
            ours=taken[100_000],
            peer=taken[1_000],
            unit="s",
            limit=1.5,
            at_least=False,
        ),
        Ratio(
            bar=3,
            name="scroll a line, CPU (peer: DataTable)",
            ours=Samples(tuple(our_lines)),
            peer=Samples(tuple(their_lines)),
            unit="s",
            limit=0.5,
            at_least=False,
        ),
    ]


def measure() -> list[Ratio]:
    """Bar 3; an error if nothing was painted."""
    ratios = asyncio.run(in_turn())
    if NowhereDriver.taken == 0:
        raise SystemExit("error: nothing was painted; the measurements mean nothing")
    return ratios


if __name__ == "__main__":
    run_alone(measure)
