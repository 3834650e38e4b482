"""Logs that lie on this machine: a file, a folder of them, a bundle, standard input.

A rotated log is one log: `daemon.log.2.gz`, `daemon.log.1`, `daemon.log`, in this order. In which
form a line is written is seen line by line (`stamps`), so a file needs no name that says it.
"""

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tui.logs.copies import rank_of
from tui.logs.line import read_line
from tui.logs.merge import BEGINNING, LogBlock, Origin, PlacedLine, placed
from tui.logs.stamps import EXACT, GRACE, Clock, StampReader
from tui.logs.zones import find_zone
from tui.safety.lines import LineCutter
from tui.safety.text import clean

STANDARD_INPUT: Final = Path("-")
_PORTION: Final = 1024 * 1024
_SAMPLE: Final = 256 * 1024
_SAMPLE_LINES: Final = 200
_ROTATED: Final = re.compile(
    r"(?P<base>.+?)(?:\.(?P<number>\d{1,3})|-(?P<day>\d{8}(?:-?\d{1,10})?))?(?:\.gz)?"
)
_OF_A_ROUTER: Final = re.compile(r"vr\..*\.log|vr\.log")
_GZIP: Final = b"\x1f\x8b"
_HALF_A_YEAR: Final = timedelta(days=180)


class LogFileProblem(Exception):
    """A log cannot be read. `what` says what happened, `remedy` what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what = clean(what)
        self.remedy = clean(remedy)
        super().__init__(f"{self.what}; {self.remedy}")


class LocalLog(msgspec.Struct, frozen=True):
    """One log with all its generations."""

    source: str
    """Its name: of the file, without what rotation adds."""
    generations: tuple[Path, ...]
    """Oldest first. `STANDARD_INPUT` is alone."""
    router: str = ""
    """Name of the router that wrote it, as its lines say."""
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """The latest time at which its lines can have been written."""
    clock: Clock = EXACT

    @property
    def is_input(self) -> bool:
        """Whether it is standard input."""
        return self.generations == (STANDARD_INPUT,)


def find_logs(paths: Sequence[Path]) -> tuple[LocalLog, ...]:
    """The logs at `paths`: files, folders, `-` for standard input.

    In a bundle (a folder with `vr.log` and its like) only what the router wrote is a log. Raises
    `LogFileProblem` for a path that is not there or holds no log.
    """
    found: list[LocalLog] = []
    for path in dict.fromkeys(paths):
        if path == STANDARD_INPUT:
            found.append(LocalLog("-", (path,), now=datetime.now(UTC)))
        elif path.is_dir():
            found += _in_folder(path)
        elif path.exists():
            found += _made([[path]], path.parent)
        else:
            raise LogFileProblem(f"{path} is not there", "name a file, a folder, or - for stdin")
    # Of one second, the lines of the daemons come before the few of them that auth.log has too.
    return _told_apart(sorted(found, key=lambda log: rank_of(log.source) == 2))


def _in_folder(folder: Path) -> list[LocalLog]:
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise _unreadable(folder, error) from error
    of_router = [path for path in files if _OF_A_ROUTER.fullmatch(path.name)]
    logs: dict[str, list[Path]] = {}
    for path in of_router or files:
        if not path.name.startswith(".") and (of_router or _is_log(path)):
            logs.setdefault(_base(path), []).append(path)
    if not logs:
        raise LogFileProblem(f"{folder} holds no log", "name a folder with logs, or a file")
    return _made([sorted(each, key=_age, reverse=True) for each in logs.values()], folder)


def _base(path: Path) -> str:
    match = _ROTATED.fullmatch(path.name)
    return match["base"] if match is not None else path.name


def _age(path: Path) -> tuple[int, str]:
    """Larger is older: `.3` is older than `.1`, but `-20261122` older than `-20261123`."""
    match = _ROTATED.fullmatch(path.name)
    if match is None or (match["number"] is None and match["day"] is None):
        return (0, "")
    if match["number"] is not None:
        return (int(match["number"]), "")
    return (1, "".join(chr(ord("9") - int(digit)) for digit in match["day"] if digit.isdigit()))


def _is_log(path: Path) -> bool:
    """True if one of its first lines says a time."""
    read = StampReader(datetime.now(UTC)).read
    try:
        lines = _beginning(path)
    except LogFileProblem:
        return False
    return any(read(line) is not None for line in lines)


def _beginning(path: Path) -> list[bytes]:
    with closing(_open(path)) as file:
        return _read(path, file, _SAMPLE).split(b"\n")[:_SAMPLE_LINES]


def _made(logs: Iterable[list[Path]], folder: Path) -> list[LocalLog]:
    """The logs with what their lines tell together: the router, the year, the zone."""
    grouped = list(logs)
    samples = {paths[-1]: _beginning(paths[-1]) for paths in grouped}
    told = _latest_told(samples.values())
    asked = _moment_of_answer(folder)
    zone = find_zone(samples.values(), asked or told or datetime.now(UTC))
    found = []
    routers = {path: _router_of(lines) for path, lines in samples.items()}
    named = set(routers.values()) - {""}
    only = named.pop() if len(named) == 1 else ""
    for paths in grouped:
        newest = paths[-1]
        now = asked or _latest(newest, told)
        router = routers[newest] or only
        found.append(LocalLog(_base(newest), tuple(paths), router, now, Clock(0.0, zone)))
    return found


def _latest(path: Path, told: datetime | None) -> datetime:
    """When `path` was last written, as far as that can be: a copy has the time of copying, so what
    lines with a year say counts more."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if told is None:
        return written
    return max(told, min(written, told + _HALF_A_YEAR))


