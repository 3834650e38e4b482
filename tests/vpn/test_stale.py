"""Stale accounts: what is certain, what is only not recorded, and what is a hole."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vpn.stale import Stale, UserTraces, Watch, count_kinds, judge, step_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


LONG = Watch(since=ago(400))
SHORT = Watch(since=ago(5))


def user(**traces: object) -> UserTraces:
    given = {"name": "alice", "state": "Active", "owner": "acme", **traces}
    return UserTraces(**given)  # type: ignore[arg-type]


def kinds(found: tuple[Stale, ...]) -> list[str]:
    return [each.kind for each in found]


@pytest.mark.parametrize(
    ("traces", "watch", "kind", "days", "says"),
    [
        ({"last_seen": ago(3)}, LONG, None, None, ""),
        ({"connected": True}, SHORT, None, None, ""),
        ({"added": ago(4)}, SHORT, None, None, "too new"),
        ({"added": ago(100)}, LONG, "never", 100, "was added 100 days ago and never connected"),
        ({"added": ago(100)}, SHORT, "unknown", None, "records begin on 2026-11-20"),
        ({}, LONG, "unused", 400, "has not connected for 400 days"),
        ({}, SHORT, "unknown", None, "that is not never"),
        ({}, Watch(), "unknown", None, "no router of the account keeps a record"),
        ({"added": ago(100)}, Watch(ago(400), gaps=("r-1 is off",)), "unknown", None, "not every"),
        ({"last_seen": ago(70)}, LONG, "unused", 70, "connected last on 2026-09-16, 70 days ago"),
        ({"last_seen": ago(70)}, SHORT, "unknown", 70, "the records have a gap since then"),
        ({"last_seen": ago(70)}, Watch(ago(45)), "unused", 45, "has not connected for 45 days"),
    ],
)
def test_who_has_not_connected(
    traces: dict[str, object], watch: Watch, kind: str | None, days: int | None, says: str
) -> None:
    found = judge(user(**traces), watch, NOW, 30)
    if kind is None:
        assert found == ()
        return
    (one,) = found
    assert (one.kind, one.days) == (kind, days) and says in one.says


def test_lists_that_differ() -> None:
    ghost = user(state="", on_routers=("r-4-VM",))
    (found,) = judge(ghost, LONG, NOW)
    assert found.kind == "ghost" and "r-4-VM lets alice in" in found.says
    assert judge(user(state=""), LONG, NOW) == ()
    seen = {"last_seen": ago(1)}
    assert kinds(judge(user(not_on_routers=("r-4-VM",), **seen), LONG, NOW)) == ["missing"]
    assert kinds(judge(user(state="Add", not_on_routers=("r-4-VM",), **seen), LONG, NOW)) == [
        "stuck"
    ]
    both = judge(user(state="Add", added=ago(90)), LONG, NOW)
    assert kinds(both) == ["stuck", "never"]
    assert count_kinds([*both, found]) == {"ghost": 1, "stuck": 1, "never": 1}


def test_steps() -> None:
    assert [step_of(days) for days in (None, 29, 30, 61, 90, 500)] == [None, None, 30, 60, 90, 90]


TIMES = st.none() | st.floats(0, 500).map(ago)


@given(TIMES, TIMES, TIMES, st.booleans(), st.sampled_from([30, 60, 90]))
def test_never_is_said_only_where_it_is_proven(
    since: datetime | None,
    added: datetime | None,
    seen: datetime | None,
    gap: bool,
    days: int,
) -> None:
    watch = Watch(since, gaps=("one router is off",) if gap else ())
    for one in judge(user(added=added, last_seen=seen), watch, NOW, days):
        assert not (seen is not None and NOW - seen < timedelta(days=days))
        if one.kind == "never":
            assert seen is None and not gap and added and since and since <= added
        if one.kind == "unused":
            assert not gap and since is not None and one.days is not None and one.days >= days
            assert since <= NOW - timedelta(days=days) or (seen is not None and since <= seen)
