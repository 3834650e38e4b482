"""How much may be under way to the terminal.

Between a program and the terminal in front of somebody are buffers (of the kernel, sshd, TCP) that
take hundreds of kilobytes before a write has to wait. On a slow link that is many seconds of old
pictures, and the answer to a key comes behind them. So the terminal itself is asked: it answers a
question about its cursor (DSR 6, VT100 and everything since) when it has come to it, and so says
that it has what was sent before. A terminal that answers is never sent more than `window` bytes
ahead; of one that does not, only the time that a write takes is known.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

QUESTION: Final = "\x1b[6n"

ASK_AFTER: Final = 1024
"""Bytes after which the terminal is asked again."""

SMALLEST: Final = 2048
LARGEST: Final = 262_144
FIRST: Final = 16_384

TOLERATED: Final = 0.06
"""Seconds that bytes may wait in buffers beyond the time of the way itself."""

PROBE: Final = 3.0
"""Seconds in which a terminal answers the first question, if it ever does."""

LOST: Final = 2.0
"""Seconds beyond the usual time after which an answer is taken for lost."""

_DOUBTFUL: Final = 0.3
_MISSES: Final = 3
_LONGEST_REST: Final = 0.25
_SLOW_WRITE: Final = 0.02


class Link:
    """What is known about one terminal's link. Answers may be noted from another thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Condition(threading.RLock())
        self._asked: deque[tuple[float, int]] = deque()
        self._trips: deque[float] = deque(maxlen=64)
        self._sent = self._asked_at = self._arrived = 0
        self._answers: bool | None = None
        self._misses = self._owed = 0
        self._rest_until = 0.0
        self._held = False
        self.window = FIRST
        self.round_trip: float | None = None
        """Seconds from a question to its answer, the last time; `None` before the first."""

    @property
    def answers(self) -> bool | None:
        """Whether the terminal answers questions; `None` while nobody knows."""
        return self._answers

    def begin(self) -> None:
        """The terminal is ours, again maybe: nothing is under way."""
        with self._lock:
            self._asked.clear()
            self._arrived = self._asked_at = self._sent
            self._answers = None
            self._misses = self._owed = 0

    def asks(self, count: int) -> bool:
        """Whether a question goes with the next `count` bytes."""
        with self._lock:
            if self._answers is None:
                return not self._asked
            behind = self._sent + count - self._asked_at
            return self._answers and behind >= ASK_AFTER

    def note_sent(self, count: int, *, asked: bool) -> None:
        """So many bytes go out, with a question behind them if `asked`."""
        with self._lock:
            self._sent += count
            if asked:
                self._asked_at = self._sent
                self._asked.append((self._clock(), self._sent))

    def note_written(self, took: float) -> None:
        """A write has ended after `took` seconds."""
        with self._lock:
            if took > _SLOW_WRITE and not self._answers:
                self._rest_until = self._clock() + min(took, _LONGEST_REST)

    def note_answer(self) -> bool:
        """The terminal has answered; False if it was not asked."""
        with self._lock:
            if not self._asked:
                late = self._owed > 0
                self._owed -= late
                self._answers = late or self._answers
                return late
            since, self._arrived = self._asked.popleft()
            trip = self._clock() - since
            self._answers, self._misses = True, 0
            self.round_trip = trip
            self._trips.append(trip)
            self._fit(trip - min(self._trips))
            self._lock.notify_all()
            return True

    def wait(self) -> float:
        """Seconds until more may be sent: 0 at once, else at the latest, or after an answer."""
        with self._lock:
            now = self._clock()
            self._give_up(now)
            if self._answers and self._asked and self._sent - self._arrived >= self.window:
                self._held = True
                return max(0.001, self._asked[0][0] + self._patience - now)
            return max(0.0, self._rest_until - now)

    def settle(self, seconds: float) -> None:
        """Wait for answers that are under way, so that they do not reach the next program.

        Blocks for at most `seconds`; for a part of that where nobody knows whether the terminal
        answers, and not at all where it does not.
        """
        with self._lock:
            deadline = self._clock() + seconds * (1.0 if self._answers else _DOUBTFUL)
            while self._answers is not False and self._asked:
                left = deadline - self._clock()
                if left <= 0 or not self._lock.wait(left):
                    return

    def _fit(self, queued: float) -> None:
        """Make the window fit: smaller if bytes had to wait, larger if it held something back."""
        if queued > TOLERATED:
            self.window = max(SMALLEST, int(self.window * max(0.25, TOLERATED / queued)))
        elif self._held:
            self.window = min(LARGEST, self.window + SMALLEST)
        self._held = False

    @property
    def _patience(self) -> float:
        return LOST + 4 * (self.round_trip or 0.0)

    def _give_up(self, now: float) -> None:
        """Take answers for lost that should have come long ago."""
        patience = PROBE if self._answers is None else self._patience
        if not self._asked or now - self._asked[0][0] < patience:
            return
        self._arrived = self._asked_at = self._sent
        self._owed += len(self._asked)
        self._asked.clear()
        self._misses += 1
        if self._answers is None or self._misses >= _MISSES:
            self._answers = False
