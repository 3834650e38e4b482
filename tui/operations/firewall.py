"""Firewall rules of a public address: open the VPN's ports, add a rule, delete one."""

from collections.abc import Sequence

from tui.cloud.client import CloudClient
from tui.cloud.errors import Conflict, OutcomeUnknown, Validation
from tui.cloud.listings import FIREWALL_RULES
from tui.operations.facts import Owner, ingress_rule
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
        try:
            await self._operation.send(self._call(opening))
        except (Conflict, OutcomeUnknown) as problem:
            # Somebody else may have made just this rule, or ours arrived and its reply was lost.
            if not await self._reached(opening):
                raise problem
            says = f"{opening}: somebody else has just opened it."
            return Outcome(f"{opening}." if isinstance(problem, OutcomeUnknown) else says)
        self.opened.append(opening)
        return Outcome(f"{opening}.")

    async def _reached(self, opening: Opening) -> bool:
        present = [
            cidr
            for rule in await self.rules()
            if rule.covers(opening.port)
            for cidr in rule.sources
        ]
        return not not_covered(opening.cidrs, present)


class OpenPorts(Operation):
    """Open those of the three VPN ports that `sources` cannot reach yet.

    `rules` are the rules as last seen: the plan is made from them, and a rule that somebody else
    has made meanwhile is no failure. `sources` as in `missing_openings`.
    """

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
        self.public_ip = public_ip
        self.openings = missing_openings(rules, sources)
        self.sources = sources
        self.rules: tuple[IngressRule, ...] = tuple(rules)
        """The rules as they are; refreshed by the last step."""
        self._opener = PortOpener(self, address_id, owner or Owner())

    @property
    def title(self) -> str:
        return f"Open the VPN ports of {self.public_ip}"

    def _actions(self) -> Sequence[Action]:
        look = Step("ports", f"See who reaches the VPN ports of {self.public_ip}")
        return [*(self._opener.action(one) for one in self.openings), Action(look, self._look)]

    async def _look(self) -> Outcome:
        self.rules = await self._opener.rules()
        return ports_outcome(self.rules, self.sources)


def ports_outcome(rules: Sequence[IngressRule], sources: Sequence[str] | None) -> Outcome:
    """What is open, in words; `StepFailed` when something that should be open is not."""
    closed = missing_openings(rules, sources)
    if closed:
        names = ", ".join(str(opening) for opening in closed)
        raise StepFailed(f"Still closed: {names}.", "Look at the rules, then open them again.")
    report = analyse(rules)
    short = any(access.access in ("pending", "missing") for access in report)
    return Outcome("; ".join(access.says for access in report) + ".", warning=short)


class AddRule(Operation):
    """Make one firewall rule. `start` and `end` are None for every port."""

    def __init__(
        self,
        client: CloudClient,
        address_id: str,
        public_ip: str,
        rule: IngressRule,
    ) -> None:
        super().__init__(client)
        self.address_id = address_id
        self.public_ip = public_ip
        self.rule = rule

    @property
    def title(self) -> str:
        return f"Open {rule_sentence(self.rule)} on {self.public_ip}"

    def _actions(self) -> Sequence[Action]:
        parameters = {"ipaddressid": self.address_id, "protocol": self.rule.protocol.lower()}
        if self.rule.protocol.lower() == "icmp":
            parameters |= {"icmptype": "-1", "icmpcode": "-1"}
        elif self.rule.start is not None:
            end = self.rule.end if self.rule.end is not None else self.rule.start
            parameters |= {"startport": str(self.rule.start), "endport": str(end)}
        parameters["cidrlist"] = ",".join(self.rule.sources)
        call = PlannedCall.of("createFirewallRule", **parameters)
        step = Step("rule", self.title, call)

        async def do() -> Outcome:
            await self.send(call)
            return Outcome(f"{rule_sentence(self.rule)}.")

        return [Action(step, do)]


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


class DeleteRule(Operation):
    """Delete one firewall rule."""

    def __init__(
        self,
        client: CloudClient,
        address_id: str,
        public_ip: str,
        rule: IngressRule,
        *,
        owner: Owner | None = None,
    ) -> None:
        super().__init__(client)
        self.public_ip = public_ip
        self.rule = rule
        self._opener = PortOpener(self, address_id, owner or Owner())

    @property
    def title(self) -> str:
        return f"Delete the rule for {rule_sentence(self.rule)} of {self.public_ip}"

    def _actions(self) -> Sequence[Action]:
        return [deleting(self, self._opener, self.rule)]


def deleting(operation: Operation, opener: PortOpener, rule: IngressRule) -> Action:
    """The step that deletes one rule; one that is gone already is no failure."""
    call = PlannedCall.of("deleteFirewallRule", id=rule.id)
    step = Step(f"delete {rule.id}", f"Delete the rule for {rule_sentence(rule)}", call)

    async def do() -> Outcome:
        try:
            await operation.send(call)
        except (Validation, OutcomeUnknown) as problem:
            if any(other.id == rule.id for other in await opener.rules()):
                raise problem
            if isinstance(problem, Validation):
                says = f"{rule_sentence(rule)}: somebody else has just removed it."
                return Outcome(says, warning=True)
        return Outcome(f"{rule_sentence(rule)} is removed.")

    return Action(step, do, essential=False)
