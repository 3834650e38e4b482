"""Header, sections and keys: one line each, at every width."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.hostile import DANGEROUS, PAYLOADS
from tests.widgets.apps import OneWidget, lines, told
from tui.actions import SECTIONS, actions_on
from tui.safety.text import clean
from tui.widgets.header import ConsoleHeader, HeaderFacts, SectionBar, compose_header
from tui.widgets.hints import Hint, HintBar, make_hints

BUSY = HeaderFacts(
    profile="prod",
    who="admin@ROOT",
    zone="dc1",
    read_only=True,
    production=True,
    jobs=2,
    age="10s",
    link="38ms",
    unread=1,
    note="✘ no answer",
)
TITLES = [(name, name.capitalize()) for name in SECTIONS]
WIDTHS = [1, 10, 20, 30, 40, 60, 80, 120, 200]


def header(facts: HeaderFacts, width: int) -> str:
    return compose_header(facts, width).plain


async def test_the_header_in_full() -> None:
    widget = ConsoleHeader()
    app = OneWidget(widget)
    async with app.run_test(size=(120, 3)) as pilot:
        widget.facts = BUSY
        await pilot.pause()
        (line,) = lines(widget)
        assert line == header(BUSY, 120)
        left, right = line.split("  ✘ no answer  ")
        assert left.split() == [
            "csvpn",
            "prod",
            "PRODUCTION",
            "READ-ONLY",
            "admin@ROOT",
            "zone",
            "dc1",
        ]
        assert right.split() == ["!", "1", "jobs", "2", "●", "age", "10s", "link", "38ms"]
        assert widget.has_class("-production")
        widget.facts = HeaderFacts(profile="demo")
        await pilot.pause()
        assert lines(widget)[0].split() == ["csvpn", "demo"]
        assert not widget.has_class("-production")


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (80, "csvpn prod PRODUCTION READ-ONLY admin@ROOT ✘ no answer ! 1 jobs 2 ●"),
        (60, "csvpn prod PRODUCTION READ-ONLY ✘ no answer jobs 2 ●"),
        (50, "csvpn prod PRODUCTION READ-ONLY ✘ no answer"),
        (40, "csvpn prod PRODUCTION READ-ONLY"),
        (26, "csvpn prod PRODUCTION"),
        (20, "csvpn prod"),
        (10, "csvpn"),
    ],
)
def test_what_matters_least_leaves_first(width: int, kept: str) -> None:
    assert header(BUSY, width).split() == kept.split()


def test_whether_one_may_write_outlives_all_but_the_name() -> None:
    for width in range(20, 200):
        words = header(msgspec.structs.replace(BUSY, production=False), width)
        assert "READ-ONLY" in words or width < 24


@given(st.integers(2, 250), st.text(max_size=40), st.booleans(), st.integers(0, 99))
def test_the_header_has_exactly_the_width(
    width: int, profile: str, read_only: bool, jobs: int
) -> None:
    facts = HeaderFacts(profile=clean(profile), read_only=read_only, jobs=jobs, age="3m", who="a@b")
    assert cell_len(header(facts, width)) == width


def test_hostile_names_in_the_header_are_only_names() -> None:
    for payload in PAYLOADS:
        facts = HeaderFacts(profile=clean(payload, 60), who=clean(payload, 60))
        line = header(facts, 200)
        assert cell_len(line) == 200, payload[:40]
        assert DANGEROUS.search(line) is None, payload[:40]


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_sections_at_every_width(width: int) -> None:
    bar = SectionBar(TITLES, "vpns")
    app = OneWidget(bar)
    async with app.run_test(size=(width, 3)):
        (line,) = lines(bar)
        assert cell_len(line) == width
        if width >= 20:
            assert [word for word in line.split() if word.isdigit()] == [
                str(n) for n in range(1, len(TITLES) + 1)
            ]
        assert ("Firewall" in line) is (width >= 80)
        if width >= 40:
            assert "3 Vpns" in line


@pytest.mark.parametrize("width", [20, 40, 80])
async def test_a_click_on_a_section(width: int) -> None:
    bar = SectionBar(TITLES, "networks")
    app = OneWidget(bar)
    async with app.run_test(size=(width, 3)) as pilot:
        x = lines(bar)[0].index("5")
        await pilot.click(SectionBar, offset=(x, 0))
        await pilot.click(SectionBar, offset=(0, 0))
        assert [m.name for m in told(app, SectionBar.Chosen)] == ["firewall"]  # type: ignore[attr-defined]


def hints_of(section: str, disabled: bool = False) -> tuple[Hint, ...]:
    return make_hints(
        [
            Hint(each.name, each.key, each.label, disabled, each.of_app)
            for each in actions_on(section)
            if each.hint
        ]
    )


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("width", WIDTHS)
async def test_the_keys_at_every_width(section: str, width: int) -> None:
    bar = HintBar()
    app = OneWidget(bar)
    async with app.run_test(size=(width, 3)) as pilot:
        bar.hints = hints_of(section)
        await pilot.pause()
        (line,) = lines(bar)
        assert cell_len(line) == width
        if width >= 40:  # the two that lead to all the others
            assert ": Commands" in line
            assert "? Help" in line
        for hint in bar.hints:
            words = f"{hint.key} {hint.label}"
            assert line.count(words) <= 1


async def test_a_key_that_cannot_be_used_is_struck_out() -> None:
    bar = HintBar()
    app = OneWidget(bar)
    async with app.run_test(size=(80, 3)) as pilot:
        bar.hints = (Hint("a", "a", "Can"), Hint("b", "b", "Cannot", disabled=True))
        await pilot.pause()
        struck = [
            segment.text
            for strip in bar.render_lines(bar.region.reset_offset)
            for segment in strip
            if segment.style is not None and segment.style.strike
        ]
        assert struck == ["Cannot"]


async def test_a_click_on_a_key() -> None:
    bar = HintBar()
    app = OneWidget(bar)
    async with app.run_test(size=(80, 3)) as pilot:
        bar.hints = (Hint("one", "a", "One"), Hint("two", "b", "Two"), Hint("x", "?", "Help"))
        await pilot.pause()
        (line,) = lines(bar)
        await pilot.click(HintBar, offset=(line.index("Two"), 0))
        await pilot.click(HintBar, offset=(line.index("?"), 0))
        await pilot.click(HintBar, offset=(79, 0))
        assert [m.name for m in told(app, HintBar.Pressed)] == ["two", "x"]  # type: ignore[attr-defined]


def test_permanent_keys_come_last() -> None:
    always = Hint("x", "?", "Help", always=True)
    other = Hint("a", "a", "One")
    assert make_hints([always, other]) == (other, always)
