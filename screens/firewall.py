"""The firewall rules of one public address, in words, the VPN's ports first."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from screens.choose import ChooseDialog
from screens.firewall_rows import COLUMNS, Row, RuleRow, rule_details, tier_details
from screens.many import Piece, ask_for_all
from screens.rule import RuleDialog
from screens.section_keys import bindings_of
from screens.sources import Change, SourcesDialog
from screens.tables import TableScreen
from screens.tier import TierDialog
from tui.actions import Action
from tui.cloud.models import FirewallRule, PublicIp
from tui.operations.acl import AllowClients
from tui.operations.facts import Owner, ingress_rule
from tui.operations.firewall import DeleteRule, OpenPorts, deleting_means
from tui.operations.timed import TimedSources
from tui.session.inventory import Kind, Shelf
from tui.session.tiers import TierRow, change_sentences, tier_rows
from tui.session.tray import Task, TaskState
from tui.session.views import address_rows
from tui.vpn.acls import Opening
from tui.vpn.ports import VPN_PORTS, IngressRule, analyse, missing_openings, rule_sentence
from tui.vpn.slots import Slot
from tui.vpn.sources import in_words, vpn_slots
from tui.vpn.spans import spoken_time

_EDITS = ("edit_sources", "allow_for_a_time", "open_ports", "add_rule")
_NO_RULES = "An address of a VPC has no firewall rules; the ACLs of its tiers decide."


class FirewallScreen(TableScreen[Row]):
    """The rules of the chosen address."""

    SECTION = "firewall"
    WHAT = "firewall rules"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "firewall.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("firewall")
    KINDS = (Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.VPNS)
    COLUMNS = COLUMNS

    def __init__(self) -> None:
        super().__init__()
        self._address_id = ""

    def on_mount(self) -> None:
        self.set_interval(1, self._tick)

    def _tick(self) -> None:
        """Let the time run that a change has left."""
        if self.timed is not None:
            self.query_one("#ports", Static).update(self._summary())

    def compose_body(self) -> Iterable[Widget]:
        yield Static("", id="ports")
        yield from super().compose_body()

    @property
    def address(self) -> PublicIp | None:
        """The address whose rules are shown: the chosen one, else the first with a VPN."""
        addresses = self.session.inventory.addresses.rows
        if self._address_id in addresses:
            return addresses[self._address_id]
        fitting = [a for a in addresses.values() if a.network_id and a.is_source_nat]
        with_vpn = [a for a in fitting if self.session.inventory.vpn_of(a) is not None]
        return next(iter([*with_vpn, *fitting]), None)

    def arrive(self, key: str, filter_text: str) -> None:
        super().arrive("", filter_text)
        if key:
            self._show_address(key)

    def _show_address(self, address_id: str) -> None:
        self._address_id = address_id
        self.show_facts()
        self.refresh_rules()

    def refresh_facts(self) -> None:
        super().refresh_facts()
        self.refresh_rules()

    def refresh_due_facts(self) -> None:
        super().refresh_due_facts()
        self.refresh_rules()

    def refresh_rules(self) -> None:
        """Ask for the rules of the address again."""
        address = self.address
        if address is not None:
            inventory = self.session.inventory
            if address.network_id:
                self.load(partial(inventory.refresh_rules, address.id), "rules")
            elif address.vpc_id and inventory.networks.is_known:
                self.load(partial(inventory.refresh_acls, address.vpc_id), "rules")

    @property
    def timed(self) -> TimedSources | None:
        """The change of the address that goes back by itself, while it waits for that."""
        address = self.address
        for task in self.session.tray.tasks:
            operation = task.operation
            if isinstance(operation, TimedSources) and address is not None:
                mine = operation.wanted.change.address_id == address.id
                if mine and operation.phase == "waiting" and task.state is TaskState.RUNNING:
                    return operation
        return None

    @property
    def shelf(self) -> Shelf[FirewallRule] | None:
        """The rules of the address; None before they were first asked for."""
        return self.session.inventory.rules.get(self.address.id) if self.address else None

    def shelves(self) -> dict[str, Shelf[Any]]:
        found: dict[str, Shelf[Any]] = {}
        address, shelf = self.address, self.shelf
        if address is not None and address.network_id:
            found |= {} if shelf is None else {"firewall rules": shelf}
        elif address is not None:
            inventory = self.session.inventory
            for what, shelves in (
                ("ACL lists", inventory.acl_lists),
                ("ACL entries", inventory.acl_entries),
            ):
                if address.vpc_id in shelves:
                    found[what] = shelves[address.vpc_id]
        return super().shelves() | found

    def show_facts(self) -> None:
        address = self.address
        if address is not None:
            acls = self.session.inventory.acl_lists
            unasked = address.vpc_id not in acls if address.vpc_id else self.shelf is None
            if unasked:
                self.refresh_rules()
        super().show_facts()
        self.query_one("#ports", Static).update(self._summary())

    def _summary(self) -> Content:
        """The address, and who reaches each of the three ports."""
        address = self.address
        if address is None:
            return Content(" No address with firewall rules is known. c chooses one.")
        place = address.network_name or address.vpc_name
        head = Content.styled(f" {address.address}", "bold")
        vpn = self.session.inventory.vpn_of(address)
        words = "VPN running" if vpn is not None else "no VPN"
        lines = [Content.assemble(head, Content(f"  {place}  {words}  (c: another address)"))]
        if not address.network_id:
            says = (
                " The router of a VPC opens the VPN ports by itself; the ACLs of its tiers decide"
            )
            lines.append(Content(f"{says}\n what VPN clients reach. i lets them into a tier."))
            return Content("\n").join(lines)
        if not self._rules_known:
            return Content("\n").join([*lines, Content(" Its rules are not known yet.")])
        tones = {"ok": "$text-success", "warn": "$text-warning", "bad": "$text-error", "off": "dim"}
        for access in analyse(self.rules):
            mark = access.mark
            lines.append(Content.styled(f" {mark.glyph} {access.says}", tones[mark.tone]))
        timed = self.timed
        if timed is not None:
            left = spoken_time(timed.seconds_left)
            says = f" ▲ A change goes back in {left}. K keeps it, B puts it back now."
            lines.insert(1, Content.styled(says, "bold $text-warning"))
        return Content("\n").join(lines)

    @property
    def is_filled(self) -> bool:
        address = self.address
        asked = address is None or bool(address.vpc_id) or self.shelf is not None
        return asked and super().is_filled

    @property
    def _rules_known(self) -> bool:
        return self.shelf is not None and self.shelf.fetched is not None

    @property
    def rules(self) -> list[IngressRule]:
        """The rules of the address, as last asked for."""
        return [row.rule for row in self.rows() if isinstance(row, RuleRow)]

    def rows(self) -> Sequence[Row]:
        address, shelf = self.address, self.shelf
        if address is not None and not address.network_id:
            return tier_rows(self.session.inventory, address)
        rows = []
        for fact in shelf.rows.values() if shelf else ():
            rule = ingress_rule(fact)
            serves = any(rule.covers(port) for port in VPN_PORTS)
            rows.append(RuleRow(fact, rule, rule_sentence(rule), serves))
        return rows

    def key_of(self, row: Row) -> str:
        return row.tier.id if isinstance(row, TierRow) else row.fact.id

    def title_of(self, row: Row) -> str:
        return row.sentence

    def note_when_empty(self) -> str:
        if self.address is None:
            return "No address with firewall rules is known. Press c to choose one."
        if not self.address.network_id:
            return "The VPC of this address has no tier yet."
        if not self._rules_known:
            return "Asking the server for the rules …"
        return (
            "The address has no firewall rule, so nothing from outside reaches it.\n"
            "Press o to open the VPN's ports, or a to add another rule."
        )

    def text_to_copy(self, row: Row) -> tuple[str, str]:
        return row.sentence, "Tier" if isinstance(row, TierRow) else "Rule"

    def details(self, row: Row) -> tuple[str, Content]:
        return tier_details(row) if isinstance(row, TierRow) else rule_details(row)

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None:
            return reason
        if action.name in ("keep_change", "put_back"):
            return None if self.timed else "No change of this address goes back by itself."
        if action.name == "allow_clients":
            return self._against_letting_in()
        if action.name in _EDITS:
            return self._against_changing(action.name)
        if action.name in ("edit_rule", "delete_rule"):
            return _NO_RULES if isinstance(self.row, TierRow) else self._against_a_second_change()
        return None

    def _against_letting_in(self) -> str | None:
        row = self.row
        if not isinstance(row, TierRow):
            return "That is for the tiers of a VPC; for this address, edit the sources with e."
        wanted = row.wanted(Opening())
        if isinstance(wanted, str) and row.acl is not None and row.acl.is_default:
            return wanted
        return wanted if isinstance(wanted, str) and row.client_range is None else None

    def _against_changing(self, name: str) -> str | None:
        address = self.address
        if address is None:
            return "No address is chosen. Press c to choose one."
        if not address.network_id:
            return _NO_RULES
        if name != "add_rule" and not self._rules_known:
            return f"The rules of {address.address} are not known yet. Press r to ask for them."
        if name == "open_ports" and not missing_openings(self.rules):
            return f"All three VPN ports of {address.address} are open to somebody already."
        return None if name == "add_rule" else self._against_a_second_change()

    def _against_a_second_change(self) -> str | None:
        if self.timed is None:
            return None
        return "A change of this address is to go back by itself: keep it with K, or end it with B."

    # Actions.

    def action_choose_address(self) -> None:
        """Choose another address."""
        rows = [
            row
            for row in address_rows(self.session.inventory)
            if row.address.network_id or (row.address.vpc_id and row.address.is_source_nat)
        ]
        choices = [
            (row.key, f"{row.address.address:15}  {row.place:16}  {row.purpose:10}  {row.vpn_mark}")
            for row in rows
        ]

        def chosen(key: str | None) -> None:
            if key:
                self._show_address(key)

        empty = "No address of a network or a VPC is acquired."
        self.app.push_screen(ChooseDialog("Firewall of which address?", choices, empty), chosen)

    def action_open_ports(self) -> None:
        """Open what is missing, after showing it."""
        address = self.address
        if address is None:
            return
        operation = OpenPorts(
            self.session.client, address.id, address.address, self.rules, owner=Owner.of(address)
        )
        sentences = [f"{opening} is opened: {opening.port.why}" for opening in operation.openings]
        sentences.append(
            "To open them to certain networks only, cancel and edit the sources with e."
        )
        self.ask_and_start(operation, sentences, "Open", (), address_id=address.id)

    def action_add_rule(self) -> None:
        """Add a rule."""
        address = self.address
        if address is not None:
            self.app.push_screen(RuleDialog(address.id))

    def action_delete_rule(self) -> None:
        """Delete the rule under the cursor, or those that are marked, after saying what that
        closes."""
        address = self.address
        rules = [row.rule for row in self.chosen if isinstance(row, RuleRow)]
        if address is None or not rules:
            return
        owner, left = Owner.of(address), list(self.rules)
        pieces: list[Piece] = []
        sentences: list[str] = []
        for rule in rules:
            operation = DeleteRule(
                self.session.client, address.id, address.address, rule, owner=owner
            )
            start = partial(self.session.start, operation, (), address.id)
            pieces.append((operation, start))
            sentences += deleting_means(rule, left)
            left = [other for other in left if other.id != rule.id]
        typed = self.name_of_row() if len(rules) == 1 else self.session.profile.name
        title = f"Delete {len(rules)} rules of {address.address}"
        ask_for_all(self, title, pieces, sentences, "Delete", typed=typed)

    def action_edit_sources(self) -> None:
        """Change who reaches the VPN ports."""
        self._edit(vpn_slots())

    def action_edit_rule(self) -> None:
        """Change who reaches the ports of the rule under the cursor."""
        if isinstance(self.row, RuleRow):
            self._edit((Slot.of(self.row.rule),))

    def action_allow_for_a_time(self) -> None:
        """Let somebody reach the VPN ports for a time."""
        self._edit(vpn_slots(), for_a_time=True)

    def _edit(self, slots: Sequence[Slot], *, for_a_time: bool = False) -> None:
        address = self.address
        if address is None:
            return

        def answered(change: Change | None) -> None:
            if change is None:
                return
            if self.session.profile.production:
                sentences = in_words(change.changes)
                self.ask_and_start(change, sentences, "Change", (), address_id=address.id)
            else:
                self.session.start(change, (), address.id)

        dialog = SourcesDialog(address.id, slots, for_a_time=for_a_time)
        self.app.push_screen(dialog, answered)

    def show_task(self, task: Task) -> None:
        super().show_task(task)
        if isinstance(task.operation, TimedSources):
            # The rules are others as soon as it waits; the session asks when it has gone back.
            waits = task.latest.get("wait")
            if waits is not None and waits.state == "running":
                self.refresh_rules()
            self.show_facts()

    def action_keep_change(self) -> None:
        """Keep a change that would go back by itself."""
        if self.timed is not None:
            self.timed.keep()

    def action_put_back(self) -> None:
        """Put a change for a time back now."""
        if self.timed is not None:
            self.timed.put_back()

    def action_allow_clients(self) -> None:
        """Let VPN clients into the tier under the cursor."""
        row = self.row
        if not isinstance(row, TierRow):
            return

        def answered(change: AllowClients | None) -> None:
            if change is None:
                return
            if self.session.profile.production:
                sentences = change_sentences(row, change.wanted.change)
                self.ask_and_start(change, sentences, "Let in", (), after=look_again)
            else:
                self.session.start(change, (), after=look_again)

        def look_again(task: Task) -> None:
            self.refresh_rules()

        self.app.push_screen(TierDialog(row), answered)
