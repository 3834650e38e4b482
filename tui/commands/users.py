"""`csvpn users`: who may use the VPNs of an account; add and remove users."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from tui.commands.opening import Context, learn, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, table, tell
from tui.commands.printed_secrets import note_printed
from tui.commands.running import code_after, run, step_documents
from tui.commands.whose import Chosen, Whose, choose, is_of, refuse_missing
from tui.operations.steps import StepEvent
from tui.operations.users import AddedUser, AddUsers, NewUser, RemoveUsers, removing_means
from tui.session.inventory import Kind
from tui.session.people import (
    PersonRow,
    expired_rows,
    learn_limit,
    names_of,
    new_user,
    note_ended,
    person_rows,
    room_of,
    today,
)
from tui.session.session import Session
from tui.vpn.expiry import expiry_words
from tui.vpn.findings import Finding, errors
from tui.vpn.passwords import PasswordStyle
from tui.vpn.usercheck import Room, check_room, hidden_name
from tui.vpn.users import DEFAULT_LIMIT, check_name, check_new_user, check_password

__all__ = ["Whose", "add_users", "list_users", "remove_users", "run_command"]

KINDS = (Kind.USERS, Kind.VPNS, Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS)
"""The lists that a user's row is made from."""


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """What was asked for: `list` without another word."""
    whose = Whose(
        account=getattr(arguments, "account", ""),
        domain=getattr(arguments, "domain", ""),
        project=getattr(arguments, "project", ""),
    )
    match arguments.users_command:
        case "add" if arguments.csv:
            from tui.commands.users_file import add_list

            return await add_list(
                context, arguments.csv, whose, _style(arguments), dry_run=arguments.dry_run
            )
        case "add":
            return await add_users(
                context,
                arguments.names,
                whose,
                password_stdin=arguments.password_stdin,
                style=_style(arguments),
                dry_run=arguments.dry_run,
            )
        case "remove":
            return await remove_users(context, arguments.names, whose, yes=arguments.yes)
        case "export":
            from tui.commands.users_file import export_users

            return await export_users(context, whose, arguments.out)
        case "audit":
            from tui.commands.users_audit import audit

            return await audit(context, whose, arguments.days)
        case "reset" | "suspend" | "return" | "edit":
            from tui.commands.users_changes import change

            return await change(context, arguments, whose, _style(arguments))
    return await list_users(
        context,
        whose,
        expired=getattr(arguments, "expired", False),
        group=getattr(arguments, "group", ""),
    )


def _style(arguments: argparse.Namespace) -> PasswordStyle:
    return "words" if getattr(arguments, "words", False) else "characters"


async def list_users(
    context: Context, whose: Whose, *, expired: bool = False, group: str = ""
) -> Exit:
    """Print the VPN users that the credentials may see, and those that were suspended.

    With `expired` only those whose last day is over; that there are any is a finding.
    """
    async with opened(context) as session:
        await learn(session, KINDS)
        await learn_roster(session)
        rows = [each for each in person_rows(session) if is_of(each.row, whose)]
        limit = session.user_limit or DEFAULT_LIMIT
    day = today()
    if expired:
        rows = expired_rows(rows, day)
    if group:
        rows = [each for each in rows if each.person.group == group]
    rows.sort(key=lambda each: (each.row.domain, each.row.owner, each.name))
    code = Exit.FINDINGS if expired and rows else Exit.FINE
    if context.as_json:
        print_json({"users": [_document(each, day) for each in rows], "limit": limit})
        return code
    if not rows:
        tell("Nobody has expired." if expired else "There are no VPN users here.")
        return Exit.FINE
    for line in _lines(rows, day):
        print_line(line)
    return code


async def learn_roster(session: Session) -> None:
    """Read the roster; what is wrong with it is told, and stops nothing."""
    await session.roster.load()
    trouble = session.roster.trouble
    if trouble is not None:
        tell(f"note: {trouble.says} {trouble.remedy}")


def _lines(rows: Sequence[PersonRow], day: date) -> list[str]:
    """The table; what only the roster knows has columns where there is something in them."""
    heads = ["USER", "STATE", "ACCOUNT", "DOMAIN", "OF LIMIT", "REACHES"]
    cells = [
        [
            each.name,
            str(each.row.mark),
            each.row.owner,
            each.row.domain,
            each.row.place_in_limit,
            ", ".join(each.row.reaches) or "–",
        ]
        for each in rows
    ]
    more = {
        "GROUP": [each.person.group for each in rows],
        "LAST DAY": [expiry_words(each.person.expires, day) for each in rows],
        "NOTE": [each.person.note for each in rows],
    }
    for head, column in more.items():
        if any(column):
            heads.append(head)
            for line, cell in zip(cells, column, strict=True):
                line.append(cell)
    return table(heads, cells)


def _document(each: PersonRow, day: date) -> dict[str, object]:
    user, person = each.row.user, each.person
    expires = person.expires
    return {
        "name": each.name,
        "state": user.state,
        "means": each.row.mark.means,
        "account": user.account or None,
        "project": user.project or None,
        "domain": each.row.domain,
        "reaches": list(each.row.reaches),
        "id": None if each.is_suspended else user.id,
        "group": person.group or None,
        "note": person.note or None,
        "expires": expires.isoformat() if expires else None,
        "expired": expires is not None and expires < day,
        "last_seen": person.last_seen_at.isoformat() if person.last_seen_at else None,
    }


