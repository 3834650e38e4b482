"""Times in the logs of a Virtual Router, and times as people type them for `--since`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tui.commands.output import CommandError

_SYSLOG: Final = re.compile(r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_AGO: Final = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK: Final = re.compile(r"\d\d?:\d\d(?::\d\d)?")
_TOMORROW: Final = timedelta(days=1)


def time_of(line: str, now: datetime) -> datetime | None:
    """When a line was written, None where it does not say.

    Virtual Routers run in UTC. Syslog's form has no year: it is the one that puts the line not
    later than tomorrow.
    """
    found = _SYSLOG.match(line)
    if found is not None:
        return _with_year(found[1], now)
    found = _ISO.match(line)
    return _iso(found[0], UTC) if found is not None else None


def _with_year(text: str, now: datetime) -> datetime | None:
    for year in (now.year, now.year - 1):
        try:
            moment = datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue  # 29 February, or not a date at all
        if moment <= now + _TOMORROW:
            return moment
    return None


def _iso(text: str, zone: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC) if zone is UTC else moment.astimezone()


def parse_since(text: str, now: datetime) -> datetime:
    """`10m`, `2h`, `14:05` of today here, or an ISO time (this machine's zone unless it says).

    Raises `CommandError`.
    """
    typed = text.strip()
    ago = _AGO.fullmatch(typed)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if _CLOCK.fullmatch(typed):
        typed = f"{now.astimezone():%Y-%m-%d} {typed.zfill(5)}"
    moment = _iso(typed, None)
    if moment is None:
        raise CommandError(
            f"--since {text!r} is not a time", "write 10m, 2h, 1d, 14:05 or 2026-11-23T14:05"
        )
    return moment
