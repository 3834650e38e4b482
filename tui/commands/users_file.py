"""`csvpn users add --csv` and `csvpn users export`: lists of users in and out."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from tui.commands.opening import Context, learn, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json, print_line, tell
from tui.commands.running import run
from tui.commands.users import KINDS, learn_roster, note_made, show_added, show_plan
from tui.commands.whose import Chosen, Whose, choose, is_of
from tui.operations.users import AddUsers
from tui.safety.text import clean
from tui.session.inventory import Kind
from tui.session.people import (
    export_table,
    learn_limit,
    new_users,
    note_ended,
    person_rows,
    remarks_of,
    room_of,
    today,
)
from tui.settings.private_file import write_private
from tui.vpn.findings import Finding
from tui.vpn.passwords import PasswordStyle
from tui.vpn.usercheck import CheckedList, Room, check_list
from tui.vpn.userfile import LARGEST_LIST, Line, UserFile, list_text, read_users

STDIN: Final = "-"


async def add_list(
    context: Context, file: str, whose: Whose, style: PasswordStyle, *, dry_run: bool = False
) -> Exit:
    """Add the users of a CSV file, or of stdin for `-`: all of them, or where a line is wrong none.

    What went wrong with one user does not stop the others; the exit code tells.
    """
    text = await asyncio.to_thread(_text, file)
    found = read_users(text, today(), "table")
    async with opened(context) as session:
        if not dry_run:
            refuse_read_only(session, "addVpnUser")
        chosen = await choose(session, whose)
        await learn(session, (Kind.USERS,))
        await learn_roster(session)
        await learn_limit(session)
        room = Room() if chosen.key is None else room_of(session, chosen.key)
        checked = check_list(found.lines, room)
        if context.as_json and (dry_run or not checked.is_right):
            print_json(_document(chosen, found, checked))
        elif not context.as_json:
            _print(found, checked)
        if not checked.is_right:
            tell("Nothing was sent: every line has to be right before anything is.")
            return Exit.FINDINGS
        users = new_users(checked.entries, style)
        operation = AddUsers(session.client, users, owner=chosen.owner)
        if dry_run:
            return Exit.FINE if context.as_json else show_plan(context, operation, chosen)
        remarks = remarks_of(checked.entries)
        if chosen.key is not None and remarks:
            await session.roster.remember(chosen.key, remarks)
            if session.roster.trouble is not None:
                tell(f"note: {session.roster.trouble.says} {session.roster.trouble.remedy}")
        events = await run(context, operation)
        note_ended(session, chosen.key, operation, events)
        await note_made(session, operation.added)
    return show_added(context, chosen, operation.added, events)


def _text(file: str) -> str:
    """The text of the file or of stdin. Raises `CommandError`."""
    try:
        if file == STDIN:
            raw = sys.stdin.buffer.read(LARGEST_LIST + 1)
        else:
            with Path(file).expanduser().open("rb") as opened_file:
                raw = opened_file.read(LARGEST_LIST + 1)
        return list_text(raw)
    except OSError as error:
        says = f"{clean(file)} cannot be read: {error.strerror}"
        raise CommandError(says, "name a CSV file, or - for stdin") from error
    except ValueError as error:
        raise CommandError(f"{clean(file)} is {error}") from error


def _print(found: UserFile, checked: CheckedList) -> None:
    print_line(f"Read as {clean(found.words)}: {checked.counts}")
    for line in checked.lines:
        for finding in line.findings:
            word = "error" if finding.severity == "error" else "note"
            name = clean(line.entry.name) or "?"
            print_line(f"  line {line.number}: {name}: {word}: {clean(finding.says)}")
    for finding in checked.findings:
        print_line(f"  error: {clean(finding.says)}")


def _document(chosen: Chosen, found: UserFile, checked: CheckedList) -> dict[str, object]:
    return {
        "account": chosen.words,
        "read_as": found.reading,
        "columns": list(found.columns),
        "right": checked.is_right,
        "lines": [_line(line) for line in checked.lines],
        "left_out": list(found.left_out),
        "findings": [_finding(each) for each in checked.findings],
    }


def _line(line: Line) -> dict[str, object]:
    entry = line.entry
    return {
        "line": line.number,
        "name": clean(entry.name),
        "own_password": bool(entry.password),
        "group": clean(entry.group) or None,
        "expires": entry.expires.isoformat() if entry.expires else None,
        "note": clean(entry.note) or None,
        "findings": [_finding(each) for each in line.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"severity": finding.severity, "code": finding.code, "says": clean(finding.says)}


async def export_users(context: Context, whose: Whose, out: str = "") -> Exit:
    """Write the users as CSV, to stdout or a file of mode 0600; there are no passwords in it."""
    async with opened(context) as session:
        await learn(session, KINDS)
        await learn_roster(session)
        rows = [each for each in person_rows(session) if is_of(each.row, whose)]
    rows.sort(key=lambda each: (each.row.domain, each.row.owner, each.name))
    text = export_table(rows)
    if not out:
        sys.stdout.write(text)
        sys.stdout.flush()
        return Exit.FINE
    await asyncio.to_thread(_write, out, text)
    tell(f"{len(rows)} users are written to {out}, without passwords.")
    return Exit.FINE


def _write(out: str, text: str) -> None:
    write_private(Path(out).expanduser(), text)
