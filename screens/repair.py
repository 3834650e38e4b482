"""What is wrong with a VPN, with evidence, and a tick for each trouble that is to be cured."""

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from screens.change import ChangeDialog, ask_for_change
from screens.fields import CheckBox
from screens.frame import SectionScreen
from tui.operations.repair import RepairPlan, RepairVpn, repairing_means
from tui.session.half_made import note_half_made
from tui.session.inventory import Kind as ListKind
from tui.session.reaching import reaching
from tui.session.repairing import Diagnosis, examine, repair_plan
from tui.session.tray import Task
from tui.session.verifying import verifier
from tui.vpn.repairs import Kind, Trouble

KINDS = (ListKind.VPNS, ListKind.USERS, ListKind.ADDRESSES, ListKind.ROUTERS)


TITLES: Final[dict[Kind, str]] = {
    "half-made": "Half-made",
    "half-removed": "Half-removed",
    "half-done": "Half-made or half-removed",
    "users-waiting": "Users are waiting",
    "surplus-login": "A login that no list has",
    "l2tp-dead": "xl2tpd has died",
    "ike-dead": "strongSwan does not serve the VPN",
    "range-not-loaded": "The range is not loaded",
    "key-differs": "A router's files differ",
    "ports-closed": "VPN ports are closed",
    "no-forwarding": "No packets are forwarded",
}
"""A few words for each trouble."""


class RepairDialog(ChangeDialog):
    """The troubles, each with its evidence; those with a cure can be ticked."""

    TITLE_WORDS = "What is wrong with the VPN of"
    GO = "Repair"

    def __init__(self, found: Diagnosis) -> None:
        super().__init__(found.row.name)
        self._found = found

    def title_words(self) -> str:
        return f"{self.TITLE_WORDS} {self._found.row.place}"

    def choices(self) -> Iterable[Widget]:
        if not self._found.troubles:
            says = "✔ Nothing is wrong with it, as far as could be looked at."
            yield Static(Content(says), classes="words")
        for number, trouble in enumerate(self._found.troubles):
            name = TITLES[trouble.kind]
            if trouble.cures:
                yield CheckBox(name, True, id=f"trouble-{number}", compact=True)
            else:
                yield Static(Content(f"✘ {name}"), classes="words")
            more = [
                trouble.says,
                *trouble.evidence,
                *([trouble.otherwise] if trouble.otherwise else []),
            ]
            yield Static(Content("\n".join(f"    {line}" for line in more)), classes="words quiet")
        for why in self._found.unasked:
            yield Static(Content(f"? {why}"), classes="words")

    @property
    def _chosen(self) -> list[Trouble]:
        return [
            trouble
            for number, trouble in enumerate(self._found.troubles)
            if any(box.value for box in self.query(f"#trouble-{number}").results(CheckBox))
        ]

    @property
    def _plan(self) -> RepairPlan:
        return repair_plan(self._found, self._chosen)

    def operation(self) -> RepairVpn | None:
        plan = self._plan
        if not plan.cures:
            return None
        session, row = self.console.session, self._found.row
        asks = bool(row.routers) and session.profile.ssh_path(row.zone) is not None
        return RepairVpn(
            session.client,
            plan,
            verify=verifier(session, row.key) if asks else None,
            reach=reaching(session),
        )

    def sentences(self) -> Sequence[str]:
        return repairing_means(self._plan)


def ask_to_repair(section: SectionScreen, key: str) -> None:
    """Look what is wrong with the network or VPC `key`, then ask."""
    section.run_worker(_ask(section, key), group="repair", exclusive=True, exit_on_error=False)


async def _ask(section: SectionScreen, key: str) -> None:
    session = section.session
    found = await examine(session, key)
    if found is None:
        section.notify("It is not listed any more.", severity="warning")
        return
    address = found.row.address

    def ended(task: Task) -> None:
        note_half_made(session.inventory, address.id if address else "", task)

    ask_for_change(
        section,
        RepairDialog(found),
        KINDS,
        address_id=address.id if address and found.row.kind == "network" else "",
        after=ended,
    )
