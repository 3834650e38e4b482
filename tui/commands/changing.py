"""What the commands that change a VPN have in common: say what it does, ask, run, answer."""

from collections.abc import Sequence

import msgspec

from tui.commands.opening import Context, learn
from tui.commands.output import Exit, confirm, print_json, print_line, tell
from tui.commands.places import find_place
from tui.commands.running import code_after, run, step_documents
from tui.operations.enable import EnabledVpn
from tui.operations.steps import Operation, StepEvent
from tui.safety.secret import MASK
from tui.safety.text import clean
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.views import NetworkRow

PLACES = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How a change is asked for on the command line."""

    dry_run: bool = False
    yes: bool = False
    show_secret: bool = False


async def place_of(session: Session, target: str) -> NetworkRow:
    """The network or VPC that was named. Raises one of `output.EXPECTED`."""
    await learn(session, PLACES)
    return find_place(session, target)


def show_plan(operation: Operation, means: Sequence[str]) -> None:
    """What it does, in sentences, and every call that will be sent."""
    print_line(clean(operation.title))
    for sentence in means:
        print_line(clean(f"  • {sentence}"))
    print_line("Will be done:")
    for step in operation.plan():
        call = step.call.cloudmonkey() if step.call else step.title
        print_line(f"  {clean(call)}")


def agreed(session: Session, change: Change, question: str, name: str) -> bool:
    """Whether to go on; on a production profile the name has to be typed."""
    if change.yes:
        return True
    return confirm(question, typed=name if session.profile.production else "")


async def carry_out(
    context: Context,
    session: Session,
    operation: Operation,
    means: Sequence[str],
    change: Change,
    *,
    question: str,
    name: str,
) -> tuple[Exit, list[StepEvent]] | None:
    """Show it, ask, and run it; None where it was a dry run or the answer was no."""
    if not context.as_json:
        show_plan(operation, means)
    if change.dry_run:
        if context.as_json:
            print_json(document(operation, means, [], ran=False))
        else:
            print_line("Nothing was sent: this is a dry run.")
        return None
    if not agreed(session, change, question, name):
        tell("Nothing was changed.")
        return None
    events = await run(context, operation)
    return code_after(events), events


def document(
    operation: Operation, means: Sequence[str], events: Sequence[StepEvent], *, ran: bool
) -> dict[str, object]:
    """The part of the answer that every change has, for `--json`."""
    return {
        "title": operation.title,
        "means": list(means),
        "calls": [step.call.cloudmonkey() for step in operation.plan() if step.call],
        "ran": ran,
        "must_finish": operation.must_finish or None,
        "steps": step_documents(events),
    }


def key_document(vpn: EnabledVpn | None, show_secret: bool) -> dict[str, object] | None:
    """The VPN with its new key, for `--json`."""
    if vpn is None:
        return None
    key = vpn.preshared_key
    return {
        "address": vpn.public_ip,
        "range": str(vpn.client_range) if vpn.client_range else None,
        "preshared_key": key.reveal() if key and show_secret else None,
        "router": {"ok": vpn.router.ok, "says": vpn.router.says} if vpn.router else None,
    }


def print_key(vpn: EnabledVpn | None, show_secret: bool) -> None:
    """The VPN with its new key, in words."""
    if vpn is None:
        return
    print_line(f"server: {vpn.public_ip}")
    if vpn.client_range is not None:
        print_line(f"clients: {vpn.client_range.pool} ({vpn.client_range.clients} at once)")
    if vpn.preshared_key is not None:
        shown = vpn.preshared_key.reveal() if show_secret else MASK
        print_line(f"pre-shared key: {shown}")
        if not show_secret:
            tell("--show-secret shows the new key; everyone has to be given it.")


def nothing_ran(change: Change) -> Exit:
    """The exit code where nothing was done."""
    return Exit.FINE if change.dry_run else Exit.FINDINGS
