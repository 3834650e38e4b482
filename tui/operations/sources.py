"""Edit who may reach the ports of an address, in an order that shuts nobody out in between."""

from collections.abc import Sequence

import msgspec

from tui.cloud.client import CloudClient
from tui.operations.facts import Owner
from tui.operations.rule_moves import RuleMover, compare, failed_check
from tui.operations.steps import Action, Operation, Outcome, Step
from tui.vpn.cidrs import spoken_sources
from tui.vpn.ports import IngressRule, analyse
from tui.vpn.slots import Slot
from tui.vpn.sources import Mode, SourcePlan, plan_sources, slot_name, vpn_slots


class SourcesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to reach which ports of which address."""

    address_id: str
    public_ip: str
    rules: tuple[IngressRule, ...]
    """All rules of the address as last seen."""
    slots: tuple[Slot, ...]
    cidrs: tuple[str, ...]
    """As `parse_sources` gives them."""
    mode: Mode = "set"
    allow_gap: bool = False
    owner: Owner = Owner()

    def worked_out(self) -> SourcePlan:
        """The change, step by step; always the same for the same wish."""
        return plan_sources(self.rules, self.slots, self.cidrs, self.mode, allow_gap=self.allow_gap)

    @property
    def words(self) -> str:
        """The wish in words: `Let only 198.51.100.0/24 reach the VPN ports of 203.0.113.12`."""
        vpn = self.slots == vpn_slots()
        what = "the VPN ports" if vpn else ", ".join(slot_name(slot) for slot in self.slots)
        whom = spoken_sources(self.cidrs)
        only = "only " if self.mode == "set" and whom != "anywhere" else ""
        also = " too" if self.mode == "add" else ""
        return f"Let {only}{_whom(whom)} reach {what} of {self.public_ip}{also}"


def _whom(words: str) -> str:
    return "anyone" if words == "anywhere" else words


class EditSources(Operation):
    """Make the rules that are missing, remove those that go, and look once more at the end."""

    KIND = "edit-sources"
    WANTED = SourcesWanted
    wanted: SourcesWanted

    def __init__(self, client: CloudClient, wanted: SourcesWanted) -> None:
        """Raises `ValueError` for a wish whose plan cannot run (`SourcePlan.can_run`)."""
        super().__init__(client)
        self.wanted = wanted
        self.changes = wanted.worked_out()
        if not self.changes.can_run:
            raise ValueError("this change cannot be made; look at the findings of its plan")
        self.rules: tuple[IngressRule, ...] = wanted.rules
        """The rules as they are; refreshed by the last step."""
        self._mover = RuleMover(self, wanted.address_id, wanted.owner)

    @property
    def title(self) -> str:
        return self.wanted.words

    @property
    def subject(self) -> str:
        return f"address {self.wanted.address_id}"

    @property
    def target(self) -> tuple[str, str, str]:
        return "PublicIpAddress", self.wanted.address_id, self.wanted.public_ip

    def _actions(self) -> Sequence[Action]:
        look = Step("ports", f"See who reaches {self.wanted.public_ip} now")
        return [*self._mover.actions(self.changes.moves), Action(look, self._look)]

    async def _look(self) -> Outcome:
        self.rules = await self._mover.rules()
        found = compare(self.changes.after, self.rules, self.wanted.slots)
        if found:
            raise failed_check(
                found, "Somebody else may have changed them; edit the sources again."
            )
        return looked(self.rules)


def looked(rules: Sequence[IngressRule]) -> Outcome:
    """Who reaches the VPN ports, in words; a warning when the router has not taken a rule yet."""
    report = analyse(rules)
    waiting = any(rule.state in ("Add", "Staged") for rule in rules)
    remedy = "A rule waits for the router: start it, or look at its logs." if waiting else ""
    return Outcome("; ".join(one.says for one in report) + ".", warning=waiting, remedy=remedy)
