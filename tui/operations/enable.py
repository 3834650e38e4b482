"""Enable a VPN: address, ports, VPN, users, and a look at what came of it.

How the ports are opened (recordings 07 and 19). When anyone may connect, the server opens them as
part of enabling (`openfirewall=true`), unless a wide rule would make it refuse with 537. When
only some may, the rules are made first and the server is told to keep out of it: a rule that
fails then leaves a port closed, never open to everyone. Rules are looked at once more at the end,
since the clean-up of somebody who enabled at the same moment and lost takes ours away.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, JobFailed, Validation
from tui.cloud.listings import VPNS
from tui.cloud.models import RemoteAccessVpn
from tui.operations.addresses import Place, acquire, acquiring_call
from tui.operations.firewall import PortOpener, ports_outcome
from tui.operations.inverses import is_half_made
from tui.operations.reach import Reach, RouterWord, Verify
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.operations.users import AddedUser, NewUser, UserAdder
from tui.safety.secret import Secret
from tui.vpn.eligibility import NO_ROUTER_YET
from tui.vpn.findings import Finding
from tui.vpn.ports import (
    Forwarding,
    IngressRule,
    Opening,
    PortAccess,
    analyse,
    conflicts,
    missing_openings,
    rule_sentence,
    wider_than,
)
from tui.vpn.ranges import ClientRange, RangeError, from_api

NEW_ADDRESS: Final = "<the new address>"
"""Stands in the plan for the id of an address that has yet to be acquired."""

LOOKS: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 3.0, 4.0)
"""Seconds between looks for a VPN that somebody else is enabling: it is listed when it runs."""


class EnablePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted."""

    place: Place
    address_id: str = ""
    """The source NAT address; "" to acquire one first."""
    public_ip: str = ""
    client_range: ClientRange | None = None
    """None: the range that the account or the cloud is set to."""
    sources: tuple[str, ...] | None = None
    """Who may reach the ports. None: as the server does it, open to anyone except where a rule
    for exactly this port is there already. `("0.0.0.0/0",)` opens such ports to anyone too."""
    rules: tuple[IngressRule, ...] = ()
    """The firewall rules of the address as last seen; none for a VPC."""
    forwardings: tuple[Forwarding, ...] = ()
    users: tuple[NewUser, ...] = ()

    @property
    def openings(self) -> tuple[Opening, ...]:
        """The rules to be made before the VPN; none when the server opens the ports."""
        if self.place.is_vpc or self.server_opens:
            return ()
        return missing_openings(self.rules, self.sources)

    @property
    def server_opens(self) -> bool:
        """Whether the server is asked to open the ports."""
        refused = any(conflict.avoidable for conflict in conflicts(self.rules))
        return not self.place.is_vpc and self.sources is None and not refused

    def findings(self) -> tuple[Finding, ...]:
        """What there is to say about the ports before anything is sent."""
        if self.place.is_vpc:
            return ()
        found = [conflict.finding for conflict in conflicts(self.rules, self.forwardings)]
        if self.sources is not None:
            found += [
                Finding(
                    "warning",
                    "port-wider",
                    f"{port} stays open to more than these: the rule for {rule_sentence(rule)} "
                    "is not touched.",
                )
                for port, rule in wider_than(self.rules, self.sources)
            ]
        if self.place.unused:
            found.append(Finding("warning", "no-router-yet", NO_ROUTER_YET))
        return tuple(found)


