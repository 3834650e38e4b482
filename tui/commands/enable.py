"""`csvpn enable`: the checks, the exact calls, and, unless it is a dry run, doing it."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tui.commands.opening import (
    Context,
    opened,
    raise_gaps,
    refuse_read_only,
)
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, tell
from tui.commands.places import find_place
from tui.commands.printed_secrets import note_printed
from tui.commands.running import code_after, run, step_documents
from tui.operations.enable import EnabledVpn, EnableVpn
from tui.operations.reach import Verify
from tui.operations.steps import StepEvent
from tui.operations.users import NewUser
from tui.safety.secret import MASK
from tui.safety.text import clean
from tui.session import enabling
from tui.session.enabling import Prepared, Wish
from tui.session.inventory import Kind
from tui.session.preflight import KINDS
from tui.session.session import Session
from tui.session.views import NetworkRow, network_rows
from tui.vpn.ports import PortAccess
from tui.vpn.preflight import alike, by_state
from tui.vpn.preflight_facts import Check, State


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    target: str
    """Name or id of an isolated network or VPC, or its source NAT address."""
    range_text: str = ""
    """`first-last`, `auto` for one that collides with nothing, or empty for the cloud's own."""
    sources: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    dry_run: bool = False
    yes: bool = False
    show_secret: bool = False


_GLYPHS: Final[dict[State, str]] = {"pass": "✔", "warn": "▲", "fail": "✘", "unknown": "?"}


async def enable(context: Context, request: Request) -> Exit:
    """Check, show, ask and enable. Raises one of `output.EXPECTED`."""
    async with opened(context) as session:
        if not request.dry_run:
            refuse_read_only(session, "createRemoteAccessVpn")
        asked = [each for each in KINDS if each is not Kind.ZONES and session.may_list(each)]
        await session.inventory.refresh(asked)
        raise_gaps(session, (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES))
        key = _find(session, request.target).key
        row = await enabling.learn(session, key, known=asked)
        if row is None:
            raise CommandError(f"{request.target} has just gone", "list the networks again")
        prepared = enabling.prepare(session.inventory, row, _wish(session, row, request))
        operation = EnableVpn(session.client, prepared.plan, _verify(session, row))
        checks = prepared.checks
        calls = [step.call.cloudmonkey() for step in operation.plan() if step.call is not None]
        if not context.as_json:
            _print_plan(row, checks, calls if prepared.can_run else [])
        if not prepared.can_run or request.dry_run:
            return _end_without_running(context, row, prepared, checks, calls)
        if not request.yes and not _agreed(session, row):
            tell("Nothing was changed.")
            return Exit.FINDINGS
        events = await run(context, operation)
        result = operation.result
        if result is not None:
            await note_secrets(session, result, request.show_secret)
    if context.as_json:
        document = _plan_document(row, prepared, checks, calls, ran=True)
        document["steps"] = step_documents(events)
        document["vpn"] = vpn_document(result, request.show_secret) if result else None
        print_json(document)
    elif result is not None:
        print_vpn(result, events, request.show_secret)
    return code_after(events)


# What is meant.


def _find(session: Session, target: str) -> NetworkRow:
    """The network or VPC that `target` names. Raises `CommandError`."""
    rows = network_rows(session.inventory)
    carrying = {row.address.id for row in rows if row.address is not None}
    for address in session.inventory.addresses.rows.values():
        if address.address == target and address.id not in carrying:
            at = next((r for r in rows if r.key in {address.vpc_id, address.network_id}), None)
            where = f"; enable it on {at.name}" if at else ""
            raise CommandError(
                f"{target} is not the source NAT address of its network, so it cannot have a VPN",
                f"name the network or its source NAT address{where}",
                Exit.FINDINGS,
            )
    of_tier = "enable the VPN on {vpc}, it reaches all of its tiers"
    return find_place(session, target, of_tier=of_tier, code=Exit.FINDINGS)


def _wish(session: Session, row: NetworkRow, request: Request) -> Wish:
    range_text = request.range_text
    if range_text == "auto":
        users = row.users + len(request.users)
        range_text = enabling.suggested_range(session.inventory, row, users)
        if not range_text:
            raise CommandError("no free range was found", "name one with --range", Exit.FINDINGS)
    return Wish(
        range_text=range_text,
        sources_text=",".join(request.sources),
        lists=session.profile.sources,
        users=tuple(NewUser.generate(name) for name in request.users),
    )


def _verify(session: Session, row: NetworkRow) -> Verify | None:
    """Ask the router afterwards, where the profile says how to reach it."""
    if session.profile.ssh_path(row.zone) is None:
        return None
    from tui.session.verifying import verifier  # loads the SSH client

    return verifier(session, row.key)


