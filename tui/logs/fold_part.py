"""What one daemon tells of one attempt, before it is joined with what the others tell."""

from collections.abc import Callable
from typing import Final, Literal

from tui.logs.attempts import MOST_MARKS, AttemptEnd, Rung

Kind = Literal["ike", "tunnel", "ppp", "updown", "kill"]

Mention = tuple[float, int, int, bytes, str, int]
"""A line that matters: (time, number of the source, line number, the line, signature, rung)."""

MOST_ALIKE: Final = 8
"""Marks of one signature that a part keeps."""
_MOST_STEPS: Final = 24
_MOST_ENDS: Final = 8
_MOST_IDS: Final = 16


class Part:
    """One daemon's side of an attempt. What it does not know keeps the value of the class."""

    client = ""
    port = 0
    identity = ""
    behind_nat = False
    ike_version = 0
    ike_sas: tuple[int, ...] = ()
    gone_sas: tuple[int, ...] = ()
    """IKE SAs of it that were deleted."""
    child_sas: tuple[int, ...] = ()
    spis: tuple[str, ...] = ()
    ike_proposal = ""
    esp_proposal = ""
    tunnel = 0
    remote_tunnel = 0
    call = 0
    remote_call = 0
    pppd = 0
    daemon = 0
    """Process id of the xl2tpd that wrote of it."""
    interface = ""
    inner_ip = ""
    user = ""
    rung = 0
    started: float | None = None
    """When it began, where the lines show it coming up."""
    established: float | None = None
    child_up: float | None = None
    call_up: float | None = None
    is_floated = False
    """Its packets come to port 4500."""
    is_foreign = False
    """Of another kind of connection, such as site-to-site."""
    dpd_sent = 0
    retries = 0
    initiated: tuple[float, ...] = ()
    """When the client asked for an IKE SA."""

    def __init__(self, kind: Kind, source: int, moment: float) -> None:
        self.kind: Kind = kind
        self.source = source
        self.first = moment
        self.last = moment
        self.steps: list[Mention] = []
        self.marks: list[Mention] = []
        self.ends: list[tuple[float, AttemptEnd]] = []

    def step(self, mention: Mention, rung: Rung) -> None:
        """The attempt reached `rung`."""
        moment = mention[0]
        if self.started is None:
            self.started = self.first
        self.last = moment
        if rung > self.rung:
            self.rung = rung
        if len(self.steps) < _MOST_STEPS:
            self.steps.append(mention)

    def takes(self, signature: str) -> bool:
        """Whether a mark of `signature` is still kept: the first ones are, many alike are not."""
        marks = self.marks
        if len(marks) >= MOST_MARKS:
            return False
        return len(marks) < MOST_ALIKE or sum(m[4] == signature for m in marks) < MOST_ALIKE

    def finish(self, moment: float, end: AttemptEnd) -> None:
        """Something ended it, or may have."""
        self.last = max(self.last, moment)
        if len(self.ends) < _MOST_ENDS:
            self.ends.append((moment, end))

    def add_ike(self, number: int) -> None:
        """It has IKE SA `number`."""
        if number not in self.ike_sas:
            self.ike_sas = (*self.ike_sas, number)[-_MOST_IDS:]

    def add_child(self, number: int, *spis: str) -> None:
        """It has CHILD SA `number` with `spis`."""
        if number not in self.child_sas:
            self.child_sas = (*self.child_sas, number)[-_MOST_IDS:]
        fresh = tuple(spi for spi in spis if spi not in self.spis)
        if fresh:
            self.spis = (*self.spis, *fresh)[-2 * _MOST_IDS :]

    @property
    def version(self) -> tuple[object, ...]:
        """Differs once something changed that an attempt shows."""
        return (
            len(self.steps),
            len(self.marks),
            len(self.ends),
            self.retries,
            self.last,
            self.client,
            self.user,
            self.tunnel,
            self.pppd,
        )


AddPart = Callable[[Part], None]
