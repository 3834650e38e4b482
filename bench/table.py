"""Bar 3: our resource table beside Textual's DataTable, in one process, painted for real.

Both show the same texts in the same eight columns. The frames go through Textual's own driver
interface into nothing, so that all of the rendering is measured and no terminal is. A list counts
as shown when the name of its first row was written to the driver and its last row can be scrolled
to. Every list has other rows than the one before, made before the clock starts; Python's collector
of garbage has been round by then, and idle work is done. The cursor was moved once, so that its row
is looked for in the new list.

Ours is measured in the order of the server, which is what the DataTable does, and sorted by name,
as the sections of the console are: names that come in order, and names in no order. The DataTable
keeps no order; for a sorted list it sorts again after it was filled. A hundred thousand rows are
compared with a thousand of ours, for no list may make the console wait; the sorted figures have no
bar, since the names of all rows have to be read once for them.

What is typed into the filter is measured in seconds of the processor, from the call to the frame:
one frame has 16 ms. The DataTable has no filter; what stands beside it is emptying it and filling
it with the rows that pass, which somebody else has found.
"""

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Final

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widget import Widget
from textual.widgets import DataTable

from bench.ratios import Ratio, Samples, run_alone
from tui.widgets.columns import Column, text_column
from tui.widgets.table import ResourceTable

SIZE: Final = (80, 24)
COLUMNS: Final = 8
PASSES: Final = 2
"""How often ours and theirs take turns."""
ROUNDS: Final = 3
"""Lists that are shown in each turn, and one before them to warm up."""
KEYS: Final = 40
"""Lines that are scrolled, one after the other, each painted before the next."""
TYPED: Final = (
    "net-",
    "nt49",
    "account",
    "column 7:account-3",
    "!column 5",
    "r-12 isolated",
    "xyzzy",
)
"""Filter lines, typed letter by letter."""
FRAME: Final = 0.016
SHUFFLES: Final = random.Random(11)  # noqa: S311

Row = tuple[str, ...]
Clock = Callable[[], float]
Times = dict[str, list[float]]


class NowhereDriver(HeadlessDriver):
    """Takes every frame, as a terminal would."""

    written = ""
    """What was written last."""
    taken = 0
    wrote: asyncio.Event

    @property
    def is_headless(self) -> bool:
        """A driver without a head is given no frames."""
        return False

    def write(self, data: str) -> None:
        """Keep what would have been sent."""
        NowhereDriver.taken += len(data)
        NowhereDriver.written += data
        NowhereDriver.wrote.set()


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

    async def shows(self, text: str, rows: int) -> None:
        """Wait until `text` was written, and a list of `rows` rows can be scrolled to its end."""
        while text not in NowhereDriver.written or self.widget.virtual_size.height <= rows:
            NowhereDriver.wrote.clear()
            waiting = asyncio.ensure_future(NowhereDriver.wrote.wait())
            await asyncio.wait([waiting], timeout=0.002)
            waiting.cancel()

    async def timed(self, clock: Clock, do: Callable[[], object], text: str, rows: int) -> float:
        """Seconds of `clock` from before `do` until `text` is on the screen."""
        NowhereDriver.written = ""
        before = clock()
        do()
        await self.shows(text, rows)
        return clock() - before

    async def at_rest(self) -> None:
        """Let idle work be done, which the next measurement must not pay for."""
        for _ in range(15):
            await self.painted()
            await asyncio.sleep(0.02)
        gc.collect()


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


def our_table(sort: int | None) -> ResourceTable[Row]:
    """Ours, with a column for each text."""
    columns: list[Column[Row]] = [
        text_column(f"COLUMN {n}", itemgetter(n), rank=n) for n in range(COLUMNS)
    ]
    return ResourceTable(columns, itemgetter(0), sort=sort)


async def ours(times: Times, order: str) -> None:
    """Measure our table: `order` is `as they come`, `in order` or `in no order`."""

    async def measure(app: Shown) -> None:
        table: ResourceTable[Row] = app.widget  # type: ignore[assignment]
        table.show(rows_of(30, 0))
        table.action_move(1)
        table.action_move(-1)
        for generation in range(1, ROUNDS + 2):
            for count in (1_000, 10_000, 100_000):
                rows = rows_of(count, generation * 10 + len(str(count)))
                first = rows[0][0]
                if order == "in no order":
                    SHUFFLES.shuffle(rows)
                await app.at_rest()
                show = partial(table.show, rows)
                seconds = await app.timed(time.perf_counter, show, first, count)
                if generation > 1:  # the first one warms up
                    times.setdefault(f"{count} {order}", []).append(seconds)
        if order == "as they come":
            await _scroll(app, lambda: table.action_move(1), times.setdefault("scroll", []))
        if order == "in order":
            await _filter(app, table, times.setdefault("filter", []))

    await Shown(our_table(None if order == "as they come" else 0), measure).run_async(size=SIZE)


