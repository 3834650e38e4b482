"""The firewall rules of one public address, in words, the VPN's ports first."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec
from textual.binding import BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from screens.choose import ChooseDialog
from screens.details import facts_text
from screens.frame import bindings_of
from screens.rule import RuleDialog
from screens.tables import TableScreen
from tui.actions import Action
from tui.cloud.models import FirewallRule, PublicIp
from tui.operations.facts import Owner, ingress_rule
from tui.operations.firewall import DeleteRule, OpenPorts, deleting_means
from tui.session.inventory import Kind, Shelf
from tui.session.views import address_rows
from tui.vpn.ports import VPN_PORTS, IngressRule, analyse, missing_openings, rule_sentence
from tui.vpn.states import rule_mark
from tui.widgets.columns import Cell, Column


class RuleRow(msgspec.Struct, frozen=True):
    """One rule and its sentence."""

    fact: FirewallRule
    rule: IngressRule
    sentence: str
    serves_vpn: bool


def _order(row: RuleRow) -> tuple[bool, int, int]:
    ports = [number for number, port in enumerate(VPN_PORTS) if row.rule.covers(port)]
    return (not row.serves_vpn, min(ports, default=99), row.rule.start or 0)


def _state(row: RuleRow) -> Cell:
    mark = rule_mark(row.rule.state)
    return Cell(str(mark), mark.tone)


class FirewallScreen(TableScreen[RuleRow]):
    """The rules of the chosen address."""

    SECTION = "firewall"
    WHAT = "firewall rules"
    CSS_PATH: ClassVar[CSSPathType | None] = ["frame.tcss", "firewall.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("firewall")
    KINDS = (Kind.ADDRESSES, Kind.NETWORKS, Kind.VPCS, Kind.VPNS)
    COLUMNS: ClassVar[tuple[Column[RuleRow], ...]] = (
        Column("RULE", lambda r: Cell(r.sentence), widest=72, narrowest=20, order=_order),
        Column("STATE", _state, widest=12),
        Column("VPN", lambda r: Cell("needed" if r.serves_vpn else ""), widest=6, rank=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self._address_id = ""

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

    def refresh_facts(self, only_older_than: float = 0) -> None:
        super().refresh_facts(only_older_than)
        self.refresh_rules()

    def refresh_rules(self) -> None:
        """Ask for the rules of the address again."""
        address = self.address
        if address is not None:
            wanted = address.id
            self.load(lambda: self.session.inventory.refresh_rules(wanted), "rules")

    @property
    def shelf(self) -> Shelf[FirewallRule] | None:
        """The rules of the address; None before they were first asked for."""
        return self.session.inventory.rules.get(self.address.id) if self.address else None

    def shelves(self) -> dict[str, Shelf[Any]]:
        shelf = self.shelf
        return super().shelves() | ({} if shelf is None else {"firewall rules": shelf})

    def show_facts(self) -> None:
        address = self.address
        if address is not None and self.shelf is None and address.network_id:
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
            lines.append(
                Content(" The router of a VPC opens the VPN ports by itself; see its ACLs.")
            )
            return Content("\n").join(lines)
        if not self._rules_known:
            return Content("\n").join([*lines, Content(" Its rules are not known yet.")])
        tones = {"ok": "$text-success", "warn": "$text-warning", "bad": "$text-error", "off": "dim"}
        for access in analyse([row.rule for row in self.rows()]):
            mark = access.mark
            lines.append(Content.styled(f" {mark.glyph} {access.says}", tones[mark.tone]))
        return Content("\n").join(lines)

    @property
    def _rules_known(self) -> bool:
        return self.shelf is not None and self.shelf.fetched is not None

    def rows(self) -> Sequence[RuleRow]:
        shelf = self.shelf
        rows = []
        for fact in shelf.rows.values() if shelf else ():
            rule = ingress_rule(fact)
            serves = any(rule.covers(port) for port in VPN_PORTS)
            rows.append(RuleRow(fact, rule, rule_sentence(rule), serves))
        return rows

    def key_of(self, row: RuleRow) -> str:
        return row.fact.id

    def title_of(self, row: RuleRow) -> str:
        return row.sentence

    def note_when_empty(self) -> str:
        if self.address is None:
            return "No address with firewall rules is known. Press c to choose one."
        if not self.address.network_id:
            return "An address of a VPC has no firewall rules; the ACLs of its tiers decide."
        if not self._rules_known:
            return "Asking the server for the rules …"
        return (
            "The address has no firewall rule, so nothing from outside reaches it.\n"
            "Press o to open the VPN's ports, or a to add another rule."
        )

    def text_to_copy(self, row: RuleRow) -> tuple[str, str]:
        return row.sentence, "Rule"

    def details(self, row: RuleRow) -> tuple[str, Content]:
        mark = rule_mark(row.rule.state)
        facts = [
            ("Protocol", row.rule.protocol.upper()),
            ("Ports", _ports(row.rule)),
            ("From", ", ".join(row.rule.sources)),
            ("State", str(mark)),
            ("Id", row.fact.id),
        ]
        served = [f"{port}: {port.why}" for port in VPN_PORTS if row.rule.covers(port)]
        return row.sentence, facts_text(facts, [mark.means, *served])

    def reason_against(self, action: Action) -> str | None:
        reason = super().reason_against(action)
        if reason is not None or action.name not in ("open_ports", "add_rule"):
            return reason
        address = self.address
        if address is None:
            return "No address is chosen. Press c to choose one."
        if not address.network_id:
            return "An address of a VPC has no firewall rules; the ACLs of its tiers decide."
        if action.name == "open_ports" and not self._rules_known:
            return f"The rules of {address.address} are not known yet. Press r to ask for them."
        if action.name == "open_ports" and not missing_openings([r.rule for r in self.rows()]):
            return f"All three VPN ports of {address.address} are open to somebody already."
        return None

    # Actions.

    def action_choose_address(self) -> None:
        """Choose another address."""
        rows = [row for row in address_rows(self.session.inventory) if row.address.network_id]
        choices = [
            (row.key, f"{row.address.address:15}  {row.place:16}  {row.purpose:10}  {row.vpn_mark}")
            for row in rows
        ]

        def chosen(key: str | None) -> None:
            if key:
                self._show_address(key)

        empty = "No address of an isolated network is acquired."
        self.app.push_screen(ChooseDialog("Firewall of which address?", choices, empty), chosen)

    def action_open_ports(self) -> None:
        """Open what is missing, after showing it."""
        address = self.address
        if address is None:
            return
        rules = [row.rule for row in self.rows()]
        operation = OpenPorts(
            self.session.client, address.id, address.address, rules, owner=Owner.of(address)
        )
        sentences = [f"{opening} is opened: {opening.port.why}" for opening in operation.openings]
        sentences.append(
            "To open them to certain networks only, cancel and add the rules one by one with a."
        )
        self.ask_and_start(operation, sentences, "Open", (), address_id=address.id)

    def action_add_rule(self) -> None:
        """Add a rule."""
        address = self.address
        if address is not None:
            self.app.push_screen(RuleDialog(address.id))

    def action_delete_rule(self) -> None:
        """Delete the rule under the cursor, after saying what that closes."""
        address, row = self.address, self.row
        if address is None or row is None:
            return
        operation = DeleteRule(
            self.session.client, address.id, address.address, row.rule, owner=Owner.of(address)
        )
        sentences = deleting_means(row.rule, [each.rule for each in self.rows()])
        self.ask_and_start(operation, sentences, "Delete", (), address_id=address.id)


def _ports(rule: IngressRule) -> str:
    if rule.start is None:
        return "all"
    if rule.end is None or rule.end == rule.start:
        return str(rule.start)
    return f"{rule.start} to {rule.end}"
