"""Repair a VPN: finish what was left half-way, bring waiting users along, wake what has died.

What is wrong and what cures it is found before, by `tui.vpn.repairs`; here each cure is a step.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed, Validation
from tui.cloud.listings import ROUTERS, VPN_USERS, VPNS
from tui.operations.addresses import Place
from tui.operations.reach import Reach, RouterWord, Verify
from tui.operations.router_changes import Reaching, RouterRef, applying, reaching_of
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed
from tui.router.remedies import REMOVE_LOGIN, RESTART_IPSEC, RESTART_XL2TPD
from tui.safety.secret import Secret
from tui.vpn.passwords import generate_password
from tui.vpn.repairs import Remedy

_UNKNOWN_USER: Final = "Could not find VPN user"


class RepairPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The cures to be made, in their order."""

    place: Place
    address_id: str = ""
    public_ip: str = ""
    cures: tuple[Remedy, ...] = ()
    push_name: str = ""
    """Name of the user that is added and removed so that the others are sent along."""
    password: Secret | None = None
    """Password of users that are there for a moment only."""
    has_vpn: bool = True
    """Whether a VPN is to run afterwards, so that asking the router makes sense."""


def repairing_means(plan: RepairPlan) -> tuple[str, ...]:
    """What the cures do, in sentences, with what they cost."""
    sentences: list[str] = []
    for cure in plan.cures:
        sentences.append(cure.says)
        if cure.cure == "restart-xl2tpd":
            sentences[-1] += f" {RESTART_XL2TPD.cost}"
        elif cure.cure == "restart-ipsec":
            sentences[-1] += f" {RESTART_IPSEC.cost}"
        elif cure.cure == "create":
            sentences[-1] += " If it turns out to be half-removed, nothing is changed."
        elif cure.cure == "resend" and plan.place.is_vpc:
            sentences[-1] += " Its guests are cut off while it boots, and whoever is connected."
        elif cure.cure == "remove-user":
            sentences[-1] += " Nothing is changed where the server knows no such user."
    return tuple(sentences)


