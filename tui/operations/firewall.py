"""Firewall rules of a public address: open the VPN's ports, add a rule, delete one."""

from collections.abc import Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import Conflict, Validation
from tui.cloud.listings import FIREWALL_RULES
from tui.operations.facts import Owner, ingress_rule
from tui.operations.reach import Reach
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.cidrs import not_covered, spoken_sources
from tui.vpn.ports import VPN_PORTS, IngressRule, Opening, analyse, missing_openings, rule_sentence


class PortOpener:
    """Makes the steps that open VPN ports of one address and looks at what is open."""

    def __init__(self, operation: Operation, address_id: str, owner: Owner) -> None:
        self._operation = operation
        self._owner = owner
        self.address_id = address_id
        """May be set later, for an address that has yet to be acquired."""
        self.opened: list[Opening] = []
        """What has been opened so far."""

    async def rules(self) -> tuple[IngressRule, ...]:
        """The rules of the address as they are now."""
        rows = await self._operation.rows(
            FIREWALL_RULES, ipaddressid=self.address_id, **self._owner.listing
        )
        return tuple(ingress_rule(row) for row in rows)

    def action(self, opening: Opening, *, again: bool = False, essential: bool = False) -> Action:
        """The step that opens one port."""
        name = f"{'reopen' if again else 'open'} {opening.port.number}"
        title = f"{'Open again' if again else 'Open'} {opening}"
        step = Step(name, title, self._call(opening))

        async def do() -> Outcome:
            return await self._open(opening)

        return Action(step, do, essential=essential)

    def _call(self, opening: Opening) -> PlannedCall:
        port = str(opening.port.number)
        return PlannedCall.of(
            "createFirewallRule",
            ipaddressid=self.address_id,
            protocol="udp",
            startport=port,
            endport=port,
            cidrlist=",".join(opening.cidrs),
        )

    async def _open(self, opening: Opening) -> Outcome:
        async def look() -> str | bool:
            return await self._exact(opening)

        try:
            await self._operation.send(self._call(opening), look=look)
        except Conflict:
            # Somebody else may have made just this rule.
            if not await self._reached(opening):
                raise
            return Outcome(f"{opening}: somebody else has just opened it.")
        self.opened.append(opening)
        return Outcome(f"{opening}.")

    async def _exact(self, opening: Opening) -> str:
        """The rule for exactly this opening, if there is one; "" for none."""
        wanted = set(opening.cidrs)
        return next(
            (
                rule.id
                for rule in await self.rules()
                if rule.is_exactly(opening.port) and set(rule.sources) == wanted
            ),
            "",
        )

    async def _reached(self, opening: Opening) -> bool:
        present = [
            cidr
            for rule in await self.rules()
            if rule.covers(opening.port)
            for cidr in rule.sources
        ]
        return not not_covered(opening.cidrs, present)


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Which address, its rules as last seen, and who is to reach the VPN ports."""

    address_id: str
    public_ip: str
    rules: tuple[IngressRule, ...]
    sources: tuple[str, ...] | None = None
    """As in `missing_openings`."""
    owner: Owner = Owner()


class OpenPorts(Operation):
    """Open those of the three VPN ports that `sources` cannot reach yet.

    `rules` are the rules as last seen: the plan is made from them, and a rule that somebody else
    has made meanwhile is no failure. `sources` as in `missing_openings`.
    """

    KIND = "open-ports"
    WANTED = Ports
    wanted: Ports

    def __init__(
        self,
        client: CloudClient,
        address_id: str,
        public_ip: str,
        rules: Sequence[IngressRule],
        *,
        sources: Sequence[str] | None = None,
        owner: Owner | None = None,
    ) -> None:
        super().__init__(client)
        self.wanted = Ports(
            address_id=address_id,
            public_ip=public_ip,
            rules=tuple(rules),
            sources=None if sources is None else tuple(sources),
            owner=owner or Owner(),
        )
        self.openings = missing_openings(rules, sources)
        self.rules: tuple[IngressRule, ...] = tuple(rules)
        """The rules as they are; refreshed by the last step."""
        self._opener = PortOpener(self, address_id, self.wanted.owner)

    @classmethod
    def rebuild(cls, wanted: Ports, reach: Reach) -> "OpenPorts":
        return cls(
            reach.client,
            wanted.address_id,
            wanted.public_ip,
            wanted.rules,
            sources=wanted.sources,
            owner=wanted.owner,
        )

    @property
    def title(self) -> str:
        return f"Open the VPN ports of {self.wanted.public_ip}"

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    def _actions(self) -> Sequence[Action]:
        look = Step("ports", f"See who reaches the VPN ports of {self.wanted.public_ip}")
        return [*(self._opener.action(one) for one in self.openings), Action(look, self._look)]

    async def _look(self) -> Outcome:
        self.rules = await self._opener.rules()
        return ports_outcome(self.rules, self.wanted.sources)


def ports_outcome(rules: Sequence[IngressRule], sources: Sequence[str] | None) -> Outcome:
    """What is open, in words; `StepFailed` when something that should be open is not."""
    closed = missing_openings(rules, sources)
    if closed:
        names = ", ".join(str(opening) for opening in closed)
        raise StepFailed(f"Still closed: {names}.", "Look at the rules, then open them again.")
    report = analyse(rules)
    short = any(access.access in ("pending", "missing") for access in report)
    return Outcome("; ".join(access.says for access in report) + ".", warning=short)


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of an address that is to be made or to go."""

    address_id: str
    public_ip: str
    rule: IngressRule
    owner: Owner = Owner()


