"""Ages and delays in a few letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.session.status import words_for_age, words_for_delay


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "<10s"),
        (9.99, "<10s"),
        (10, "10s"),
        (59.9, "50s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86399, "23h"),
        (86400, "1d"),
        (10 * 86400, "10d"),
    ],
)
def test_age(seconds: float, words: str) -> None:
    assert words_for_age(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0004, "0ms"),
        (0.0384, "38ms"),
        (0.999, "999ms"),
        (0.9996, "1.0s"),
        (1, "1.0s"),
        (12.34, "12.3s"),
    ],
)
def test_delay(seconds: float | None, words: str) -> None:
    assert words_for_delay(seconds) == words


@given(st.floats(0, 1e8))
def test_an_age_never_needs_more_than_five_cells(seconds: float) -> None:
    assert 2 <= len(words_for_age(seconds)) <= 5


@given(st.floats(0, 999))
def test_a_delay_never_needs_more_than_six_cells(seconds: float) -> None:
    assert 3 <= len(words_for_delay(seconds)) <= 6
