"""Times as people type them for `--since` and `--until`."""

import re
from datetime import datetime, timedelta
from typing import Final

from tui.commands.output import CommandError

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CLOCK: Final = re.compile(r"\d\d?:\d\d(?::\d\d)?")


def parse_since(text: str, now: datetime, option: str = "--since") -> datetime:
    """`10m`, `2h`, `14:05` of today here, or an ISO time (this machine's zone unless it says).

    Raises `CommandError`.
    """
    typed = text.strip()
    ago = _AGO.fullmatch(typed)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if _CLOCK.fullmatch(typed):
        typed = f"{now.astimezone():%Y-%m-%d} {typed.zfill(5)}"
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise CommandError(
            f"{option} {text!r} is not a time", "write 10m, 2h, 1d, 14:05 or 2026-11-23T14:05"
        ) from error
    return moment if moment.tzinfo is not None else moment.astimezone()
