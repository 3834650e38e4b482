"""`csvpn disable`: what it takes and leaves, doing it, and cleaning up afterwards."""

import argparse

from tui.commands.changing import Change, carry_out, document, nothing_ran, place_of
from tui.commands.opening import Context, opened, refuse_read_only
from tui.commands.output import CommandError, Exit, print_json, print_line
from tui.operations.clean_up import CleanUp, clean_up_plan, cleaning_means
from tui.operations.disable import DisableVpn, consequences
from tui.operations.router_changes import Left
from tui.safety.text import clean
from tui.session.session import Session


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Disable a VPN. Raises one of `output.EXPECTED`."""
    change = Change(dry_run=arguments.dry_run, yes=arguments.yes)
    async with opened(context) as session:
        if not change.dry_run:
            refuse_read_only(session, "deleteRemoteAccessVpn")
        return await _disable(context, session, arguments.target, change, arguments.clean)


async def _disable(
    context: Context, session: Session, target: str, change: Change, clean_up: bool
) -> Exit:
    from tui.session.disabling import disabling  # loads the SSH client
    from tui.session.enabling import learn
    from tui.session.reaching import reaching

    row = await learn(session, (await place_of(session, target)).key)
    plan = await disabling(session, row) if row is not None else None
    if row is None or plan is None:
        raise CommandError(f"{target} has no address that could have a VPN", code=Exit.FINDINGS)
    reach = reaching(session) if plan.routers else None
    operation = DisableVpn(session.client, plan, reach=reach)
    means = consequences(plan)
    question = f"Disable the VPN of {row.name}?"
    ran = await carry_out(
        context, session, operation, means, change, question=question, name=row.name
    )
    if ran is None:
        return nothing_ran(change)
    code, events = ran
    cleaning = clean_up_plan(
        row.place, plan.address_id, plan.public_ip, operation.left, operation.rules_left
    )
    cleaned = None
    if code is Exit.FINE and clean_up and not cleaning.empty:
        after = CleanUp(session.client, cleaning, reach=reach)
        told = cleaning_means(cleaning)
        ran = await carry_out(
            context, session, after, told, change, question="Clean that up?", name=row.name
        )
        code = ran[0] if ran else Exit.FINDINGS
        cleaned = document(after, told, ran[1] if ran else [], ran=ran is not None)
    elif not context.as_json:
        _print_left(operation.left, offered=not cleaning.empty)
    if context.as_json:
        answer = document(operation, means, events, ran=True)
        answer["left"] = [_left_document(each) for each in operation.left]
        answer["clean_up"] = cleaned
        print_json(answer)
    return code


def _print_left(left: tuple[Left, ...], *, offered: bool) -> None:
    for each in left:
        print_line(clean(each.sentence()))
    if offered:
        print_line("--clean cleans that up.")


def _left_document(each: Left) -> dict[str, object]:
    left = each.left
    return {
        "router": each.router.name,
        "error": each.error or None,
        "sessions": [session.user for session in left.sessions] if left else None,
        "daemons": list(left.daemons) if left else None,
        "has_key": left.has_key if left else None,
        "logins": list(left.logins) if left else None,
    }
