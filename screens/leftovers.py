"""What a VPN that was disabled has left behind, and what of it is to be cleaned up."""

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from screens.change import ChangeDialog, ask_for_change
from screens.fields import CheckBox
from screens.frame import SectionScreen
from tui.operations.clean_up import CleanUp, CleanUpPlan, clean_up_plan, cleaning_means
from tui.operations.disable import DisableVpn
from tui.session.inventory import Kind
from tui.session.reaching import reaching
from tui.vpn.ports import rule_sentence


class LeftoversDialog(ChangeDialog):
    """What is left, router by router, and a tick for each thing that can be cleaned."""

    TITLE_WORDS = "Left behind by the VPN of"
    GO = "Clean up"

    def __init__(self, disabled: DisableVpn) -> None:
        super().__init__(disabled.wanted.place.name)
        self._disabled = disabled

    def title_words(self) -> str:
        return f"{self.TITLE_WORDS} {self._disabled.wanted.place}"

    def choices(self) -> Iterable[Widget]:
        lines: list[str] = []
        for each in self._disabled.left:
            found = each.left.sentences() if each.left is not None else (each.error,)
            lines += [f"{each.router.name}:", *(f"  {sentence}" for sentence in found)]
        lines += [f"Rule: {rule_sentence(rule)}." for rule in self._disabled.rules_left]
        yield Static(Content("\n".join(lines) + "\n"), classes="words")
        every = self._every
        if every.stop_daemons:
            words = "Stop the daemons, which ends every session"
            yield CheckBox(words, True, id="daemons", compact=True)
        if every.remove_key:
            yield CheckBox("Take the old key off", True, id="key", compact=True)
        if every.rules:
            words = "Delete the rules on VPN ports"
            yield CheckBox(words, False, id="rules", compact=True)

    @property
    def _every(self) -> CleanUpPlan:
        return self._plan(stop_daemons=True, remove_key=True, rules=True)

    def _plan(self, *, stop_daemons: bool, remove_key: bool, rules: bool) -> CleanUpPlan:
        wanted = self._disabled.wanted
        return clean_up_plan(
            wanted.place,
            wanted.address_id,
            wanted.public_ip,
            self._disabled.left,
            self._disabled.rules_left if rules else (),
            stop_daemons=stop_daemons,
            remove_key=remove_key,
        )

    def _ticked(self, name: str) -> bool:
        return any(box.value for box in self.query(f"#{name}").results(CheckBox))

    @property
    def _chosen(self) -> CleanUpPlan:
        return self._plan(
            stop_daemons=self._ticked("daemons"),
            remove_key=self._ticked("key"),
            rules=self._ticked("rules"),
        )

    def operation(self) -> CleanUp | None:
        plan = self._chosen
        if plan.empty:
            return None
        session = self.console.session
        return CleanUp(session.client, plan, reach=reaching(session))

    def sentences(self) -> Sequence[str]:
        plan = self._chosen
        if plan.empty:
            return ("Nothing is ticked, so nothing would be cleaned.",)
        return cleaning_means(plan)


def offer_to_clean(section: SectionScreen, disabled: DisableVpn) -> None:
    """Show what is left, where something of it can be cleaned."""
    dialog = LeftoversDialog(disabled)
    if not dialog._every.empty:
        wanted = disabled.wanted
        ask_for_change(
            section,
            dialog,
            (Kind.VPNS, Kind.ADDRESSES),
            address_id="" if wanted.place.is_vpc else wanted.address_id,
        )
