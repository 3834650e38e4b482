"""Change who may reach the ports of an address: what goes, what comes, and every call."""

import os
import time
from collections.abc import Sequence
from typing import ClassVar, Final, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from screens.fields import CheckBox
from screens.findings import FindingField, finding_lines
from screens.frame import Console
from tui.operations.facts import Owner, ingress_rule
from tui.operations.sources import EditSources, SourcesWanted
from tui.operations.timed import TimedSources, TimedWanted
from tui.vpn.cidrs import parse_sources, spoken_with_names
from tui.vpn.findings import Finding, errors
from tui.vpn.slots import Slot
from tui.vpn.sources import (
    Mode,
    SourcePlan,
    in_words,
    joint_diffs,
    own_address,
    shut_out,
    slot_name,
    vpn_slots,
    what_disabling_does,
)
from tui.vpn.spans import SPAN_RULE, read_span

MODES: Final = (("Only these, nobody else", "set"), ("These too, everyone else as now", "add"))

Change = EditSources | TimedSources


class SourcesDialog(ModalScreen[Change]):
    """Returns the change that was asked for; None when nothing is to be changed."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(
        self, address_id: str, slots: Sequence[Slot] = vpn_slots(), *, for_a_time: bool = False
    ) -> None:
        """`for_a_time` starts as a change that lets somebody in for half an hour."""
        super().__init__()
        self._address_id = address_id
        self._slots = tuple(slots)
        self._for_a_time = for_a_time

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        address = self.console.session.inventory.addresses.rows[self._address_id]
        vpn = self._slots == vpn_slots()
        what = "the VPN ports" if vpn else ", ".join(map(slot_name, self._slots))
        mode: Mode = "add" if self._for_a_time else "set"
        with Vertical(classes="dialog") as box:
            box.border_title = Content(f"Who reaches {what} of {address.address}")
            yield Select(MODES, value=mode, allow_blank=False, compact=True, id="mode")
            yield FindingField(
                "From (CIDRs, lists of the profile, anywhere)",
                "sources",
                placeholder="198.51.100.0/24",
            )
            yield FindingField(
                "For how long (30m, 2h, 1d; empty: for good)",
                "span",
                "30m" if self._for_a_time else "",
            )
            yield CheckBox("Closed for a moment in between is fine", id="gap", compact=True)
            with VerticalScroll(id="plan", can_focus=True):
                yield Static("", id="words", classes="words")
                yield Static("", id="calls", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Change", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#gap").display = False
        self._show()
        self._field("sources").input.focus()

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    # What is typed.

    def _wish(self, cidrs: tuple[str, ...]) -> SourcesWanted:
        inventory = self.console.session.inventory
        address = inventory.addresses.rows[self._address_id]
        shelf = inventory.rules.get(self._address_id)
        mode: Mode = "add" if self.query_one("#mode", Select).value == "add" else "set"
        return SourcesWanted(
            address_id=address.id,
            public_ip=address.address,
            rules=tuple(map(ingress_rule, shelf.rows.values() if shelf else ())),
            slots=self._slots,
            cidrs=cidrs,
            mode=mode,
            allow_gap=self.query_one("#gap", CheckBox).value,
            owner=Owner.of(address),
        )

    def _read(self) -> tuple[SourcesWanted | TimedWanted | None, SourcePlan | None]:
        """What is wanted, where it can be; and what it would do. Shows findings on the way."""
        text = self._field("sources").text
        sources = parse_sources(text, self.console.session.profile.sources)
        self._field("sources").say(sources.findings if text else ())
        typed = self._field("span").text
        seconds = read_span(typed) if typed else None
        wrong_span = bool(typed) and seconds is None
        says = f"“{typed}” is not a time; write {SPAN_RULE}."
        self._field("span").say([Finding("error", "span", says)] if wrong_span else ())
        if not text or not sources.usable:
            return None, None
        wish = self._wish(sources.cidrs)
        plan = wish.worked_out()
        if seconds is None:
            return (wish if plan.can_run and not wrong_span else None), plan
        timed = TimedWanted(change=wish, until=float(round(time.time()) + seconds))
        runs = plan.can_run and not errors(timed.findings())
        return (timed if runs else None), plan

    # What is shown.

    @on(Select.Changed)
    @on(Input.Changed)
    @on(CheckBox.Changed)
    def _show(self) -> None:
        wanted, plan = self._read()
        self.query_one("#go", Button).disabled = wanted is None
        calls = self._operation(wanted).plan() if wanted is not None else ()
        lines = [f"  {step.call.cloudmonkey()}" for step in calls if step.call]
        words = "\n".join(["Will be sent:", *lines]) if lines else ""
        self.query_one("#calls", Static).update(Content(words))
        self.query_one("#words", Static).update(self._words(wanted, plan))

    def _words(
        self, wanted: SourcesWanted | TimedWanted | None, plan: SourcePlan | None
    ) -> Content:
        lists = self.console.session.profile.sources
        if plan is None:
            known = "; ".join(f"{name}: {', '.join(cidrs)}" for name, cidrs in lists.items())
            return Content.styled(f"Lists of the profile: {known}" if known else "", "$text-muted")
        findings = list(plan.findings)
        if isinstance(wanted, TimedWanted):
            findings = list(wanted.findings())
        elif plan.can_run and wanted is None:
            # Only the way back stands in the way: say why.
            change = self._wish(parse_sources(self._field("sources").text, lists).cidrs)
            findings = list(TimedWanted(change=change, until=0).findings())
        own = shut_out(plan, own_address(os.environ.get("SSH_CONNECTION", "")))
        findings += [own] if own is not None else []
        self.query_one("#gap").display = any(each.code == "gap" for each in findings)
        parts = [finding_lines(findings)] if findings else []
        if not plan.moves and not errors(findings):
            parts.append(Content.styled("✔ It is so already.", "$text-success"))
        for diff in joint_diffs(plan):
            parts += [
                Content.styled(f"- {diff.name} from {spoken_with_names([c], lists)}", "$text-error")
                for c in diff.gone
            ]
            if diff.new:
                whom = spoken_with_names(diff.new, lists)
                parts.append(Content.styled(f"+ {diff.name} from {whom}", "$text-success"))
        parts += [Content(line) for line in in_words(plan)]
        sentences = (
            wanted.sentences() if isinstance(wanted, TimedWanted) else what_disabling_does(plan)
        )
        parts += [Content(f"• {each}") for each in sentences]
        return Content("\n").join(parts)

    # Answers.

    def _operation(self, wanted: SourcesWanted | TimedWanted) -> Change:
        client = self.console.session.client
        if isinstance(wanted, TimedWanted):
            return TimedSources(client, wanted)
        return EditSources(client, wanted)

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _done(self, event: Input.Submitted | Button.Pressed) -> None:
        if isinstance(event, Button.Pressed) and event.button.id != "go":
            self.dismiss(None)
            return
        wanted = self._read()[0]
        if wanted is not None:
            self.dismiss(self._operation(wanted))
