"""`csvpn logs`: the last lines of the logs of routers, or every new one as it is written."""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui.cloud.models import Router
from tui.commands.log_times import parse_since, time_of
from tui.commands.opening import Context, did_you_mean, learn, opened
from tui.commands.output import CommandError, Exit, complain, sentence, tell
from tui.router.errors import HopFailed, HostKeyUnknown, RouterError
from tui.safety.redact import redact
from tui.safety.text import clean, clean_bytes
from tui.session.inventory import Kind
from tui.session.session import Session

if TYPE_CHECKING:
    from tui.router.log_events import FollowEvent

DEFAULT_SOURCES: Final = ("daemon", "messages", "cloud")
MOST_ROUTERS: Final = 8
"""Without `--router`, at most so many routers are asked."""
_BACKLOG: Final = 256 * 1024
_LONG_BACKLOG: Final = 4 * 1024 * 1024 - 2
"""Bytes looked back through with `--since`: a source hands them on in one piece."""
_QUIET: Final = 1.0
"""Seconds of silence after which a source is taken to have nothing more."""
_FIRST_CONTACT: Final = 40.0
"""Seconds that the way to a router may take before it counts as silent."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    routers: tuple[str, ...] = ()
    sources: tuple[str, ...] = DEFAULT_SOURCES
    follow: bool = False
    since: str = ""
    grep: str = ""
    lines: int = 100
    """How many to print, per router; without meaning when following or with `since`."""
    accept: tuple[str, ...] = ()
    """Fingerprints of host keys that the person has compared and accepts."""


class Line(msgspec.Struct, frozen=True):
    """One line of a log, cleaned and redacted."""

    router: str
    source: str
    time: datetime | None
    text: str


class _Printer:
    """Prints lines, with the router's name before each where several are asked."""

    def __init__(self, as_json: bool, routers: Sequence[Router]) -> None:
        self._as_json = as_json
        self._width = max(len(router.name) for router in routers) if len(routers) > 1 else 0

    def print(self, line: Line) -> None:
        """One line, at once."""
        if self._as_json:
            document = {
                "router": line.router,
                "source": line.source,
                "time": line.time.isoformat() if line.time else None,
                "text": line.text,
            }
            sys.stdout.write(f"{json.dumps(document, ensure_ascii=False)}\n")
        else:
            prefix = f"{line.router.ljust(self._width)}  " if self._width else ""
            sys.stdout.write(f"{prefix}{line.text}\n")
        sys.stdout.flush()


class _Reader:
    """Turns what a router sends into the lines that were asked for."""

    def __init__(
        self, router: Router, since: datetime | None, grep: re.Pattern[str] | None
    ) -> None:
        self.router = router
        self._since = since
        self._grep = grep
        self._latest: dict[str, datetime] = {}
        """Time of the last line of each source: a line without one belongs to it."""

    def lines(self, source: str, raw: Sequence[bytes]) -> list[Line]:
        """The wanted ones of `raw`, in their order."""
        now = datetime.now(UTC)
        found = []
        for each in raw:
            text, when = _journal(each) if source == "journal" else (clean_bytes(each), None)
            when = when or time_of(text, now)
            if when is not None:
                self._latest[source] = when
            at = when or self._latest.get(source)
            if self._since is not None and (at is None or at < self._since):
                continue
            shown = redact(text)
            if self._grep is not None and self._grep.search(shown) is None:
                continue
            found.append(Line(self.router.name, source, at, shown))
        return found


def _journal(raw: bytes) -> tuple[str, datetime | None]:
    """An entry of the journal as `charon[123]: text`, and its time."""
    try:
        entry = json.loads(raw)
        seconds = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
        message = entry.get("MESSAGE", "")
        text = bytes(message).decode("utf-8", "replace") if isinstance(message, list) else message
        name = entry.get("SYSLOG_IDENTIFIER", "?")
        when = datetime.fromtimestamp(seconds, UTC)
        stamp = f"{when:%b} {when.day:2} {when:%H:%M:%S}"
        return clean(f"{stamp} {name}[{entry.get('_PID', '?')}]: {text}"), when
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError):
        return clean_bytes(raw), None


async def show_logs(context: Context, request: Request) -> Exit:
    """Print logs. Raises one of `output.EXPECTED`; an error of one router among several is told
    on stderr and makes the exit code."""
    since = parse_since(request.since, datetime.now(UTC)) if request.since else None
    grep = _pattern(request.grep)
    _check_sources(request.sources)
    async with opened(context) as session:
        await learn(session, (Kind.ROUTERS, Kind.NETWORKS, Kind.VPCS))
        routers = _choose(session, request.routers)
        printer = _Printer(context.as_json, routers)
        work = [_one(session, _Reader(router, since, grep), request, printer) for router in routers]
        codes = await asyncio.gather(*work)
    return max(codes)


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise CommandError(
            f"--grep {text!r} is not a regular expression: {error}", "put \\ before special signs"
        ) from error


def _check_sources(sources: Sequence[str]) -> None:
    from tui.router.log_commands import SOURCES

    for name in sources:
        if name not in SOURCES:
            raise CommandError(f"there is no log {name!r}", did_you_mean(name, SOURCES))


