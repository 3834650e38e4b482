"""When two firewall rules stand in each other's way: the server's rule, from recording 09.

Two rules of one address conflict (537) when they have the protocol and at least one source in
common, written the same way, and their ports overlap, or neither names any. The same network
written in another way, or as its two halves, never conflicts.
"""

from collections.abc import Iterable

import msgspec

from tui.vpn.cidrs import ANYWHERE
from tui.vpn.ports import IngressRule, VpnPort

GONE = ("Deleting", "Revoke")
"""States of a rule that is being removed, or whose removal was refused: it conflicts with none."""


class Slot(msgspec.Struct, frozen=True):
    """A protocol and the ports that a rule is for."""

    protocol: str
    """In lower case."""
    start: int | None
    """None: no ports named, which for UDP and TCP means every port."""
    end: int | None

    @classmethod
    def of(cls, rule: IngressRule) -> "Slot":
        """The slot of a rule."""
        end = rule.end if rule.end is not None else rule.start
        return cls(rule.protocol.lower(), rule.start, end)

    @classmethod
    def of_port(cls, port: VpnPort) -> "Slot":
        """The slot of exactly one VPN port."""
        return cls("udp", port.number, port.number)

    def meets(self, other: "Slot") -> bool:
        """Whether rules in both conflict when they have a source in common."""
        if self.protocol != other.protocol:
            return False
        if self.start is None or other.start is None or self.end is None or other.end is None:
            return self.start is None and other.start is None
        return self.start <= other.end and other.start <= self.end

    def lies_in(self, other: "Slot") -> bool:
        """Whether a rule in `other` lets in all that one in this slot does."""
        if self.protocol != other.protocol:
            return False
        if other.start is None or other.end is None:
            return True
        if self.start is None or self.end is None:
            return False
        return other.start <= self.start and self.end <= other.end

    def rule(self, name: str, cidrs: Iterable[str]) -> IngressRule:
        """A rule in this slot, as it will be once it is made; `name` stands in for its id."""
        return IngressRule(name, self.protocol, self.start, self.end, tuple(cidrs))


def texts_of(rules: Iterable[IngressRule]) -> set[str]:
    """The sources of rules as they are written, which is what the server compares."""
    return {cidr.strip() for rule in rules for cidr in rule.cidrs or (ANYWHERE,)}


def conflicting(rule: IngressRule, others: Iterable[IngressRule]) -> IngressRule | None:
    """The first of `others` beside which the server refuses to make `rule`; None if it takes it."""
    slot, texts = Slot.of(rule), texts_of([rule])
    for other in others:
        if other.state not in GONE and slot.meets(Slot.of(other)) and texts & texts_of([other]):
            return other
    return None
