"""Random scenes: whatever a screen shows and whatever comes next, the writer gets there."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.terminal.twins import Twins
from tui.terminal.cells import ends_foreseen
from tui.terminal.compositor import Paint

CLUSTERS = (
    *"abcxyz AB  ││─▸✔●…–", "日", "本", "語", "한", "，", "é", "e\u0301", "n\u0303\u0323", "☃",
    "☺\ufe0f",
    "👍", "👍🏽", "👩\u200d👩\u200d👧", "🇩🇪", "❤\ufe0f", "1\ufe0f\u20e3", "\u00a0", "\u3000",
    "ａ", "\U000f0001", "\U00100001", "ก\u0e33",
)  # fmt: skip
COLOUR = st.sampled_from((None, "red", "bright_blue", "#102030", "#ddeeff", "color(77)", "default"))
STYLES = st.builds(
    Style,
    color=COLOUR,
    bgcolor=COLOUR,
    bold=st.booleans() | st.none(),
    dim=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
    strike=st.booleans(),
    overline=st.booleans(),
    underline2=st.booleans(),
    link=st.sampled_from((None, None, "https://a.example/", "https://b.example/;x")),
)
FEW_STYLES = st.sampled_from(
    (None, Style(), Style(bgcolor="#101010"), Style(color="red", bgcolor="#101010"),
     Style(color="#ddeeff", bgcolor="#101010", bold=True), Style(bgcolor="blue", reverse=True))
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(CLUSTERS), max_size=9).map("".join) | st.text(
    # What joins two characters (a joiner, a selector) says something else at the end of a text.
    st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cf", "Cs"), exclude_characters="\ufe0f"
    ),
    max_size=4,
)
RUNS = st.tuples(TEXTS, st.integers(0, 12), FEW_STYLES | STYLES)
LINES = st.lists(RUNS, max_size=5)
"""Some runs of text, each with blanks behind it."""


def strip(line: list[tuple[str, int, Style | None]], width: int) -> Strip:
    """A strip of `width` cells, as a widget would give it."""
    segments = [Segment(text + " " * blanks, style) for text, blanks, style in line]
    return Strip([Segment("|"), *segments]).adjust_cell_length(width)


class Scene:
    """Frames as the compositor makes them, on a screen that may be 8 to 40 columns wide."""

    def __init__(self, twins: Twins, width: int, height: int) -> None:
        self.twins = twins
        self.paint = Paint(twins.frames, twins.colours)
        self.width = width
        self.height = height
        self.lines: list[Strip] = [Strip.blank(width)] * height

    def show(self, update: Any, cursor: tuple[int, int]) -> None:
        """One frame on both terminals."""
        twins = self.twins
        twins.stock.feed(twins.as_textual_writes(update))
        twins.stock.feed(f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H")
        if isinstance(update, LayoutUpdate):
            self.paint.layout(update)
        else:
            self.paint.chops(update)
        twins.frames.changed(cursor)

    def whole(self) -> LayoutUpdate:
        """All lines, as they are now."""
        region = Region(0, 0, self.width, self.height)
        return LayoutUpdate([[line] for line in self.lines], region)

    def part(self, y: int, x: int, end: int) -> ChopsUpdate:
        """A part of line `y`, cut into two chops."""
        line = self.lines[y]
        middle = (x + end) // 2
        cuts = [cut for cut in (x, middle, end, self.width) if cut > 0]
        cuts = sorted(set(cuts))
        chops: list[dict[int, Strip | None]] = [{} for _ in range(self.height)]
        start = 0
        for piece, cut in zip(line.divide(cuts), cuts, strict=True):
            chops[y][start] = piece if start < end and cut > x else None
            start = cut
        ends: list[list[int]] = [cuts if each == y else [] for each in range(self.height)]
        return ChopsUpdate(chops, [(y, x, end)], ends)

    def resize(self, width: int, height: int) -> None:
        """Another size, and all lines as they were, as far as there is room."""
        self.width, self.height = width, height
        self.twins.resize(width, height)
        self.twins.frames.resize(width, height)
        fitted = [line.adjust_cell_length(width) for line in self.lines]
        self.lines = (fitted + [Strip.blank(width)] * height)[:height]


LINE = LINES
PLACE = st.integers(0, 39)
STEPS = st.one_of(
    st.tuples(st.just("lines"), st.lists(LINE, min_size=1, max_size=6), PLACE, PLACE),
    st.tuples(st.just("part"), LINE, PLACE, PLACE, PLACE),
    st.tuples(st.just("scroll"), PLACE, PLACE, st.integers(-4, 4), LINE),
    st.tuples(st.just("resize"), st.integers(8, 40), st.integers(2, 12)),
    st.tuples(st.just("drop")),
    st.tuples(st.just("forget")),
)


def take_step(scene: Scene, step: tuple[Any, ...]) -> None:
    """Change the scene and show it."""
    what, *how = step
    height, width = scene.height, scene.width
    cursor = (len(repr(step)) % width, len(what) % height)
    if what == "lines":
        lines, first, apart = how
        for number, line in enumerate(lines):
            scene.lines[(first + number * (1 + apart % 3)) % height] = strip(line, width)
        scene.show(scene.whole(), cursor)
    elif what == "part":
        line, y, start, length = how
        y, start = y % height, start % (width - 1)
        scene.lines[y] = strip(line, width)
        scene.show(scene.part(y, start, min(width, start + 1 + length % width)), cursor)
        scene.show(scene.whole(), cursor)
    elif what == "scroll":
        first, last, by, line = how
        top, bottom = sorted((first % height, last % height))
        region = scene.lines[top : bottom + 1]
        fresh = [strip(line, width)] * min(abs(by), len(region))
        moved = (
            region[len(fresh) :] + fresh if by > 0 else fresh + region[: len(region) - len(fresh)]
        )
        scene.lines[top : bottom + 1] = moved
        scene.show(scene.whole(), cursor)
    elif what == "resize":
        scene.resize(*how)
        scene.show(scene.whole(), cursor)
    elif what == "drop":
        scene.twins.outlet.dawdles = not scene.twins.outlet.dawdles
        scene.twins.frames.pump()
    else:
        scene.twins.frames.repaint()


@settings(deadline=None, max_examples=100)
@given(
    steps=st.lists(STEPS, min_size=1, max_size=12),
    size=st.tuples(st.integers(8, 40), st.integers(2, 12)),
    colours=st.sampled_from(("truecolor", "256", "16")),
    erases=st.booleans(),
    scrolls=st.booleans(),
    synchronized=st.booleans(),
)
def test_whatever_is_shown_next(
    steps: list[tuple[Any, ...]],
    size: tuple[int, int],
    colours: str,
    erases: bool,
    scrolls: bool,
    synchronized: bool,
) -> None:
    twins = Twins(
        *size,
        colours=colours,
        erases_with_colour=erases,
        scrolls=scrolls,
        synchronized=synchronized,
    )
    scene = Scene(twins, *size)
    scene.resize(*size)
    scene.show(scene.whole(), (0, 0))
    twins.compare("at first")
    for step in steps:
        take_step(scene, step)
        if not twins.outlet.dawdles:
            twins.compare(str(step[0]))
    twins.outlet.dawdles = False
    twins.frames.pump()
    twins.compare("at last")


def test_lines_are_written_one_after_the_other_where_each_byte_is_seen() -> None:
    """A list whose columns have colours: with one colour after the other it is shorter."""
    columns = [("acme-", Style.parse("#e0e0e0")), ("running", Style.parse("#8ad4a1"))]
    written = {}
    for at_once in (False, True):
        twins = Twins(40, 12, synchronized=at_once)
        scene = Scene(twins, 40, 12)
        scene.resize(40, 12)
        scene.show(scene.whole(), (0, 0))
        before = len("".join(twins.ours.log))
        scene.lines = [
            Strip([Segment(f"{word}{y:02} ", style) for word, style in columns]).adjust_cell_length(
                40
            )
            for y in range(12)
        ]
        scene.show(scene.whole(), (0, 0))
        twins.compare()
        written[at_once] = "".join(twins.ours.log)[before:]
    assert len(written[True]) < len(written[False])
    ends = [written[False].index(f"running{y:02}") for y in range(12)]
    begins = [written[False].index(f"acme-{y:02}") for y in range(12)]
    assert all(end < begin for end, begin in zip(ends, begins[1:], strict=False))
    assert written[True].index("running11") < written[True].index("acme-00")


@settings(deadline=None, max_examples=60)
@given(
    scenes=st.lists(st.lists(LINE, min_size=3, max_size=3), min_size=2, max_size=5),
    wider=st.booleans(),
    synchronized=st.booleans(),
)
def test_a_terminal_that_measures_otherwise_shifts_nothing(
    scenes: list[list[list[tuple[str, int, Style | None]]]], wider: bool, synchronized: bool
) -> None:
    """Characters that terminals disagree about may look wrong, those beside them do not."""

    def measure(cluster: str, width: int) -> int:
        return width if ends_foreseen(cluster) else 2 if wider else 1

    twins = Twins(30, 3, measure=measure, synchronized=synchronized)
    scene = Scene(twins, 30, 3)
    scene.resize(30, 3)
    for lines in scenes:
        scene.lines = [strip(line, 30) for line in lines]
        scene.show(scene.whole(), (0, 0))
    stock, ours = twins.stock.buffer, twins.ours.buffer
    for y in range(3):
        for x in range(28):  # at the edge there is no room for what is wider
            if stock[y][x].data not in ("", " ") and ends_foreseen(stock[y][x].data):
                assert ours[y][x] == stock[y][x], f"line {y} column {x}"
