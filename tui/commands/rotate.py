"""`csvpn rotate` and `csvpn change-range`: make a VPN anew, for another key or another range."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui.commands.changing import (
    Change,
    carry_out,
    document,
    key_document,
    nothing_ran,
    place_of,
    print_key,
)
from tui.commands.opening import Context, learn, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json, print_line, table
from tui.commands.printed_secrets import note_printed
from tui.operations.change_range import ChangeRange, changing_means
from tui.operations.remake import RemakeVpn
from tui.operations.remake_plan import RemakePlan
from tui.operations.rotate import RotateKey, rotating_means
from tui.safety.text import clean
from tui.session.enabling import suggested_range
from tui.session.inventory import Kind
from tui.session.key_ages import KeyAges
from tui.session.session import Session
from tui.session.views import VpnRow, vpn_rows
from tui.vpn.psk_policy import KeyAge
from tui.vpn.ranges import ClientRange

if TYPE_CHECKING:
    from tui.session.remaking import Remaking


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Rotate a key, list the keys that are due, or change a range. Raises one of
    `output.EXPECTED`."""
    change = Change(dry_run=arguments.dry_run, yes=arguments.yes, show_secret=arguments.show_secret)
    async with opened(context) as session:
        if arguments.command == "rotate" and arguments.due:
            return await _list_due(context, session)
        if not arguments.target:
            raise CommandError("no network is named", "name one, or list the due ones with --due")
        if not change.dry_run:
            refuse_read_only(session, "createRemoteAccessVpn")
        if arguments.command == "rotate":
            return await _remake(context, session, arguments, change)
        return await _remake(context, session, arguments, change, arguments.range_text)


async def _list_due(context: Context, session: Session) -> Exit:
    await learn(session, (Kind.VPNS, Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES))
    rows = [row for row in vpn_rows(session.inventory) if row.vpn is not None]
    ages = KeyAges(session)
    await ages.learn(row.address.id for row in rows)
    judged = [(row, ages.age(row.address)) for row in rows]
    due = sorted(
        ((row, age) for row, age in judged if age.is_due), key=lambda each: -(each[1].days or 0)
    )
    unknown = [row for row, age in judged if age.state == "unknown"]
    if context.as_json:
        print_json(
            {
                "policy_days": session.profile.psk_days,
                "due": [_age_document(row, age) for row, age in due],
                "unknown": [row.place for row in unknown],
            }
        )
    else:
        cells = [(row.place, row.address.address, str(age), age.state) for row, age in due]
        for line in table(("NETWORK", "ADDRESS", "KEY", "STATE"), cells) if cells else ():
            print_line(clean(line))
        if not cells:
            print_line(f"No key is due: each is good for {session.profile.psk_days} days.")
        if unknown:
            names = ", ".join(row.place for row in unknown)
            print_line(clean(f"How old these keys are, nobody knows: {names}."))
    return Exit.FINDINGS if due else Exit.FINE


def _age_document(row: VpnRow, age: KeyAge) -> dict[str, object]:
    return {
        "network": row.place,
        "address": row.address.address,
        "account": row.owner,
        "days": age.days,
        "state": age.state,
        "known_from": age.source or None,
    }


async def _remake(
    context: Context,
    session: Session,
    arguments: argparse.Namespace,
    change: Change,
    range_text: str = "",
) -> Exit:
    from tui.session.reaching import reaching  # loads the SSH client
    from tui.session.remaking import look_before, plan_of
    from tui.session.verifying import verifier

    target = arguments.target
    found = await look_before(session, (await place_of(session, target)).key)
    if found is None:
        raise CommandError(f"{target} has just gone", "list the networks again")
    if found.reason:
        raise CommandError(found.reason.rstrip("."), "csvpn repair says more", Exit.FINDINGS)
    row = found.row
    wanted = _judged(context, session, found, range_text) if range_text else None
    changes_range = wanted is not None
    restart = not arguments.no_restart if changes_range else arguments.end_sessions
    plan = plan_of(
        session,
        found,
        datetime.now(UTC).date(),
        new_range=wanted,
        restart_ipsec=restart and not changes_range,
        restart_xl2tpd=restart,
    )
    verify = verifier(session, row.key) if session.profile.ssh_path(row.zone) else None
    kind: type[RemakeVpn] = ChangeRange if changes_range else RotateKey
    operation = kind(
        session.client, plan, verify=verify, reach=reaching(session) if plan.routers else None
    )
    means = changing_means(plan) if changes_range else rotating_means(plan)
    return await _run(context, session, operation, plan, means, change)


def _judged(context: Context, session: Session, found: "Remaking", text: str) -> ClientRange | None:
    """The range that was typed. Raises `CommandError` for one that cannot be used."""
    from tui.session.remaking import judge_range

    if text == "auto":
        text = suggested_range(session.inventory, found.row, found.row.users)
        if not text:
            raise CommandError("no free range was found", "name one", Exit.FINDINGS)
    wish = judge_range(session, found, text)
    for finding in () if context.as_json else wish.findings:
        glyph = "✘" if finding.severity == "error" else "▲"
        print_line(clean(f"{glyph} {finding.says}"))
    if not wish.usable:
        says = next(f.says for f in wish.findings if f.severity == "error")
        raise CommandError(says.rstrip("."), "name another range", Exit.FINDINGS)
    return wish.range


async def _run(
    context: Context,
    session: Session,
    operation: RemakeVpn,
    plan: RemakePlan,
    means: tuple[str, ...],
    change: Change,
) -> Exit:
    name = plan.place.name
    question = f"{operation.title}?"
    ran = await carry_out(context, session, operation, means, change, question=question, name=name)
    if ran is None:
        return nothing_ran(change)
    code, events = ran
    made = operation.result
    if change.show_secret and made is not None and made.preshared_key is not None:
        await note_printed(session, "pre-shared key", made.public_ip)
    if context.as_json:
        answer = document(operation, means, events, ran=True)
        answer["vpn"] = key_document(operation.result, change.show_secret)
        print_json(answer)
    else:
        print_key(operation.result, change.show_secret)
        if operation.must_finish:
            print_line(clean(f"✘ {operation.must_finish}"))
    return code
