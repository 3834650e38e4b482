"""`csvpn logs`: lines of routers, files, folders and bundles in one order, or as they are written.

Or, instead of the lines, the connection attempts that they tell of.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from tui.commands.log_times import parse_since
from tui.commands.logs_attempts import chosen, print_attempts
from tui.commands.logs_lines import LinePrinter, Wanted, last_lines, sifted, wanted_filter
from tui.commands.logs_live import RouterReading
from tui.commands.opening import Context, did_you_mean, learn, opened
from tui.commands.output import CommandError, Exit, complain, tell
from tui.commands.routers_named import routers_named
from tui.logs.attempts import Attempt
from tui.logs.belonging import LinesOfAttempts
from tui.logs.copies import without_copies
from tui.logs.files import LocalLog, LogFileProblem, find_logs, kept_lines, read_blocks
from tui.logs.fold import Folder
from tui.logs.local_follow import LocalGap, follow_local
from tui.logs.merge import LogBlock, merged
from tui.session.inventory import Kind

DEFAULT_SOURCES: Final = ("daemon", "messages", "cloud")
ATTEMPT_SOURCES: Final = ("journal", "cloud")
MOST_ROUTERS: Final = 8
"""Without `--router`, at most so many routers are asked."""
USUAL_LINES: Final = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    paths: tuple[str, ...] = ()
    """Files, folders, or `-`; with them routers are asked only where some are named."""
    routers: tuple[str, ...] = ()
    sources: tuple[str, ...] = DEFAULT_SOURCES
    follow: bool = False
    since: str = ""
    until: str = ""
    grep: str = ""
    level: str = ""
    client: str = ""
    user: str = ""
    context: int = 0
    lines: int | None = None
    """How many to print, per router; None means `USUAL_LINES` of a router and all of a file.
    Without meaning when following or with `since`."""
    attempts: bool = False
    accept: tuple[str, ...] = ()
    """Fingerprints of host keys that the person has compared and accepts."""

    @property
    def most(self) -> int | None:
        """How many lines of each router are printed; None for all."""
        if self.since or self.attempts:
            return None
        return USUAL_LINES if self.lines is None and not self.paths else self.lines


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Run what was typed. Raises one of `output.EXPECTED`."""
    return await show_logs(
        context,
        Request(
            paths=tuple(arguments.paths),
            routers=tuple(arguments.routers),
            sources=tuple(dict.fromkeys(arguments.sources)) or _usual_sources(arguments),
            follow=arguments.follow,
            since=arguments.since,
            until=arguments.until,
            grep=arguments.grep,
            level=arguments.level,
            client=arguments.client,
            user=arguments.user,
            context=arguments.context,
            lines=arguments.lines,
            attempts=arguments.attempts,
            accept=tuple(arguments.accept),
        ),
    )


