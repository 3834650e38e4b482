"""Add a firewall rule to an address."""

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from screens.findings import FindingField
from screens.frame import Console
from tui.operations.facts import ingress_rule
from tui.operations.firewall import AddRule
from tui.vpn.cidrs import parse_sources
from tui.vpn.findings import Finding, errors
from tui.vpn.ports import IngressRule, rule_sentence

PROTOCOLS = (("UDP", "udp"), ("TCP", "tcp"), ("ICMP", "icmp"))


class RuleDialog(ModalScreen[None]):
    """Protocol, ports and sources, each checked as it is typed."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel")]

    def __init__(self, address_id: str) -> None:
        super().__init__()
        self._address_id = address_id

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def compose(self) -> ComposeResult:
        address = self.console.session.inventory.addresses.rows[self._address_id]
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = Content(f"Add a rule to {address.address}")
            yield Static("Protocol", classes="quiet")
            yield Select(PROTOCOLS, value="udp", allow_blank=False, compact=True)
            yield FindingField("Ports (one, or first-last)", "ports", placeholder="500")
            yield FindingField(
                "From (CIDRs; empty: anywhere)", "sources", placeholder="198.51.100.0/24"
            )
            yield Static("", id="sentence", classes="words")
            yield Static("", id="call", classes="words quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Add", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._show()
        self._field("ports").input.focus()

    def _field(self, name: str) -> FindingField:
        return self.query_one(f"#{name}", FindingField)

    def _read(self) -> tuple[IngressRule | None, list[Finding], list[Finding]]:
        """The rule that is typed, if it can be sent; findings on the ports; on the sources."""
        protocol = str(self.query_one(Select).value)
        start, end, problem = read_ports(self._field("ports").text, protocol)
        sources = parse_sources(self._field("sources").text, self.console.session.profile.sources)
        about_ports = [problem] if problem else []
        if problem or not sources.usable:
            return None, about_ports, list(sources.findings)
        rule = IngressRule("", protocol, start, end, sources.cidrs)
        return rule, self._clashes(rule), list(sources.findings)

    def _clashes(self, rule: IngressRule) -> list[Finding]:
        """Rules that make the server refuse: overlapping ports with a source in common."""
        shelf = self.console.session.inventory.rules.get(self._address_id)
        found = []
        for fact in shelf.rows.values() if shelf else ():
            other = ingress_rule(fact)
            common = set(other.sources) & set(rule.sources)
            if common and _overlap(rule, other):
                says = f"The server refuses this beside the rule {rule_sentence(other)}."
                found.append(Finding("error", "rule-clash", says))
        return found

    @on(Select.Changed)
    @on(Input.Changed)
    def _show(self) -> None:
        rule, about_ports, about_sources = self._read()
        self._field("ports").say(about_ports)
        self._field("sources").say(about_sources)
        ok = rule is not None and not errors([*about_ports, *about_sources])
        self.query_one("#go", Button).disabled = not ok
        sentence = f"Opens {rule_sentence(rule)}." if rule and ok else ""
        self.query_one("#sentence", Static).update(Content(sentence))
        call = self._operation(rule).plan()[0].call if rule and ok else None
        words = f"Will be sent: {call.cloudmonkey()}" if call else ""
        self.query_one("#call", Static).update(Content(words))

    def _operation(self, rule: IngressRule) -> AddRule:
        session = self.console.session
        address = session.inventory.addresses.rows[self._address_id]
        return AddRule(session.client, address.id, address.address, rule)

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _done(self, event: Input.Submitted | Button.Pressed) -> None:
        go = isinstance(event, Input.Submitted) or event.button.id == "go"
        rule = self._read()[0]
        if not go:
            self.dismiss()
        elif rule is not None and not self.query_one("#go", Button).disabled:
            self.console.session.start(self._operation(rule), (), self._address_id)
            self.dismiss()


def read_ports(text: str, protocol: str) -> tuple[int | None, int | None, Finding | None]:
    """First and last port of `500` or `500-600`, and what is wrong with the text.

    ICMP has none. The server also takes UDP and TCP without ports, which opens every one; here
    that has to be written out as 1-65535.
    """
    if protocol == "icmp":
        says = "ICMP has no ports; leave this empty."
        return None, None, Finding("error", "port-icmp", says) if text else None
    first, dash, last = (part.strip() for part in text.partition("-"))
    numbers = [first, last] if dash else [first]
    if not all(number.isdecimal() and 1 <= int(number) <= 65535 for number in numbers):
        given = f"“{text}” is no port" if text else "A port is needed"
        says = f"{given}; write a number from 1 to 65535, or two of them like 500-600."
        return None, None, Finding("error", "port-form", says)
    start, end = int(numbers[0]), int(numbers[-1])
    if start > end:
        says = f"The first port {start} is above the last {end}; write them the other way round."
        return None, None, Finding("error", "port-order", says)
    return start, end, None


def _overlap(one: IngressRule, other: IngressRule) -> bool:
    if one.protocol != other.protocol.lower() or one.start is None or other.start is None:
        return False
    return one.start <= (other.end or other.start) and other.start <= (one.end or one.start)
