"""`csvpn repair`: what is wrong with a VPN, with evidence, and the cures."""

import argparse
from typing import TYPE_CHECKING

from tui.commands.changing import PLACES, Change, carry_out, document, place_of
from tui.commands.opening import Context, learn, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json, print_line
from tui.operations.repair import RepairVpn, repairing_means
from tui.safety.text import clean
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.views import network_rows

if TYPE_CHECKING:
    from tui.session.repairing import Diagnosis


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Say what is wrong; with `--fix` cure it. Raises one of `output.EXPECTED`."""
    from tui.session.repairing import examine  # loads the SSH client

    if arguments.fix and not arguments.target:
        raise CommandError("--fix needs one network", "name it; without it all are looked at")
    async with opened(context) as session:
        if arguments.fix and not arguments.dry_run:
            refuse_read_only(session, "repair")
        keys = await _targets(session, arguments.target)
        found = []
        for key in keys:
            one = await examine(session, key, stuck=tuple(arguments.users))
            if one is not None and (one.troubles or arguments.target):
                found.append(one)
        if not context.as_json:
            _print(found)
        if arguments.fix and found:
            return await _fix(context, session, found[0], arguments)
        if context.as_json:
            print_json({"places": [_diagnosis_document(each) for each in found]})
        troubled = any(each.troubles for each in found)
        if troubled:
            return Exit.FINDINGS
        return Exit.CANNOT_TELL if any(each.unasked for each in found) else Exit.FINE


async def _targets(session: Session, target: str) -> list[str]:
    """The network that was named, or every one that may have a VPN."""
    if target:
        return [(await place_of(session, target)).key]
    await learn(session, (*PLACES, Kind.VPNS))
    return [
        row.key
        for row in network_rows(session.inventory)
        if row.address is not None and row.vpn_mark.word != "n/a"
    ]


def _print(found: "list[Diagnosis]") -> None:
    for each in found:
        print_line(clean(each.row.name))
        for trouble in each.troubles:
            print_line(clean(f"  ✘ {trouble.says}"))
            for line in trouble.evidence:
                print_line(clean(f"      {line}"))
            for cure in trouble.cures:
                print_line(clean(f"    → {cure.says}"))
            if trouble.otherwise:
                print_line(clean(f"    → {trouble.otherwise}"))
        for why in each.unasked:
            print_line(clean(f"  ? {why}"))
        if not each.troubles:
            print_line("  ✔ Nothing is wrong with it, as far as could be looked at.")
    if not found:
        print_line("Nothing is wrong with any VPN, as far as could be looked at.")


def _diagnosis_document(found: "Diagnosis") -> dict[str, object]:
    return {
        "network": found.row.name,
        "address": found.row.address.address if found.row.address else None,
        "troubles": found.troubles,
        "unasked": list(found.unasked),
    }


async def _fix(
    context: Context, session: Session, found: "Diagnosis", arguments: argparse.Namespace
) -> Exit:
    from tui.session.reaching import reaching
    from tui.session.repairing import repair_plan
    from tui.session.verifying import verifier

    row = found.row
    plan = repair_plan(found, found.troubles)
    if not plan.cures:
        if context.as_json:
            print_json({"places": [_diagnosis_document(found)]})
        if found.troubles:
            raise CommandError(
                "nothing of this can be cured from here", "see what to do above", Exit.FINDINGS
            )
        return Exit.FINE
    verify = verifier(session, row.key) if session.profile.ssh_path(row.zone) else None
    operation = RepairVpn(session.client, plan, verify=verify, reach=reaching(session))
    means = repairing_means(plan)
    change = Change(dry_run=arguments.dry_run, yes=arguments.yes)
    question = f"Repair the VPN of {row.name}?"
    ran = await carry_out(
        context, session, operation, means, change, question=question, name=row.name
    )
    if ran is None:
        return Exit.FINDINGS
    code, events = ran
    if context.as_json:
        answer = document(operation, means, events, ran=True)
        answer["places"] = [_diagnosis_document(found)]
        print_json(answer)
    return code
