"""Which of several parts of one address a line of charon is about."""

from collections.abc import Iterable, Sequence
from typing import Final

from tui.logs.fold_part import Part
from tui.logs.rungs import CHILD_ESTABLISHED, IKE_ESTABLISHED, KEY_ACCEPTED

FORGOTTEN: Final = 60.0
"""Seconds after which a refused packet belongs to another attempt."""
_UNTIL_DELETED: Final = 15.0
"""Seconds in which charon deletes an SA whose session another one has taken over: ten, and some."""
_UNTIL_ADOPTED: Final = 2.0
"""Seconds in which charon does the job of adopting once the new SA is there."""


def port_of(port: bytes) -> int:
    """The number in `500]`; 0 if it is none."""
    digits = port[:-1]
    return int(digits) if digits.isdigit() and len(digits) < 6 else 0


def pending(parts: Sequence[Part]) -> Part | None:
    """The last part that is coming up, where the log does not tell ports."""
    for part in reversed(parts):
        if not part.port and part.rung < IKE_ESTABLISHED and not part.ends:
            return part
    return None


def going_on(parts: Iterable[Part], *, keeps: bool, moment: float) -> Part | None:
    """The part that may go on from another port; `keeps`: the NAT of that port keeps ports."""
    waiting = [
        part
        for part in parts
        if not part.floated_to
        and part.rung < KEY_ACCEPTED
        and part.port
        and not part.ends
        and moment - part.last < FORGOTTEN
    ]
    return min(waiting, key=lambda p: ((p.port == 500) is not keeps, p.first), default=None)


def childless(parts: Iterable[Part], moment: float) -> Part | None:
    """The part that a CHILD SA came up for, where the log has no packets: one whose IKE SA is up
    counts for more than one that waits, since a failure may have no end there."""
    waiting = [part for part in parts if not part.child_sas and not part.ends]
    up = [part for part in waiting if part.established is not None]
    fresh = up or [part for part in waiting if moment - part.last <= FORGOTTEN]
    return fresh[0] if fresh else None


def adopter(parts: Sequence[Part], identity: bytes, moment: float) -> Part | None:
    """The part that has taken over the session of an IKE SA older than the log, which charon
    deletes some ten seconds later."""
    for part in reversed(parts):
        if (
            part.identity == identity
            and part.started is None
            and part.established is not None
            and 0 <= moment - part.established <= _UNTIL_DELETED
        ):
            return part
    return None


def unfinished(parts: Sequence[Part]) -> Part | None:
    """The oldest part that never came up, rather one that has not been given up yet."""
    for ended in (False, True):
        for part in parts:
            ends = {end for _, end in part.ends}
            if "charon_stopped" in ends or part.rung >= IKE_ESTABLISHED:
                continue
            if ("half_open" in ends) is ended:
                return part
    return None


def just_established(parts: Iterable[Part], moment: float) -> list[Part]:
    """Those whose IKE SA came up just now, the last one first."""
    fresh = [
        part
        for part in parts
        if part.established is not None
        and not part.is_foreign
        and 0 <= moment - part.established <= _UNTIL_ADOPTED
    ]
    return sorted(fresh, key=lambda part: part.established or 0.0, reverse=True)


def with_child(parts: Iterable[Part], newer: Part) -> Part | None:
    """The older part of the client of `newer` whose session it may have taken over."""
    others = [
        part
        for part in parts
        if part is not newer
        and not part.is_foreign
        and part.rung >= CHILD_ESTABLISHED
        and part.identity == newer.identity
        and (part.established or 0.0) <= (newer.established or 0.0)
    ]
    return max(others, key=lambda part: part.last, default=None)


def take_over(older: Part, newer: Part, moment: float) -> None:
    """All that `newer` has is of the session of `older` now."""
    for number in newer.ike_sas:
        older.add_ike(number)
    for number in newer.child_sas:
        older.add_child(number, newer.spis)
    older.last = moment
    newer.is_foreign = True
