"""Asking again, for reads only."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tui.cloud.clock import Clock
from tui.cloud.errors import CloudError, Maintenance, Network, NotCloudStack, RateLimited

T = TypeVar("T")

MOST_TRIES: Final = 4
BUDGET: Final = 30.0
"""Seconds after which no further try is begun."""
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 8.0


class Retries:
    """Up to four tries with full jitter: a random pause of up to 0.5, 1, 2 … 8 seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what `attempt` returns, the first time that it does."""
        deadline = self._clock.monotonic() + BUDGET
        for tried in range(1, MOST_TRIES + 1):
            try:
                return await attempt()
            except CloudError as error:
                pause = self._pause(error, tried)
                if pause is None or self._clock.monotonic() + pause > deadline:
                    raise
            await self._clock.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _pause(self, error: CloudError, tried: int) -> float | None:
        """Seconds before the next try; None where it would be of no use."""
        if tried >= MOST_TRIES or not is_worth_a_try(error):
            return None
        jitter = self._clock.between(0, min(_FIRST_PAUSE * 2 ** (tried - 1), _LONGEST_PAUSE))
        return pause_of(error) + jitter


def pause_of(error: CloudError) -> float:
    """Seconds that the server asks to be left alone, in its text or in its header."""
    told = error.retry_after_ms / 1000 if isinstance(error, RateLimited) else 0.0
    return max(told, error.retry_after)


def is_overload(error: CloudError) -> bool:
    """Whether the server, or what stands before it, has more to do than it can."""
    if isinstance(error, Network):
        return error.timed_out and error.phase == "receive"
    return isinstance(error, RateLimited | Maintenance) or error.status in (429, 503, 504)


def is_worth_a_try(error: CloudError) -> bool:
    """Whether asking the same a moment later may help."""
    if isinstance(error, NotCloudStack):
        return error.status in (429, 502, 503, 504) or error.oddity == "truncated"
    if isinstance(error, Network):
        return error.phase in ("connect", "send", "receive")
    return isinstance(error, RateLimited | Maintenance)
