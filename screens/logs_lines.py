"""The lines of the Logs section as its view shows them: numbered, with times, levels and marks."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from tui.logs.line import Level, LogLine, tag_and_text
from tui.logs.merge import KeptLine
from tui.logs.sieve import Shown
from tui.widgets.columns import Tone
from tui.widgets.logrows import LogRow

Times = Literal["UTC", "local", "ago", "delta"]
TIMES: Final[tuple[Times, ...]] = ("UTC", "local", "ago", "delta")
"""How the time of a line is shown; `delta` is the time since the line before."""

TONES: Final[dict[Level, Tone]] = {
    "debug": "off",
    "info": "",
    "notice": "ok",
    "warning": "warn",
    "error": "bad",
}
GLYPHS: Final[dict[Level, str]] = {
    "debug": " ",
    "info": " ",
    "notice": "✔",
    "warning": "▲",
    "error": "✘",
}
CONTEXT: Final = "┊"
"""Before a line that does not match and stands near one that does."""
SKIPPED: Final = "┄" * 8


class Entry(NamedTuple):
    """One line of the view: a line of a log, or words of our own at its place."""

    kept: KeptLine
    is_context: bool = False
    words: str = ""
    """A gap in a log, or lines that are not shown; the line only says where."""
    is_gap: bool = False


class Look:
    """How lines look; one for all of them."""

    def __init__(self) -> None:
        self.times: Times = "UTC"
        self.names_routers = False
        """Whether the router stands before each line: where there are several."""
        self.marked: set[KeptLine] = set()

    def next_times(self) -> Times:
        """Show times in the next way."""
        self.times = TIMES[(TIMES.index(self.times) + 1) % len(TIMES)]
        return self.times

    def clock(self, line: LogLine, before: LogLine | None, now: datetime) -> str:
        """The time of a line."""
        if line.time is None:
            return " " * 8
        if self.times == "ago":
            return f"{words_for_span(now - line.time):>7} ago"
        if self.times == "delta":
            return _since(line, before)
        zone = None if self.times == "local" else UTC
        moment, today = line.time.astimezone(zone), now.astimezone(zone).date()
        return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M:%S")


def _since(line: LogLine, before: LogLine | None) -> str:
    if before is None or before.time is None or line.time is None:
        return f"{'':>10}"
    seconds = (line.time - before.time).total_seconds()
    exact = line.time.microsecond or before.time.microsecond
    shown = f"{seconds:+.3f}" if exact else f"{seconds:+.0f}"
    return f"{shown:>9}s"


def words_for_span(span: timedelta) -> str:
    """A length of time in at most seven characters: `45s`, `12m30s`, `3h05m`, `2d4h`."""
    seconds = int(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds}s"
    if seconds < 3600:
        return f"{sign}{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{sign}{seconds // 3600}h{seconds % 3600 // 60:02}m"
    return f"{sign}{seconds // 86_400}d{seconds % 86_400 // 3600}h"


def zone_words(times: Times) -> str:
    """What the head of the section says about times."""
    if times == "local":
        return f"local times ({datetime.now().astimezone():%Z})"
    return {"UTC": "times in UTC", "ago": "times ago", "delta": "times since the line before"}[
        times
    ]


class LineList:
    """Entries in order, numbered as `LogLines` wants it."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._entries: list[Entry] = []
        self._first = 0
        self._held: int | None = None

    @property
    def first(self) -> int:
        """Number of the oldest entry."""
        return self._first

    @property
    def end(self) -> int:
        """Number after that of the newest entry that is shown."""
        if self._held is not None:
            return max(self._first, self._held)
        return self._first + len(self._entries)

    def hold(self) -> None:
        """Show nothing of what is added from here on."""
        self._held = self._first + len(self._entries)

    def release(self) -> None:
        """Show everything again."""
        self._held = None

    def entry(self, number: int) -> Entry:
        """The entry `number`."""
        return self._entries[number - self._first]

    def entries(self) -> Sequence[Entry]:
        """All of them."""
        return self._entries

    def add(self, shown: Iterable[Shown]) -> None:
        """Lines at the end."""
        entries = self._entries
        for kept, is_context, follows_gap in shown:
            if follows_gap:
                entries.append(Entry(kept, True, SKIPPED))
            entries.append(Entry(kept, is_context))

    def add_gap(self, kept: KeptLine, words: str) -> None:
        """Say after `kept` that lines are lost."""
        at = bisect_right(self._entries, kept.at, key=_order)
        self._entries.insert(at, Entry(kept, words=words, is_gap=True))
        if self._held is not None and self._first + at < self._held:
            self._held += 1

    def forget_before(self, oldest: KeptLine) -> None:
        """Let entries go that were written before `oldest`: they are kept no longer."""
        gone = bisect_left(self._entries, oldest.at, key=_order)
        number = self.number_of(oldest)
        if number is not None:
            gone = number - self._first
        del self._entries[:gone]
        self._first += gone

    def number_of(self, kept: KeptLine) -> int | None:
        """The number of a line; None where it is not shown."""
        at = bisect_left(self._entries, kept.at, key=_order)
        while at < len(self._entries) and self._entries[at].kept.at == kept.at:
            if self._entries[at].kept is kept and not self._entries[at].words:
                return self._first + at
            at += 1
        return None

    def number_at(self, moment: float) -> int | None:
        """The number of the first entry not before `moment` (seconds since the epoch), or of the
        last one; None where there are none."""
        if not self._entries:
            return None
        at = bisect_left(self._entries, moment, key=_order)
        return self._first + min(at, len(self._entries) - 1)

    def nearest(self, kept: KeptLine) -> int | None:
        """The number of a line, or of one that was written at the same time or next."""
        number = self.number_of(kept)
        return self.number_at(kept.at) if number is None else number

    def row(self, number: int) -> LogRow:
        """How an entry looks now."""
        entry = self.entry(number)
        if entry.words:
            return LogRow(
                f"▲ {entry.words}" if entry.is_gap else entry.words,
                "warn" if entry.is_gap else "off",
            )
        line, look = entry.kept.line, self._look
        before = self._line_before(number) if look.times == "delta" else None
        clock = look.clock(line, before, datetime.now(UTC))
        router = f"{line.router} " if look.names_routers else ""
        head = f"{clock} {router}{program_of(line)} "
        glyph = CONTEXT if entry.is_context else GLYPHS[line.level]
        tone = "off" if entry.is_context else TONES[line.level]
        marked = entry.kept in look.marked
        return LogRow(f"{glyph} {head}{line.text}", tone, len(head) + 2, marked)

    def _line_before(self, number: int) -> LogLine | None:
        for earlier in range(number - 1, max(self._first, number - 8) - 1, -1):
            if not self.entry(earlier).words:
                return self.entry(earlier).kept.line
        return None


def _order(entry: Entry) -> float:
    return entry.kept.at


def program_of(line: LogLine) -> str:
    """`charon[977]`, or the name of the log where the line does not say who wrote it."""
    pid = f"[{line.pid}]" if line.pid is not None else ""
    return f"{line.tag}{pid}" if line.tag else line.source


def text_of(line: LogLine) -> str:
    """What a line says, after its time."""
    return f"{program_of(line)}: {line.text}"


def searched_text(kept: KeptLine) -> str:
    """What is searched in a line: its program and what it says."""
    tag, text = tag_and_text(kept.origin.source, kept.raw)
    return f"{tag}: {text}"
