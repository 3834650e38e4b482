"""Times as people type and read them: `30m`, `2h`, `1d`; `29:05`."""

import re
from typing import Final

LEAST: Final = 60
"""Seconds of the shortest time that can be typed."""
MOST: Final = 7 * 86400
SPAN_RULE: Final = "30m, 2h or 1d, up to 7d"
_UNITS: Final = {"m": 60, "h": 3600, "d": 86400}


def read_span(text: str) -> int | None:
    """The seconds of a time as typed; None for what is none, too short or too long."""
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    return seconds if LEAST <= seconds <= MOST else None


def spoken_time(seconds: float) -> str:
    """`29:05`, `1:02:00`: minutes and seconds, hours where there are some."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
