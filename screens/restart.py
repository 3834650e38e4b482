"""Restart a router, a network or a VPC: the last resort, its cost said for each way."""

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import RadioSet, Static

from screens.change import ChangeDialog, ask_for_change
from screens.fields import Choice
from screens.frame import SectionScreen
from tui.operations.restart import Restart, RestartPlan, Way, restarting_costs
from tui.session.enabling import learn
from tui.session.inventory import Kind
from tui.session.restarting import restart_plan
from tui.session.session import Session
from tui.session.verifying import verifier
from tui.session.views import NetworkRow


class RestartDialog(ChangeDialog):
    """Which router, or the whole network, and with new routers or the present ones."""

    TITLE_WORDS = "Restart"
    GO = "Restart"

    def __init__(self, row: NetworkRow, ways: Sequence[tuple[str, RestartPlan]]) -> None:
        """`ways` are the ways that are possible, the mildest first, each with its words."""
        super().__init__(row.name)
        self._row = row
        self._ways = tuple(ways)

    def title_words(self) -> str:
        return f"{self.TITLE_WORDS} {self._row.place}: the last resort"

    def choices(self) -> Iterable[Widget]:
        yield RadioSet(
            *(
                Choice(Content(words), value=number == 0)
                for number, (words, _) in enumerate(self._ways)
            ),
            id="way",
            compact=True,
        )
        yield Static("")

    @property
    def _chosen(self) -> RestartPlan:
        pressed = self.query_one("#way", RadioSet).pressed_index
        return self._ways[max(0, pressed)][1]

    def operation(self) -> Restart | None:
        session = self.console.session
        asks = session.profile.ssh_path(self._row.zone) is not None
        verify = verifier(session, self._row.key) if asks else None
        return Restart(session.client, self._chosen, verify=verify)

    def sentences(self) -> Sequence[str]:
        return restarting_costs(self._chosen)


async def ways_of(session: Session, row: NetworkRow) -> list[tuple[str, RestartPlan]]:
    """The ways of restarting `row` that are possible now, the mildest first."""
    kind = "VPC" if row.kind == "vpc" else "network"
    wanted: list[tuple[str, Way, str]] = [
        (f"Send everything again (restart the {kind})", "place", ""),
        *((f"Reboot the router {each.name}", "router", each.name) for each in row.routers),
        (f"Build new routers (restart the {kind} with clean-up)", "place-cleanup", ""),
    ]
    found = []
    for words, way, router in wanted:
        command = "rebootRouter" if way == "router" else "restartNetwork"
        if way != "router" and row.kind == "vpc":
            command = "restartVPC"
        if not session.may_call(command):
            continue
        plan = await restart_plan(session, row, way, router)
        if isinstance(plan, RestartPlan):
            found.append((words, plan))
    return found


def ask_to_restart(section: SectionScreen, key: str) -> None:
    """Look at the routers of the network or VPC `key`, then ask."""
    section.run_worker(_ask(section, key), group="restart", exclusive=True, exit_on_error=False)


async def _ask(section: SectionScreen, key: str) -> None:
    session = section.session
    row = await learn(session, key)
    ways = await ways_of(session, row) if row is not None else []
    if row is None or not ways:
        section.notify("It has nothing that could be restarted.", severity="warning")
        return
    ask_for_change(section, RestartDialog(row, ways), (Kind.ROUTERS, Kind.VPNS, Kind.NETWORKS))