class RepairVpn(Operation):
    """Make the cures one by one; a cure that fails leaves the others to be made."""

    KIND = "repair"
    WANTED = RepairPlan
    SETTLES = frozenset({"repair"})
    wanted: RepairPlan

    def __init__(
        self,
        client: CloudClient,
        wanted: RepairPlan,
        *,
        verify: Verify | None = None,
        reach: Reaching | None = None,
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.router: RouterWord | None = None
        """What the routers say afterwards."""
        self._verify = verify
        self._reach = reach
        self._there_for_a_moment: set[str] = set()

    @property
    def title(self) -> str:
        return f"Repair the VPN of {self.wanted.place}"

    @classmethod
    def rebuild(cls, wanted: RepairPlan, reach: Reach) -> "RepairVpn":
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
        if not self._there_for_a_moment:
            return ""
        names = ", ".join(sorted(self._there_for_a_moment))
        return f"{names} was added for a moment and is still there: resume this to remove it."

    def _actions(self) -> Sequence[Action]:
        actions: list[Action] = []
        for cure in self.wanted.cures:
            actions += self._cure(cure)
        if any(cure.cure == "push-users" for cure in self.wanted.cures):
            look = Step("users", "See that every user is active")
            actions.append(Action(look, self._look_at_users, essential=False))
        if self._verify is not None and self.wanted.has_vpn:
            step = Step("router", "Ask the routers about the VPN")
            actions.append(Action(step, self._ask_router, essential=False))
        return actions

    def _cure(self, cure: Remedy) -> list[Action]:
        match cure.cure:
            case "create":
                return [self._creating()]
            case "delete":
                return [self._deleting()]
            case "start-router":
                return [self._starting(cure)]
            case "resend":
                return [self._resending(cure)]
            case "remove-user":
                return [self._removing(cure.target)]
            case "forget-user":
                return self._adding_and_removing(cure.target)
            case "push-users":
                return self._adding_and_removing(self.wanted.push_name)
            case _:
                return self._on_router(cure)

    # The VPN.

    def _creating(self) -> Action:
        parameters = {"publicipid": self.wanted.address_id}
        if not self.wanted.place.is_vpc:
            # The rules that the first try has made are still there; none is to be opened by this.
            parameters["openfirewall"] = "false"
        call = PlannedCall.of("createRemoteAccessVpn", **parameters)
        step = Step("create", f"Enable the VPN on {self.wanted.public_ip} again", call)

        async def do() -> Outcome:
            try:
                await self.send(call, look=self._runs)
            except Validation as problem:
                if "already exists" not in problem.text or await self._runs():
                    raise
                raise StepFailed(
                    "It is half-removed, not half-made: the server says that it exists and lists "
                    "none. Nothing was changed.",
                    "Disable it again, which finishes the removal; then enable it anew.",
                    problem,
                ) from problem
            if not await self._runs():
                raise StepFailed(
                    "The server reports success, but the VPN does not run.",
                    "Look at the router, then repair it once more.",
                )
            return Outcome("It runs, with the key and the range that it had from the first try.")

        return Action(step, do)

    def _deleting(self) -> Action:
        call = PlannedCall.of("deleteRemoteAccessVpn", publicipid=self.wanted.address_id)
        step = Step("delete", f"Disable the VPN on {self.wanted.public_ip} again", call)

        async def do() -> Outcome:
            try:
                await self.send(call, look=_never_seen)
            except Validation as problem:
                if "not allocated to any account" not in problem.text:
                    raise
                return Outcome("There is no VPN on it any more.", skipped=True)
            return Outcome("The removal is finished; it can be enabled anew.")

        return Action(step, do)

    async def _runs(self) -> bool:
        listing = self.wanted.place.owner.listing
        rows = await self.rows(VPNS, publicipid=self.wanted.address_id, **listing)
        return any(row.state == "Running" for row in rows)

    # Routers, by way of the cloud.

    def _starting(self, cure: Remedy) -> Action:
        call = PlannedCall.of("startRouter", id=cure.target)
        step = Step(f"start {cure.name}", f"Start the router {cure.name}", call)

        async def do() -> Outcome:
            await self.send(call, look=lambda: self._is_up(cure.target))
            rows = await self.rows(ROUTERS, id=cure.target, listall="true")
            state = rows[0].state if rows else "gone"
            if state != "Running":
                raise StepFailed(f"{cure.name} is {state}.", "Look at its host, then try again.")
            return Outcome(f"{cure.name} runs, and was given all that it had missed.")

        return Action(step, do)

    async def _is_up(self, router_id: str) -> bool:
        rows = await self.rows(ROUTERS, id=router_id, listall="true")
        return any(row.state == "Running" for row in rows)

    def _resending(self, cure: Remedy) -> Action:
        """For a VPC `restartVPC` does not send the VPN, so its router is rebooted."""
        place = self.wanted.place
        if place.is_vpc:
            call = PlannedCall.of("rebootRouter", id=cure.target)
            step = Step(f"resend {cure.name}", f"Reboot {cure.name}", call)
        else:
            call = PlannedCall.of("restartNetwork", id=place.id, cleanup="false")
            step = Step(f"resend {cure.name}", f"Send everything to {cure.name} again", call)

        async def do() -> Outcome:
            await self.send(call)
            return Outcome("Sent.")

        return Action(step, do, essential=False)

    # Users.

    def _removing(self, name: str) -> Action:
        owner = self.wanted.place.owner
        call = PlannedCall.of("removeVpnUser", username=name, **owner.parameters)
        step = Step(f"remove {name}", f"Remove the user {name} once more", call)

        async def do() -> Outcome:
            try:
                await self.send(call, look=_never_seen)
            except JobFailed as problem:
                if _UNKNOWN_USER not in problem.text:
                    raise
                says = f"The server knows no {name}: the login is on the router only."
                return Outcome(says, skipped=True)
            return Outcome(f"{name} is removed; every user of the account was sent along.")

        return Action(step, do, essential=False)

    def _adding_and_removing(self, name: str) -> list[Action]:
        """Two changes that succeed send every user to every router of the account."""
        owner = self.wanted.place.owner
        # Nobody logs in as this user, so a password that a crash has lost is made anew.
        password = self.wanted.password or Secret(generate_password())
        add = PlannedCall.of("addVpnUser", username=name, password=password, **owner.parameters)
        remove = PlannedCall.of("removeVpnUser", username=name, **owner.parameters)

        async def do_add() -> Outcome:
            await self.send(add, look=lambda: self._has_user(name))
            self._there_for_a_moment.add(name)
            return Outcome(f"{name} is there for a moment, and everyone was sent along.")

        async def do_remove() -> Outcome:
            try:
                await self.send(remove, look=lambda: self._lacks_user(name))
                # Removed by an earlier run, after which the adding was found undone and done again.
                if not self.sent_now and await self._has_user(name):
                    await self.send(remove, look=lambda: self._lacks_user(name))
            except JobFailed as problem:
                if _UNKNOWN_USER not in problem.text:
                    raise
                return Outcome(
                    f"{name} was not added, so there is nothing to remove.", skipped=True
                )
            self._there_for_a_moment.discard(name)
            return Outcome(f"{name} is removed again.")

        return [
            Action(Step(f"add {name}", f"Add the user {name}", add), do_add, essential=False),
            Action(
                Step(f"remove {name} again", f"Remove the user {name} again", remove),
                do_remove,
                essential=False,
            ),
        ]

    async def _has_user(self, name: str) -> bool:
        owner = self.wanted.place.owner
        parameters = owner.parameters or owner.listing
        return bool(await self.rows(VPN_USERS, username=name, **parameters))

    async def _lacks_user(self, name: str) -> bool:
        return not await self._has_user(name)

    async def _look_at_users(self) -> Outcome:
        owner = self.wanted.place.owner
        users = await self.rows(VPN_USERS, **(owner.parameters or owner.listing))
        waiting = [user.user_name for user in users if user.state != "Active"]
        if waiting:
            raise StepFailed(
                f"Still waiting: {', '.join(waiting)}.",
                "A router refuses them: see which one does not run, and repair it again.",
            )
        return Outcome("Every user is active.")

    # On the router.

    def _on_router(self, cure: Remedy) -> list[Action]:
        if self._reach is None:
            return []
        router_id, _, user = cure.target.partition(" ")
        ref = RouterRef(router_id, cure.name)
        if cure.cure == "remove-login":
            done = f"{user} can no longer log in there."
            return [applying(self._reach, ref, REMOVE_LOGIN, user, done=done)]
        remedy = RESTART_IPSEC if cure.cure == "restart-ipsec" else RESTART_XL2TPD
        return [applying(self._reach, ref, remedy)]

    async def _ask_router(self) -> Outcome:
        if self._verify is None:
            raise ValueError("there is nobody to ask")
        self.router = await self._verify()
        if self.router.ok is False:
            raise StepFailed(self.router.says, "Look again what is wrong, with csvpn repair.")
        return Outcome(self.router.says, warning=self.router.ok is None)


async def _never_seen() -> bool:
    """What a removal of something that no list shows has done cannot be seen; made once more it
    changes nothing."""
    return False
