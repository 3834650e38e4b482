"""`csvpn firewall`: show who gets in, and change it after showing the exact calls."""

import argparse
import os
import time
from collections.abc import Sequence
from typing import Final

from tui.cloud.models import PublicIp
from tui.commands.firewall_acl import allow_clients
from tui.commands.firewall_timed import run_timed
from tui.commands.opening import Context, did_you_mean, learn, opened, refuse_read_only, the_one
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, tell
from tui.commands.running import code_after, run, step_documents
from tui.operations.facts import Owner, ingress_rule
from tui.operations.sources import EditSources, SourcesWanted
from tui.operations.steps import Operation
from tui.operations.timed import TimedSources, TimedWanted
from tui.safety.text import clean
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.tiers import TierRow, tier_rows
from tui.session.views import network_rows
from tui.vpn.cidrs import Sources, parse_sources, spoken_with_names
from tui.vpn.findings import Finding, errors
from tui.vpn.ports import IKE, L2TP, NAT_T, IngressRule, analyse, rule_sentence
from tui.vpn.slots import Slot
from tui.vpn.sources import (
    SourcePlan,
    in_words,
    joint_diffs,
    own_address,
    shut_out,
    vpn_slots,
    what_disabling_does,
)

KINDS: Final = (Kind.NETWORKS, Kind.VPCS, Kind.ADDRESSES, Kind.VPNS)
_PORTS: Final = {"ike": IKE, "natt": NAT_T, "l2tp": L2TP}
_GLYPHS: Final = {"warning": "▲", "error": "✘"}


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Do what `arguments_firewall` declares. Raises one of `output.EXPECTED`."""
    what = arguments.firewall_command
    async with opened(context) as session:
        if what != "show" and not arguments.dry_run:
            refuse_read_only(session, f"firewall {what}")
        await learn(session, KINDS)
        address = _find(session, arguments.target)
        await _learn(session, address)
        if what == "show":
            return _show(context, session, address)
        if what == "acl":
            return await allow_clients(context, session, address, arguments)
        return await _change(context, session, address, arguments)


# What is meant, and what is known of it.


def _find(session: Session, target: str) -> PublicIp:
    """The address that `target` names: itself, or the source NAT address of a network or VPC."""
    addresses = session.inventory.addresses.rows
    exact = [a for a in addresses.values() if target in {a.address, a.id}]
    if exact:
        return exact[0]
    rows = [row for row in network_rows(session.inventory) if target in {row.key, row.name}]
    if not rows:
        names = [row.name for row in network_rows(session.inventory)]
        raise CommandError(
            f"there is no network, VPC or address {clean(target)!r} that these credentials may see",
            did_you_mean(target, names),
        )
    row = the_one(rows, target, lambda r: f"{r.key} of {r.owner}", choose="give the id instead")
    if row.address is None:
        raise CommandError(
            f"{row.name} has no address yet", "acquire one in the console, or enable its VPN"
        )
    return row.address


async def _learn(session: Session, address: PublicIp) -> None:
    inventory = session.inventory
    if address.network_id:
        await inventory.refresh_rules(address.id)
        shelf = inventory.rules[address.id]
        if shelf.error is not None:
            raise shelf.error
    elif address.vpc_id:
        await inventory.refresh_acls(address.vpc_id)
        for acls in (inventory.acl_lists[address.vpc_id], inventory.acl_entries[address.vpc_id]):
            if acls.error is not None:
                raise acls.error


def _rules(session: Session, address: PublicIp) -> tuple[IngressRule, ...]:
    return tuple(map(ingress_rule, session.inventory.rules[address.id].rows.values()))


# Showing.


def _show(context: Context, session: Session, address: PublicIp) -> Exit:
    has_vpn = session.inventory.vpn_of(address) is not None
    tiers = [] if address.network_id else tier_rows(session.inventory, address)
    rules = _rules(session, address) if address.network_id else ()
    report = analyse(rules) if address.network_id else ()
    narrow = any(port.access in ("missing", "pending") for port in report)
    narrow = narrow or any(row.verdict.reach in ("closed", "limited") for row in tiers)
    code = Exit.FINDINGS if has_vpn and narrow else Exit.FINE
    if context.as_json:
        print_json(
            {
                "address": address.address,
                "network": address.network_name or address.vpc_name,
                "vpn": has_vpn,
                "ports": [
                    {"port": p.port.number, "access": p.access, "sources": list(p.sources)}
                    for p in report
                ],
                "rules": [_rule_document(rule) for rule in rules],
                "tiers": [_tier_document(row) for row in tiers],
            }
        )
        return code
    place = address.network_name or address.vpc_name
    print_line(clean(f"{address.address}: {place}, {'VPN' if has_vpn else 'no VPN'}"))
    lists = session.profile.sources
    for port in report:
        whom = spoken_with_names(port.sources, lists) if port.sources else ""
        says = f"{port.port} from {whom}" if whom else port.says
        print_line(clean(f"  {port.mark.glyph} {says}"))
    if rules:
        print_line("Rules:")
    for rule in rules:
        print_line(clean(f"  {rule_sentence(rule)}  [{rule.state}]"))
    for row in tiers:
        print_line(clean(f"  {row.mark.glyph} {row.sentence}"))
        if row.verdict.remedy and has_vpn:
            print_line(clean(f"    {row.verdict.remedy}"))
    if not address.network_id:
        print_line("The router of a VPC opens the VPN ports by itself; it has no firewall rules.")
    return code


def _rule_document(rule: IngressRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "protocol": rule.protocol,
        "start": rule.start,
        "end": rule.end,
        "sources": list(rule.sources),
        "state": rule.state,
        "says": rule_sentence(rule),
    }


def _tier_document(row: TierRow) -> dict[str, object]:
    return {
        "name": row.tier.name,
        "cidr": row.tier.cidr,
        "acl": row.acl.name if row.acl else None,
        "reach": row.verdict.reach,
        "says": row.verdict.says,
        "remedy": row.verdict.remedy,
    }


# Changing.


async def _change(
    context: Context, session: Session, address: PublicIp, arguments: argparse.Namespace
) -> Exit:
    if not address.network_id:
        raise CommandError(
            f"{address.address} belongs to the VPC {address.vpc_name}, whose router opens the VPN "
            "ports by itself",
            "csvpn firewall acl lets VPN clients into its tiers",
            Exit.FINDINGS,
        )
    sources = parse_sources(" ".join(arguments.sources), session.profile.sources)
    port = _PORTS.get(arguments.port)
    wish = SourcesWanted(
        address_id=address.id,
        public_ip=address.address,
        rules=_rules(session, address),
        slots=vpn_slots() if port is None else (Slot.of_port(port),),
        cidrs=sources.cidrs,
        mode="add" if arguments.firewall_command == "allow" else "set",
        allow_gap=getattr(arguments, "allow_gap", False),
        owner=Owner.of(address),
    )
    timed = None
    if arguments.seconds:
        timed = TimedWanted(change=wish, until=_now() + arguments.seconds)
    plan = wish.worked_out() if sources.usable else None
    findings = _findings(sources, plan, timed)
    operation = _operation(session, wish, timed) if plan and _can_run(plan, findings) else None
    calls = [s.call.cloudmonkey() for s in operation.plan() if s.call] if operation else []
    if not context.as_json:
        _print_plan(wish, plan, findings, timed, calls)
    if operation is None or arguments.dry_run:
        return _end_without_running(context, plan, findings, calls)
    if not arguments.yes and not _agreed(session, operation):
        tell("Nothing was changed.")
        return Exit.FINDINGS
    if isinstance(operation, TimedSources):
        events = await run_timed(context, operation)
    else:
        events = await run(context, operation)
    if context.as_json:
        document = _plan_document(plan, findings, calls, ran=True)
        print_json(document | {"steps": step_documents(events)})
    return code_after(events)


def _now() -> float:
    return float(round(time.time()))


def _operation(session: Session, wish: SourcesWanted, timed: TimedWanted | None) -> Operation:
    if timed is not None:
        return TimedSources(session.client, timed)
    return EditSources(session.client, wish)


def _can_run(plan: SourcePlan, findings: Sequence[Finding]) -> bool:
    return plan.can_run and not errors(findings)


def _findings(
    sources: Sources, plan: SourcePlan | None, timed: TimedWanted | None
) -> tuple[Finding, ...]:
    found = list(sources.findings)
    if plan is not None:
        found += timed.findings() if timed is not None and plan.can_run else plan.findings
        own = shut_out(plan, own_address(os.environ.get("SSH_CONNECTION", "")))
        found += [own] if own is not None else []
    return tuple(found)


def _agreed(session: Session, operation: Operation) -> bool:
    profile = session.profile
    return confirm(f"{operation.title}?", typed=profile.name if profile.production else "")


def _print_plan(
    wish: SourcesWanted,
    plan: SourcePlan | None,
    findings: Sequence[Finding],
    timed: TimedWanted | None,
    calls: Sequence[str],
) -> None:
    print_line(clean(wish.words if plan is not None else f"Sources of {wish.public_ip}"))
    if plan is not None:
        for diff in joint_diffs(plan):
            for line in diff.lines:
                print_line(clean(f"  {diff.name} {line}"))
        for line in in_words(plan):
            print_line(clean(f"  {line}"))
    for finding in findings:
        print_line(clean(f"  {_GLYPHS[finding.severity]} {finding.says}"))
    if not calls or plan is None:
        return
    for sentence in timed.sentences() if timed else what_disabling_does(plan):
        print_line(clean(f"  {sentence}"))
    print_line("Will be sent:")
    for call in calls:
        print_line(f"  {clean(call)}")


def _end_without_running(
    context: Context,
    plan: SourcePlan | None,
    findings: Sequence[Finding],
    calls: Sequence[str],
) -> Exit:
    stopped = bool(errors(findings)) or plan is None
    if context.as_json:
        print_json(_plan_document(plan, findings, calls, ran=False))
    elif stopped:
        print_line("Nothing was sent: what is marked ✘ stands in the way.")
    elif not calls:
        print_line("Nothing was sent: it is so already.")
    else:
        print_line("Nothing was sent: this is a dry run.")
    return Exit.FINDINGS if stopped else Exit.FINE


def _plan_document(
    plan: SourcePlan | None, findings: Sequence[Finding], calls: Sequence[str], *, ran: bool
) -> dict[str, object]:
    return {
        "ran": ran,
        "can_run": bool(calls),
        "changes": [
            {"ports": diff.name, "gone": list(diff.gone), "new": list(diff.new)}
            for diff in (plan.diffs if plan else ())
        ],
        "access": [
            {
                "port": after.port.number,
                "before": list(before.sources),
                "after": list(after.sources),
            }
            for before, after in (plan.access if plan else ())
        ],
        "findings": findings,
        "calls": list(calls),
    }
