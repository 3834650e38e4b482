import pytest

from bench.ratios import Ratio, Samples, failure, print_ratios, shown


def ratio(
    ours: float,
    peer: float | None,
    limit: float | None,
    *,
    at_least: bool = False,
    unit: str = "s",
    absolute: bool = False,
    note: str = "",
) -> Ratio:
    return Ratio(
        bar=3,
        name="a bar",
        ours=Samples((ours,)),
        peer=None if peer is None else Samples((peer,)),
        unit=unit,
        limit=limit,
        at_least=at_least,
        absolute=absolute,
        note=note,
    )


def test_at_most_is_ours_by_the_peers() -> None:
    assert ratio(1, 4, 0.25).ratio == 0.25
    assert ratio(1, 4, 0.25).verdict == "ok"
    assert ratio(1, 4, 0.24).verdict == "short"


def test_at_least_is_how_many_times_as_fast() -> None:
    assert ratio(0.5, 10, 20, at_least=True).verdict == "ok"
    assert ratio(0.6, 10, 20, at_least=True).verdict == "short"


def test_of_a_rate_more_is_better() -> None:
    assert ratio(30, 10, 3, at_least=True, unit="lines/s").ratio == 3
    assert ratio(30, 10, 3, at_least=True, unit="lines/s").verdict == "ok"


@pytest.mark.parametrize(
    ("ours", "at_least", "verdict"),
    [(0, False, "ok"), (1, False, "short"), (0, True, "ok")],
)
def test_an_absolute_bar_needs_no_peer(ours: float, at_least: bool, verdict: str) -> None:
    row = ratio(ours, None, 0, at_least=at_least, unit="B", absolute=True)
    assert row.ratio is None
    assert row.verdict == verdict


def test_a_peer_that_cannot_be_had_is_skipped_with_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = ratio(1, None, 0.5, note="lnav could not be had")
    assert row.verdict == "skipped"
    print_ratios([row])
    printed = capsys.readouterr().out
    assert "skipped" in printed
    assert "a bar: lnav could not be had" in printed


def test_a_peer_that_takes_nothing_cannot_be_beaten() -> None:
    assert ratio(1, 0, 0.5).verdict == "short"
    assert ratio(0, 0, 1).verdict == "ok"


def test_a_program_that_failed_is_neither_ok_nor_short() -> None:
    assert failure("flood", "no sshd").verdict == "failed"


def test_the_median_counts_and_the_spread_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    row = Ratio(
        bar=3,
        name="a bar",
        ours=Samples((0.3, 0.1, 0.2)),
        peer=Samples((2.0, 4.0)),
        unit="s",
        limit=0.1,
        at_least=False,
    )
    assert row.ratio == pytest.approx(0.2 / 3)
    print_ratios([row])
    printed = capsys.readouterr().out
    assert "200 (100 … 300) ms | 3 (2 … 4) s" in printed
    assert "≤ 0.1×" in printed


def test_samples_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="without a measurement"):
        Samples(())


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert Samples(tuple(range(1, 101))).percentile(share) == value


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1.234, "s", "1.23 s"),
        (0.0123, "s", "12.3 ms"),
        (0.0000123, "s", "12.3 µs"),
        (0, "B", "0 B"),
        (9479, "B", "9,479 B"),
        (2_640_200.4, "lines/s", "2,640,200 lines/s"),
        (0.25, "%", "0.25 %"),
    ],
)
def test_how_measurements_are_shown(number: float, unit: str, text: str) -> None:
    assert shown(number, unit) == text
