"""Which log lines `csvpn logs` prints, and how: as words, or one JSON document per line."""

import json
import sys
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from tui.commands.output import CommandError
from tui.logs.filter import Filter, FilterProblem, Whose, parse_filter
from tui.logs.line import LEVELS, LogLine
from tui.logs.merge import BEGINNING, KeptLine
from tui.logs.sieve import Shown, Sieve
from tui.safety.redact import redact

_BETWEEN: Final = "--"
"""Stands between lines that do not adjoin, where context is shown; grep does the same."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines."""

    filter: Filter
    since: datetime | None = None
    until: datetime | None = None

    def in_time(self, kept: KeptLine) -> bool:
        """Whether a line is of the time that was asked for; one without a time is of that of the
        line before it."""
        if self.since is not None and kept.at < self.since.timestamp():
            return False
        return self.until is None or kept.at <= self.until.timestamp()


def wanted_filter(
    *, grep: str = "", level: str = "", client: str = "", user: str = "", context: int = 0
) -> Filter:
    """The filter that the options mean. Raises `CommandError`."""
    if level and level not in LEVELS:
        raise CommandError(f"--level {level!r} is no level", f"one of: {', '.join(LEVELS)}")
    for option, name in (("client", client), ("user", user)):
        if any(character.isspace() for character in name):
            raise CommandError(f"--{option} {name!r} has blanks", f"name one {option}")
    chips = [f"level:{level}" if level else "", f"context:{context}" if context else ""]
    chips += [f"client:{client}" if client else "", f"user:{user}" if user else ""]
    found = parse_filter(" ".join(chips))
    if isinstance(found, FilterProblem):
        raise CommandError(found.what, "see csvpn logs --help")
    if not grep:
        return found
    found = found.having(f"/{_without_slashes(grep)}/")
    if isinstance(found, FilterProblem):
        raise CommandError(
            f"--grep {grep!r} is not a regular expression: {found.what}",
            "put \\ before special signs",
        )
    return found


def _without_slashes(expression: str) -> str:
    """An expression that can stand between slashes."""
    return expression.replace("\\/", "/").replace("/", "\\/")


def last_lines(rows: Iterable[Shown], most: int | None) -> Iterable[Shown]:
    """The last `most` rows of each router; all for None."""
    if most is None:
        return rows
    kept: defaultdict[str, deque[tuple[int, Shown]]] = defaultdict(lambda: deque(maxlen=most))
    for number, row in enumerate(rows):
        kept[row.kept.origin.router].append((number, row))
    return [row for _, row in sorted(each for some in kept.values() for each in some)]


def sifted(lines: Iterable[KeptLine], wanted: Wanted, whose: Whose | None) -> Iterable[Shown]:
    """What is wanted of `lines`, one after the other."""
    sieve = Sieve(wanted.filter, whose)
    for kept in lines:
        if wanted.in_time(kept):
            yield from sieve.feed((kept,))


class LinePrinter:
    """Prints lines, with the router's name before each where several are asked."""

    def __init__(self, as_json: bool, routers: Sequence[str]) -> None:
        self._as_json = as_json
        self._width = max(map(len, routers)) if len(set(routers)) > 1 else 0

    def print(self, rows: Iterable[Shown]) -> None:
        """Print at once."""
        for row in rows:
            line = row.kept.line
            if self._as_json:
                sys.stdout.write(f"{json.dumps(document_of(row, line), ensure_ascii=False)}\n")
                continue
            if row.follows_gap:
                sys.stdout.write(f"{_BETWEEN}\n")
            prefix = f"{line.router.ljust(self._width)}  " if self._width else ""
            stamp = f"{line.time:%Y-%m-%d %H:%M:%S} " if line.time is not None else ""
            sys.stdout.write(f"{prefix}{stamp}{said(line)}\n")
        sys.stdout.flush()


def said(line: LogLine) -> str:
    """Program and words of a line, without secrets."""
    pid = f"[{line.pid}]" if line.pid is not None else ""
    return redact(f"{line.tag}{pid}: {line.text}" if line.tag else line.text)


def document_of(row: Shown, line: LogLine) -> dict[str, object]:
    """A line as it is printed with `--json`."""
    moment = line.time
    if moment is None and row.kept.at != BEGINNING:
        moment = datetime.fromtimestamp(row.kept.at, UTC)
    return {
        "router": line.router,
        "source": line.source,
        "time": moment.isoformat() if moment is not None else None,
        "level": line.level,
        "text": said(line),
        **({"context": True} if row.is_context else {}),
    }
