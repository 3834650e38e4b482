"""`csvpn journal`: what was left unfinished, and what to do about it.

Looking and forgetting need no server; asking, resuming and rolling back open the profile with which
the operation was begun.
"""

import argparse
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from tui.commands.enable import note_secrets, print_vpn, vpn_document
from tui.commands.opening import Context, chosen_profile, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, table, tell
from tui.commands.printed_secrets import note_printed
from tui.commands.running import code_after, run, step_documents
from tui.operations.exclusion import Exclusion
from tui.operations.handing_over import added_by, lost_passwords, vpn_of
from tui.operations.journal import OPEN, Journal, KeptOperation, journal_file
from tui.operations.ledger import JournalUnavailable
from tui.operations.steps import Operation, StepEvent
from tui.operations.unfinished import OpenOperation, Unfinished
from tui.safety.text import clean
from tui.session.call_lines import CallLine, call_lines
from tui.session.people import note_resumed
from tui.session.recovery import (
    CannotRollBack,
    forgetting_means,
    taking_back,
)
from tui.session.session import Session

_SHORT = 8
"""Characters of an id that are printed; as many as tell it from the others may be typed."""


class Shelf(msgspec.Struct):
    """The journal of this person, without any server."""

    journal: Journal
    unfinished: Unfinished


@asynccontextmanager
async def _shelf() -> AsyncIterator[Shelf]:
    """The journal, open; its own troubles become errors of the command."""
    journal = Journal()
    try:
        yield Shelf(journal, Unfinished(journal, Exclusion()))
    except JournalUnavailable as problem:
        raise CommandError(str(problem), problem.remedy, Exit.CANNOT_TELL) from problem
    except CannotRollBack as problem:
        raise CommandError(str(problem), code=Exit.FINDINGS) from problem
    finally:
        journal.close()


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """What `csvpn journal …` does."""
    async with _shelf() as shelf:
        command = arguments.journal_command or "list"
        if command == "list":
            return await _list(context, shelf, everything=getattr(arguments, "all", False))
        kept = await _named(shelf, arguments.id)
        if command == "show":
            return await _show(context, await shelf.unfinished.look(kept))
        if command == "forget":
            return await _forget(shelf, kept, yes=arguments.yes, read_only=_read_only(context))
        async with _opened_for(context, kept) as session:
            if command == "settle":
                return await _settle(context, session, kept)
            if command == "resume":
                return await _resume(context, session, kept, arguments)
            return await _undo(context, session, kept, arguments)


async def _named(shelf: Shelf, name: str) -> KeptOperation:
    """The operation whose id begins so. Raises `CommandError`."""
    found = await shelf.journal.operation(name)
    if not found:
        raise CommandError(
            f"the journal has no operation {clean(name)!r}", "csvpn journal --all lists them"
        )
    if len(found) > 1:
        listed = ", ".join(f"{each.id[:13]} ({each.title})" for each in found)
        raise CommandError(f"{name} begins {len(found)} ids: {listed}", "type more of the one")
    return found[0]


def _read_only(context: Context) -> bool:
    return context.launcher.read_only


@asynccontextmanager
async def _opened_for(context: Context, kept: KeptOperation) -> AsyncIterator[Session]:
    """A session of the profile with which it was begun, or of the one that was named."""
    known = context.launcher.profiles().profiles
    if not context.profile:
        if kept.profile not in known:
            raise CommandError(
                f"there is no profile {kept.profile!r} any more, with which it was begun",
                f"name another one of {clean(kept.cloud)} with --profile",
            )
        context.profile = kept.profile
    async with opened(context) as session:
        yield session


# Looking.


async def _list(context: Context, shelf: Shelf, *, everything: bool) -> Exit:
    cloud = ""
    if context.profile:
        cloud = chosen_profile(context.launcher.profiles(), context.profile).url
    kept = await shelf.journal.operations(cloud=cloud, only_open=not everything)
    known = [await shelf.unfinished.look(one) for one in kept]
    waiting = [one for one in known if one.kept.outcome == OPEN and not one.running]
    if context.as_json:
        documents = [_document(one, call_lines(one.entries, ())) for one in known]
        print_json({"journal": str(journal_file()), "open": len(waiting), "operations": documents})
    elif not known:
        tell("Nothing is unfinished." if not everything else "The journal is empty.")
    else:
        cells = [
            (
                one.kept.id[:_SHORT],
                _moment(one.kept.began),
                _outcome(one),
                one.kept.profile,
                one.kept.title,
            )
            for one in known
        ]
        for line in table(("ID", "BEGUN", "STATE", "PROFILE", "WHAT"), cells):
            print_line(line)
        if waiting:
            tell("csvpn journal show ID tells more; resume ID, undo ID and forget ID go on.")
    return Exit.FINDINGS if waiting else Exit.FINE


def _outcome(known: OpenOperation) -> str:
    if known.kept.outcome != OPEN:
        return known.kept.outcome
    if known.running:
        return f"running ({known.holder})"
    return "must be finished" if known.kept.must_finish else "unfinished"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


