"""Until when somebody may use a VPN. CloudStack knows no such thing; this console reminds of it.

A date is the last day on which the user may connect.
"""

import re
from datetime import date, timedelta
from typing import Final

SOON_DAYS: Final = 7
"""So many days before the last one the console begins to remind."""
FORMS: Final = "2027-01-31, +30d for thirty days from today, or never"

_DAYS: Final = re.compile(r"\+?(\d{1,4})d")
_LATEST: Final = date(9999, 12, 31)


class ExpiryError(ValueError):
    """What was typed is no expiry date; `str()` says why in one sentence."""


def read_expiry(text: str, today: date) -> date | None:
    """The date that `text` means; None for `never` and for nothing.

    Raises `ExpiryError` for anything else, and for a day that is over.
    """
    typed = text.strip().lower()
    if typed in {"", "never", "-"}:
        return None
    days = _DAYS.fullmatch(typed)
    if days is not None:
        ahead = int(days[1])
        return today + timedelta(days=min(ahead, (_LATEST - today).days))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed, re.ASCII) is None:
        raise ExpiryError(f"The expiry date cannot be read; write {FORMS}.")
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        raise ExpiryError(f"There is no day {typed} in the calendar; write {FORMS}.") from None
    if found < today:
        raise ExpiryError(f"The expiry date {typed} is over; today is {today.isoformat()}.")
    return found


def is_expired(expires: date | None, today: date) -> bool:
    """Whether the last day is over."""
    return expires is not None and expires < today


def expires_soon(expires: date | None, today: date, days: int = SOON_DAYS) -> bool:
    """Whether the last day is today or comes within `days`."""
    return expires is not None and today <= expires <= today + timedelta(days=days)


def expiry_words(expires: date | None, today: date) -> str:
    """For a table: the date, and what is remarkable about it; empty for never."""
    if expires is None:
        return ""
    if is_expired(expires, today):
        return f"✘ {expires.isoformat()}"
    return f"▲ {expires.isoformat()}" if expires_soon(expires, today) else expires.isoformat()
