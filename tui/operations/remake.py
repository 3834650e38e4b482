"""Make a VPN anew in place of itself: the only way to another key or another client range.

CloudStack has no call that changes either (`updateRemoteAccessVpn` changes nothing that matters),
so the VPN is deleted and made again. Between the two nobody can connect, and what the deletion has
taken does not come back: the key is made by the server. So everything that can be known is looked
at before, and a creation that fails is said loudly and left open to be finished later.

Rules: the server removes the ones that enabling had made and nothing marks them, so those that were
there before and are missing after the deletion are made again, with their sources as they were,
before the VPN. The server is asked to open the ports itself only where that gives just what was
there before: each port for exactly itself and from anywhere.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import CloudError, Conflict, JobFailed, Validation
from tui.cloud.listings import VPN_USERS, VPNS
from tui.cloud.models import Job, RemoteAccessVpn
from tui.operations.enable import LOOKS, EnabledVpn
from tui.operations.firewall import PortOpener, ports_outcome
from tui.operations.key_tag import KeyTag
from tui.operations.reach import Reach, RouterWord, Verify
from tui.operations.remake_plan import RemakePlan
from tui.operations.router_changes import Reaching, reaching_of, restarting
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.vpn.ports import IngressRule, Opening, PortAccess, VpnPort, analyse, rule_sentence
from tui.vpn.ranges import ClientRange, RangeError, from_api

DOWN: Final = "THE VPN IS DOWN"
"""How a failure begins after which nobody can connect."""


class RemakeVpn(Operation):
    """Delete a VPN and make it again. `verify` asks the routers, `reach` changes them."""

    WANTED = RemakePlan
    SETTLES = frozenset({"enable", "rotate", "change-range"})
    wanted: RemakePlan

    def __init__(
        self,
        client: CloudClient,
        wanted: RemakePlan,
        *,
        verify: Verify | None = None,
        reach: Reaching | None = None,
        looks: Sequence[float] = LOOKS,
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self._verify = verify
        self._reach = reach
        self._looks = tuple(looks)
        self._opener = PortOpener(self, wanted.address_id, wanted.place.owner)
        self._is_down = False
        """Whether the old one is gone and the new one is not there."""
        self._vpn: RemoteAccessVpn | None = None
        self._ports: tuple[PortAccess, ...] = ()
        self._router: RouterWord | None = None

    @classmethod
    def rebuild(cls, wanted: RemakePlan, reach: Reach) -> "RemakeVpn":
        verify = reach.verifier(wanted.place.id)
        return cls(reach.client, wanted, verify=verify, reach=reaching_of(reach))

    @property
    def subject(self) -> str:
        return self.wanted.place.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    @property
    def must_finish(self) -> str:
        if not self._is_down:
            return ""
        return (
            f"{DOWN} on {self.wanted.public_ip}: it was deleted to be made again, and is not there "
            "again. Nobody can connect until this is resumed."
        )

    @property
    def undo_words(self) -> str:
        """Why there is no way back."""
        return (
            "This cannot be undone: the server makes every key itself and keeps none that is gone. "
            "What can be done is to rotate once more."
        )

    @property
    def result(self) -> EnabledVpn | None:
        """The VPN with its new key; None while it does not run."""
        if self._vpn is None:
            return None
        return EnabledVpn(
            place=self.wanted.place,
            address_id=self.wanted.address_id,
            public_ip=self._vpn.public_ip or self.wanted.public_ip,
            client_range=_range_of(self._vpn),
            preshared_key=self._vpn.preshared_key,
            ports=self._ports,
            router=self._router,
        )

    def _actions(self) -> Sequence[Action]:
        wanted = self.wanted
        where = wanted.public_ip
        actions = [
            Action(Step("gone", f"Delete the VPN on {where}", wanted.deletion), self._delete)
        ]
        if not wanted.server_opens:
            actions += [self._keeping(port, rule) for port, rule in wanted.kept_rules]
        create = Step("vpn", f"Make the VPN on {where} again", wanted.creation)
        actions.append(Action(create, self._create))
        listed = Step("listed", "See that it runs, with a new key and the right range")
        actions.append(Action(listed, self._confirm))
        users = Step("users", "See that the router has the users again")
        actions.append(Action(users, self._look_at_users, essential=False))
        if wanted.made_on:
            actions += KeyTag(self, wanted.address_id, wanted.place.owner).actions(
                wanted.made_on, wanted.tag_before
            )
        if self._reach is not None:
            actions += restarting(
                self._reach,
                wanted.routers,
                ipsec=wanted.restart_ipsec,
                xl2tpd=wanted.restart_xl2tpd,
            )
        if self._verify is not None:
            step = Step("router", "Ask the routers for the key, the range and the users")
            actions.append(Action(step, self._ask_router, essential=False))
        if not wanted.place.is_vpc:
            step = Step("ports", "See that the firewall rules are as before")
            actions.append(Action(step, self._look_at_ports, essential=False))
        return actions

    # Taking it away.

    async def _delete(self) -> Outcome:
        where = self.wanted.public_ip
        gone = f"The VPN on {where} is deleted; its old key is gone."
        try:
            await self.send(self.wanted.deletion, look=self._is_gone)
        except JobFailed as problem:
            self._is_down = True
            raise StepFailed(
                problem.text,
                "It is half-removed now: in no list, and the router may still let people in with "
                "the old key. Resume this, or repair the VPN, once the router runs. "
                f"{problem.remedy}",
                problem,
            ) from problem
        except Validation as problem:
            # The server's text for an address without a VPN speaks of the account instead.
            if "not allocated to any account" not in problem.text:
                raise
            gone = f"There is no VPN on {where} any more."
        # After a crash the one that is listed may be the new one: where the key of before is not
        # known the two cannot be told apart.
        if self.sent_now and await self._is_old():
            raise StepFailed(
                "The server reports success, but the VPN is still listed with its old key.",
                "Nothing else was changed; look at it before you try again.",
            )
        self._is_down = True
        return Outcome(gone)

    async def _is_gone(self) -> bool:
        return not await self._is_old()

    async def _is_old(self) -> bool:
        """Whether the VPN of before is still listed; one with another key was made since."""
        vpn = await self._listed()
        if vpn is None:
            return False
        return self.wanted.key_before in ("", _digest_of(vpn))

    async def _listed(self) -> RemoteAccessVpn | None:
        listing = self.wanted.place.owner.listing
        rows = await self.rows(VPNS, publicipid=self.wanted.address_id, **listing)
        return next((row for row in rows if row.state == "Running"), None)

    def _keeping(self, port: VpnPort, rule: IngressRule) -> Action:
        """The step that makes a rule again if the deletion has taken it away."""
        opening = Opening(port, rule.sources)
        call = self._opener.action(opening).step.call
        name = f"keep {port.number} {','.join(rule.sources)}"
        step = Step(name, f"Keep {rule_sentence(rule)}", call)

        async def do() -> Outcome:
            if await self._is_there(port, rule):
                return Outcome("It is still there.", skipped=True)
            if call is None:
                raise ValueError("a rule that is kept has a call that makes it")

            async def look() -> bool:
                return await self._is_there(port, rule)

            try:
                await self.send(call, look=look)
            except Conflict:
                if not await look():
                    raise
            return Outcome("Made again, as it was.")

        return Action(step, do, essential=False)

    async def _is_there(self, port: VpnPort, rule: IngressRule) -> bool:
        return _has(await self._opener.rules(), port, rule)

    # Making it again.

    async def _create(self) -> Outcome:
        try:
            # Taking it back would leave nothing at all.
            job = await self.send(self.wanted.creation, look=self._look_for_new, undo=_nothing)
        except CloudError as problem:
            if "already exists" in problem.text and await self._look_for_new():
                self._is_down = False
                raise StepFailed(
                    "Somebody else has just made a VPN here: it runs, with another key and "
                    "perhaps another range. Nothing of yours was added to it.",
                    "Look at its range and its rules, and use it as it is or begin anew.",
                    problem,
                ) from problem
            raise self._down(problem) from problem
        made = job.outcome("remoteaccessvpn", RemoteAccessVpn)
        if made is not None and made.state != "Running":
            raise StepFailed(
                f"{DOWN}: it was made, but is {made.state}, not Running.", self._finish("")
            )
        return Outcome(f"{self.wanted.public_ip} has a VPN again, with {self.wanted.client_range}.")

    async def _look_for_new(self) -> bool | str:
        """The VPN that runs with another key than before; any, where that is not known: the one
        of before is deleted by now."""
        vpn = await self._listed()
        if vpn is None or (self.wanted.key_before and self.wanted.key_before == _digest_of(vpn)):
            return False
        return vpn.id or True

    async def _await_listed(self) -> RemoteAccessVpn | None:
        for pause in self._looks:
            vpn = await self._listed()
            if vpn is not None:
                return vpn
            await asyncio.sleep(pause)
        return await self._listed()

    def _down(self, problem: CloudError) -> StepFailed:
        return StepFailed(
            f"{DOWN}: it is deleted and was not made again, so nobody can connect, and the old key "
            f"is gone. The server says: {problem.text}",
            self._finish(problem.remedy),
            problem,
        )

    def _finish(self, remedy: str) -> str:
        line = self.wanted.creation.cloudmonkey()
        return f"{remedy} Resume this to finish it, or send: {line}".strip()

    async def _confirm(self) -> Outcome:
        self._vpn = await self._await_listed()
        if self._vpn is None:
            raise StepFailed(
                f"{DOWN}: the server reported success, but the VPN is in no list.",
                "Somebody may have disabled it at this moment; look, then resume this.",
            )
        self._is_down = False
        digest = _digest_of(self._vpn)
        if digest and digest == self.wanted.key_before:
            raise StepFailed(
                "It runs, but with the key that it had before.",
                "Somebody has kept it from being deleted; rotate it again.",
            )
        asked, given = self.wanted.client_range, _range_of(self._vpn)
        if given != asked:
            return Outcome(
                f"It runs with a new key, but with {given or self._vpn.ip_range} for its clients, "
                f"not {asked}.",
                warning=True,
                remedy="A VPN that was there half-made keeps its range; change the range again.",
            )
        return Outcome(f"It runs with a new key and {asked} for its clients.")

    async def _look_at_users(self) -> Outcome:
        owner = self.wanted.place.owner
        users = await self.rows(VPN_USERS, **(owner.parameters or owner.listing))
        waiting = [user.user_name for user in users if user.state != "Active"]
        if waiting:
            return Outcome(
                f"Waiting, so not surely on every router: {', '.join(waiting)}.",
                warning=True,
                remedy="See csvpn repair: it says what holds them.",
            )
        if not users:
            return Outcome("The account has no VPN users.")
        return Outcome(f"{', '.join(user.user_name for user in users)}: active.")

    # Looking at what came of it.

    async def _ask_router(self) -> Outcome:
        if self._verify is None:
            raise ValueError("there is nobody to ask")
        self._router = await self._verify()
        if self._router.ok is False:
            raise StepFailed(
                self._router.says,
                "CloudStack says Running, the router does not agree: restart xl2tpd or strongSwan "
                "on it, or repair the VPN.",
            )
        return Outcome(self._router.says, warning=self._router.ok is None)

    async def _look_at_ports(self) -> Outcome:
        rules = await self._opener.rules()
        self._ports = analyse(rules)
        lost = [
            (port, rule) for port, rule in self.wanted.kept_rules if not _has(rules, port, rule)
        ]
        if not lost:
            return ports_outcome(rules, ()) if rules else Outcome("No rule, as before.")
        again = Step("ports again", "See that they are there now")
        return Outcome(
            f"Missing: {'; '.join(rule_sentence(rule) for _, rule in lost)}. Somebody who enabled "
            "it at the same moment may have taken them away.",
            warning=True,
            more=(
                *(self._once_more(port, rule) for port, rule in lost),
                Action(again, self._look_once_more, essential=False),
            ),
        )

    def _once_more(self, port: VpnPort, rule: IngressRule) -> Action:
        action = self._keeping(port, rule)
        step = msgspec.structs.replace(action.step, name=f"{action.step.name} again")
        return msgspec.structs.replace(action, step=step)

    async def _look_once_more(self) -> Outcome:
        rules = await self._opener.rules()
        self._ports = analyse(rules)
        return ports_outcome(rules, ())


def _has(rules: Sequence[IngressRule], port: VpnPort, rule: IngressRule) -> bool:
    """Whether a rule for just this port and these sources is among `rules`."""
    return any(
        other.is_exactly(port) and set(other.sources) == set(rule.sources) for other in rules
    )


def _nothing(_: Job) -> PlannedCall | None:
    """What takes back a creation that may not be taken back."""
    return None


def _digest_of(vpn: RemoteAccessVpn) -> str:
    return vpn.preshared_key.sha256() if vpn.preshared_key is not None else ""


def _range_of(vpn: RemoteAccessVpn) -> ClientRange | None:
    try:
        return from_api(vpn.ip_range)
    except RangeError:
        return None
