"""Everything that is known before a VPN is enabled, and the plan that follows from a wish.

The guided screen and `csvpn enable` ask the same questions here: may this network have a VPN and
on which address, is the range good, who may connect, are the users right, what will be sent.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from tui.cloud.models import PublicIp
from tui.operations.enable import EnablePlan
from tui.operations.facts import (
    address_facts,
    forwarding,
    ingress_rule,
    network_facts,
    router_facts,
    vpc_facts,
)
from tui.operations.users import NewUser
from tui.session.inventory import Inventory, Kind
from tui.session.preflight import Gathering
from tui.session.preflight_facts import Asked, facts_of
from tui.session.session import Session
from tui.session.views import NetworkRow, network_rows, range_of
from tui.vpn.cidrs import Sources, parse_sources
from tui.vpn.eligibility import Address, Eligibility, judge_network, judge_vpc
from tui.vpn.findings import Finding, errors
from tui.vpn.overlaps import Kind as Neighbourhood
from tui.vpn.overlaps import Neighbour, RangeCheck, check_range, suggest_range
from tui.vpn.ports import Forwarding, IngressRule
from tui.vpn.preflight import preflight
from tui.vpn.preflight_account import limit_finding
from tui.vpn.preflight_facts import WAITING, Check, Unasked
from tui.vpn.preflight_place import left_behind
from tui.vpn.users import DEFAULT_LIMIT, check_new_user


def _nothing() -> None:
    """Nobody wants to know."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody typed."""

    range_text: str = ""
    """`first-last`; empty: what the account or the cloud is set to."""
    sources_text: str = ""
    """CIDRs and names of `lists`; empty: anyone."""
    lists: dict[str, tuple[str, ...]] | None = None
    """The named lists of the profile; None where no names can be typed."""
    users: tuple[NewUser, ...] = ()


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about a wish, and the plan if nothing stands in the way."""

    row: NetworkRow
    eligibility: Eligibility
    range: RangeCheck | None
    """None when the range is left to the server."""
    sources: Sources
    users: tuple[tuple[str, tuple[Finding, ...]], ...]
    """Findings by the name of each user to be added."""
    limit: Finding | None
    """Whether the users fit into the account's limit."""
    ports: tuple[Finding, ...]
    plan: EnablePlan
    checks: tuple[Check, ...] = ()
    """Every prerequisite and every rule, judged; see `tui.vpn.preflight`."""

    def findings(self) -> tuple[Finding, ...]:
        """Everything, in the order of the form."""
        found = [*self.eligibility.reasons]
        found += self.range.findings if self.range else ()
        found += self.sources.findings
        found += [finding for _, findings in self.users for finding in findings]
        found += [self.limit] if self.limit else []
        return (*found, *self.ports)

    @property
    def can_run(self) -> bool:
        """Whether nothing stands in the way. What could not be asked does not."""
        failed = any(check.state == "fail" for check in self.checks)
        return self.eligibility.can_enable and not failed and not errors(self.findings())


async def learn(
    session: Session,
    key: str,
    on_news: Callable[[], object] = _nothing,
    known: Collection[Kind] = (),
) -> NetworkRow | None:
    """Ask for all that the questions need about the network or VPC `key`; None if it is gone.

    `on_news` is called as answers arrive: `prepare` knows more each time. Lists of `known` were
    asked for just now and are not again. What cannot be had is noted, with the reason, and is no
    obstacle.
    """
    return await Gathering(session, key, on_news, known).run()


def neighbours_of(inventory: Inventory, row: NetworkRow) -> tuple[Neighbour, ...]:
    """The addresses that a client range of `row` should keep clear of."""
    found: list[Neighbour] = []
    for other in network_rows(inventory):
        own = other.key == row.key
        if other.kind == "vpc":
            kind = Neighbourhood.OWN_VPC if own else Neighbourhood.VPC
        else:
            kind = Neighbourhood.OWN_NETWORK if own else Neighbourhood.NETWORK
        if other.cidr:
            found.append(Neighbour(kind, other.name, other.cidr))
        whole = range_of(other.vpn) if other.vpn and not own else None
        if whole is not None:
            found.append(Neighbour(Neighbourhood.VPN, other.name, str(whole)))
    own_peers = {
        connection.customer_gateway_id
        for connection in inventory.connections.rows.values()
        if row.address is not None and connection.public_ip == row.address.address
    }
    for gateway in inventory.gateways.rows.values():
        kind = Neighbourhood.OWN_PEER if gateway.id in own_peers else Neighbourhood.PEER
        found.append(Neighbour(kind, gateway.name, gateway.cidr_list))
    return tuple(found)


