import pytest

from bench import page as page_module
from bench.__main__ import line
from bench.machine import Machine
from bench.page import BEGIN, END, PAGE, Run, figures, page
from bench.ratios import Ratio, Samples


def run_of(*ratios: Ratio) -> Run:
    machine = Machine("a processor", 2, 24, "Linux 6.1", "CPython 3.11.7")
    written = [line(ratio) for ratio in ratios]
    return Run("2026-11-26T04:00:00Z", 601, machine, {"lnav": "0.11.1"}, written)


SCROLLED = Ratio(
    bar=4,
    name="scroll",
    ours=Samples((300.0, 310.0)),
    peer=Samples((9000.0,)),
    unit="B",
    limit=0.05,
    at_least=False,
)


def test_the_figures_are_those_of_the_run() -> None:
    text = figures(run_of(SCROLLED))
    assert "2026-11-26 in 10 min 1 s, on 2 cores" in text
    assert "lnav 0.11.1" in text
    assert "| 4 | scroll | 305 (300 … 310) B | 9,000 B | 0.0339× | ≤ 0.05× | ok |" in text


def test_a_skipped_peer_is_said() -> None:
    skipped = Ratio(
        bar=6,
        name="open",
        ours=Samples((1.0,)),
        peer=None,
        unit="s",
        limit=0.75,
        at_least=False,
        note="lnav is not on PATH",
    )
    assert "| 6 | open (lnav is not on PATH) | 1 s |  |  | ≤ 0.75× | skipped |" in figures(
        run_of(skipped)
    )


def test_what_is_written_by_hand_stays() -> None:
    text = f"# Performance\n\n{BEGIN}\nyesterday's\n{END}\n\nWhy.\n"
    made = page(text, run_of(SCROLLED))
    assert made.startswith("# Performance\n")
    assert made.endswith("\nWhy.\n")
    assert "yesterday's" not in made
    assert page(made, run_of(SCROLLED)) == made


def test_a_page_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no"):
        page("# Performance\n", run_of(SCROLLED))


def test_the_page_has_a_line_for_every_bar() -> None:
    text = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    for bar in range(1, 12):
        assert f"\n| {bar} | " in text, f"no figure for bar {bar}"
    assert page_module.PAGE.name == "performance.md"
