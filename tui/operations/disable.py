"""Disable a VPN, and what goes with it and what stays."""

from collections.abc import Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed, Validation
from tui.cloud.listings import VPNS
from tui.operations.addresses import Place
from tui.operations.firewall import PortOpener, deleting
from tui.operations.reach import Reach
from tui.operations.remake_plan import creating_again
from tui.operations.router_changes import (
    Left,
    Reaching,
    RouterRef,
    look_for_leftovers,
    reaching_of,
)
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.cidrs import ANYWHERE
from tui.vpn.ports import VPN_PORTS, IngressRule, rule_sentence


class DisablePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go."""

    place: Place
    address_id: str
    public_ip: str
    client_range: str = ""
    """The whole range, to be named as what has to be given again; "" when not known."""
    rules: tuple[IngressRule, ...] = ()
    """The firewall rules of the address as last seen; none for a VPC."""
    also_delete: tuple[IngressRule, ...] = ()
    """Rules to delete afterwards, which disabling leaves."""
    users: int = 0
    """How many VPN users the account has."""
    connected: int | None = None
    """How many people are connected; None when not known."""
    names: tuple[str, ...] = ()
    """Who they are, as far as a router says so."""
    routers: tuple[RouterRef, ...] = ()
    """The routers that can be asked afterwards what is left on them."""


def staying_rules(rules: Sequence[IngressRule]) -> tuple[IngressRule, ...]:
    """Those rules on VPN ports that disabling surely leaves.

    It removes the rules that enabling has made: for exactly one VPN port and open to anyone.
    Nothing marks them, so one that a person made in just this form may stay too.
    """
    return tuple(
        rule
        for rule in rules
        if any(rule.covers(port) for port in VPN_PORTS)
        and not (any(rule.is_exactly(port) for port in VPN_PORTS) and rule.sources == (ANYWHERE,))
    )


def consequences(plan: DisablePlan) -> tuple[str, ...]:
    """What disabling will and will not remove, in sentences, the worst first.

    What stays on the router: `cs_remoteaccessvpn.merge` drops the VPN from the router's data bag,
    so the part of `configure.py` that would stop the daemons never runs.
    """
    stay = (
        "CloudStack takes the ports off the router but leaves its daemons, the old key and the "
        "users there, so a session that is up may go on until it ends"
    )
    if plan.connected is None:
        cut_off = f"Nobody new can connect. {stay}."
    elif plan.connected == 0:
        cut_off = "Nobody is connected, and nobody can connect any more."
    else:
        people = _count(plan.connected, "person is", "people are")
        who = f" ({', '.join(plan.names)})" if plan.names else ""
        cut_off = f"Nobody new can connect. {people} connected now{who}: {stay}."
    sentences = [
        cut_off,
        "The pre-shared key is gone for good. Enabling again makes a new one, which everyone has "
        "to be given.",
    ]
    if plan.client_range:
        sentences.append(
            f"The client range {plan.client_range} has to be given again when it is enabled anew."
        )
    stays = {rule.id: rule for rule in staying_rules(plan.rules)}
    if not plan.place.is_vpc:
        sentences.append("The firewall rules that enabling has opened are removed.")
    sentences += [f"{rule_sentence(rule)} is deleted too." for rule in plan.also_delete]
    kept = [rule for key, rule in stays.items() if key not in {r.id for r in plan.also_delete}]
    if kept:
        sentences.append(f"These rules stay: {'; '.join(rule_sentence(rule) for rule in kept)}.")
    if plan.users:
        sentences.append(
            f"The {_count(plan.users, 'VPN user', 'VPN users')} of the account stay, with their "
            "passwords."
        )
    sentences.append(f"{plan.public_ip} stays the source NAT address of {plan.place}.")
    if plan.routers:
        asked = ", ".join(ref.name for ref in plan.routers)
        sentences.append(f"Afterwards {asked} is asked what is left, and it can be cleaned up.")
    return tuple(sentences)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


class DisableVpn(Operation):
    """Disable a VPN; also finishes a removal that was refused half-way.

    With `reach`, its routers are asked at the end what is left on them; it is then in `left`.
    """

    KIND = "disable"
    WANTED = DisablePlan
    SETTLES = frozenset({"enable", "rotate", "change-range"})
    wanted: DisablePlan

    def __init__(
        self, client: CloudClient, wanted: DisablePlan, *, reach: Reaching | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.left: tuple[Left, ...] = ()
        """What the routers still have, one by one."""
        self.rules_left: tuple[IngressRule, ...] = ()
        """The rules that are left on VPN ports."""
        self._reach = reach
        self._opener = PortOpener(self, wanted.address_id, wanted.place.owner)

    @classmethod
    def rebuild(cls, wanted: DisablePlan, reach: Reach) -> "DisableVpn":
        return cls(reach.client, wanted, reach=reaching_of(reach))

    @property
    def title(self) -> str:
        return f"Disable the VPN of {self.wanted.place}"

    @property
    def subject(self) -> str:
        return self.wanted.place.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    def _actions(self) -> Sequence[Action]:
        call = PlannedCall.of("deleteRemoteAccessVpn", publicipid=self.wanted.address_id)

        async def do() -> Outcome:
            return await self._delete(call)

        step = Step("vpn", f"Disable the VPN on {self.wanted.public_ip}", call)
        actions = [Action(step, do)]
        actions += [deleting(self, self._opener, rule) for rule in self.wanted.also_delete]
        if not self.wanted.place.is_vpc:
            look = Step("ports", "See which firewall rules are left")
            actions.append(Action(look, self._look, essential=False))
        if self._reach is not None and self.wanted.routers:
            left = Step("left", "Ask the routers what is left on them")
            actions.append(Action(left, self._ask_routers, essential=False))
        return actions

    async def _delete(self, call: PlannedCall) -> Outcome:
        where = self.wanted.public_ip
        try:
            await self.send(call, look=self._gone, undo=self._again())
        except JobFailed as problem:
            raise StepFailed(
                problem.text,
                "If it is in no list now, it is half-removed: the router may still let people in "
                "and enabling is refused. Disable it again once the router runs. "
                f"{problem.remedy}",
                problem,
            ) from problem
        except Validation as problem:
            # The server's text for an address without a VPN speaks of the account instead.
            if await self._listed() or "not allocated to any account" not in problem.text:
                raise
            return Outcome(f"There is no VPN on {where} any more.", warning=True)
        if await self._listed():
            raise StepFailed(
                "The server reports success, but the VPN is still listed.",
                "Somebody may have enabled it again at this moment; look before you repeat it.",
            )
        return Outcome(f"The VPN on {where} is disabled.")

    def _again(self) -> PlannedCall | None:
        """What makes it again, with the same range and another key; None for an unknown range."""
        wanted = self.wanted
        if not wanted.client_range:
            return None
        return creating_again(wanted.place, wanted.address_id, wanted.client_range, wanted.rules)

    async def _gone(self) -> bool:
        return not await self._listed()

    async def _listed(self) -> bool:
        listing = self.wanted.place.owner.listing
        return bool(await self.rows(VPNS, publicipid=self.wanted.address_id, **listing))

    async def _look(self) -> Outcome:
        rules = await self._opener.rules()
        left = [rule for rule in rules if any(rule.covers(port) for port in VPN_PORTS)]
        self.rules_left = tuple(left)
        if not left:
            return Outcome("No rule is left on the VPN ports.")
        names = "; ".join(rule_sentence(rule) for rule in left)
        return Outcome(f"Left on the VPN ports: {names}.", warning=True)

    async def _ask_routers(self) -> Outcome:
        if self._reach is None:
            raise ValueError("there is nobody to ask")
        self.left = await look_for_leftovers(self._reach, self.wanted.routers)
        unknown = any(each.left is None for each in self.left)
        found = any(each.left is not None and each.left.anything for each in self.left)
        return Outcome(" ".join(each.sentence() for each in self.left), warning=unknown or found)