async def _show(context: Context, known: OpenOperation, lines: Sequence[CallLine] = ()) -> Exit:
    """Print what is known; the exit code says whether it waits for somebody."""
    shown = tuple(lines) or call_lines(known.entries, ())
    waits = known.kept.outcome == OPEN and not known.running
    if context.as_json:
        print_json(_document(known, shown))
        return Exit.FINDINGS if waits else Exit.FINE
    kept = known.kept
    print_line(f"{kept.title}")
    who = f" (…{kept.who})" if kept.who else ""
    print_line(f"  id       {kept.id}")
    print_line(f"  begun    {_moment(kept.began)} with the profile {kept.profile}{who}")
    print_line(f"  cloud    {clean(kept.cloud)}")
    ended = f" since {_moment(kept.ended)}" if kept.ended is not None else ""
    print_line(f"  state    {_outcome(known)}{ended}")
    if known.rolled_back_by:
        print_line(f"  note     taking it back was begun: {known.rolled_back_by[:_SHORT]}")
    if kept.must_finish:
        print_line(f"  ▲ {kept.must_finish}")
    for line in shown:
        print_line(f"  {line.glyph} {line.title} ({line.command}): {line.words}")
    if not shown:
        print_line("  Nothing was sent.")
    return Exit.FINDINGS if waits else Exit.FINE


def _document(known: OpenOperation, lines: Sequence[CallLine]) -> dict[str, object]:
    kept = known.kept
    return {
        "id": kept.id,
        "kind": kept.kind,
        "title": kept.title,
        "target": dict(zip(("kind", "id", "name"), kept.target, strict=True)),
        "cloud": clean(kept.cloud),
        "profile": kept.profile,
        "who": kept.who,
        "began": _iso(kept.began),
        "ended": _iso(kept.ended) if kept.ended is not None else None,
        "outcome": kept.outcome,
        "running": known.holder or None,
        "must_finish": kept.must_finish,
        "rolled_back_by": known.rolled_back_by or None,
        "says": clean(known.says),
        "calls": [
            {
                "step": line.title,
                "command": line.command,
                "state": str(line.state) if line.state else "not sent",
                "says": line.says,
                "job": line.job_id or None,
            }
            for line in lines
        ],
    }


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# Going on.


async def _settle(context: Context, session: Session, kept: KeptOperation) -> Exit:
    known = await session.books.settle(kept)
    plan = (await session.books.rebuild(known.kept)).plan()
    shown = await _show(context, known, call_lines(known.entries, plan))
    return Exit.CANNOT_TELL if known.unknown else shown


async def _resume(
    context: Context, session: Session, kept: KeptOperation, arguments: argparse.Namespace
) -> Exit:
    refuse_read_only(session, "csvpn journal resume")
    operation = await session.books.rebuild(kept)
    known = await session.books.look(kept)
    lines = call_lines(known.entries, operation.plan())
    if not context.as_json:
        await _show(context, known, lines)
    lost = ", ".join(lost_passwords(operation))
    if lost:
        tell(
            f"The passwords of {lost} could not be kept: who is there already is removed and added "
            "again, with a new one."
        )
    if not arguments.yes and not confirm("Resume it? What is done is not done again."):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    events = await run(context, operation, kept)
    note_resumed(session, operation, events)
    await _print_made(context, session, operation, events, show_secret=arguments.show_secret)
    return code_after(events)


async def _print_made(
    context: Context,
    session: Session,
    operation: Operation,
    events: Sequence[StepEvent],
    *,
    show_secret: bool,
) -> None:
    """Print what the operation has made that somebody has to be given, as if it had just begun."""
    vpn = vpn_of(operation)
    added = added_by(operation)
    if vpn is not None:
        await note_secrets(session, vpn, show_secret)
    else:
        await note_printed(session, "passwords", ", ".join(u.name for u in added if u.generated))
    if context.as_json:
        users = [
            {
                "name": user.name,
                "state": user.state,
                "password": user.password.reveal() if user.generated else None,
            }
            for user in added
        ]
        made = vpn_document(vpn, show_secret) if vpn is not None else None
        print_json({"added": users, "vpn": made, "steps": step_documents(events)})
    elif vpn is not None:
        print_vpn(vpn, events, show_secret)
    else:
        for user in added:
            if user.generated:
                print_line(f"password of {user.name}: {user.password.reveal()}")
        if any(user.generated for user in added):
            tell("Generated passwords are shown only now: the server never gives them back.")


async def _undo(
    context: Context, session: Session, kept: KeptOperation, arguments: argparse.Namespace
) -> Exit:
    if not arguments.dry_run:
        refuse_read_only(session, "csvpn journal undo")
    back = await taking_back(session, kept)
    if context.as_json and arguments.dry_run:
        print_json({"title": back.operation.title, "calls": back.calls, "stays": back.staying})
        return Exit.FINE
    say = tell if context.as_json else print_line
    say(f"{back.operation.title}. Will be sent:")
    for call in back.calls:
        say(f"  {clean(call)}")
    for sentence in back.staying:
        say(clean(sentence))
    if arguments.dry_run:
        say("Nothing was sent: this is a dry run.")
        return Exit.FINE
    profile = session.profile
    typed = profile.name if profile.production else ""
    if not arguments.yes and not confirm("Roll it back?", typed=typed):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    events = await run(context, back.operation)
    if context.as_json:
        print_json({"title": back.operation.title, "steps": step_documents(events)})
    return code_after(events)


async def _forget(shelf: Shelf, kept: KeptOperation, *, yes: bool, read_only: bool) -> Exit:
    if read_only:
        raise CommandError(
            "csvpn journal forget is refused: this is read-only",
            "leave out --read-only",
            Exit.REFUSED,
        )
    if kept.outcome != OPEN:
        raise CommandError(
            f"“{kept.title}” is over: {kept.outcome}", "there is nothing to forget", Exit.FINDINGS
        )
    for sentence in forgetting_means(await shelf.unfinished.look(kept)):
        tell(sentence)
    if not yes and not confirm(f"Forget “{kept.title}”?"):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    await shelf.unfinished.forget(kept)
    tell("It is forgotten.")
    return Exit.FINE
