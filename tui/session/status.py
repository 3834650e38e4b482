"""Ages and durations in the few letters that a header has room for."""

from datetime import UTC


def words_for_age(seconds: float) -> str:
    """An age, coarse on purpose: a header that changes every second costs a slow link."""
    if seconds < 10:
        return "<10s"
    if seconds < 60:
        return f"{int(seconds) // 10 * 10}s"
    if seconds < 3600:
        return f"{int(seconds) // 60}m"
    if seconds < 86400:
        return f"{int(seconds) // 3600}h"
    return f"{int(seconds) // 86400}d"


def words_for_past(seconds: float) -> str:
    """How long ago something was, as a person would say it: `3 h ago`, `just now`."""
    if seconds < 60:
        return "just now" if seconds < 10 else f"{int(seconds) // 10 * 10} s ago"
    if seconds < 3600:
        return f"{int(seconds) // 60} min ago"
    if seconds < 2 * 86400:
        return f"{int(seconds) // 3600} h ago"
    return f"{int(seconds) // 86400} days ago"


def words_for_moment(text: str) -> str:
    """A time as CloudStack writes it, in the way people do: `2026-11-02 09:30 UTC`.

    What is no time stays as it is.
    """
    from tui.cloud.models import wire_time  # the first frame shows ages, and no model

    moment = wire_time(text)
    return text if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def words_for_delay(seconds: float | None) -> str:
    """How long a call took: milliseconds up to a second, tenths of seconds above."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f}ms" if seconds < 0.9995 else f"{seconds:.1f}s"
