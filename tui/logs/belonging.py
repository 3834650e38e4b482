"""Which lines belong to which connection attempt.

A line that names the client, its SAs, its tunnel, its pppd or its interface, while the attempt
lasts, is one of its lines. charon names the client only at the beginning and the end of what one
of its threads does for it; the lines of that thread in between are the client's too. So lines have
to be asked about in their order.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from tui.logs.attempts import Attempt
from tui.logs.filter import Chip
from tui.logs.line import LogLine
from tui.logs.merge import KeptLine

_BEFORE: Final = 2.0
"""Seconds before its first step in which lines are its own: its first packet, whole seconds."""
_AFTER: Final = 45.0
"""Seconds after its end: what the client repeats, and what the daemons tidy up."""
_REUSED: Final = 10.0
"""Seconds after its end in which its interface and its inner address are still its own."""
_THREAD: Final = re.compile(r"(\d\d)\[[A-Z]{3}\]")
_INTERFACE: Final = re.compile(r"\bppp\d+\b")
_ADDRESS: Final = re.compile(r"(?<![\w.])((?:\d{1,3}\.){3}\d{1,3})(?:\[(\d{1,5})\])?")
_OF_ONE_CALL: Final = re.compile(r"\b(?:Local|PID|[Tt]unnel|[Cc]all)\D{1,12}\d")
"""xl2tpd names a tunnel, a call or a pppd: that of this attempt, or it is another's line."""


class Belonging:
    """Tells the lines of one attempt from all others."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._words = _pattern_of(_numbers(attempt))
        self._names = _pattern_of(_names(attempt))
        self._threads: dict[str, bool] = {}
        """Whether each of charon's threads works for this attempt."""

    def holds(self, kept: KeptLine, line: LogLine) -> bool:
        """Whether a line belongs to the attempt; `line` is `kept`, read."""
        if self._attempt.router and line.router != self._attempt.router:
            return False
        late = self._lateness(kept.at + kept.origin.clock.offset)
        if late is None or late > _AFTER:
            self._threads.clear()
            return False
        if line.tag == "pppd":
            return line.pid is not None and line.pid == self._attempt.pppd
        said = self._says(line.text, late <= _REUSED)
        thread = _THREAD.match(line.text)
        if line.tag != "charon" or thread is None:
            return bool(said) and not (
                self._attempt.behind_nat
                and self._is_vague(line.text)
                and _OF_ONE_CALL.search(line.text) is not None
            )
        # Of clients behind one NAT the address alone tells nothing; the thread's packet did.
        vague = (
            self._attempt.behind_nat and thread[1] in self._threads and self._is_vague(line.text)
        )
        if said is not None and not vague:
            self._threads[thread[1]] = said
        return self._threads.get(thread[1], False)

    def _is_vague(self, text: str) -> bool:
        """Whether `text` names the client by its address alone."""
        if self._words is not None and self._words.search(text):
            return False
        named = _ADDRESS.findall(text)
        return any(address == self._attempt.client for address, _ in named) and not any(
            port for _, port in named
        )

    def _lateness(self, moment: float) -> float | None:
        """Seconds since the end of the attempt, 0 while it lasts; None before it."""
        attempt = self._attempt
        if attempt.started is not None and moment < attempt.started - _BEFORE:
            return None
        return 0.0 if attempt.ended is None else max(0.0, moment - attempt.ended)

    def _says(self, text: str, by_name: bool) -> bool | None:
        """Whether `text` names this attempt; None where it names nobody."""
        attempt = self._attempt
        if self._words is not None and self._words.search(text):
            return True
        if by_name and self._names is not None and self._names.search(text):
            return True
        if attempt.interface and _INTERFACE.search(text):
            return False  # another's, as this one's was looked for above
        named = _ADDRESS.findall(text)
        if not named:
            return None
        ports = {port for address, port in named if address == attempt.client}
        if not ports:
            return None if attempt.client == "" else False
        # Clients behind one NAT have one address and ports of their own.
        known = {"", "500", "4500", str(attempt.port)}
        return not attempt.behind_nat or bool(ports & known)


def _pattern_of(words: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(words)) if words else None


def _numbers(attempt: Attempt) -> list[str]:
    """Patterns of the numbers that only this attempt has."""
    words = [rf"[\w-]+\[{n}\](?= |$|:)" for n in attempt.ike_sas]
    words += [rf"[\w-]+\{{{n}\}}" for n in attempt.child_sas]
    words += [rf"\b{re.escape(spi)}(?:_[io])?\b" for spi in attempt.spis if spi]
    words += [rf"\b(?:tunnel|[Ll]ocal)\D{{1,12}}{n}\b" for n in (attempt.tunnel,) if n]
    words += [rf"\b(?:call|[Ll]ocal)\D{{1,12}}{n}\b" for n in (attempt.call,) if n > 255]
    words += [rf"\bPID: {n}\b|\bpppd\D{{1,12}}{n}\b" for n in (attempt.pppd,) if n]
    return words


def _names(attempt: Attempt) -> list[str]:
    """Patterns of its interface and inner address, which others get after it."""
    known = [each for each in (attempt.inner_ip, attempt.interface) if each]
    return [rf"(?<![\w.]){re.escape(each)}(?![\w.])" for each in known]


class LinesOfAttempts:
    """Answers the chips `client:`, `user:` and `attempt:` of a filter, line after line."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self._attempts = tuple(attempts)
        self._asked: dict[Chip, list[Belonging]] = {}

    def __call__(self, kept: KeptLine, chip: Chip) -> bool:
        """Whether a line belongs to what `chip` names, or says its name."""
        belongings = self._asked.get(chip)
        if belongings is None:
            chosen = filter(named_by(chip), self._attempts)
            belongings = self._asked[chip] = [Belonging(attempt) for attempt in chosen]
        line = kept.line
        # Each is asked: they have to see every line.
        belongs = [each.holds(kept, line) for each in belongings]
        return any(belongs) or (chip.kind != "attempt" and _says_name(line, chip.value))


def named_by(chip: Chip) -> Callable[[Attempt], bool]:
    """Whether an attempt is one of those that `chip` means."""
    value = chip.value
    if chip.kind == "user":
        return lambda attempt: attempt.user == value
    if chip.kind == "client":
        return lambda attempt: value in (attempt.client, attempt.inner_ip)
    return lambda attempt: str(attempt.number) == value


def _says_name(line: LogLine, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w|\.\d)", line.text) is not None


def identity_of(attempt: Attempt) -> tuple[object, ...]:
    """What decides which lines are an attempt's: when it changes, lines have to be asked again."""
    return (
        attempt.router,
        attempt.number,
        attempt.client,
        attempt.user,
        attempt.ike_sas,
        attempt.child_sas,
        attempt.tunnel,
        attempt.call,
        attempt.pppd,
        attempt.interface,
        attempt.started,
        attempt.ended,
    )
