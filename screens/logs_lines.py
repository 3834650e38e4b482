"""The lines of the Logs section as its view shows them: numbered, with times, levels and marks."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from screens.logs_rows import Entry, Rows
from tui.logs.line import Level, LogLine
from tui.logs.segment import StoredLine
from tui.logs.store import LogStore
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


class Look:
    """How lines look; one for all of them."""

    def __init__(self) -> None:
        self.times: Times = "UTC"
        self.names_routers = False
        """Whether the router stands before each line: where there are several."""
        self.marked: set[StoredLine] = set()

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


class LineList(Rows):
    """The rows as the view shows them."""

    def __init__(self, look: Look, store: LogStore) -> None:
        super().__init__(store)
        self._look = look

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


def program_of(line: LogLine) -> str:
    """`charon[977]`, or the name of the log where the line does not say who wrote it."""
    pid = f"[{line.pid}]" if line.pid is not None else ""
    return f"{line.tag}{pid}" if line.tag else line.source


def text_of(line: LogLine) -> str:
    """What a line says, after its time."""
    return f"{program_of(line)}: {line.text}"


__all__ = ["Entry", "LineList", "Look"]