def _agreed(session: Session, row: NetworkRow) -> bool:
    profile = session.profile
    question = f"Enable the VPN of {row.name}?"
    return confirm(question, typed=profile.name if profile.production else "")


# What is printed.


def _print_plan(row: NetworkRow, checks: Sequence[Check], calls: Sequence[str]) -> None:
    where = f"{row.type} of {row.owner}, {row.cidr}, zone {row.zone}"
    print_line(clean(f"{row.name}: {where}"))
    for state, found in by_state(checks).items():
        for _, together in alike(found):
            for number, check in enumerate(together):
                # Nine checks are left open by one router: the reason is said once.
                says = "likewise" if number and state == "unknown" else check.says
                print_line(clean(f"  {_GLYPHS[state]} {state:7} {check.name:26} {says}"))
                for text in (f"→ {check.remedy}" if check.remedy else "", check.action):
                    if text:
                        print_line(clean(f"  {'':36} {text}"))
    if calls:
        print_line("Will be sent:")
        for call in calls:
            print_line(f"  {clean(call)}")


def _end_without_running(
    context: Context,
    row: NetworkRow,
    prepared: Prepared,
    checks: Sequence[Check],
    calls: Sequence[str],
) -> Exit:
    if context.as_json:
        print_json(_plan_document(row, prepared, checks, calls, ran=False))
    elif prepared.can_run:
        print_line("Nothing was sent: this is a dry run.")
    else:
        print_line("Nothing was sent: what is marked ✘ stands in the way.")
    return Exit.FINE if prepared.can_run else Exit.FINDINGS


def _plan_document(
    row: NetworkRow,
    prepared: Prepared,
    checks: Sequence[Check],
    calls: Sequence[str],
    *,
    ran: bool,
) -> dict[str, object]:
    return {
        "network": {"id": row.key, "name": row.name, "type": row.type, "account": row.owner},
        "address": row.address.address if row.address else None,
        "can_run": prepared.can_run,
        "ran": ran,
        "checks": [_check_document(check) for check in checks],
        "calls": list(calls) if prepared.can_run else [],
    }


def _check_document(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "state": check.state,
        "says": clean(check.says),
        "evidence": [clean(text) for text in check.evidence],
        "remedy": check.remedy,
        "action": check.action,
        "server_says": check.server_says,
    }


def vpn_document(vpn: EnabledVpn, show_secret: bool) -> dict[str, object]:
    """The VPN for `--json`."""
    key = vpn.preshared_key
    return {
        "address": vpn.public_ip,
        "range": str(vpn.client_range) if vpn.client_range else None,
        "clients": vpn.client_range.clients if vpn.client_range else None,
        "preshared_key": key.reveal() if key and show_secret else None,
        "users": [
            {
                "name": user.name,
                "state": user.state,
                "password": user.password.reveal() if user.generated else None,
            }
            for user in vpn.users
        ],
        "ports": [_port_document(port) for port in vpn.ports],
        "router": {"ok": vpn.router.ok, "says": vpn.router.says} if vpn.router else None,
    }


def _port_document(port: PortAccess) -> dict[str, object]:
    return {"port": port.port.number, "access": port.access, "sources": list(port.sources)}


async def note_secrets(session: Session, vpn: EnabledVpn, show_secret: bool) -> None:
    """Record which secrets are about to be printed."""
    if show_secret and vpn.preshared_key is not None:
        await note_printed(session, "pre-shared key", vpn.public_ip)
    made = ", ".join(user.name for user in vpn.users if user.generated)
    await note_printed(session, "passwords", made)


def print_vpn(vpn: EnabledVpn, events: Sequence[StepEvent], show_secret: bool) -> None:
    """Print what people have to be given."""
    key = vpn.preshared_key
    print_line(f"server: {vpn.public_ip}")
    if vpn.client_range is not None:
        print_line(f"clients: {vpn.client_range.pool} ({vpn.client_range.clients} at once)")
    if key is not None:
        print_line(f"pre-shared key: {key.reveal() if show_secret else MASK}")
    generated = [user for user in vpn.users if user.generated]
    for user in generated:
        print_line(f"password of {user.name}: {user.password.reveal()}")
    if generated:
        tell("Generated passwords are shown only now: the server never gives them back.")
    if key is not None and not show_secret:
        tell("--show-secret shows the pre-shared key; the console does so too.")
    if vpn.router is None and not any(event.step.name == "router" for event in events):
        tell("The router was not asked: the profile does not say how to reach it.")
