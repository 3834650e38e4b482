"""How old a key is, and what that means."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.psk_policy import Making, day_of_events, day_of_tag, judge_age

TODAY = date(2026, 11, 23)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("tagged", "made", "policy", "state", "days", "source"),
    [
        (None, None, 90, "unknown", None, ""),
        (ago(0), None, 90, "fresh", 0, "tag"),
        (ago(74), None, 90, "fresh", 74, "tag"),
        (ago(75), None, 90, "due soon", 75, "tag"),
        (ago(89), None, 90, "due soon", 89, "tag"),
        (ago(90), None, 90, "overdue", 90, "tag"),
        (None, ago(400), 90, "overdue", 400, "event"),
        (ago(200), ago(3), 90, "fresh", 3, "event"),
        (ago(3), ago(3), 90, "fresh", 3, "tag"),
        (ago(20), None, 24, "due soon", 20, "tag"),
        (ago(-2), None, 90, "fresh", 0, "tag"),
    ],
)
def test_the_later_of_tag_and_event_counts(
    tagged: date | None, made: date | None, policy: int, state: str, days: int | None, source: str
) -> None:
    age = judge_age(tagged, made, TODAY, policy)
    assert (age.state, age.days, age.source) == (state, days, source)
    assert age.is_due is (state in ("due soon", "overdue"))
    assert age.says.endswith(".")


@given(st.integers(0, 4000), st.integers(1, 3650))
def test_a_key_only_gets_worse_with_age(days: int, policy: int) -> None:
    order = ["fresh", "due soon", "overdue"]
    today = judge_age(ago(days), None, TODAY, policy)
    tomorrow = judge_age(ago(days + 1), None, TODAY, policy)
    assert order.index(today.state) <= order.index(tomorrow.state)
    assert (today.state == "overdue") is (days >= policy)


@pytest.mark.parametrize("value", ["", None, "yesterday", "2026-13-01", "\u202e2026"])
def test_a_tag_that_names_no_day(value: str | None) -> None:
    assert day_of_tag(value) is None


def test_a_tag_names_a_day() -> None:
    assert day_of_tag("2026-11-23") == TODAY


def test_only_a_making_that_succeeded_counts() -> None:
    def at(day: int) -> datetime:
        return datetime(2026, 11, day, 23, 30, tzinfo=UTC)

    events = [
        Making(at(9), "ERROR", "Completed"),
        Making(at(8), "INFO", "Scheduled"),
        Making(at(5), "INFO", "Completed"),
        Making(at(2), "INFO", "Completed"),
        Making(None, "INFO", "Completed"),
    ]
    assert day_of_events(events) == date(2026, 11, 5)
    assert day_of_events(events[:2]) is None
