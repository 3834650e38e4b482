"""One client's case: its attempts, what the router's state and a capture say of it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import msgspec

from tui.diagnose.packets import ClientPackets, Echoes, Packet, echoes
from tui.diagnose.verdicts import Evidence, Outcome
from tui.diagnose.why_facts import CAPTURE, RouterFacts, shown
from tui.diagnose.why_logs import Logs
from tui.logs.attempts import Attempt, LogRef, Rung
from tui.router.ipsec_facts import ChildSa, IkeSa

SURE: Final = 0.95
LIKELY: Final = 0.8
OPEN: Final = 0.6
"""Certainty of a finding that the evidence does not tell from others."""
GUESS: Final = 0.4


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule concludes."""

    category: str
    outcome: Outcome
    certainty: float
    evidence: tuple[Evidence, ...] = ()
    """Best first."""
    says: str = ""
    """A sentence about this very case, added to the category's words."""
    others: tuple[str, ...] = ()
    next_look: str = ""


def of_line(ref: LogRef) -> Evidence:
    """A line of an attempt as evidence."""
    return Evidence(ref.source, ref.line, shown(ref.text))


def of_packet(packet: Packet) -> Evidence:
    """A captured packet as evidence."""
    return Evidence(CAPTURE, packet.line, shown(packet.text))


_AGE: Final = re.compile(r"(\d+) (second|minute|hour|day)")
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Everybody:
    """The attempts of all clients, by address and by user."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        self._by_client: dict[str, list[Attempt]] = {}
        self._by_user: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            self._by_client.setdefault(attempt.client, []).append(attempt)
            if attempt.user:
                self._by_user.setdefault(attempt.user, []).append(attempt)

    def at(self, client: str) -> list[Attempt]:
        """Those from one address, of whoever is behind it."""
        return self._by_client.get(client, [])

    def of(self, user: str) -> list[Attempt]:
        """Those of one user, from wherever."""
        return self._by_user.get(user, [])


class ClientCase:
    """Everything that is known of one client: its address, behind NAT with its own address."""

    def __init__(
        self,
        facts: RouterFacts,
        logs: Logs,
        client: str,
        identity: str = "",
        attempts: tuple[Attempt, ...] = (),
        everybody: "Everybody | None" = None,
        coming: Attempt | None = None,
    ) -> None:
        """`attempts` in the order of beginning; `everybody`: those of all clients; `coming`: one
        that may still have been coming up when the router was asked."""
        self.facts, self.logs = facts, logs
        self.client, self.identity = client, identity
        self.attempts, self.everybody = attempts, everybody or Everybody(())
        self.coming = coming

    @property
    def last(self) -> Attempt | None:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else None

    @property
    def rung(self) -> Rung:
        """How far the last attempt came."""
        return self.last.rung if self.last is not None else Rung.NOTHING

    @cached_property
    def user(self) -> str:
        """Login name; from the log, or from the router's record of the same pppd."""
        for attempt in reversed(self.attempts):
            if attempt.user:
                return attempt.user
            for record in self.facts.records:
                if attempt.pppd and record.pid == attempt.pppd:
                    return record.user
        return ""

    @cached_property
    def inner_ip(self) -> str:
        """The address that the client really has inside; empty where only an offer is known."""
        if self.last is None:
            return ""
        for record in self.facts.records:
            if self.last.pppd and record.pid == self.last.pppd and record.remote_ip:
                return record.remote_ip
        got = self.said("remote IP address")
        return got[-1].text.rpartition(" ")[2] if got else ""

    def said(self, *fragments: str) -> tuple[Evidence, ...]:
        """Lines of the last attempt that hold one of `fragments`."""
        if self.last is None:
            return ()
        lines = [*self.last.marks, *self.last.steps]
        return tuple(
            of_line(line) for line in lines if any(each in line.text for each in fragments)
        )

    def ever_said(self, *fragments: str) -> tuple[Evidence, ...]:
        """As `said`, of all attempts of the client."""
        return tuple(
            of_line(line)
            for attempt in self.attempts
            for line in [*attempt.marks, *attempt.steps]
            if any(each in line.text for each in fragments)
        )

    def marked(self, *signatures: str) -> tuple[Evidence, ...]:
        """Lines of the last attempt that match one of `signatures`."""
        marks = self.last.marks if self.last is not None else []
        return tuple(of_line(mark) for mark in marks if mark.signature in signatures)

    @property
    def top(self) -> tuple[Evidence, ...]:
        """The line of the highest rung."""
        return (of_line(self.last.steps[-1]),) if self.last and self.last.steps else ()

    @cached_property
    def packets(self) -> ClientPackets | None:
        """The client's packets in the capture; None without a capture."""
        capture = self.facts.capture
        if capture is None:
            return None
        return capture.clients.get(self.client) or ClientPackets(client=self.client)

    @cached_property
    def esp(self) -> tuple[int, int] | None:
        """ESP packets from the client and to it in the capture; None without one.

        Counted by the SPIs of the attempt where they are known: clients behind one NAT share the
        address.
        """
        if self.packets is None or self.facts.capture is None:
            return None
        spis = {re.sub(r"_[io]$", "", spi) for spi in (self.last.spis if self.last else ())}
        mine = [packet for packet in self.packets.esp if not spis or packet.word in spis]
        received = sum(packet.source == self.client for packet in mine)
        return received, len(mine) - received

    @cached_property
    def echoes(self) -> Echoes:
        """What looks like pings of the client."""
        if self.packets is None or self.facts.capture is None:
            return Echoes((), ())
        return echoes(self.packets, self.facts.capture.router)

    @cached_property
    def child(self) -> ChildSa | None:
        """The client's ESP pair as charon has it now."""
        children = self.facts.ipsec.children if self.facts.ipsec is not None else ()
        numbers = self.last.child_sas if self.last is not None else ()
        mine = [each for each in children if each.remote == self.client]
        return next((each for each in mine if each.number in numbers), mine[-1] if mine else None)

    @cached_property
    def ike(self) -> IkeSa | None:
        """The client's IKE SA as charon has it now."""
        found = self.facts.ipsec.ike if self.facts.ipsec is not None else ()
        mine = [each for each in found if each.remote == self.client]
        named = [each for each in mine if self.identity and each.remote_id == self.identity]
        return next(iter(named or mine), None)

    @property
    def sa_seconds(self) -> float | None:
        """Age of the IKE SA when the state was taken, seconds."""
        match = _AGE.search(self.ike.age) if self.ike is not None else None
        return int(match[1]) * _SECONDS[match[2]] if match else None

    @property
    def silence_seconds(self) -> float | None:
        """How long the logs go on after the last step of the last attempt, seconds."""
        steps = self.last.steps if self.last is not None else []
        began = steps[-1].time if steps else None
        return None if began is None or self.logs.end is None else self.logs.end - began

    @property
    def window(self) -> tuple[float, float] | None:
        """From a minute before the last attempt began to a minute after it ended."""
        if self.last is None or self.last.started is None:
            return None
        ended = self.last.ended or self.logs.end or self.last.started
        return self.last.started - 60, ended + 60


def now_utc() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)
