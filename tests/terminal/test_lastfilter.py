"""Whatever a widget is given, nothing but Textual's own sequences reaches the terminal."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.hostile import DANGEROUS, PAYLOADS
from tests.terminal.everywidget import DONE, SCREENS
from tests.terminal.pseudoterminal import PseudoTerminal
from tests.terminal.sequences import leftover
from tui.terminal.lastfilter import LastFilter

BLACK = Color(0, 0, 0)


def show(mode: str, first: int, last: int) -> str:
    """Everything that reaches the terminal while the payloads are on the screen."""
    argv = [sys.executable, "-m", "tests.terminal.everywidget", mode, str(first), str(last)]
    with PseudoTerminal(argv, columns=160, rows=120) as terminal:
        code = terminal.finish(180)
        output = terminal.output.decode("utf-8", "surrogateescape")
    assert code == 0, output[-3000:]
    assert DONE in output
    return output


@pytest.mark.terminal
def test_no_widget_lets_a_payload_reach_the_terminal() -> None:
    output = show("filtered", 0, len(SCREENS))
    left = leftover(output)
    found = DANGEROUS.search(left)
    assert found is None, repr(left[max(0, found.start() - 80) : found.end() + 80])
    assert "\x1b]52" not in output
    assert "\x1b]0;" not in output
    assert "\x1b]2;" not in output


@pytest.mark.terminal
def test_without_the_filter_the_payloads_do_reach_it() -> None:
    number = next(n for n, text in enumerate(SCREENS) if "\x1b]52;c;" in text)
    output = show("raw", number, number + 1)
    assert "\x1b]52;c;" in output
    assert DANGEROUS.search(leftover(output)) is not None


@given(st.lists(st.text(st.characters(exclude_categories=())) | st.sampled_from(PAYLOADS[:250])))
def test_what_is_left_is_harmless_and_as_wide(texts: list[str]) -> None:
    segments = [Segment(text, Style(bold=True)) for text in texts]
    filtered = LastFilter().apply(segments, BLACK)
    assert len(filtered) == len(segments)
    for before, after in zip(segments, filtered, strict=True):
        assert DANGEROUS.search(after.text) is None
        assert cell_len(after.text) == cell_len(before.text)
        assert after.style == before.style
    assert LastFilter().apply(filtered, BLACK) is filtered


def test_a_harmless_line_is_handed_on_as_it_is() -> None:
    segments = [Segment("│ acme-prod ✔ 日本", Style(link="https://docs.example/")), Segment("x")]
    assert LastFilter().apply(segments, BLACK) is segments


def test_links_and_control_segments() -> None:
    evil = Style(bold=True, link="http://x/\x1b\\\x1b]52;c;eA==\x07")
    control = Control.title("x").segment
    filtered = LastFilter().apply([Segment("a", evil), control, Segment("b\x1b[2J")], BLACK)
    assert filtered == [Segment("a", Style(bold=True)), Segment("b[2J")]
    assert all(segment.style is None or segment.style.link is None for segment in filtered)
