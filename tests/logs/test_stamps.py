"""Times of lines: years, zones, offsets; the cheap reading gives what the whole one gives."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.router_cases import case, case_names
from tui.logs.line import read_line
from tui.logs.stamps import EXACT, Clock, StampReader, parse_iso, read_date_line

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(raw: bytes, clock: Clock = EXACT, now: datetime = NOW) -> datetime | None:
    seconds = StampReader(now, clock).read(raw)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("which", case_names())
def test_recorded_lines_have_the_time_that_reading_them_in_full_gives(which: str) -> None:
    for name, text in case(which).files.items():
        if name.endswith(".log"):
            source = "cloud" if "cloud" in name else "daemon"
            for raw in text.splitlines():
                assert at(raw) == read_line("r", source, raw, NOW).time, raw


@pytest.mark.parametrize(
    ("raw", "zone", "wanted"),
    [
        (b"Nov 22 23:17:26 r x: y", 0, "2026-11-22T23:17:26"),
        (b"Nov 23 00:17:26 r x: y", 3600, "2026-11-22T23:17:26"),
        (b"Nov 22 18:17:26 r x: y", -18000, "2026-11-22T23:17:26"),
        (b"2026-11-22 23:17:26,644 ERROR    x", 0, "2026-11-22T23:17:26.644"),
        (b"2026-11-23 00:17:26,644 ERROR    x", 3600, "2026-11-22T23:17:26.644"),
        (b"2026-11-23T00:17:26+0100 r pppd[1]: x", 7200, "2026-11-22T23:17:26"),
        (b"2026-11-22T23:17:26.123456+00:00 r pppd[1]: x", 0, "2026-11-22T23:17:26.123456"),
        (b"2026-11-22T23:17:26Z r pppd[1]: x", 0, "2026-11-22T23:17:26"),
        (b"Sun Nov 22 23:17:26 UTC 2026 x", 7200, "2026-11-22T23:17:26"),
        (b"Mon Nov 23 00:17:26 CET 2026: VR config: x", 0, "2026-11-22T23:17:26"),
        (b"Mon Nov 23 04:47:26 +0530 2026 x", 0, "2026-11-22T23:17:26"),
    ],
)
def test_zones(raw: bytes, zone: int, wanted: str) -> None:
    moment = datetime.fromisoformat(wanted).replace(tzinfo=UTC)
    clock = Clock(0.0, zone)
    assert at(raw, clock) == moment
    assert read_line("r", "x", raw, NOW, clock).time == moment
    fast = Clock(90.5, zone)
    assert at(raw, fast) == moment - timedelta(seconds=90.5)
    assert read_line("r", "x", raw, NOW, fast).time == moment - timedelta(seconds=90.5)


def test_entries_of_the_journal_know_no_zone() -> None:
    raw = json.dumps(
        {"__REALTIME_TIMESTAMP": "1795405944970407", "MESSAGE": "x"}, separators=(",", ":")
    )
    wanted = datetime.fromtimestamp(1795405944.970407, UTC)
    assert at(raw.encode(), Clock(0.0, 7200)) == wanted
    assert at(raw.encode(), Clock(10.0)) == wanted - timedelta(seconds=10)
    assert read_line("r", "journal", raw.encode(), NOW, Clock(10.0)).time == wanted - timedelta(
        seconds=10
    )


@pytest.mark.parametrize(
    ("raw", "now", "zone", "wanted"),
    [
        (b"Dec 31 23:59:59 r x: y", datetime(2027, 1, 1, tzinfo=UTC), 0, "2026-12-31T23:59:59"),
        (b"Jan  1 00:00:01 r x: y", datetime(2027, 1, 1, tzinfo=UTC), 0, "2027-01-01T00:00:01"),
        # A place ahead of UTC has had its New Year already.
        (
            b"Jan  1 00:30:00 r x: y",
            datetime(2026, 12, 31, 23, 31, tzinfo=UTC),
            3600,
            "2026-12-31T23:30:00",
        ),
    ],
)
def test_new_year(raw: bytes, now: datetime, zone: int, wanted: str) -> None:
    moment = datetime.fromisoformat(wanted).replace(tzinfo=UTC)
    assert at(raw, Clock(0.0, zone), now) == moment
    assert read_line("r", "x", raw, now, Clock(0.0, zone)).time == moment


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b'{"__REALTIME_TIMESTAMP":"x"}', b'{"__REALTIME_TIMESTAMP":"9',
        b"Nov 31 00:00:00 r x", b"2026-13-01 00:00:00,000 x", b"9999-12-31T23:59:59-23:59 x",
        b"0001-01-01T00:00:00+23:59 x", b"Sun Nov 22 23:17:26 XYZ 2026 x", b"no time",
        b"12 monkeys",
    ],
)  # fmt: skip
def test_what_says_no_time(raw: bytes) -> None:
    assert at(raw) is None
    assert read_date_line(raw) is None


@given(st.binary(max_size=80), st.integers(-50_000, 50_000))
def test_nothing_fails(raw: bytes, zone: int) -> None:
    StampReader(NOW, Clock(3.0, zone)).read(raw)
    parse_iso(raw.decode("latin-1"), zone)
    read_line("r", "x", raw, NOW, Clock(3.0, zone))
