"""`csvpn restart`: restart a router, a network or a VPC, its cost said before."""

import argparse

from tui.commands.changing import Change, carry_out, document, nothing_ran, place_of
from tui.commands.opening import Context, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json
from tui.operations.restart import Restart, RestartPlan, Way, restarting_costs
from tui.session.session import Session


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Restart what was named. Raises one of `output.EXPECTED`."""
    change = Change(dry_run=arguments.dry_run, yes=arguments.yes)
    async with opened(context) as session:
        way: Way = "place-cleanup" if arguments.cleanup else "place"
        way = "router" if arguments.router is not None else way
        if not change.dry_run:
            refuse_read_only(session, "rebootRouter" if way == "router" else "restartNetwork")
        return await _restart(context, session, arguments, change, way)


async def _restart(
    context: Context,
    session: Session,
    arguments: argparse.Namespace,
    change: Change,
    way: Way,
) -> Exit:
    from tui.session.enabling import learn  # the rest loads the SSH client
    from tui.session.restarting import restart_plan
    from tui.session.verifying import verifier

    target = arguments.target
    row = await learn(session, (await place_of(session, target)).key)
    if row is None:
        raise CommandError(f"{target} has just gone", "list the networks again")
    plan: RestartPlan | str = await restart_plan(session, row, way, arguments.router or "")
    if isinstance(plan, str):
        raise CommandError(plan.rstrip("."), "see csvpn restart --help", Exit.FINDINGS)
    verify = verifier(session, row.key) if session.profile.ssh_path(row.zone) else None
    operation = Restart(session.client, plan, verify=verify)
    means = restarting_costs(plan)
    question = f"{operation.title}?"
    ran = await carry_out(
        context, session, operation, means, change, question=question, name=row.name
    )
    if ran is None:
        return nothing_ran(change)
    code, events = ran
    if context.as_json:
        print_json(document(operation, means, events, ran=True))
    return code
