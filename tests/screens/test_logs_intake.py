"""The intake of the Logs section without a screen: what is shown, in which order, in slices."""

from hypothesis import given, settings
from hypothesis import strategies as st

from screens import logs_intake
from screens.logs_intake import Intake
from screens.logs_lines import Look
from screens.logs_rows import SKIPPED
from screens.logs_walk import Matching, Walk
from screens.search import read_pattern
from tests.logs.blocks import NOW, syslog
from tui.logs import weaving
from tui.logs.filter import Filter, parse_filter
from tui.logs.merge import LogBlock, Origin
from tui.logs.sieve import Sieve
from tui.logs.store import LogStore

FILTERS = ["", "1", "!1", "level:error", "1 context:1", "7 before:2", "/2$/", "nothing"]


def wanted(text: str) -> Filter:
    found = parse_filter(text)
    assert isinstance(found, Filter)
    return found


def block(first: int, count: int, router: str = "r-1") -> LogBlock:
    """Lines of a router, numbered; each third is an error."""
    words = ("no IKE config found" if n % 3 == 0 else "all is well" for n in range(count))
    said = ((n, f"{each} {n}") for n, each in zip(range(first, first + count), words, strict=True))
    return LogBlock(Origin(router, "daemon", NOW), syslog(*said), first)


def shown(intake: Intake) -> list[str]:
    """What the rows say, from the first to the last that is shown."""
    rows = intake.shown
    entries = [rows.entry(number) for number in range(rows.first, rows.end)]
    return [each.words or each.kept.line.text for each in entries]


def plain(kept: LogStore, text: str) -> list[str]:
    """What a filter shows, line by line."""
    found = []
    for row in Sieve(wanted(text)).feed(kept):
        found += [SKIPPED] if row.follows_gap else []
        found.append(row.kept.line.text)
    return found


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_whatever_happens_all_that_passes_is_shown_in_order(data: st.DataObject) -> None:
    small, step = weaving.SMALL, logs_intake._STEP
    weaving.SMALL = data.draw(st.sampled_from([1, 300, 64 * 1024]))  # type: ignore[misc]
    logs_intake._STEP = data.draw(st.sampled_from([1, 3, 256]))  # type: ignore[misc]
    try:
        intake = Intake(Look())
        intake.store = LogStore(most_lines=data.draw(st.sampled_from([7, 40, 4000])))
        intake.refilter()
        numbers = {"r-1": 1, "r-2": 1}
        text = ""
        for _ in range(data.draw(st.integers(1, 14))):
            match data.draw(st.integers(0, 5)):
                case 0 | 1:
                    router = data.draw(st.sampled_from(["r-1", "r-1", "r-2"]))
                    count = data.draw(st.integers(1, 12))
                    intake.take(block(numbers[router], count, router))
                    numbers[router] += count
                case 2:
                    text = data.draw(st.sampled_from(FILTERS))
                    around = data.draw(st.sampled_from([None, *intake.store]))
                    intake.filter_by(wanted(text), around)
                case 3:
                    intake.sift(0.0, errors=True)
                case 4:
                    rows = intake.shown
                    numbered = [rows.entry(n) for n in range(rows.first, rows.end)]
                    for number, entry in enumerate(numbered, rows.first):
                        if not entry.words:
                            assert rows.number_of(entry.kept) == number
                case _:
                    intake.take_earlier([])
        while intake.waiting:
            intake.sift(0.0, errors=True)
        if "context" in text or "before" in text:
            # What had to go before it was shown is no context either.
            assert len(shown(intake)) >= len(plain(intake.store, text.split()[0]))
        else:
            assert shown(intake) == plain(intake.store, text)
    finally:
        weaving.SMALL, logs_intake._STEP = small, step  # type: ignore[misc]


@given(st.integers(0, 30), st.integers(0, 30), st.sampled_from(FILTERS))
def test_frozen_rows_stay_whatever_comes_and_whatever_filters(
    before: int, after: int, text: str
) -> None:
    intake = Intake(Look())
    if before:
        intake.take(block(1, before))
    while intake.waiting:
        intake.sift(0.0, errors=False)
    seen = plain(intake.store, text)
    intake.freeze()
    if after:
        intake.take(block(before + 1, after))
    intake.filter_by(wanted(text))
    while intake.waiting:
        intake.sift(0.0, errors=False)
    frozen = shown(intake)
    if "context" not in text and "before" not in text:
        assert frozen == seen
    intake.thaw()
    assert shown(intake) == plain(intake.store, text)


def test_a_gap_stands_where_it_was_said_under_every_filter() -> None:
    intake = Intake(Look())
    intake.take(block(1, 5))
    intake.sift(1.0, errors=False)
    intake.take_gap("lost")
    intake.take(block(6, 5))
    for text in (text for text in FILTERS if ":" not in text or "level" in text):
        for position in (None, 0, 4, 5, 9):
            around = None if position is None else intake.store[position]
            intake.filter_by(wanted(text), around)
            while intake.waiting:
                intake.sift(0.0, errors=False)
            rows = [each for each in shown(intake) if each != SKIPPED]
            at = rows.index("lost")
            assert all(int(each.split()[-1]) <= 5 for each in rows[:at])
            assert all(int(each.split()[-1]) > 5 for each in rows[at + 1 :])


def test_only_what_is_new_is_counted_as_new() -> None:
    intake = Intake(Look())
    intake.take(block(1, 9))
    intake.filter_by(wanted(""), intake.store[4])
    first = intake.sift(1.0, errors=True)
    assert (first.lines, first.errors) == (0, 0)
    intake.take(block(10, 6))
    second = intake.sift(1.0, errors=True)
    assert (second.lines, second.errors) == (6, 2)


@given(
    st.sampled_from(FILTERS), st.sampled_from(["1", "/well 1/", "lost", "IKE"]), st.integers(1, 9)
)
def test_a_search_finds_the_rows_that_match(text: str, sought: str, most: int) -> None:
    intake = Intake(Look())
    intake.take(block(1, 20))
    intake.take_gap("lines are lost")
    intake.take(block(21, 20))
    intake.filter_by(wanted(text))
    while intake.waiting:
        intake.sift(0.0, errors=False)
    pattern, rows = read_pattern(sought), intake.shown
    assert pattern is not None and not isinstance(pattern, str)
    matching = [
        number
        for number in range(rows.first, rows.end)
        if pattern.search(
            rows.entry(number).words or f"charon: {shown(intake)[number - rows.first]}"
        )
        and rows.entry(number).words != SKIPPED
    ]
    for step, begin in ((1, rows.first), (-1, rows.end - 1)):
        walk = Walk(rows, begin, step, Matching(pattern), most)
        while not walk.is_over:
            walk.go_on()
        assert list(walk.found) == matching[::step][:most]
