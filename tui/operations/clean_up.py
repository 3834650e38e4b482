"""Clean up what a VPN that was disabled has left behind: rules, sessions, daemons, the key."""

from collections.abc import Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.operations.addresses import Place
from tui.operations.firewall import PortOpener, deleting
from tui.operations.reach import Reach
from tui.operations.router_changes import (
    EndSession,
    Left,
    Reaching,
    RouterRef,
    clearing,
    ending,
    look_for_leftovers,
    reaching_of,
)
from tui.operations.steps import Action, Operation, Outcome, Step
from tui.router.remedies import END_SESSION, REMOVE_KEY, STOP_DAEMONS
from tui.vpn.ports import IngressRule, rule_sentence


class CleanUpPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be cleaned."""

    place: Place
    address_id: str
    public_ip: str
    rules: tuple[IngressRule, ...] = ()
    """Rules to be deleted."""
    sessions: tuple[EndSession, ...] = ()
    """Sessions to be ended one by one; none where the daemons are stopped, which ends them all."""
    stop_daemons: tuple[RouterRef, ...] = ()
    remove_key: tuple[RouterRef, ...] = ()

    @property
    def routers(self) -> tuple[RouterRef, ...]:
        """Every router on which something is done, each once."""
        named = [each.router for each in self.sessions]
        return tuple(dict.fromkeys([*named, *self.stop_daemons, *self.remove_key]))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.rules or self.routers)


def clean_up_plan(
    place: Place,
    address_id: str,
    public_ip: str,
    left: Sequence[Left],
    rules: Sequence[IngressRule] = (),
    *,
    stop_daemons: bool = True,
    remove_key: bool = True,
) -> CleanUpPlan:
    """The plan that cleans what was found; without `stop_daemons` sessions end one by one."""
    known = [(each.router, each.left) for each in left if each.left is not None]
    used = [(ref, found) for ref, found in known if found.anything]
    stopping = tuple(
        ref for ref, found in used if stop_daemons and found.daemons and not ref.stands_by
    )
    return CleanUpPlan(
        place=place,
        address_id=address_id,
        public_ip=public_ip,
        rules=tuple(rules),
        sessions=tuple(
            EndSession(ref, session.pid, session.user)
            for ref, found in used
            for session in found.sessions
            if ref not in stopping or session.is_orphan
        ),
        stop_daemons=stopping,
        remove_key=tuple(ref for ref, found in used if remove_key and found.has_key),
    )


def cleaning_means(plan: CleanUpPlan) -> tuple[str, ...]:
    """What cleaning up does, in sentences, with what each costs."""
    sentences = [f"{rule_sentence(rule)} is deleted." for rule in plan.rules]
    for session in plan.sessions:
        values = (str(session.pid), session.user)
        sentences.append(f"{END_SESSION.title(session.router.name, *values)}. {END_SESSION.cost}")
    sentences += [
        f"{STOP_DAEMONS.title(ref.name)}. {STOP_DAEMONS.cost}" for ref in plan.stop_daemons
    ]
    sentences += [f"{REMOVE_KEY.title(ref.name)}. {REMOVE_KEY.cost}" for ref in plan.remove_key]
    if plan.stop_daemons:
        sentences.append("The next VPN that is enabled here starts the daemons again.")
    return tuple(sentences)


class CleanUp(Operation):
    """Clean up after a VPN; looks again at the end."""

    KIND = "clean-up"
    WANTED = CleanUpPlan
    wanted: CleanUpPlan

    def __init__(
        self, client: CloudClient, wanted: CleanUpPlan, *, reach: Reaching | None = None
    ) -> None:
        super().__init__(client)
        self.wanted = wanted
        self.left: tuple[Left, ...] = ()
        """What the routers still have at the end."""
        self._reach = reach
        self._opener = PortOpener(self, wanted.address_id, wanted.place.owner)

    @property
    def title(self) -> str:
        return f"Clean up after the VPN of {self.wanted.place}"

    @classmethod
    def rebuild(cls, wanted: CleanUpPlan, reach: Reach) -> "CleanUp":
        return cls(reach.client, wanted, reach=reaching_of(reach))

    @property
    def subject(self) -> str:
        return self.wanted.place.subject

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    def _actions(self) -> Sequence[Action]:
        wanted = self.wanted
        actions = [deleting(self, self._opener, rule) for rule in wanted.rules]
        if self._reach is None:
            return actions
        actions += [ending(self._reach, session) for session in wanted.sessions]
        for ref in wanted.routers:
            actions += clearing(
                self._reach,
                ref,
                daemons=ref in wanted.stop_daemons,
                key=ref in wanted.remove_key,
            )
        if wanted.routers:
            look = Step("left", "Ask the routers what is left on them")
            actions.append(Action(look, self._look, essential=False))
        return actions

    async def _look(self) -> Outcome:
        if self._reach is None:
            raise ValueError("there is nobody to ask")
        self.left = await look_for_leftovers(self._reach, self.wanted.routers)
        unsure = any(each.left is None or each.left.anything for each in self.left)
        return Outcome(" ".join(each.sentence() for each in self.left), warning=unsure)
