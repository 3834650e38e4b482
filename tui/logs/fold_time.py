"""Times of lines that do not say their year.

Such a time is taken for the latest that is not in the future. What says the year may be read last:
then times are taken again.
"""

import time
from datetime import UTC, datetime
from typing import Final

DAY: Final = 86_400
_GRACE: Final = DAY
"""The clocks of router and console may differ."""
_HALF_A_YEAR: Final = 182 * DAY
_MONTHS: Final = {
    name: sum(days[:number]) * DAY
    for days in ((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),)
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
         b"Dec")
    )
}  # fmt: skip
_LEAP_YEAR: Final = 2000
_MOST_MINUTES: Final = 4096


def syslog_seconds(stamp: bytes) -> int:
    """`Nov 23 00:06:29` as seconds in an unknown leap year. ValueError for what is none."""
    month = _MONTHS.get(stamp[:3])
    if month is None or stamp[9:10] != b":" or stamp[12:13] != b":":
        raise ValueError(stamp)
    day, hour = int(stamp[4:6]), int(stamp[7:9])
    minute, second = int(stamp[10:12]), int(stamp[13:15])
    if not (0 < day < 32 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
        raise ValueError(stamp)
    return month + (day - 1) * DAY + hour * 3600 + minute * 60 + second


def dated_seconds(stamp: bytes, fraction: bytes = b"", zone: bytes = b"") -> float:
    """`2026-11-22 23:53:17` (or with a `T`) as seconds since the epoch.

    `fraction` are digits after the second, `zone` is empty for UTC or `+0100`, `+01:00`, `Z`.
    ValueError for what is none.
    """
    moment = datetime.fromisoformat(stamp.decode("ascii")).replace(tzinfo=UTC).timestamp()
    if fraction:
        moment += int(fraction) / 10 ** len(fraction)
    if len(zone) >= 5:
        digits = zone[1:].replace(b":", b"")
        offset = int(digits[:2]) * 3600 + int(digits[2:4]) * 60
        moment += offset if zone[:1] == b"-" else -offset
    return moment


class Calendar:
    """Puts the years right."""

    def __init__(self, now: float | None = None) -> None:
        """`now`: the time of reading in the router's clock; without it, times that have a year say
        when that was, and without any it is the present."""
        self._now = now
        self._seen = 0.0
        self._latest = self._limit()
        self._days: dict[int, float] = {}
        self._minutes: dict[bytes, float] = {}

    def note(self, moment: float) -> None:
        """A time with a year was read."""
        if moment > self._seen:
            self._seen = moment

    def moment(self, stamp: bytes) -> float:
        """`Nov 23 00:06:29` as seconds since the epoch. ValueError for what is none."""
        minute = stamp[:12]
        begin = self._minutes.get(minute)
        if begin is None or stamp[12:13] != b":" or not stamp[13:15].isdigit():
            begin = self._with_year(syslog_seconds(stamp)) - int(stamp[13:15])
            if len(self._minutes) >= _MOST_MINUTES:
                self._minutes.clear()
            self._minutes[minute] = begin
        return begin + int(stamp[13:15])

    def again(self, moment: float) -> float:
        """A time without a year, taken as now known."""
        at = datetime.fromtimestamp(moment, UTC)
        stamp = f"{at:%b} {at.day:2} {at:%H:%M:%S}".encode()
        return self.moment(stamp) + moment % 1

    def settle(self) -> bool:
        """Take up what is known of the year; true if times have to be taken again."""
        limit = self._limit()
        if abs(limit - self._latest) < 1:
            return False
        before = self._days
        self._latest = limit
        self._days = {}
        if all(self._offset(number) == offset for number, offset in before.items()):
            self._days = before
            return False
        self._minutes.clear()
        return True

    def _limit(self) -> float:
        """No time without a year is later than this."""
        if self._now is not None:
            return self._now + _GRACE
        present = time.time()
        if not self._seen:
            return present + _GRACE
        # What was recorded long ago belongs to its own time, not to this.
        limit = self._seen + _HALF_A_YEAR
        return min(limit, present + _GRACE) if present > self._seen else limit

    def _with_year(self, seconds: int) -> float:
        number = seconds // DAY
        offset = self._days.get(number)
        if offset is None:
            offset = self._days[number] = self._offset(number)
        return seconds + offset

    def _offset(self, number: int) -> float:
        """What to add to the seconds of day `number` (of a leap year, from 0)."""
        start = datetime(_LEAP_YEAR, 1, 1, tzinfo=UTC).timestamp()
        day = datetime.fromtimestamp(start + number * DAY, UTC)
        latest = datetime.fromtimestamp(self._latest, UTC).year
        for year in range(latest, latest - 9, -1):
            try:
                begin = day.replace(year=year).timestamp()
            except ValueError:  # 29 February of another year
                continue
            if begin <= self._latest:
                return begin - number * DAY
        return start