class EnabledVpn(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the VPN once it runs."""

    place: Place
    address_id: str
    public_ip: str
    client_range: ClientRange | None
    """None when the server answered a range that cannot be read."""
    preshared_key: Secret | None
    users: tuple[AddedUser, ...] = ()
    ports: tuple[PortAccess, ...] = ()
    """Who reaches the ports, as last seen; none for a VPC, which opens them by itself."""
    router: RouterWord | None = None
    """None when the router was not asked."""


class EnableVpn(Operation):
    """Enable the VPN of an isolated network or a VPC.

    The same run finishes a VPN that was left half-made. `verify` asks the router; it is called
    after everything else and not at all when there is no router yet.
    """

    KIND = "enable"
    WANTED = EnablePlan
    SETTLES = frozenset({"enable"})
    wanted: EnablePlan

    def __init__(
        self,
        client: CloudClient,
        wanted: EnablePlan,
        verify: Verify | None = None,
        *,
        looks: Sequence[float] = LOOKS,
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self._verify = verify
        self._looks = tuple(looks)
        self._address_id = wanted.address_id
        self._public_ip = wanted.public_ip
        self._vpn: RemoteAccessVpn | None = None
        self._ports: tuple[PortAccess, ...] = ()
        self._router: RouterWord | None = None
        self._half_made_now = False
        self._opener = PortOpener(self, wanted.address_id or NEW_ADDRESS, wanted.place.owner)
        self._adder = UserAdder(self, wanted.users, wanted.place.owner)

    @classmethod
    def rebuild(cls, wanted: EnablePlan, reach: Reach) -> "EnableVpn":
        return cls(reach.client, wanted, reach.verifier(wanted.place.id))

    @property
    def title(self) -> str:
        return f"Enable the VPN of {self.wanted.place}"

    @property
    def subject(self) -> str:
        return self.wanted.place.subject

    @property
    def target(self) -> tuple[str, str, str]:
        if not self._address_id:
            return self.wanted.place.kind, self.wanted.place.id, self.wanted.place.name
        return "PublicIpAddress", self._address_id, self._public_ip

    @property
    def must_finish(self) -> str:
        entry = self.ledger.entry("vpn", 0)
        if not self._half_made_now and (entry is None or not is_half_made(entry)):
            return ""
        return (
            f"The VPN of {self.wanted.place} is half-made: it is in no list and its ports are "
            "taken. Resuming finishes it, rolling back removes it."
        )

    @property
    def address_id(self) -> str:
        """The address; "" until one is acquired, where none was there."""
        return self._address_id

    @property
    def result(self) -> EnabledVpn | None:
        """The VPN as it is known so far; None while it does not run."""
        if self._vpn is None:
            return None
        return EnabledVpn(
            place=self.wanted.place,
            address_id=self._address_id,
            public_ip=self._vpn.public_ip or self._public_ip,
            client_range=_range_of(self._vpn),
            preshared_key=self._vpn.preshared_key,
            users=tuple(self._adder.added),
            ports=self._ports,
            router=self._router,
        )

    def _actions(self) -> Sequence[Action]:
        wanted = self.wanted
        actions: list[Action] = []
        if not wanted.address_id:
            call = acquiring_call(wanted.place)
            step = Step("address", f"Acquire an address for {wanted.place}", call)
            actions.append(Action(step, self._acquire))
        actions += [self._opener.action(one, essential=True) for one in wanted.openings]
        step = Step("vpn", f"Enable the VPN on {self._where()}", self._call())
        actions.append(Action(step, self._create))
        actions.append(Action(Step("listed", "See that it is listed as running"), self._confirm))
        actions += self._adder.actions()
        if not wanted.place.is_vpc:
            actions.append(self._looking_at_ports())
        if self._verify is not None:
            step = Step("router", "Ask the router whether IKE and L2TP listen")
            actions.append(Action(step, self._ask_router, essential=False))
        return actions

    def _looking_at_ports(self) -> Action:
        step = Step("ports", "See that the VPN ports are open")
        return Action(step, self._look_at_ports, essential=False)

    def _where(self) -> str:
        return self.wanted.public_ip or "the new address"

    def _call(self) -> PlannedCall:
        parameters = {"publicipid": self._address_id or NEW_ADDRESS}
        if self.wanted.client_range is not None:
            parameters["iprange"] = str(self.wanted.client_range)
        if not self.wanted.place.is_vpc:
            parameters["openfirewall"] = "true" if self.wanted.server_opens else "false"
        return PlannedCall.of("createRemoteAccessVpn", **parameters)

    async def _acquire(self) -> Outcome:
        place = self.wanted.place
        address = await acquire(self, acquiring_call(place), place)
        if not address.is_source_nat:
            raise StepFailed(
                f"{address.address} was acquired, but {place} has another source NAT address, so "
                "this one cannot have the VPN.",
                f"Release {address.address}, then enable the VPN on the source NAT address.",
            )
        self._address_id = self._opener.address_id = address.id
        self._public_ip = address.address
        return Outcome(f"{address.address} is the source NAT address of {place}.")

    async def _create(self) -> Outcome:
        try:
            job = await self.send(self._call(), look=self._look_for_ours)
        except JobFailed as problem:
            self._half_made_now = True
            raise StepFailed(problem.text, self._half_made(problem), problem) from problem
        except Validation as problem:
            await self._explain(problem)
            raise StepFailed(problem.text, problem.remedy + self._left(), problem) from problem
        except CloudError as problem:
            raise StepFailed(problem.text, problem.remedy + self._left(), problem) from problem
        made = job.outcome("remoteaccessvpn", RemoteAccessVpn)
        if made is None:
            return Outcome("It runs; only the reply was lost.")
        if made.state == "Running":
            return Outcome(f"{made.public_ip} runs with {made.ip_range} for its clients.")
        self._half_made_now = True
        raise StepFailed(
            f"The job succeeded, but the VPN is {made.state or 'nothing'}, not Running.",
            self._half_made(None),
        )

    async def _look_for_ours(self) -> bool | str | None:
        """Whether a VPN runs that is as we asked for; None for one that is not."""
        vpn = await self._listed()
        if vpn is None:
            return False
        asked = self.wanted.client_range
        return (vpn.id or True) if asked is None or _range_of(vpn) == asked else None

    def _half_made(self, problem: JobFailed | None) -> str:
        advice = f"{problem.remedy} " if problem is not None else ""
        return (
            f"{advice}The VPN is half-made: in no list, its ports taken, its rules still there. "
            "Enabling it again finishes it; disabling it cleans up."
        )

    def _left(self) -> str:
        if not self._opener.opened:
            return ""
        names = ", ".join(str(opening) for opening in self._opener.opened)
        return f" Opened before and still open: {names}."

    async def _explain(self, refusal: Validation) -> None:
        """Raise `StepFailed` where there is more to say about a refusal than the server does.

        Nothing shows that a VPN which exists already is ours, so it is not taken for ours: its
        range and its key are those of whoever has made it.
        """
        if "already exists" not in refusal.text:
            return
        vpn = await self._await_listed()
        if vpn is not None:
            raise StepFailed(
                f"A VPN runs there already, with {vpn.ip_range} for its clients: somebody else was "
                "faster. Nothing of yours was added to it.",
                f"Use it as it is, with its own range and key, or disable it first.{self._left()}",
                refusal,
                # What the server cleans up after a refusal are the rules of the other (recording
                # 19): who has lost has to look after the ports.
                () if self.wanted.place.is_vpc else (self._looking_at_ports(),),
            ) from refusal
        raise StepFailed(
            "The server says that a VPN exists, but lists none: a removal was refused half-way, or "
            "somebody else is still enabling it.",
            "Look again in a minute. If it is still in no list, disable it, which finishes the "
            f"removal, then enable it again.{self._left()}",
            refusal,
        ) from refusal

    async def _await_listed(self) -> RemoteAccessVpn | None:
        """The VPN that the server says exists; who enables it may not have finished yet."""
        for pause in self._looks:
            vpn = await self._listed()
            if vpn is not None:
                return vpn
            await asyncio.sleep(pause)
        return await self._listed()

    async def _listed(self) -> RemoteAccessVpn | None:
        listing = self.wanted.place.owner.listing
        rows = await self.rows(VPNS, publicipid=self._address_id, **listing)
        return next((row for row in rows if row.state == "Running"), None)

    async def _confirm(self) -> Outcome:
        self._vpn = await self._listed()
        if self._vpn is None:
            raise StepFailed(
                "The server said Running, but the VPN is in no list.",
                "Somebody may have disabled it at this moment; look again before you repeat it.",
            )
        asked, given = self.wanted.client_range, _range_of(self._vpn)
        if asked is not None and given != asked:
            return Outcome(
                f"It runs with {given or self._vpn.ip_range} for its clients, not {asked}: a VPN "
                "that was there already keeps its range.",
                warning=True,
                remedy="To change the range, disable the VPN and enable it anew.",
            )
        clients = f"room for {given.clients} people" if given is not None else "an unknown range"
        return Outcome(f"Running on {self._vpn.public_ip}, with {clients}.")

    async def _look_at_ports(self) -> Outcome:
        rules = await self._opener.rules()
        self._ports = analyse(rules)
        closed = missing_openings(rules, self.wanted.sources)
        if not closed:
            return ports_outcome(rules, self.wanted.sources)
        again = Step("ports again", "See that they are open now")
        return Outcome(
            f"Closed: {', '.join(str(one.port) for one in closed)}. Somebody who enabled it at the "
            "same moment may have taken the rules away.",
            warning=True,
            more=(
                *(self._opener.action(one, again=True) for one in closed),
                Action(again, self._look_at_ports_again, essential=False),
            ),
        )

    async def _look_at_ports_again(self) -> Outcome:
        rules = await self._opener.rules()
        self._ports = analyse(rules)
        return ports_outcome(rules, self.wanted.sources)

    async def _ask_router(self) -> Outcome:
        if self._verify is None or self.wanted.place.unused:
            return Outcome(NO_ROUTER_YET, skipped=True)
        self._router = await self._verify()
        if self._router.ok is False:
            raise StepFailed(
                self._router.says,
                "CloudStack says Running, the router does not: look at its log.",
            )
        return Outcome(self._router.says, warning=self._router.ok is None)


def _range_of(vpn: RemoteAccessVpn) -> ClientRange | None:
    try:
        return from_api(vpn.ip_range)
    except RangeError:
        return None
