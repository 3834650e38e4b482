"""`csvpn users audit`: stale VPN users, and how far the records reach that say so."""

from tui.commands.opening import Context, learn, opened
from tui.commands.output import Exit, print_json, print_line, tell
from tui.commands.whose import Whose, choose
from tui.session.user_audit import KINDS, Audit, OwnerAudit, audit_users
from tui.vpn.stale import count_kinds, step_of

WORDS = {
    "ghost": "✘ ghost",
    "missing": "✘ missing",
    "stuck": "▲ stuck",
    "never": "▲ never",
    "unused": "▲ unused",
    "unknown": "? no record",
}


async def audit(context: Context, whose: Whose, days: int) -> Exit:
    """Look for users that nobody seems to need, and for those that should not be there.

    Findings are 1; where something could not be read and nothing was found, 2. That there is no
    record of a login is no finding by itself.
    """
    async with opened(context) as session:
        await learn(session, KINDS)
        owners = None
        if not whose.is_open:
            chosen = await choose(session, whose)
            owners = (chosen.key,) if chosen.key is not None else ()
        found = await audit_users(session, days, owners)
    if context.as_json:
        print_json(_document(found))
    else:
        _print(found)
    if any(each.kind != "unknown" for each in found.stale):
        return Exit.FINDINGS
    return Exit.FINE if found.is_whole else Exit.CANNOT_TELL


def _print(found: Audit) -> None:
    for owner in found.owners:
        users = "1 user" if owner.users == 1 else f"{owner.users} users"
        counts = ", ".join(f"{n} {kind}" for kind, n in count_kinds(owner.stale).items())
        print_line(f"{owner.owner}: {users}, {counts or f'none stale after {found.days} days'}")
        for stale in owner.stale:
            print_line(f"  {WORDS[stale.kind]:11}  {stale.says}")
            print_line(f"  {'':11}  {stale.remedy}")
        for says in owner.watch.looked_at:
            print_line(f"  looked at {says}")
        for says in owner.watch.gaps:
            print_line(f"  not known: {says}")
    for says in found.gaps:
        tell(f"note: {says}")
    if not found.owners:
        tell("There are no VPN users here.")


def _document(found: Audit) -> dict[str, object]:
    return {
        "days": found.days,
        "whole": found.is_whole,
        "owners": [_owner(owner) for owner in found.owners],
        "gaps": list(found.gaps),
    }


def _owner(owner: OwnerAudit) -> dict[str, object]:
    return {
        "owner": owner.owner,
        "users": owner.users,
        "since": owner.watch.since.isoformat() if owner.watch.since else None,
        "looked_at": list(owner.watch.looked_at),
        "gaps": list(owner.watch.gaps),
        "stale": [
            {
                "name": each.name,
                "class": each.kind,
                "days": each.days,
                "step": step_of(each.days),
                "says": each.says,
                "remedy": each.remedy,
            }
            for each in owner.stale
        ],
    }
