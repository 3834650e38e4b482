"""Restart a router, a network or a VPC: the last resort, with its cost said.

What each brings: a router that boots is given everything anew, so its daemons start with the
present key and range, and chap-secrets keeps what was in it (logins of users who were removed
meanwhile). Restarting a network without clean-up sends the VPN again and leaves the router running;
for a VPC that does not send the VPN. With clean-up new routers replace the old ones: clean disks,
new SSH host keys.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from tui.cloud.client import CloudClient
from tui.cloud.errors import JobFailed, OutcomeUnknown
from tui.cloud.listings import ROUTERS
from tui.operations.addresses import Place
from tui.operations.reach import Reach, RouterWord, Verify
from tui.operations.router_changes import RouterRef
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step, StepFailed

Way = Literal["router", "place", "place-cleanup"]


class RestartPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restarted."""

    place: Place
    way: Way
    routers: tuple[RouterRef, ...] = ()
    """The routers: the one to reboot, or those of the network."""
    connected: tuple[str, ...] | None = None
    """Who is connected; None when no router says so."""
    has_vpn: bool = False

    @property
    def call(self) -> PlannedCall:
        """The call that does it."""
        if self.way == "router":
            if not self.routers:
                raise ValueError("no router is named")
            return PlannedCall.of("rebootRouter", id=self.routers[0].id)
        command = "restartVPC" if self.place.is_vpc else "restartNetwork"
        cleanup = "true" if self.way == "place-cleanup" else "false"
        return PlannedCall.of(command, id=self.place.id, cleanup=cleanup)

    @property
    def named(self) -> str:
        """What is restarted, in words."""
        if self.way == "router":
            return f"the router {self.routers[0].name}"
        return str(self.place)


def restarting_costs(plan: RestartPlan) -> tuple[str, ...]:
    """What a restart costs and brings, in sentences; the worst first."""
    names = ", ".join(ref.name for ref in plan.routers) or "the router"
    sentences: list[str] = []
    if plan.way == "router":
        sentences.append(
            f"While {names} boots, usually one to three minutes, the guests of {plan.place} reach "
            "nothing outside, and nothing outside reaches them."
        )
    elif plan.way == "place-cleanup":
        sentences.append(
            f"New routers replace {names}. Until the new one runs, usually some minutes, the "
            f"guests of {plan.place} reach nothing outside, and nothing outside reaches them."
        )
    else:
        sentences.append(
            f"Everything is sent to {names} again while it runs; guests notice next to nothing."
        )
    cut = plan.way != "place"
    if plan.connected:
        verb = "are cut off" if cut else "stay connected"
        sentences.append(f"Connected now: {', '.join(plan.connected)}; they {verb}.")
    elif plan.connected is None and cut:
        sentences.append("Whoever is connected is cut off; no router says who that is.")
    if plan.has_vpn:
        sentences.append("The pre-shared key, the range and the users stay as they are.")
        if plan.way == "place" and plan.place.is_vpc:
            sentences.append("For a VPC this does not send the VPN again: reboot its router.")
        elif plan.way == "place":
            sentences.append(
                "A daemon that runs already is not restarted by it: a range that was not loaded "
                "stays so, and an xl2tpd that has died stays dead."
            )
        else:
            sentences.append("Its daemons start anew, with the present key and range.")
    if plan.way == "router":
        sentences.append("Logins that are left over in chap-secrets survive it.")
    if plan.way == "place-cleanup":
        sentences.append(
            "The new routers have other SSH host keys, which will have to be accepted again."
        )
    return tuple(sentences)


class Restart(Operation):
    """Restart a router, a network or a VPC, and see that the routers run afterwards."""

    KIND = "restart"
    WANTED = RestartPlan
    wanted: RestartPlan

    def __init__(
        self, client: CloudClient, wanted: RestartPlan, *, verify: Verify | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.router: RouterWord | None = None
        """What the routers say of the VPN afterwards."""
        self._verify = verify

    @property
    def title(self) -> str:
        how = " with clean-up" if self.wanted.way == "place-cleanup" else ""
        return f"Restart {self.wanted.named}{how}"

    @classmethod
    def rebuild(cls, wanted: RestartPlan, reach: Reach) -> "Restart":
        return cls(reach.client, wanted, verify=reach.verifier(wanted.place.id))

    @property
    def subject(self) -> str:
        return self.wanted.place.subject

    @property
    def target(self) -> tuple[str, str, str]:
        if self.wanted.way == "router":
            return "DomainRouter", self.wanted.routers[0].id, self.wanted.routers[0].name
        return self.wanted.place.kind, self.wanted.place.id, self.wanted.place.name

    def _actions(self) -> Sequence[Action]:
        actions = [
            Action(Step("restart", self.title, self.wanted.call), self._restart),
            Action(Step("running", "See that every router runs"), self._look, essential=False),
        ]
        if self._verify is not None and self.wanted.has_vpn:
            step = Step("router", "Ask the routers about the VPN")
            actions.append(Action(step, self._ask, essential=False))
        return actions

    async def _restart(self) -> Outcome:
        try:
            await self.send(self.wanted.call)
        except JobFailed as problem:
            raise StepFailed(
                problem.text,
                f"Look at the routers of {self.wanted.place} before you try again. "
                f"{problem.remedy}",
                problem,
            ) from problem
        except OutcomeUnknown as problem:
            raise StepFailed(
                problem.text,
                "It may well be under way: see whether the router is Starting before you send it "
                f"again. {problem.remedy}",
                problem,
            ) from problem
        return Outcome(f"{_capital(self.wanted.named)} is restarted.")

    async def _look(self) -> Outcome:
        place = self.wanted.place
        where = {"vpcid" if place.is_vpc else "networkid": place.id}
        rows = await self.rows(ROUTERS, **{**place.owner.listing, **where})
        if not rows:
            return Outcome("No router is listed that could be looked at.", warning=True)
        down = [f"{row.name} is {row.state}" for row in rows if row.state != "Running"]
        if down:
            raise StepFailed(f"{', '.join(down)}.", "Start it in CloudStack, or try again.")
        return Outcome(f"{', '.join(row.name for row in rows)}: running.")

    async def _ask(self) -> Outcome:
        if self._verify is None:
            raise ValueError("there is nobody to ask")
        self.router = await self._verify()
        if self.router.ok is False:
            raise StepFailed(self.router.says, "A restart did not cure it: look at its log.")
        return Outcome(self.router.says, warning=self.router.ok is None)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
