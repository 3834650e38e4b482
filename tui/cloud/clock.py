"""Time: our own clock, so that tests need not wait, and what is known of the server's."""

import asyncio
import random
import time
from email.utils import parsedate_to_datetime
from typing import Final

_WORTH_NAMING: Final = 60.0
"""Seconds of difference below which a clock cannot be the reason for a refusal."""


class Clock:
    """The machine's clock; a test hands in one whose time only `sleep` moves."""

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        await asyncio.sleep(seconds)

    def between(self, low: float, high: float) -> float:
        """A random number for jitter."""
        return random.uniform(low, high)  # noqa: S311 - spreads load, protects nothing


class ServerTime:
    """The difference between the server's clock and ours, from `Date` headers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset: float | None = None
        """Seconds, server minus us; None before the first reply with a `Date`."""

    def learn(self, date: str | None, sent: float, received: float) -> None:
        """Take in a `Date` header of a request sent and answered at these wall times."""
        if not date:
            return
        try:
            server = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return  # a proxy's nonsense: what was known stays
        # The header is cut to whole seconds: half a second is the mean of what was cut.
        self.offset = server + 0.5 - (sent + received) / 2

    def now(self) -> float:
        """Seconds since the epoch by the server's clock, or by ours while it is not known."""
        return self._clock.wall() + (self.offset or 0.0)


def clock_words(offset: float | None) -> str:
    """`20 min ahead of the server's`: where our clock is, or "" where it hardly matters.

    `offset` is the server's time minus ours, in seconds.
    """
    if offset is None or abs(offset) < _WORTH_NAMING:
        return ""
    return f"{_span(abs(offset))} {'behind' if offset > 0 else 'ahead of'} the server's"


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(seconds / 86400)} days"
