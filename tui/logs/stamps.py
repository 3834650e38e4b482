"""When a raw line was written, without reading the rest of it.

Forms (recordings of a CloudStack 4.22 router): rsyslog's traditional one (`Nov 22 23:17:26 `, no
year, no zone), ISO 8601 as `journalctl -o short-iso` and newer rsyslog write it, CloudStack's
scripts (`2026-11-22 23:17:26,644 `), `date` lines of the boot scripts
(`Sun Nov 22 23:16:01 UTC 2026 `), and entries of `journalctl -o json`.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Final

import msgspec

GRACE: Final = timedelta(days=1)
"""How far in the future a line may be: the clocks of router and console may differ."""
MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
ZONES: Final = {
    **dict.fromkeys(("UTC", "GMT", "WET", "Z"), 0),
    **dict.fromkeys(("CET", "WEST", "BST", "MEZ"), 3600),
    **dict.fromkeys(("CEST", "EET", "SAST", "MESZ"), 7200),
    **dict.fromkeys(("EEST", "MSK"), 10800),
    **dict.fromkeys(("EDT",), -14400),
    **dict.fromkeys(("EST", "CDT"), -18000),
    **dict.fromkeys(("CST", "MDT"), -21600),
    **dict.fromkeys(("MST", "PDT"), -25200),
    **dict.fromkeys(("PST",), -28800),
    **dict.fromkeys(("JST", "KST"), 32400),
}
"""Seconds east of UTC of the names that `date` writes; most places have only numbers (`+03`)."""

_SYSLOG: Final = re.compile(rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")
_ISO: Final = re.compile(
    rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?(?=\s|$)"
)
_DATE: Final = re.compile(
    rb"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) ([A-Z]{1,5}|[+-]\d{2,4}) (\d{4})"
)
_REALTIME: Final = b'"__REALTIME_TIMESTAMP":"'
_UNKNOWN: Final = object()
_head: Final = itemgetter(slice(16))
_MOST_REMEMBERED: Final = 10_000


class Clock(msgspec.Struct, frozen=True):
    """How a router tells the time."""

    offset: float = 0.0
    """Seconds that its clock is ahead of this machine's; taken off every time."""
    zone: int = 0
    """Seconds east of UTC of stamps that name no zone. Virtual Routers run in UTC."""


EXACT: Final = Clock()


class StampReader:
    """Reads times as seconds since the epoch. Lines of the same second share one number."""

    def __init__(self, now: datetime, clock: Clock = EXACT) -> None:
        """`now` puts the year right where a line has none."""
        self._now = now
        self._clock = clock
        self._seconds: dict[bytes, float | None] = {}

    def read(self, raw: bytes) -> float | None:
        """When `raw` was written; None where it does not say."""
        known = self._seconds.get(raw[:16], _UNKNOWN)
        if known is not _UNKNOWN:
            return known  # type: ignore[return-value]
        first = raw[:1]
        if first == b"{":
            return self._of_entry(raw)
        if first.isdigit():
            return self._remembered(raw[:32], _ISO)
        return self._remembered(raw[:16], _SYSLOG) or self._of_date(raw)

    def read_all(self, raw_lines: Sequence[bytes]) -> list[float | None]:
        """The same for many lines at once."""
        heads = list(map(_head, raw_lines))
        for head in set(heads):
            if _SYSLOG.match(head):
                self._remembered(head, _SYSLOG)
        found = list(map(self._seconds.get, heads))
        if None in found:
            read = self.read
            return [read(raw_lines[n]) if at is None else at for n, at in enumerate(found)]
        return found

    def _remembered(self, head: bytes, form: re.Pattern[bytes]) -> float | None:
        try:
            return self._seconds[head]
        except KeyError:
            pass_on = self._of_iso if form is _ISO else self._of_syslog
            found = form.match(head)
            moment = pass_on(found) if found is not None else None
            if found is not None and len(self._seconds) < _MOST_REMEMBERED:
                self._seconds[head] = moment
            return moment

    def _of_entry(self, raw: bytes) -> float | None:
        at = raw.find(_REALTIME)
        if at < 0:
            return None
        start = at + len(_REALTIME)
        digits = raw[start : raw.find(b'"', start)]
        if not digits.isdigit() or len(digits) > 18:
            return None
        return int(digits) / 1_000_000 - self._clock.offset

    def _of_syslog(self, found: re.Match[bytes]) -> float | None:
        moment = with_year(found[0].decode("ascii"), self._now, self._clock.zone)
        return None if moment is None else moment.timestamp() - self._clock.offset

    def _of_iso(self, found: re.Match[bytes]) -> float | None:
        moment = _moment_of_iso(*(part.decode("ascii") for part in found.groups(b"")))
        if moment is None:
            return None
        zone = 0 if found[4] else self._clock.zone
        return moment.timestamp() - zone - self._clock.offset

    def _of_date(self, raw: bytes) -> float | None:
        told = read_date_line(raw)
        return None if told is None else told[0].timestamp() - self._clock.offset


@lru_cache(4096)
def with_year(stamp: str, now: datetime, zone: int = 0) -> datetime | None:
    """The UTC time of `Nov 22 23:17:26`, in a place `zone` seconds east of UTC.

    The year is the latest that does not put it further into the future than `GRACE`. None for a
    day that does not exist.
    """
    try:
        month, day = MONTHS[stamp[:3]], int(stamp[4:6])
        hour, minute, second = int(stamp[7:9]), int(stamp[10:12]), int(stamp[13:15])
    except (KeyError, ValueError):
        return None
    east = timedelta(seconds=zone)
    for year in range(now.year + 1, now.year - 8, -1):
        try:
            found = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - east
        except ValueError:  # 29 February of another year, or no day at all
            continue
        if found <= now + GRACE:
            return found
    return None


def read_date_line(raw: bytes) -> tuple[datetime, int] | None:
    """Time and zone (seconds east of UTC) of a line that begins as `date` prints it."""
    found = _DATE.match(raw)
    if found is None:
        return None
    month, day, clock, name, year = (part.decode("ascii") for part in found.groups())
    zone = ZONES.get(name, _of_digits(name))
    if zone is None or month not in MONTHS:
        return None
    try:
        local = datetime.strptime(f"{year} {MONTHS[month]} {day} {clock}", "%Y %m %d %H:%M:%S")
        return local.replace(tzinfo=UTC) - timedelta(seconds=zone), zone
    except (ValueError, OverflowError):
        return None


def _of_digits(name: str) -> int | None:
    """Seconds of `+03` or `-0330`."""
    if name[0] not in "+-" or len(name) not in (3, 5):
        return None
    seconds = int(name[1:3]) * 3600 + int(name[3:] or "0") * 60
    return -seconds if name[0] == "-" else seconds


def _moment_of_iso(day: str, clock: str, fraction: str, zone: str) -> datetime | None:
    if not "1970" <= day[:4] < "3000":  # no clock is that wrong, and calculating would fail
        return None
    text = f"{day}T{clock}.{fraction or '0':0<6}{zone or '+00:00'}"
    try:
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def parse_iso(text: str, zone: int = 0) -> datetime | None:
    """The UTC time at the beginning of `text`; None where there is none.

    `zone` (seconds east of UTC) counts where the text names none.
    """
    found = _ISO.match(text[:40].encode("ascii", "replace"))
    if found is None:
        return None
    moment = _moment_of_iso(*(part.decode("ascii") for part in found.groups(b"")))
    if moment is None:
        return None
    return moment.astimezone(UTC) - timedelta(seconds=0 if found[4] else zone)
