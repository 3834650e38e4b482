"""`csvpn users reset`, `suspend`, `return` and `edit`."""

import argparse
from collections.abc import Sequence

from msgspec import UNSET

from tui.commands.opening import Context, learn, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json, tell
from tui.commands.running import code_after, run, step_documents
from tui.commands.users import agreed, learn_roster, note_made, show_added
from tui.commands.whose import Chosen, Whose, choose, refuse_missing, suspended_of
from tui.operations.roster import Remark
from tui.operations.user_changes import (
    ResetUsers,
    ReturnUsers,
    SuspendUsers,
    resetting_means,
    returning_means,
    suspending_means,
)
from tui.session.inventory import Kind
from tui.session.people import (
    change_of,
    learn_limit,
    names_of,
    new_user,
    note_ended,
    room_of,
    today,
)
from tui.session.session import Session
from tui.vpn.expiry import ExpiryError, read_expiry
from tui.vpn.passwords import PasswordStyle
from tui.vpn.usercheck import LONGEST_GROUP, LONGEST_NOTE, check_room, check_words


async def change(
    context: Context, arguments: argparse.Namespace, whose: Whose, style: PasswordStyle
) -> Exit:
    """Do what was asked for to these users, after saying what that means and asking."""
    what: str = arguments.users_command
    names = list(dict.fromkeys(arguments.names))
    remark = _remark(arguments) if what == "edit" else None
    async with opened(context) as session:
        if what != "edit":
            refuse_read_only(session, "addVpnUser" if what == "return" else "removeVpnUser")
        chosen = await choose(session, whose)
        await learn(session, (Kind.USERS,))
        await learn_roster(session)
        if remark is not None:
            return await _edit(context, session, chosen, names, remark)
        if what == "return":
            return await _return(context, session, chosen, names, style, yes=arguments.yes)
        refuse_missing(session, chosen, names, names_of(session, chosen.key))
        if what == "reset":
            return await _reset(context, session, chosen, names, style, yes=arguments.yes)
        return await _suspend(context, session, chosen, names, yes=arguments.yes)


def _told(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        tell(sentence)


async def _reset(
    context: Context,
    session: Session,
    chosen: Chosen,
    names: Sequence[str],
    style: PasswordStyle,
    *,
    yes: bool,
) -> Exit:
    _told(resetting_means(names, names_of(session, chosen.key)))
    question = f"Give {', '.join(names)} of {chosen.words} a new password?"
    if not agreed(session, question, yes=yes):
        return Exit.FINDINGS
    users = [new_user(name, style=style) for name in names]
    wanted = change_of(session, chosen.owner, chosen.key, users=users)
    operation = ResetUsers(session.client, wanted)
    events = await run(context, operation)
    note_ended(session, chosen.key, operation, events)
    await note_made(session, operation.added)
    if operation.to_finish:
        gone = " ".join(user.name for user in operation.to_finish)
        tell(f"These are removed and not added again; add them with: csvpn users add {gone}")
    return show_added(context, chosen, operation.added, events)


async def _return(
    context: Context,
    session: Session,
    chosen: Chosen,
    names: Sequence[str],
    style: PasswordStyle,
    *,
    yes: bool,
) -> Exit:
    suspended = suspended_of(session, chosen)
    absent = [name for name in names if name not in suspended]
    if absent:
        listed = ", ".join(suspended) or "nobody"
        raise CommandError(
            f"{absent[0]!r} of {chosen.words} is not suspended", f"suspended is {listed}"
        )
    await learn_limit(session)
    full = check_room(len(names), room_of(session, chosen.key)) if chosen.key is not None else ()
    for finding in full:
        tell(f"error: {finding.says}")
    if full:
        return Exit.FINDINGS
    _told(returning_means(names))
    if not agreed(session, f"Let {', '.join(names)} return to {chosen.words}?", yes=yes):
        return Exit.FINDINGS
    users = [new_user(name, style=style) for name in names]
    wanted = change_of(session, chosen.owner, chosen.key, users=users)
    operation = ReturnUsers(session.client, wanted)
    events = await run(context, operation)
    await note_made(session, operation.added)
    return show_added(context, chosen, operation.added, events)


async def _suspend(
    context: Context, session: Session, chosen: Chosen, names: Sequence[str], *, yes: bool
) -> Exit:
    _told(suspending_means(names, names_of(session, chosen.key)))
    if not agreed(session, f"Suspend {', '.join(names)} of {chosen.words}?", yes=yes):
        return Exit.FINDINGS
    wanted = change_of(session, chosen.owner, chosen.key, names=names)
    operation = SuspendUsers(session.client, wanted)
    events = await run(context, operation)
    if context.as_json:
        print_json(
            {
                "account": chosen.words,
                "suspended": operation.removed,
                "steps": step_documents(events),
            }
        )
    return code_after(events)


def _remark(arguments: argparse.Namespace) -> Remark:
    """What is to be changed in the roster. Raises `CommandError` for what cannot be kept."""
    group, note, expires = arguments.group_name, arguments.note, arguments.expires
    if group is None and note is None and expires is None:
        raise CommandError("nothing is to be changed", "give --group, --note or --expires")
    for what, text, longest in (
        ("group", group, LONGEST_GROUP),
        ("note", note, LONGEST_NOTE),
    ):
        wrong = check_words(what, text or "", longest)
        if wrong is not None:
            raise CommandError(wrong.says)
    try:
        last = UNSET if expires is None else read_expiry(expires, today())
    except ExpiryError as problem:
        raise CommandError(str(problem)) from problem
    return Remark(
        group=UNSET if group is None else group,
        note=UNSET if note is None else note,
        expires=last,
    )


async def _edit(
    context: Context, session: Session, chosen: Chosen, names: Sequence[str], remark: Remark
) -> Exit:
    if chosen.key is None:
        raise CommandError("it is not known whose users these are", "name the account")
    there = [*names_of(session, chosen.key), *suspended_of(session, chosen)]
    refuse_missing(session, chosen, names, there)
    if not await session.roster.remember(chosen.key, dict.fromkeys(names, remark)):
        trouble = session.roster.trouble
        says = trouble.says if trouble is not None else "the roster cannot be written"
        raise CommandError(
            says.rstrip("."), trouble.remedy if trouble is not None else "", Exit.CANNOT_TELL
        )
    people = [session.roster.person(chosen.key, name) for name in names]
    if context.as_json:
        kept = [
            {
                "name": each.name,
                "group": each.group or None,
                "note": each.note or None,
                "expires": each.expires.isoformat() if each.expires else None,
            }
            for each in people
        ]
        print_json({"account": chosen.words, "users": kept})
    else:
        tell(f"The roster has it for {', '.join(names)}. Nothing was sent to CloudStack.")
    return Exit.FINE