def _usual_sources(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Attempts are told best by the journal, which alone knows the names of users."""
    of_attempts = arguments.attempts or arguments.user or arguments.client
    return ATTEMPT_SOURCES if of_attempts else DEFAULT_SOURCES


async def show_logs(context: Context, request: Request) -> Exit:
    """Print logs. Raises one of `output.EXPECTED`; an error of one router or file among several is
    told on stderr and makes the exit code."""
    wanted = _wanted(request)
    _check_sources(request.sources)
    local = _local(request.paths)
    if request.follow and any(len(log.generations) != 1 for log in local):
        local = [msgspec.structs.replace(log, generations=log.generations[-1:]) for log in local]
    async with _routers(context, request) as readings:
        names = [reading.router.name for reading in readings] + [log.router for log in local]
        printer = LinePrinter(context.as_json, names)
        teller = _Teller(wanted, printer, context.as_json, request)
        if request.follow:
            work = [_followed(teller, reading.follow()) for reading in readings]
            work += [_followed(teller, follow_local(log)) for log in local]
            codes = await asyncio.gather(*work)
        else:
            most = request.most or USUAL_LINES
            await asyncio.gather(*(reading.read(most, wanted.since) for reading in readings))
            codes = [teller.print_all(readings, local)]
    return max([*codes, *(reading.code for reading in readings)])


def _wanted(request: Request) -> Wanted:
    now = datetime.now(UTC)
    return Wanted(
        filter=wanted_filter(
            grep=request.grep,
            level=request.level,
            client=request.client,
            user=request.user,
            context=request.context,
        ),
        since=parse_since(request.since, now) if request.since else None,
        until=parse_since(request.until, now, "--until") if request.until else None,
    )


def _check_sources(sources: Sequence[str]) -> None:
    from tui.router.log_commands import SOURCES

    for name in sources:
        if name not in SOURCES:
            raise CommandError(f"there is no log {name!r}", did_you_mean(name, SOURCES))


def _local(paths: Sequence[str]) -> list[LocalLog]:
    try:
        return list(find_logs([Path(path) for path in paths]))
    except LogFileProblem as error:
        raise CommandError(error.what, error.remedy) from error


class _Teller:
    """Prints what is wanted of blocks, and knows the attempts that they tell of."""

    def __init__(
        self, wanted: Wanted, printer: LinePrinter, as_json: bool, request: Request
    ) -> None:
        self._wanted = wanted
        self._printer = printer
        self._as_json = as_json
        self._most = request.most
        self._attempts = request.attempts
        self._folders: dict[str, Folder] = {}
        self._told: dict[tuple[str, int], tuple[object, ...]] = {}
        """How far each attempt had come when it was printed last."""

    @property
    def _asks_for_attempts(self) -> bool:
        return self._attempts or self._wanted.filter.asks_for_attempts

    def _fold(self, blocks: Iterable[LogBlock]) -> None:
        for block in blocks:
            router = block.origin.router
            if router not in self._folders:
                now = block.origin.now.timestamp() + block.origin.clock.offset
                self._folders[router] = Folder(router, now)
            self._folders[router].feed(block.origin.source, block.text)

    def _found(self) -> list[Attempt]:
        return [each for folder in self._folders.values() for each in folder.attempts]

    def print_all(self, readings: Sequence[RouterReading], local: Sequence[LocalLog]) -> Exit:
        """All lines in one order, or all attempts."""
        logs: list[Iterable[LogBlock]] = [
            blocks for reading in readings for blocks in reading.blocks.values()
        ]
        source = _LocalBlocks(local)
        if self._asks_for_attempts:
            for blocks in [*logs, *source.all()]:
                self._fold(blocks)
            for folder in self._folders.values():
                folder.finish()
        if self._attempts:
            self._print_attempts()
            return source.code
        whose = LinesOfAttempts(self._found()) if self._folders else None
        lines = without_copies(merged([kept_lines(blocks) for blocks in [*logs, *source.all()]]))
        self._printer.print(last_lines(sifted(lines, self._wanted, whose), self._most))
        return source.code

    def print_block(self, block: LogBlock) -> None:
        """What is wanted of a block that has just come."""
        if self._asks_for_attempts:
            self._fold((block,))
        if self._attempts:
            self._print_attempts()
            return
        whose = LinesOfAttempts(self._found()) if self._folders else None
        self._printer.print(sifted(kept_lines((block,)), self._wanted, whose))

    def _print_attempts(self) -> None:
        """Those that are not printed yet, or have come further since."""
        fresh = []
        for each in chosen(self._found(), self._wanted):
            state = (each.rung, each.end, each.user)
            if self._told.get((each.router, each.number)) != state:
                self._told[each.router, each.number] = state
                fresh.append(each)
        several = len(self._folders) > 1
        print_attempts(fresh, as_json=self._as_json, several=several)


class _LocalBlocks:
    """Blocks of local logs; a log that cannot be read to its end is told once."""

    def __init__(self, logs: Sequence[LocalLog]) -> None:
        self.code = Exit.FINE
        self._logs = logs
        self._of_input: list[LogBlock] | None = None

    def all(self) -> list[Iterable[LogBlock]]:
        """Of each log, to be gone through once."""
        return [self._blocks(log) for log in self._logs]

    def _blocks(self, log: LocalLog) -> Iterable[LogBlock]:
        if not log.is_input:
            yield from self._read(log)
            return
        if self._of_input is None:  # it can be read once only
            self._of_input = list(self._read(log))
        yield from self._of_input

    def _read(self, log: LocalLog) -> Iterable[LogBlock]:
        try:
            yield from read_blocks(log)
        except LogFileProblem as error:
            if self.code is Exit.FINE:
                self.code = complain(CommandError(error.what, error.remedy, Exit.CANNOT_TELL))


async def _followed(
    teller: _Teller, blocks: AsyncGenerator[LogBlock | LocalGap, None] | AsyncGenerator[LogBlock]
) -> Exit:
    try:
        async with aclosing(blocks) as stream:
            async for block in stream:
                if isinstance(block, LocalGap):
                    tell(f"{block.what}; {block.remedy}")
                else:
                    teller.print_block(block)
    except LogFileProblem as error:
        return complain(CommandError(error.what, error.remedy, Exit.CANNOT_TELL))
    return Exit.FINE


# Which routers.


@asynccontextmanager
async def _routers(context: Context, request: Request) -> AsyncIterator[list[RouterReading]]:
    """The routers that are to be read; without asking any server where only paths were named."""
    async with AsyncExitStack() as stack:
        if request.paths and not request.routers:
            yield []
            return
        session = await stack.enter_async_context(opened(context))
        await learn(session, (Kind.ROUTERS, Kind.NETWORKS, Kind.VPCS))
        yield [
            RouterReading(session, router, request.sources, request.accept)
            for router in routers_named(session, request.routers, most=MOST_ROUTERS)
        ]