def _choose(session: Session, names: Sequence[str]) -> list[Router]:
    """The routers that were named, by their name, id, network or VPC; all of them for no name."""
    if not session.may_list(Kind.ROUTERS):
        raise CommandError(
            "these credentials may not see routers",
            "use a profile whose role may use listRouters",
            Exit.REFUSED,
        )
    routers = list(session.inventory.routers.rows.values())
    if not names:
        running = [router for router in routers if router.state == "Running"]
        if not running:
            raise CommandError("no router runs here", "start one first", Exit.CANNOT_TELL)
        if len(running) > MOST_ROUTERS:
            remedy = did_you_mean("", [router.name for router in running])
            raise CommandError(f"{len(running)} routers run: name some with --router", remedy)
        return sorted(running, key=lambda router: router.name)
    found: dict[str, Router] = {}
    for name in names:
        matching = [router for router in routers if name in _names(session, router)]
        if not matching:
            known = {each for router in routers for each in _names(session, router)}
            raise CommandError(
                f"there is no router {name!r} that these credentials may see",
                did_you_mean(name, known - {router.id for router in routers}),
            )
        found |= {router.id: router for router in matching}
    return list(found.values())


def _names(session: Session, router: Router) -> set[str]:
    inventory = session.inventory
    served = [n.name for n in inventory.networks.rows.values() if router.serves(n.id)]
    served += [vpc.name for vpc in inventory.vpcs.rows.values() if router.vpc_id == vpc.id]
    return {router.name, router.id, *served}


async def _one(session: Session, reader: _Reader, request: Request, printer: _Printer) -> Exit:
    """Everything from one router; its errors are told here, because the others go on."""
    try:
        while True:
            try:
                await _read(session, reader, request, printer)
                return Exit.FINE
            except RouterError as error:
                _learn_accepted(session, reader.router, error, request.accept)
    except RouterError as error:
        return complain(_named(reader.router, error))


def _named(router: Router, error: RouterError) -> RouterError | CommandError:
    """An error that says which key to accept, where that is what is missing."""
    unknown = error.reason if isinstance(error, HopFailed) else error
    if not isinstance(unknown, HostKeyUnknown):
        return error
    return CommandError(
        unknown.what,
        "compare it with the machine's own (ssh-keygen -lf), then add "
        f"--accept-host-key {unknown.fingerprint}",
        Exit.REFUSED,
    )


def _learn_accepted(
    session: Session, router: Router, error: RouterError, accepted: Sequence[str]
) -> None:
    """Remember a host key whose fingerprint was named; raises `error` for any other."""
    unknown = error.reason if isinstance(error, HopFailed) else error
    if not isinstance(unknown, HostKeyUnknown) or unknown.fingerprint not in accepted:
        raise error
    session.routers.learn(router, unknown)
    tell(f"The host key of {unknown.host} is remembered: {unknown.fingerprint}.")


async def _read(session: Session, reader: _Reader, request: Request, printer: _Printer) -> None:
    from tui.router.follow import follow

    connection = await session.routers.connection(reader.router)
    long = bool(request.since)
    events = follow(
        connection,
        request.sources,
        backlog_bytes=_LONG_BACKLOG if long else _BACKLOG,
        backlog_entries=20_000 if long else max(request.lines, 1),
    )
    async with aclosing(events):
        if request.follow:
            async for event in events:
                for line in _lines_of(event, reader):
                    printer.print(line)
            return
        found = await _backlog(events.__anext__, reader, request.sources)
    found.sort(key=lambda line: line.time or datetime.min.replace(tzinfo=UTC))
    for line in found if long else found[max(0, len(found) - request.lines) :]:
        printer.print(line)


async def _backlog(
    next_event: Callable[[], "Awaitable[FollowEvent]"],
    reader: _Reader,
    sources: Sequence[str],
) -> list[Line]:
    """What every source has at the beginning; a source that stays silent has nothing."""
    from tui.router.log_events import LogChunk, Reconnecting, SourceMissing

    found: list[Line] = []
    waiting = set(sources)
    patience = _FIRST_CONTACT
    while waiting:
        try:
            event = await asyncio.wait_for(next_event(), patience)
        except TimeoutError:
            break
        if isinstance(event, Reconnecting):
            raise event.reason
        patience = _QUIET
        # The journal comes in portions; a file's first chunk is all that was asked for.
        if isinstance(event, LogChunk | SourceMissing) and event.source != "journal":
            waiting.discard(event.source)
        found += _lines_of(event, reader)
    return found


def _lines_of(event: "FollowEvent", reader: _Reader) -> list[Line]:
    """The lines of an event; anything else that happened is told on stderr."""
    from tui.router.log_events import LogChunk, LogGap, Reconnecting, SourceMissing

    name = reader.router.name
    if isinstance(event, LogChunk):
        return reader.lines(event.source, event.lines)
    if isinstance(event, Reconnecting):
        tell(f"{name}: {sentence(event.reason)}; trying again in {event.wait:.0f} s")
    elif isinstance(event, LogGap | SourceMissing):
        tell(f"{name}: {event.source}: {event.reason}")
    else:
        tell(f"{name}: the link is back; nothing was lost")
    return []