class RuleOperation(Operation):
    """What adding and deleting a rule have in common."""

    WANTED = RuleChange
    wanted: RuleChange

    def __init__(
        self,
        client: CloudClient,
        address_id: str,
        public_ip: str,
        rule: IngressRule,
        *,
        owner: Owner | None = None,
    ) -> None:
        """`start` and `end` of the rule are None for every port."""
        super().__init__(client)
        self.wanted = RuleChange(
            address_id=address_id, public_ip=public_ip, rule=rule, owner=owner or Owner()
        )
        self._opener = PortOpener(self, address_id, self.wanted.owner)

    @classmethod
    def rebuild(cls, wanted: RuleChange, reach: Reach) -> "RuleOperation":
        return cls(
            reach.client, wanted.address_id, wanted.public_ip, wanted.rule, owner=wanted.owner
        )

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip


def creating_call(address_id: str, rule: IngressRule) -> PlannedCall:
    """The call that makes `rule`; its id and state do not count."""
    parameters = {"ipaddressid": address_id, "protocol": rule.protocol.lower()}
    if rule.protocol.lower() == "icmp":
        parameters |= {"icmptype": "-1", "icmpcode": "-1"}
    elif rule.start is not None:
        end = rule.end if rule.end is not None else rule.start
        parameters |= {"startport": str(rule.start), "endport": str(end)}
    parameters["cidrlist"] = ",".join(rule.sources)
    return PlannedCall.of("createFirewallRule", **parameters)


class AddRule(RuleOperation):
    """Make one firewall rule."""

    KIND = "add-rule"

    @property
    def title(self) -> str:
        return f"Open {rule_sentence(self.wanted.rule)} on {self.wanted.public_ip}"

    def _actions(self) -> Sequence[Action]:
        rule = self.wanted.rule
        call = creating_call(self.wanted.address_id, rule)
        step = Step("rule", self.title, call)

        async def look() -> str:
            same = (one.id for one in await self._opener.rules() if _same(one, rule))
            return next(same, "")

        async def do() -> Outcome:
            await self.send(call, look=look)
            return Outcome(f"{rule_sentence(rule)}.")

        return [Action(step, do)]


def _same(one: IngressRule, other: IngressRule) -> bool:
    """Whether two rules let the same in, however they are written."""
    ends = [(r.start, r.end if r.end is not None else r.start) for r in (one, other)]
    return (
        one.protocol.lower() == other.protocol.lower()
        and ends[0] == ends[1]
        and set(one.sources) == set(other.sources)
    )


def deleting_means(rule: IngressRule, rules: Sequence[IngressRule]) -> tuple[str, ...]:
    """What deleting a rule takes away, in sentences; `rules` are all rules of the address."""
    rest = [other for other in rules if other.id != rule.id]
    before, after = analyse(rules), analyse(rest)
    lost: list[str] = []
    for port, was, then in zip(VPN_PORTS, before, after, strict=True):
        if was.access != "missing" and then.access == "missing":
            lost.append(f"{port} is closed for everyone: nobody can connect to the VPN any more.")
        elif set(was.sources) != set(then.sources):
            lost.append(f"{port} stays open from {spoken_sources(then.sources)} only.")
    return (f"{rule_sentence(rule)} is removed.", *lost)


class DeleteRule(RuleOperation):
    """Delete one firewall rule."""

    KIND = "delete-rule"

    @property
    def title(self) -> str:
        return f"Delete the rule for {rule_sentence(self.wanted.rule)} of {self.wanted.public_ip}"

    def _actions(self) -> Sequence[Action]:
        return [deleting(self, self._opener, self.wanted.rule)]


def deleting(operation: Operation, opener: PortOpener, rule: IngressRule) -> Action:
    """The step that deletes one rule; one that is gone already is no failure."""
    call = PlannedCall.of("deleteFirewallRule", id=rule.id)
    step = Step(f"delete {rule.id}", f"Delete the rule for {rule_sentence(rule)}", call)

    async def gone() -> bool:
        return all(other.id != rule.id for other in await opener.rules())

    async def do() -> Outcome:
        try:
            await operation.send(call, look=gone, undo=creating_call(opener.address_id, rule))
        except Validation:
            if not await gone():
                raise
            says = f"{rule_sentence(rule)}: somebody else has just removed it."
            return Outcome(says, warning=True)
        return Outcome(f"{rule_sentence(rule)} is removed.")

    return Action(step, do, essential=False)