async def add_users(
    context: Context,
    names: Sequence[str],
    whose: Whose,
    *,
    password_stdin: bool = False,
    style: PasswordStyle = "characters",
    dry_run: bool = False,
) -> Exit:
    """Add users, with generated passwords or the one of the first line of stdin."""
    if password_stdin and len(names) > 1:
        raise CommandError("--password-stdin is for one user", "add the others by themselves")
    users = [_new_user(name, password_stdin, style) for name in names]
    async with opened(context) as session:
        if not dry_run:
            refuse_read_only(session, "addVpnUser")
        chosen = await choose(session, whose)
        await learn(session, (Kind.USERS,))
        await learn_roster(session)
        await learn_limit(session)
        room = Room() if chosen.key is None else room_of(session, chosen.key)
        found = _findings(users, room)
        for finding in found:
            tell(f"{'error' if finding.severity == 'error' else 'note'}: {finding.says}")
        if errors(found):
            return Exit.FINDINGS
        operation = AddUsers(session.client, users, owner=chosen.owner)
        if dry_run:
            return show_plan(context, operation, chosen)
        events = await run(context, operation)
        note_ended(session, chosen.key, operation, events)
        await note_made(session, operation.added)
    return show_added(context, chosen, operation.added, events)


async def note_made(session: Session, users: Sequence[AddedUser]) -> None:
    """Record that the passwords which were made are going to be printed."""
    await note_printed(session, "passwords", ", ".join(u.name for u in users if u.generated))


def show_plan(context: Context, operation: AddUsers, chosen: Chosen) -> Exit:
    """What would be sent."""
    calls = [step.call.cloudmonkey() for step in operation.plan() if step.call]
    if context.as_json:
        print_json({"account": chosen.words, "calls": calls})
        return Exit.FINE
    print_line("Will be sent:")
    for call in calls:
        print_line(f"  {call}")
    tell("Nothing was sent: this is a dry run.")
    return Exit.FINE


def show_added(
    context: Context, chosen: Chosen, users: Sequence[AddedUser], events: Sequence[StepEvent]
) -> Exit:
    """What has come of adding users, with the passwords that were made."""
    if context.as_json:
        added = [
            {
                "name": user.name,
                "state": user.state,
                "password": user.password.reveal() if user.generated else None,
            }
            for user in users
        ]
        print_json({"account": chosen.words, "added": added, "steps": step_documents(events)})
        return code_after(events)
    for user in users:
        if user.generated:
            print_line(f"password of {user.name}: {user.password.reveal()}")
    if any(user.generated for user in users):
        tell("Generated passwords are shown only now: the server never gives them back.")
    return code_after(events)


def _new_user(name: str, password_stdin: bool, style: PasswordStyle) -> NewUser:
    problem = check_name(name)
    if problem is not None:
        raise CommandError(problem.says)
    if not password_stdin:
        return new_user(name, style=style)
    password = sys.stdin.readline().rstrip("\r\n")
    problem = check_password(password)
    if problem is not None:
        raise CommandError(problem.says, "the password is the first line of stdin")
    return new_user(name, password)


def _findings(users: Sequence[NewUser], room: Room) -> list[Finding]:
    found: list[Finding] = []
    names = list(room.existing)
    for user in users:
        checked = check_new_user(user.name, user.password.reveal(), names, len(names) + 1)
        found += checked
        if user.name in room.unseen:
            found.append(hidden_name(user.name))
        names.append(user.name)
    return [*found, *check_room(len(users), room)]


async def remove_users(
    context: Context, names: Sequence[str], whose: Whose, *, yes: bool = False
) -> Exit:
    """Remove users, after saying what that means and asking."""
    async with opened(context) as session:
        refuse_read_only(session, "removeVpnUser")
        chosen = await choose(session, whose)
        await learn(session, (Kind.USERS,))
        await learn_roster(session)
        existing = names_of(session, chosen.key)
        # What is half removed is in no list, and removing it again is what helps.
        hidden = () if chosen.key is None else session.roster.left_behind(chosen.key)
        refuse_missing(session, chosen, names, [*existing, *hidden])
        for sentence in removing_means(names, existing):
            tell(sentence)
        if not agreed(session, f"Remove {', '.join(names)} from {chosen.words}?", yes=yes):
            return Exit.FINDINGS
        operation = RemoveUsers(session.client, names, owner=chosen.owner)
        events = await run(context, operation)
        note_ended(session, chosen.key, operation, events)
    if context.as_json:
        print_json(
            {
                "account": chosen.words,
                "removed": operation.removed,
                "steps": step_documents(events),
            }
        )
    return code_after(events)


def agreed(session: Session, question: str, *, yes: bool) -> bool:
    """Ask, unless `yes` was given; on a production profile its name has to be typed."""
    profile = session.profile
    if yes or confirm(question, typed=profile.name if profile.production else ""):
        return True
    tell("Nothing was changed.")
    return False
