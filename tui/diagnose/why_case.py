"""One client's case: its attempts, what the router's state and a capture say of it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from math import inf
from typing import Final

import msgspec

from tui.diagnose.packets import ClientPackets, Echoes, Packet, echoes
from tui.diagnose.verdicts import Evidence, Outcome
from tui.diagnose.why_facts import CAPTURE, RouterFacts, holds, shown
from tui.diagnose.why_logs import PPP_LOGS, Logs
from tui.logs.attempts import Attempt, LogRef, Rung
from tui.logs.signatures import BY_NAME
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


_CLOSED: Final = re.compile(
    r"closing CHILD_SA .*?_i \((\d+) bytes(?:, \d+ pkts)?\) \S+_o \((\d+) bytes"
)


class Counted(msgspec.Struct, frozen=True):
    """Bytes of ESP that charon decrypted from a client and encrypted for it."""

    received: int
    sent: int
    seconds: float | None
    """How long the security associations lived, or have lived."""
    evidence: tuple[Evidence, ...]
    is_closed: bool = False


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
        return _lines_of((self.last,) if self.last is not None else (), fragments)

    def ever_said(self, *fragments: str) -> tuple[Evidence, ...]:
        """As `said`, of all attempts of the client."""
        return _lines_of(self.attempts, fragments)

    def said_near(
        self, *fragments: str, seconds: float, below: Rung | None = None
    ) -> tuple[Evidence, ...]:
        """As `ever_said`, of attempts that lie at most `seconds` from the last one, and only of
        those that did not reach `below`."""
        began = _beginning(self.last)
        near = [
            each
            for each in self.attempts
            if (below is None or each.rung < below)
            and (
                each is self.last
                or (began is not None and abs((_beginning(each) or 0.0) - began) <= seconds)
            )
        ]
        return _lines_of(near, fragments)

    def pppd_said(self, *needles: bytes) -> tuple[Evidence, ...]:
        """Lines of the last attempt's pppd, where the fold of attempts did not keep them."""
        if self.last is None or not self.last.pppd:
            return ()
        tag, (began, ended) = f"pppd[{self.last.pppd}]", self.lifetime
        for name in PPP_LOGS:
            found = [
                line
                for needle in needles
                for _, line in self.logs.within(name, began - CLOSE, ended + _FALLS_SILENT, needle)
                if tag in line.text
            ]
            if found:
                return tuple(sorted(found, key=lambda each: each.line)[:3])
        return ()

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
        own = next((each for each in mine if each.number in numbers), None)
        if own is not None or (numbers and self.last is not None and self.last.end):
            # That of an attempt which is over is gone; what is there now is of another one.
            return own
        return mine[-1] if mine else None

    @cached_property
    def counted(self) -> Counted | None:
        """What charon counted in the last attempt's ESP: now, or when it was closed."""
        if (child := self.child) is not None:
            shown = self.facts.line("ipsec_statusall", "bytes_i", f"{{{child.number}}}")
            return Counted(child.bytes_in, child.bytes_out, self.sa_seconds, shown)
        if self.last is None or not self.last.end:
            return None
        closed = [
            (int(match[1]), int(match[2]), line)
            for line in self.last.marks
            if (match := _CLOSED.search(line.text))
        ]
        if not closed:
            return None
        came, went, lines = zip(*closed, strict=True)
        up = [step.time for step in self.last.steps if "CHILD_SA" in step.text and step.time]
        ends = [line.time for line in lines if line.time is not None]
        seconds = max(ends) - up[0] if up and ends else None
        proof = tuple(of_line(line) for line in lines)
        return Counted(sum(came), sum(went), seconds, proof, is_closed=True)

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

    @cached_property
    def lifetime(self) -> tuple[float, float]:
        """When the last attempt lived: open at the side that the logs do not show.

        One that did not get through and has no end is over a while after its last line.
        """
        last = self.last
        if last is None:
            return 0.0, inf
        began = last.started if last.started is not None else 0.0
        if last.ended is not None:
            return began, last.ended
        times = times_of(last)
        if last.rung >= Rung.CONNECTED or not times:
            return began, inf
        return began, max(times) + _GIVES_UP

    @cached_property
    def was_session(self) -> bool:
        """Whether the last attempt was a session, as its own lines say, which may be its end only:
        logs begin in the middle of sessions."""
        if self.last is None or self.rung >= Rung.CONNECTED:
            return self.last is not None
        if self.last.started is not None or self.said(*REFUSED):
            return False
        # A login that fails late has one too, of no time at all.
        if any("Connect time 0.0 " not in line.text for line in self.pppd_said(b"Connect time")):
            return True
        return bool(self.said(*_ENDS_OF_SESSIONS))


CLOSE: Final = 2.0
"""Seconds by which two daemons may tell of one moment."""
_FALLS_SILENT: Final = 10.0
"""Seconds after its end in which pppd still writes of it."""
_GIVES_UP: Final = 30.0
"""Seconds after its last line in which a client that got no answer still tries."""
_ENDS_OF_SESSIONS: Final = (
    "lack of activity",
    "with code 12",
    "with code 15",
    "echo-requests",
    "Serial link appears to be disconnected",
    "Maximum retries exceeded for tunnel",
    "DPD check timed out",
)
REFUSED: Final = ("twice, ignoring second one", "failed CHAP", "CHAP Failure", "with code 11")


def _beginning(attempt: Attempt | None) -> float | None:
    """When its lines begin, as far as they say when."""
    if attempt is None:
        return None
    if attempt.started is not None:
        return attempt.started
    return min(times_of(attempt), default=attempt.ended)


def times_of(attempt: Attempt) -> list[float]:
    """When its lines were written, as far as they say when."""
    return [line.time for line in [*attempt.steps, *attempt.marks] if line.time is not None]


def faults_of(attempt: Attempt) -> list[LogRef]:
    """Its lines that tell of trouble."""
    return [
        mark
        for mark in attempt.marks
        if mark.signature and BY_NAME[mark.signature].level in ("warning", "error")
    ]


def marks_within(
    attempts: Iterable[Attempt], start: float, end: float, fragments: tuple[str, ...]
) -> tuple[Evidence, ...]:
    """Marked lines of that time that hold one of `fragments`."""
    return tuple(
        of_line(mark)
        for attempt in attempts
        for mark in attempt.marks
        if mark.time is not None
        and start <= mark.time <= end
        and any(each in mark.text for each in fragments)
    )


def _lines_of(attempts: Iterable[Attempt], fragments: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        of_line(line)
        for attempt in attempts
        for line in [*attempt.marks, *attempt.steps]
        if any(holds(line.text, each) for each in fragments)
    )


def now_utc() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)
