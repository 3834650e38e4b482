"""What one daemon tells of one attempt, before it is joined with what the others tell."""

from collections.abc import Callable
from typing import Final, Literal

from tui.logs.attempts import MOST_MARKS, AttemptEnd

Kind = Literal["ike", "tunnel", "ppp", "updown", "kill"]

Mention = tuple[float, int, int, bytes, str, int]
"""A line that matters: (time, number of the source, line number, the line, signature, rung)."""

MOST_ALIKE: Final = 8
"""Marks of one signature that a part keeps."""
_MOST_ENDS: Final = 8
_MOST_IDS: Final = 16


class Part:
    """One daemon's side of an attempt. What it does not know keeps the value of the class."""

    client = b""
    port = 0
    identity = b""
    behind_nat = False
    ike_version = 0
    ike_sas: tuple[int, ...] = ()
    gone_sas: tuple[int, ...] = ()
    """IKE SAs of it that were deleted."""
    child_sas: tuple[int, ...] = ()
    spis: tuple[bytes, ...] = ()
    ike_proposal = b""
    esp_proposal = b""
    tunnel = 0
    remote_tunnel = 0
    call = 0
    remote_call = 0
    pppd = 0
    interface = b""
    inner_ip = b""
    user = b""
    rung = 0
    started: float | None = None
    """When it began, where the lines show it coming up."""
    established: float | None = None
    child_up: float | None = None
    call_up: float | None = None
    floated_to = b""
    """Address and port from which its packets come to port 4500: `203.0.113.77[4500]`; empty where
    none do."""
    is_foreign = False
    """Of another kind of connection, such as site-to-site."""
    retries = 0
    initiated: tuple[float, ...] = ()
    """When the client asked for an IKE SA."""
    marks: tuple[Mention, ...] = ()
    ends: tuple[tuple[float, AttemptEnd], ...] = ()
    """What may have ended it, and when."""

    def __init__(self, kind: Kind, source: int, moment: float) -> None:
        self.kind: Kind = kind
        self.source = source
        self.first = moment
        self.last = moment
        self.steps: list[Mention] = []

    def retime(self, again: Callable[[float], float]) -> None:
        """Take all times again; their year was not known."""
        self.first, self.last = again(self.first), again(self.last)
        for name in ("started", "established", "child_up", "call_up"):
            moment = getattr(self, name)
            if moment is not None:
                setattr(self, name, again(moment))
        self.initiated = tuple(again(moment) for moment in self.initiated)
        self.ends = tuple((again(moment), end) for moment, end in self.ends)
        self.marks = tuple((again(mark[0]), *mark[1:]) for mark in self.marks)
        self.steps = [(again(step[0]), *step[1:]) for step in self.steps]

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
            self.ends = (*self.ends, (moment, end))

    def add_ike(self, number: int) -> None:
        """It has IKE SA `number`."""
        if not self.ike_sas:
            self.ike_sas = (number,)
        elif number not in self.ike_sas:
            self.ike_sas = (*self.ike_sas, number)[-_MOST_IDS:]

    def add_child(self, number: int, spis: tuple[bytes, ...]) -> None:
        """It has CHILD SA `number` with `spis`."""
        if not self.child_sas:
            self.child_sas, self.spis = (number,), spis
            return
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