def suggested_range(inventory: Inventory, row: NetworkRow, users: int = 0) -> str:
    """A range that collides with nothing that is known, for as many clients as there are users."""
    suggestion = suggest_range(neighbours_of(inventory, row), max(7, users))
    return "" if suggestion is None else str(suggestion)


def judge(inventory: Inventory, row: NetworkRow) -> Eligibility:
    """Whether `row` can have a VPN, and on which address."""
    rules = _listed_rules(inventory, row)
    if row.vpc is not None:
        addresses = [
            _facts_of(inventory, address)
            for address in inventory.addresses.rows.values()
            if address.vpc_id == row.key
        ]
        return judge_vpc(vpc_facts(row.vpc), addresses, router_facts(row.routers))
    if row.network is None:
        raise ValueError(f"{row.name} is neither a network nor a VPC")
    addresses = [
        _facts_of(inventory, address, rules)
        for address in inventory.addresses.rows.values()
        if address.network_id == row.key
    ]
    return judge_network(network_facts(row.network), addresses, router_facts(row.routers))


def _facts_of(inventory: Inventory, address: PublicIp, listed_rules: int | None = None) -> Address:
    """What decides for an address; a VPN that its events or this console saw fail half-way is
    there although no list shows it."""
    facts = address_facts(address, inventory.vpns.rows.values(), listed_rules)
    if facts.vpn_state is not None:
        return facts
    place = address.vpc_id or address.network_id
    traces = inventory.gathered[place].traces if place in inventory.gathered else WAITING
    left = None
    if not isinstance(traces, Unasked) and (address.has_rules or address.vpc_id):
        left = left_behind(traces)
    if left is None and address.id in inventory.half_made:
        left = "Added"
    return facts if left is None else msgspec.structs.replace(facts, vpn_state=left)


def rules_of(inventory: Inventory, row: NetworkRow) -> tuple[IngressRule, ...]:
    """The firewall rules of the address, as last asked for."""
    shelf = inventory.rules.get(row.address.id) if row.address else None
    return tuple(ingress_rule(rule) for rule in shelf.rows.values()) if shelf else ()


def forwardings_of(inventory: Inventory, row: NetworkRow) -> tuple[Forwarding, ...]:
    """The port forwarding rules of the address, as last asked for."""
    shelf = inventory.forwardings.get(row.address.id) if row.address else None
    rules = shelf.rows.values() if shelf else ()
    return tuple(found for rule in rules if (found := forwarding(rule)) is not None)


def _listed_rules(inventory: Inventory, row: NetworkRow) -> int | None:
    address = row.address
    if address is None or address.id not in inventory.rules:
        return None
    if inventory.rules[address.id].fetched is None:
        return None
    return len(inventory.rules[address.id].rows) + len(inventory.forwardings[address.id].rows)


def prepare(inventory: Inventory, row: NetworkRow, wish: Wish) -> Prepared:
    """Check a wish against everything that is known; asks nobody."""
    existing = [
        user.user_name for user in inventory.users.rows.values() if user.owner_key == row.owner_key
    ]
    neighbours = neighbours_of(inventory, row)
    checked = None
    if wish.range_text:
        checked = check_range(wish.range_text, neighbours, users=len(existing) + len(wish.users))
    sources = parse_sources(wish.sources_text, wish.lists)
    plan = EnablePlan(
        place=row.place,
        address_id=row.address.id if row.address else "",
        public_ip=row.address.address if row.address else "",
        client_range=checked.range if checked else None,
        sources=sources.cidrs if wish.sources_text.strip() else None,
        rules=rules_of(inventory, row),
        forwardings=forwardings_of(inventory, row),
        users=wish.users,
    )
    eligibility = judge(inventory, row)
    users = tuple(_user_findings(wish.users, existing))
    facts = facts_of(
        inventory,
        row,
        Asked(
            eligibility=eligibility,
            neighbours=neighbours,
            range_text=wish.range_text,
            sources=sources,
            sources_given=bool(wish.sources_text.strip()),
            openings=bool(plan.openings),
            users=users,
        ),
    )
    said = {finding.code for finding in eligibility.reasons}
    return Prepared(
        row=row,
        eligibility=eligibility,
        range=checked,
        sources=sources,
        users=users,
        limit=limit_finding(facts),
        ports=tuple(finding for finding in plan.findings() if finding.code not in said),
        plan=plan,
        checks=preflight(facts),
    )


def _user_findings(
    users: Sequence[NewUser], existing: Iterable[str]
) -> Iterable[tuple[str, tuple[Finding, ...]]]:
    names = list(existing)
    for user in users:
        # The limit is looked at for all of them together.
        found = check_new_user(user.name, user.password.reveal(), names, DEFAULT_LIMIT + len(users))
        yield user.name, tuple(each for each in found if each.code != "user-limit")
        names.append(user.name)
