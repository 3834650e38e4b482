"""`csvpn audit verify` and `csvpn audit show`: the audit trail, checked and read."""

import argparse
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from tui.commands.log_times import parse_since
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit, print_json, print_line, table, tell
from tui.safety.audit_check import Checked, Place, check_trail, read_trail
from tui.safety.audit_records import Record
from tui.safety.text import clean
from tui.settings.paths import audit_file


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Verify or show. Raises `CommandError` where the trail cannot be read."""
    try:
        if arguments.audit_command == "verify":
            return _verify(context)
        return _show(context, arguments.since, arguments.lines)
    except OSError as error:
        raise CommandError(
            f"the audit trail cannot be read: {error.strerror}: {clean(str(error.filename))}",
            code=Exit.CANNOT_TELL,
        ) from error


def _verify(context: Context) -> Exit:
    path = audit_file()
    checked = check_trail(path)
    if context.as_json:
        print_json({"path": str(path), "whole": checked.broken is None, **_document(checked)})
    else:
        for note in checked.notes:
            print_line(f"{_where(note)} {note.says}")
        print_line(_verdict(checked))
    return Exit.FINE if checked.broken is None else Exit.FINDINGS


def _verdict(checked: Checked) -> str:
    if checked.broken is not None:
        return f"broken: {_where(checked.broken)} {checked.broken.says}"
    if not checked.records:
        return f"Nothing was recorded yet in {clean(str(audit_file()))}."
    earlier = (
        f" Records before {checked.first} are not here: earlier files were taken away."
        if checked.first > 1
        else ""
    )
    files = "one file" if checked.files == 1 else f"{checked.files} files"
    return (
        f"The chain is whole: records {checked.first} to {checked.last} in {files}. What follows "
        f"the last record could have been cut off unseen.{earlier}"
    )


def _where(place: Place) -> str:
    return f"{clean(str(place.path))}, line {place.line}:"


def _document(checked: Checked) -> dict[str, object]:
    def spelled(place: Place) -> dict[str, object]:
        return {"file": str(place.path), "line": place.line, "says": place.says}

    return {
        "files": checked.files,
        "records": checked.records,
        "first": checked.first,
        "last": checked.last,
        "broken": spelled(checked.broken) if checked.broken else None,
        "notes": [spelled(note) for note in checked.notes],
    }


def _show(context: Context, since: str, most: int) -> Exit:
    start = parse_since(since, datetime.now(UTC)) if since else None
    records = list(deque(_from(start), most or None))
    if context.as_json:
        print_json({"records": [msgspec.to_builtins(record) for record in records]})
        return Exit.FINE
    if not records:
        tell("Nothing was recorded" + (f" since {since}." if since else " yet."))
        return Exit.FINE
    heads = ("TIME", "WHO", "PROFILE", "ACTION", "TARGET", "RESULT")
    for line in table(heads, [_row(record) for record in records]):
        print_line(line)
    return Exit.FINE


def _from(start: datetime | None) -> Iterator[Record]:
    for record in read_trail(audit_file()):
        if start is None or _moment(record) >= start:
            yield record


def _moment(record: Record) -> datetime:
    try:
        moment = datetime.fromisoformat(record.ts)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # not ours; better shown than left out
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _row(record: Record) -> tuple[str, ...]:
    actor, target = record.actor, record.target
    who = actor.os_user
    if actor.sudo_user:
        who += f" (sudo by {actor.sudo_user})"
    if actor.from_address:
        who += f" from {actor.from_address}"
    name = target.name or target.id
    what = f"{target.type} {name}".strip()
    code = f" {record.code}" if record.code is not None else ""
    result = f"{record.result}{code}{' (dry run)' if record.dry_run else ''}".strip()
    when = _moment(record).astimezone()
    shown = (f"{when:%Y-%m-%d %H:%M:%S}", who, record.profile, record.action, what, result)
    return tuple(clean(cell, 80) for cell in shown)
