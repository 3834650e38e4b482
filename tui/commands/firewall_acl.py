"""`csvpn firewall acl`: let VPN clients reach a tier of a VPC."""

import argparse

from tui.cloud.models import PublicIp
from tui.commands.opening import Context, did_you_mean
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, tell
from tui.commands.running import code_after, run, step_documents
from tui.operations.acl import AllowClients
from tui.safety.text import clean
from tui.session.session import Session
from tui.session.tiers import TierRow, change_sentences, tier_rows
from tui.vpn.acls import OPENING_RULE, read_opening


async def allow_clients(
    context: Context, session: Session, address: PublicIp, arguments: argparse.Namespace
) -> Exit:
    """Show the entry that lets the client range in, and make it."""
    opening = read_opening(arguments.opening)
    if opening is None:
        typed = clean(arguments.opening)
        raise CommandError(f"{typed!r} cannot be let in", f"allowed: {OPENING_RULE}")
    row = _tier(session, address, arguments.tier)
    wanted = row.wanted(opening)
    if isinstance(wanted, str):
        fine = wanted.endswith("already.")
        if context.as_json:
            print_json({"tier": row.tier.name, "ran": False, "says": wanted, "calls": []})
        else:
            print_line(clean(wanted))
        return Exit.FINE if fine else Exit.FINDINGS
    operation = AllowClients(session.client, wanted)
    calls = [step.call.cloudmonkey() for step in operation.plan() if step.call]
    if not context.as_json:
        print_line(clean(row.sentence))
        for sentence in change_sentences(row, wanted.change):
            print_line(clean(f"  {sentence}"))
        print_line("Will be sent:")
        for call in calls:
            print_line(f"  {clean(call)}")
    document: dict[str, object] = {"tier": row.tier.name, "says": row.verdict.says, "calls": calls}
    if arguments.dry_run:
        if context.as_json:
            print_json(document | {"ran": False})
        else:
            print_line("Nothing was sent: this is a dry run.")
        return Exit.FINE
    profile = session.profile
    typed = profile.name if profile.production else ""
    if not arguments.yes and not confirm(f"{operation.title}?", typed=typed):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    events = await run(context, operation)
    if context.as_json:
        print_json(document | {"ran": True, "steps": step_documents(events)})
    return code_after(events)


def _tier(session: Session, address: PublicIp, name: str) -> TierRow:
    if not address.vpc_id:
        raise CommandError(
            f"{address.address} is not the address of a VPC, so it has no tiers",
            "csvpn firewall show says who reaches its ports",
        )
    rows = tier_rows(session.inventory, address)
    found = [row for row in rows if name in {row.tier.name, row.tier.id}]
    if not found:
        raise CommandError(
            f"the VPC {address.vpc_name} has no tier {clean(name)!r}",
            did_you_mean(name, [row.tier.name for row in rows]),
        )
    return found[0]