def _latest_told(samples: Iterable[Sequence[bytes]]) -> datetime | None:
    """The latest time of the lines that say the year; they say it whatever `now` is."""
    early, late = (StampReader(datetime(year, 6, 1, tzinfo=UTC)).read for year in (1980, 2100))
    limit = (datetime.now(UTC) + GRACE).timestamp()
    latest = BEGINNING
    for lines in samples:
        for raw in lines:
            moment = early(raw)
            if moment is not None and moment == late(raw) and latest < moment <= limit:
                latest = moment
    return datetime.fromtimestamp(latest, UTC) if latest != BEGINNING else None


class _DateAnswer(msgspec.Struct):
    stdout: str


def _moment_of_answer(folder: Path) -> datetime | None:
    """When a bundle was made: the answer to `date -u +%s.%N` that lies in it."""
    try:
        answer = msgspec.json.decode((folder / "date.json").read_bytes(), type=_DateAnswer)
        return datetime.fromtimestamp(float(answer.stdout), UTC)
    except (OSError, ValueError, OverflowError, msgspec.MsgspecError):
        return None


def _router_of(sample: Sequence[bytes]) -> str:
    """The host that the first line with one names."""
    for raw in sample[:20]:
        line = read_line("", "", raw, datetime.now(UTC))
        if line.host:
            return line.host
    return ""


def _told_apart(logs: list[LocalLog]) -> tuple[LocalLog, ...]:
    """Logs of the same name and router get the name of their folder too."""
    names = [(log.router, log.source) for log in logs]
    return tuple(
        msgspec.structs.replace(log, source=f"{log.generations[-1].parent.name}/{log.source}")
        if names.count((log.router, log.source)) > 1
        else log
        for log in logs
    )


# Reading.


def read_blocks(log: LocalLog, portion: int = _PORTION) -> Iterator[LogBlock]:
    """All lines of `log`, about `portion` bytes at a time. Raises `LogFileProblem`; what could be
    read before was handed on."""
    origin = Origin(log.router, log.source, log.now, log.clock)
    first = 1
    for path in log.generations:
        cutter = LineCutter()
        with closing(_open(path)) as file:
            while content := _read(path, file, portion):
                text = cutter.feed(content)
                if text:
                    yield LogBlock(origin, text, first)
                    first += text.count(b"\n")
        text = cutter.flush()
        if text:
            yield LogBlock(origin, text, first)
            first += 1


def kept_lines(blocks: Iterable[LogBlock]) -> Iterator[PlacedLine]:
    """The lines of one log in its order, ready for `merge.merged`."""
    after = BEGINNING
    for block in blocks:
        kept = placed(block, after)
        if kept:
            after = kept[-1].at
        yield from kept


def _open(path: Path) -> BinaryIO:
    if path == STANDARD_INPUT:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path, file: BinaryIO, most: int) -> bytes:
    try:
        return file.read(most)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> LogFileProblem:
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return LogFileProblem(f"{path} is damaged: {error}", "what could be unpacked was read")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return LogFileProblem(f"{path} cannot be read: {reason}", "check the path and its permissions")
