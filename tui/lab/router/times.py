"""Times as a router prints them, and recorded texts moved to the time of a lab."""

import calendar
import re
import time
from typing import Final

RECORDED_BOOT: Final = calendar.timegm((2026, 11, 23, 3, 49, 0))
"""When the recorded router had booted, seconds since the epoch."""

_DAY: Final = r"[A-Z][a-z]{2}"
_MOMENT: Final = re.compile(
    rf"\b(?:(?P<systemd>{_DAY} 2026-11-23 \d\d:\d\d:\d\d)|(?P<iso>2026-11-23 \d\d:\d\d:\d\d)"
    rf"|(?P<date>{_DAY} Nov 23 \d\d:\d\d:\d\d UTC 2026)"
    rf"|(?P<ctime>{_DAY} Nov 23 \d\d:\d\d:\d\d 2026))\b"
)
_FORMS: Final = {
    "systemd": "%a %Y-%m-%d %H:%M:%S",
    "iso": "%Y-%m-%d %H:%M:%S",
    "date": "%a %b %d %H:%M:%S UTC %Y",
    "ctime": "%a %b %d %H:%M:%S %Y",
}


def moved(text: str, booted: float) -> str:
    """`text` of the recorded router as it would read had it booted at `booted`.

    Only times of the day of the recording are moved; older ones belong to the template.
    """
    delta = booted - RECORDED_BOOT

    def move(match: re.Match[str]) -> str:
        form = _FORMS[match.lastgroup or "iso"]
        when = calendar.timegm(time.strptime(match.group(), form))
        return time.strftime(form, time.gmtime(when + delta))

    return _MOMENT.sub(move, text)


def in_words(when: float) -> str:
    """As `ps -o lstart` and `iptables-save` print it: `Mon Nov 23 03:51:44 2026`."""
    return time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(when))


def for_systemd(when: float) -> str:
    """`Mon 2026-11-23 03:51:44 UTC`."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(when))


def full_iso(when: float) -> str:
    """As `ls --time-style=full-iso` and `stat` print it."""
    whole = int(when)
    fraction = int((when - whole) * 1e9)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole))
    return f"{stamp}.{fraction:09d} +0000"


def age(seconds: float) -> str:
    """As charon says it: seconds up to two minutes, then minutes, hours, days."""
    count, unit = int(seconds), "second"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            count, unit = int(seconds // size), name
            break
    return f"{count} {unit}{'' if count == 1 else 's'}"


def since(seconds: float) -> str:
    """As systemd says it: `1min 54s`, `6min`, `2h 3min`, `3 days`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 300:
        return f"{whole // 60}min {whole % 60}s"
    if whole < 3600:
        return f"{whole // 60}min"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}min"
    days = whole // 86400
    return f"{days} day{'' if days == 1 else 's'}"
