"""Attempts behind one NAT that are not of the client there that has a name.

An attempt that got stuck before the client named itself has only an address and a port. The NAT
keeps a port to one device while it is used, so the port tells devices apart.
"""

from typing import Final

from tui.logs.attempts import Attempt, Rung

_LEADS_UP: Final = 120.0
"""Seconds between a try from another port and the attempt that it led to: some clients first ask
for algorithms from ports of their own, and others begin anew from the next port."""

_GIVES_UP: Final = 30.0
"""Seconds after its begin at which charon deletes what is still half open."""


def identity_of(attempt: Attempt) -> str:
    """What the client calls itself, if that is not its address."""
    return "" if attempt.identity == attempt.client else attempt.identity


def strangers(attempts: list[Attempt]) -> set[int]:
    """Which of the `attempts` from one address, by `id`, are not of the only named client there.

    None are where no client has a name, or several have.
    """
    named = [each for each in attempts if identity_of(each)]
    if len({identity_of(each) for each in named}) != 1:
        return set()
    by_port: dict[int, list[Attempt]] = {}
    for attempt in attempts:
        if not identity_of(attempt) and _is_stuck(attempt):
            by_port.setdefault(attempt.port, []).append(attempt)
    return {id(each) for tries in by_port.values() if _is_other(tries, named) for each in tries}


def _is_stuck(attempt: Attempt) -> bool:
    return attempt.rung < Rung.IKE_ESTABLISHED and not attempt.tunnel and not attempt.pppd


def _is_other(tries: list[Attempt], named: list[Attempt]) -> bool:
    """Whether `tries`, all from one port, are another device's than that of `named`."""
    port = tries[0].port
    is_used = any(port in (each.port, each.nat_port) for each in named) and port > 0
    moments = [moment for each in tries if (moment := _begin(each)) is not None]
    sessions = [each for each in named if each.rung >= Rung.CONNECTED]
    if any(
        _is_within(moment, session) and not (is_used and session.end)
        for moment in moments
        for session in sessions
    ):
        return True
    if is_used or not port:
        return False
    return not all(_leads_up(each, named) for each in tries)


def _begin(attempt: Attempt) -> float | None:
    if attempt.started is not None:
        return attempt.started
    for mark in attempt.marks:
        if mark.time is not None:
            return mark.time - (_GIVES_UP if mark.signature == "half_open" else 0)
    return None


def _is_within(moment: float, session: Attempt) -> bool:
    began = session.connected if session.connected is not None else session.started
    ended = session.ended if session.end else None
    return (began is None or began <= moment) and (ended is None or moment <= ended)


def _leads_up(attempt: Attempt, named: list[Attempt]) -> bool:
    """Whether the named client began soon after, for the first time since."""
    moment = _begin(attempt)
    if moment is None:
        return False
    return any(
        each.started is not None and 0 <= each.started - moment <= _LEADS_UP for each in named
    )
