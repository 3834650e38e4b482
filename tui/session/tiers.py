"""The tiers of a VPC and what VPN clients reach of each."""

import msgspec

from tui.cloud.models import Network, PublicIp
from tui.operations.acl import ClientsWanted, acl_facts
from tui.session.inventory import Inventory
from tui.session.views import range_of
from tui.vpn.acls import (
    AclChange,
    AclFacts,
    AclVerdict,
    Opening,
    client_networks,
    judge_acl,
    plan_entry,
)
from tui.vpn.ranges import ClientRange
from tui.vpn.states import Mark


class TierRow(msgspec.Struct, frozen=True):
    """One tier of a VPC with a VPN, or without one."""

    tier: Network
    client_range: ClientRange | None
    """None where the VPC has no VPN, or its range is not known."""
    acl: AclFacts | None
    verdict: AclVerdict
    shared_with: tuple[str, ...]
    """Names of the other tiers that use the same list."""

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone of what clients reach."""
        return self.verdict.mark

    @property
    def sentence(self) -> str:
        """What clients reach of this tier: `globex-web (10.8.1.0/24): VPN clients reach …`."""
        return f"{self.tier.name} ({self.tier.cidr}): {self.verdict.says}"

    def wanted(self, opening: Opening) -> ClientsWanted | str:
        """What has to be done so that clients reach `opening`; or why that cannot be done."""
        if self.client_range is None:
            return "The VPC has no VPN, so there is no client range to let in."
        if self.acl is None:
            return f"The ACL of {self.tier.name} is not known."
        networks = client_networks(self.client_range)
        if not networks:
            return f"The client range {self.client_range} has no address for a client."
        change = plan_entry(self.acl, networks, self.tier.vpc_name or self.tier.vpc_id, opening)
        if isinstance(change, str):
            return change
        return ClientsWanted(
            acl_id=self.acl.id, acl_name=self.acl.name, tier=self.tier.name, change=change
        )


def tier_rows(inventory: Inventory, address: PublicIp) -> list[TierRow]:
    """The tiers of the VPC of `address`, by name; what is not known yet is told as such."""
    vpn = inventory.vpn_of(address)
    client_range = range_of(vpn) if vpn is not None else None
    tiers = [n for n in inventory.networks.rows.values() if n.vpc_id == address.vpc_id]
    rows = []
    for tier in sorted(tiers, key=lambda each: each.name):
        acl = _acl_of(inventory, tier)
        if client_range is None:
            verdict = AclVerdict("unknown", "The VPC has no VPN whose clients could come in.")
        else:
            verdict = judge_acl(acl, client_networks(client_range))
        shared = tuple(t.name for t in tiers if t.acl_id and t.acl_id == tier.acl_id and t != tier)
        rows.append(TierRow(tier, client_range, acl, verdict, shared))
    return rows


def _acl_of(inventory: Inventory, tier: Network) -> AclFacts | None:
    lists = inventory.acl_lists.get(tier.vpc_id)
    entries = inventory.acl_entries.get(tier.vpc_id)
    if lists is None or entries is None or lists.fetched is None or entries.fetched is None:
        return None
    acl = lists.rows.get(tier.acl_id)
    if acl is None:
        return None
    return acl_facts(acl, [row for row in entries.rows.values() if row.acl_id == acl.id])


def change_sentences(row: TierRow, change: AclChange) -> tuple[str, ...]:
    """What an entry means, in sentences."""
    sentences = [
        f"Entry {change.number} of {row.acl.name if row.acl else 'the list'} lets "
        f"{', '.join(change.cidrs)} reach {change.opening} of {row.tier.name}."
    ]
    if row.shared_with:
        names = ", ".join(row.shared_with)
        sentences.append(f"The list is also that of {names}: clients reach those tiers as well.")
    sentences += [
        f"Entry {entry.number}, for {', '.join(entry.cidrs)}, is removed."
        for entry in change.replaces
    ]
    sentences.append("Disabling the VPN later leaves the entry: it is yours to remove.")
    return tuple(sentences)
