"""`csvpn firewall acl`: let VPN clients reach a tier of a VPC."""

import argparse
import re

from tui.cloud.models import PublicIp
from tui.commands.opening import Context, did_you_mean
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, tell
from tui.commands.running import code_after, run, step_documents
from tui.operations.acl import AllowClients
from tui.safety.text import clean
from tui.session.session import Session
from tui.session.tiers import TierRow, change_sentences, tier_rows
from tui.vpn.acls import Opening


def read_opening(text: str) -> Opening:
    """`all`, `icmp`, `tcp/443`, `udp/5000-5010`. Raises `CommandError` for anything else."""
    if text.lower() in ("all", "icmp"):
        return Opening(text.lower())
    found = re.fullmatch(r"(tcp|udp)(?:/(\d{1,5})(?:-(\d{1,5}))?)?", text.lower())
    if found is not None:
        start = int(found[2]) if found[2] else None
        end = int(found[3]) if found[3] else start
        if start is None or (end is not None and 0 < start <= end <= 65535):
            return Opening(found[1], start, end)
    raise CommandError(
        f"{clean(text)!r} cannot be let in", "allowed: all, icmp, tcp, tcp/443, udp/5000-5010"
    )


async def allow_clients(
    context: Context, session: Session, address: PublicIp, arguments: argparse.Namespace
) -> Exit:
    """Show the entry that lets the client range in, and make it."""
    opening = read_opening(arguments.opening)
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
