"""Rotate the key of a VPN, or change its client range: both make the VPN anew."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, cast

from textual.widget import Widget

from screens.change import ChangeDialog, ask_for_change
from screens.fields import CheckBox, TextField
from screens.frame import SectionScreen
from screens.newkey import NewKeyDialog
from screens.profile_checks import Remark
from tui.operations.change_range import ChangeRange, changing_means
from tui.operations.remake import RemakeVpn
from tui.operations.remake_plan import RemakePlan
from tui.operations.rotate import RotateKey, rotating_means
from tui.session.enabling import suggested_range
from tui.session.half_made import note_half_made
from tui.session.inventory import Kind
from tui.session.reaching import reaching, refs_of
from tui.session.remaking import Remaking, judge_range, look_before, plan_of
from tui.session.verifying import verifier
from tui.vpn.ranges import ClientRange

KINDS = (Kind.VPNS, Kind.ADDRESSES, Kind.USERS)


class _RemakeDialog(ChangeDialog):
    """What both have in common: the plan, the routers, and how the operation is made."""

    ABSTRACT: ClassVar[bool] = True
    KIND: ClassVar[type[RemakeVpn]] = RotateKey

    def __init__(self, found: Remaking) -> None:
        super().__init__(found.row.name)
        self._found = found

    def title_words(self) -> str:
        return f"{self.TITLE_WORDS} {self._found.row.place}"

    @property
    def reaches_routers(self) -> bool:
        """Whether a router can be reached that carries the VPN."""
        refs = refs_of(self.console.session, self._found.row.routers)
        return any(not ref.stands_by for ref in refs)

    def _ticked(self, name: str) -> bool:
        return self.reaches_routers and self.query_one(f"#{name}", CheckBox).value

    def plan(self) -> RemakePlan | None:
        """The plan as it is chosen now."""
        raise NotImplementedError

    def operation(self) -> RemakeVpn | None:
        plan = self.plan()
        if plan is None:
            return None
        session, row = self.console.session, self._found.row
        asks = bool(row.routers) and session.profile.ssh_path(row.zone) is not None
        return self.KIND(
            session.client,
            plan,
            verify=verifier(session, row.key) if asks else None,
            reach=reaching(session) if plan.routers else None,
        )


class RotateDialog(_RemakeDialog):
    """Whether to rotate the key, and whether to cut off who is connected with the old one."""

    TITLE_WORDS = "Rotate the key of"
    GO = "Rotate"

    def choices(self) -> Iterable[Widget]:
        if self.reaches_routers:
            yield CheckBox(
                "Restart strongSwan and xl2tpd too: nobody stays on the old key",
                False,
                id="end-sessions",
                compact=True,
            )

    def plan(self) -> RemakePlan | None:
        ends = self._ticked("end-sessions")
        return plan_of(
            self.console.session,
            self._found,
            datetime.now(UTC).date(),
            restart_ipsec=ends,
            restart_xl2tpd=ends,
        )

    def sentences(self) -> Sequence[str]:
        plan = self.plan()
        return () if plan is None else rotating_means(plan)


class ChangeRangeDialog(_RemakeDialog):
    """Which range, and whether xl2tpd is restarted so that it hands it out."""

    TITLE_WORDS = "Change the client range of"
    GO = "Change"
    KIND = ChangeRange

    def choices(self) -> Iterable[Widget]:
        session, row = self.console.session, self._found.row
        yield TextField(
            "New range",
            suggested_range(session.inventory, row, row.users),
            id="range",
            hint="10.1.2.1-10.1.2.20",
            check=self._remark,
        )
        if self.reaches_routers:
            yield CheckBox(
                "Restart xl2tpd, so that it loads the new range",
                True,
                id="restart",
                compact=True,
            )

    def focus_first(self) -> None:
        """The range is what has to be typed."""
        self.query_one("#range", TextField).focus_field()

    def _remark(self, text: str) -> Remark | None:
        found = judge_range(self.console.session, self._found, text).findings
        if not found:
            return None
        worst = next((one for one in found if one.severity == "error"), found[0])
        return Remark(worst.severity, worst.says)

    @property
    def _range(self) -> ClientRange | None:
        text = self.query_one("#range", TextField).text
        wish = judge_range(self.console.session, self._found, text)
        return wish.range if wish.usable else None

    def plan(self) -> RemakePlan | None:
        wanted = self._range
        if wanted is None:
            return None
        return plan_of(
            self.console.session,
            self._found,
            datetime.now(UTC).date(),
            new_range=wanted,
            restart_xl2tpd=self._ticked("restart"),
        )

    def sentences(self) -> Sequence[str]:
        plan = self.plan()
        return () if plan is None else changing_means(plan)


def ask_to_remake(section: SectionScreen, key: str, *, new_range: bool) -> None:
    """Look at the network or VPC `key` first, then ask."""
    section.run_worker(
        _ask(section, key, new_range), group="remake", exclusive=True, exit_on_error=False
    )


async def _ask(section: SectionScreen, key: str, new_range: bool) -> None:
    session = section.session
    found = await look_before(session, key)
    if found is None or found.reason:
        section.notify(
            found.reason if found is not None else "It is not listed any more.", severity="warning"
        )
        return
    dialog = ChangeRangeDialog(found) if new_range else RotateDialog(found)
    address_id = found.row.address.id if found.row.address else ""
    ask_for_change(
        section,
        dialog,
        KINDS,
        address_id=address_id if found.row.kind == "network" else "",
        started=lambda made: section.app.push_screen(NewKeyDialog(cast(RemakeVpn, made))),
        after=lambda task: note_half_made(session.inventory, address_id, task),
    )
