"""The rows of the firewall section: rules of an address, or tiers of a VPC."""

from operator import attrgetter
from typing import Final

import msgspec
from textual.content import Content

from screens.details import facts_text
from tui.cloud.models import FirewallRule
from tui.session.tiers import TierRow
from tui.vpn.ports import VPN_PORTS, IngressRule
from tui.vpn.states import Mark, rule_mark
from tui.widgets.columns import Cell, Column, text_column


class RuleRow(msgspec.Struct, frozen=True):
    """One rule and its sentence."""

    fact: FirewallRule
    rule: IngressRule
    sentence: str
    serves_vpn: bool

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone of the rule's state."""
        return rule_mark(self.rule.state)


Row = RuleRow | TierRow
"""A rule of an address of a network, or a tier of the VPC that an address belongs to."""


def _order(row: Row) -> tuple[bool, int, int]:
    if isinstance(row, TierRow):
        return (False, 0, 0)
    ports = [number for number, port in enumerate(VPN_PORTS) if row.rule.covers(port)]
    return (not row.serves_vpn, min(ports, default=99), row.rule.start or 0)


def _state(row: Row) -> Cell:
    return Cell(str(row.mark), row.mark.tone)


def _needed(row: Row) -> Cell:
    return Cell("needed" if isinstance(row, RuleRow) and row.serves_vpn else "")


COLUMNS: Final[tuple[Column[Row], ...]] = (
    text_column("RULE", attrgetter("sentence"), widest=72, narrowest=20, order=_order),
    Column("STATE", _state, widest=12),
    Column("VPN", _needed, widest=6, rank=1),
)


def rule_details(row: RuleRow) -> tuple[str, Content]:
    """Title and text about a rule."""
    mark = row.mark
    facts = [
        ("Protocol", row.rule.protocol.upper()),
        ("Ports", _ports(row.rule)),
        ("From", ", ".join(row.rule.sources)),
        ("State", str(mark)),
        ("Id", row.fact.id),
    ]
    served = [f"{port}: {port.why}" for port in VPN_PORTS if row.rule.covers(port)]
    return row.sentence, facts_text(facts, [mark.means, *served])


def tier_details(row: TierRow) -> tuple[str, Content]:
    """Title and text about a tier: its list, entry by entry, and what that means."""
    facts = [
        ("Tier", f"{row.tier.name}, {row.tier.cidr}"),
        ("Clients", str(row.client_range) if row.client_range else "no VPN"),
        ("ACL", row.acl.name if row.acl else row.tier.acl_name or "not known"),
        ("Also of", ", ".join(row.shared_with) or "no other tier"),
    ]
    for entry in row.acl.ingress if row.acl else ():
        verb = "allow" if entry.allows else "deny"
        whom = ", ".join(entry.cidrs) or "anyone"
        facts.append((f"Entry {entry.number}", f"{verb} {entry.what} from {whom}"))
    remedy = [row.verdict.remedy] if row.verdict.remedy else []
    return row.tier.name, facts_text(facts, [row.verdict.says, *remedy])


def _ports(rule: IngressRule) -> str:
    if rule.start is None:
        return "all"
    if rule.end is None or rule.end == rule.start:
        return str(rule.start)
    return f"{rule.start} to {rule.end}"
