"""Connection attempts: what charon, xl2tpd and pppd write about one client, folded into one object.

The ladder is the order in which a healthy L2TP/IPsec connection comes up; the furthest rung that
was reached says most about what went wrong.
"""

from enum import IntEnum
from typing import Literal

import msgspec


class Rung(IntEnum):
    """How far an attempt has come."""

    NOTHING = 0
    """Packets came, nothing was begun: clear-text L2TP, garbage, a flood."""
    IKE_STARTED = 1
    """`… is initiating a Main Mode IKE_SA`"""
    IKE_PROPOSAL = 2
    """`selected proposal: IKE:…`"""
    NAT_SEEN = 3
    """`remote host is behind NAT`; clients without NAT skip it."""
    KEY_ACCEPTED = 4
    """The pre-shared key is right: `looking for pre-shared key peer configs`, `selected peer
    config`."""
    IKE_ESTABLISHED = 5
    ESP_PROPOSAL = 6
    """`selected proposal: ESP:…`"""
    CHILD_ESTABLISHED = 7
    """IPsec is up."""
    TUNNEL = 8
    """xl2tpd: `Connection established to`."""
    CALL = 9
    """xl2tpd: `Call established with`; pppd was started."""
    PPP_STARTED = 10
    """pppd: `Using interface`, `Connect:`."""
    AUTHENTICATED = 11
    """`CHAP Success`, told by the journal only."""
    CONNECTED = 12
    """`remote IP address`: the session is up."""


class LogRef(msgspec.Struct, frozen=True):
    """One line that matters, and where it stands."""

    source: str
    """The name of the file or the log it was read from: `vr.log`, `daemon`, `journal`…"""
    line: int
    """Number of the line in that source, from 1; in a live log counted from where reading began."""
    text: str
    """The line, cleaned and redacted."""
    signature: str = ""
    """Name of the signature that it matches; empty for a step of the ladder."""
    time: float | None = None
    """Seconds since the epoch, in the router's own clock; None where the line does not say it."""


AttemptEnd = Literal[
    "",  # it still goes on, or the log ends before it does
    "goodbye",  # the client hung up
    "idle",
    "peer_dead_l2tp",  # L2TP hellos unanswered
    "peer_dead_lcp",  # LCP echos unanswered
    "peer_dead_dpd",
    "killed",  # pppd got SIGKILL: the user was removed
    "terminated",  # pppd got SIGTERM from xl2tpd or somebody else
    "refused",  # an error on the way up; `marks` say which
    "half_open",  # charon gave up waiting for the client's next packet
    "replaced",  # the same client came again (INITIAL_CONTACT, uniqueness)
    "charon_stopped",
    "xl2tpd_stopped",
    "deleted",  # the client deleted its IKE SA
]


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt of one client to connect. Grows while its lines come in."""

    number: int
    """Counted from 1 in the order of beginning."""
    router: str = ""
    client: str = ""
    """Public address that the packets come from; empty where no line says it."""
    port: int = 0
    """UDP port of the client's IKE packets; tells clients behind one NAT apart."""
    nat_port: int = 0
    """UDP port from which the client goes on behind NAT; 0 where no line says it."""
    identity: str = ""
    """What the client calls itself in IKE: its private address behind NAT."""
    behind_nat: bool = False
    ike_version: int = 0
    """1 or 2; 0 where not known."""
    ike_sas: tuple[int, ...] = ()
    """Numbers of its IKE SAs: the n of `L2TP-PSK[n]`."""
    child_sas: tuple[int, ...] = ()
    """Numbers of its CHILD SAs: the n of `L2TP-PSK{n}`."""
    spis: tuple[str, ...] = ()
    ike_proposal: str = ""
    esp_proposal: str = ""
    tunnel: int = 0
    """xl2tpd's local tunnel id; 0 where there is none."""
    call: int = 0
    """xl2tpd's local call id."""
    pppd: int = 0
    """Process id of its pppd."""
    interface: str = ""
    inner_ip: str = ""
    """Address that the client has inside."""
    user: str = ""
    """Login name; told by the journal, by a failed login, or by the router's records."""
    rung: Rung = Rung.NOTHING
    started: float | None = None
    """Seconds since the epoch in the router's clock."""
    connected: float | None = None
    ended: float | None = None
    end: AttemptEnd = ""
    steps: list[LogRef] = []
    """The line of each rung, in order."""
    marks: list[LogRef] = []
    """Lines that match a signature, in order; at most `MOST_MARKS`, the first ones."""
    retries: int = 0
    """Packets that the client sent again."""

    @property
    def is_connected(self) -> bool:
        """True while the session is up as far as the log tells."""
        return self.rung >= Rung.CONNECTED and not self.end

    @property
    def seconds(self) -> float | None:
        """How long it took or lasted; None while it goes on or the times are not known."""
        if self.started is None or self.ended is None:
            return None
        return self.ended - self.started

    def has(self, *signatures: str) -> bool:
        """True if a line matched one of `signatures`."""
        return any(mark.signature in signatures for mark in self.marks)


MOST_MARKS = 40