async def theirs(times: Times) -> None:
    """The same of the DataTable."""

    async def measure(app: Shown) -> None:
        table: DataTable[Any] = app.widget  # type: ignore[assignment]
        names = table.add_columns(*(f"COLUMN {n}" for n in range(COLUMNS)))

        def fill(rows: Sequence[Row], *, sort: bool = False) -> None:
            table.clear()
            table.add_rows(rows)
            if sort:
                table.sort(names[0])

        for generation in range(1, ROUNDS + 2):
            for order in ("as they come", "in no order"):
                rows = rows_of(10_000, generation * 10 + len(order))
                first = rows[0][0]
                if order == "in no order":
                    SHUFFLES.shuffle(rows)
                await app.at_rest()
                show = partial(fill, rows, sort=order != "as they come")
                seconds = await app.timed(time.perf_counter, show, first, 10_000)
                if generation > 1:
                    times.setdefault(f"10000 {order}", []).append(seconds)
        await _scroll(app, table.action_cursor_down, times.setdefault("scroll", []))
        passing = [row for row in rows_of(10_000, 99) if "49" in row[0]]
        for _ in range(3):
            seconds = await app.timed(
                time.process_time, lambda: fill(passing), passing[0][0], len(passing)
            )
            times.setdefault("filter", []).append(seconds)

    await Shown(DataTable(cursor_type="row"), measure).run_async(size=SIZE)


async def _scroll(app: Shown, down: Callable[[], None], scrolled: list[float]) -> None:
    """Seconds of CPU for each line, once the cursor is at the lower edge."""
    await app.at_rest()
    for number in range(SIZE[1] + 2 + KEYS):
        before = time.process_time()
        down()
        await app.painted()
        if number >= SIZE[1] + 2:
            scrolled.append(time.process_time() - before)


async def _filter(app: Shown, table: ResourceTable[Row], typed: list[float]) -> None:
    """Seconds of CPU for each letter of a filter over 10,000 rows, until the frame is written."""
    table.show(rows_of(10_000, 99))
    table.prepare_filter()
    await app.at_rest()
    for line in TYPED:
        for length in range(1, len(line) + 1):
            before = time.process_time()
            table.filter_by(line[:length])
            await app.painted()
            typed.append(time.process_time() - before)
            await asyncio.sleep(0.05)
        table.filter_by("")
        await app.painted()


async def in_turn() -> tuple[Times, Times]:
    """Ours and theirs, one after the other, some times."""
    NowhereDriver.wrote = asyncio.Event()
    mine: Times = {}
    their: Times = {}
    for _ in range(PASSES):
        await ours(mine, "as they come")
        await theirs(their)
        for order in ("in order", "in no order"):
            await ours(mine, order)
    if NowhereDriver.taken == 0:
        raise SystemExit("error: nothing was painted; the measurements mean nothing")
    return mine, their


def measure() -> list[Ratio]:
    """All of bar 3."""
    mine, their = asyncio.run(in_turn())

    def ratio(
        name: str, times: list[float], peer: list[float] | None, limit: float | None, **rest: Any
    ) -> Ratio:
        of_peer = None if peer is None else Samples(tuple(peer))
        mine = Samples(tuple(times))
        return Ratio(name=name, ours=mine, peer=of_peer, unit="s", limit=limit, **rest)

    thousand = "100,000 rows, {} (peer: 1,000 of ours)"
    found = [
        ratio("replace 10,000 rows (peer: DataTable)", mine["10000 as they come"],
              their["10000 as they come"], 20, bar=3, at_least=True),
        ratio("replace 10,000 rows, sorted (peer: DataTable and its sort)",
              mine["10000 in no order"], their["10000 in no order"], 20, bar=3, at_least=True),
        ratio(f"replace {thousand.format('as they come')}", mine["100000 as they come"],
              mine["1000 as they come"], 1.5, bar=3, at_least=False),
    ]  # fmt: skip
    for order in ("in order", "in no order"):
        found.append(
            ratio(f"replace {thousand.format(f'sorted, come {order}')}", mine[f"100000 {order}"],
                  mine[f"1000 {order}"], None, bar=None, at_least=False,
                  note="the DataTable sorts only when told to")
        )  # fmt: skip
    return [
        *found,
        ratio("scroll a line, CPU (peer: DataTable)", mine["scroll"], their["scroll"], 0.5,
              bar=3, at_least=False),
        ratio("a letter of a filter over 10,000 rows, CPU", mine["filter"], None, FRAME,
              bar=None, at_least=False, absolute=True),
        ratio("the same (peer: filling a DataTable with what passes)", mine["filter"],
              their["filter"], None, bar=None, at_least=False),
    ]  # fmt: skip


if __name__ == "__main__":
    run_alone(measure)
