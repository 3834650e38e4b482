"""What is left of sessions that the kernel does not have, told apart from who is coming or going.

The router says so piece by piece, and somebody may log in or out in between.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from tui.router.session_facts import L2tpSession, PppProcess, PppRecord

_YOUNG: Final = 10
"""Seconds that a pppd may run before the kernel has its session: its plugin makes it."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the router said of its sessions; None: it did not say."""

    running: tuple[PppProcess, ...]
    live: tuple[L2tpSession, ...]
    records: tuple[PppRecord, ...] | None = None
    interfaces: tuple[str, ...] | None = None
    ages: Mapping[int, int] | None = None
    """Seconds that each pppd has run."""

    @property
    def strangers(self) -> tuple[PppProcess, ...]:
        """The pppds without a session in the kernel."""
        there = {(each.tunnel, each.session) for each in self.live}
        return tuple(each for each in self.running if (each.tunnel, each.session) not in there)

    @property
    def real(self) -> set[int]:
        """The numbers of the pppds that have a session in the kernel."""
        return {each.pid for each in self.running} - {each.pid for each in self.strangers}

    @property
    def claims(self) -> dict[int, str]:
        """The interface of each running pppd that has a record."""
        alive = {each.pid for each in self.running}
        return {each.pid: each.interface for each in self.records or () if each.pid in alive}


class Leftovers(msgspec.Struct, frozen=True, kw_only=True):
    """What is there of sessions that the kernel does not have."""

    processes: tuple[PppProcess, ...] = ()
    interfaces: tuple[str, ...] = ()
    """Interfaces that no record of a real session claims."""
    extra: int = 0
    """How many interfaces there are beyond the sessions and `processes`."""
    records: tuple[PppRecord, ...] = ()
    """Records whose pppd does not run."""
    moving: tuple[PppProcess, ...] = ()
    """Of somebody who is just coming or going: no fault."""
    doubtful: tuple[PppProcess, ...] = ()
    """Left over or just coming or going: what would tell was not answered."""


def leftovers(seen: Seen) -> Leftovers:
    """What there is beyond the sessions that the kernel has.

    A pppd that is left over keeps its interface. One that is just logging somebody in may have none
    yet, one that has just ended has none any more.
    """
    there = set(seen.interfaces or ())
    claims, real = seen.claims, seen.real
    proven: list[PppProcess] = []
    moving: list[PppProcess] = []
    doubtful: list[PppProcess] = []
    nameless: list[PppProcess] = []
    for each in seen.strangers:
        interface = claims.get(each.pid, "")
        # A pppd that the table of processes lacks has ended between the two.
        if seen.ages is not None and seen.ages.get(each.pid, 0) < _YOUNG:
            moving.append(each)
        elif seen.interfaces is None:
            (proven if interface and seen.ages is not None else doubtful).append(each)
        elif interface:
            (proven if interface in there else moving).append(each)
        else:
            nameless.append(each)
    young = [pid for pid, age in (seen.ages or {}).items() if age < _YOUNG and pid not in real]
    extra = len(there) - len(seen.live) - len(proven) - len(young)
    if seen.ages is not None and extra >= len(nameless):
        proven += nameless
        extra -= len(nameless)
    elif seen.ages is None and extra > 0:
        doubtful += nameless
        extra -= len(nameless)
    else:
        moving += nameless
    claimed = {claims[pid] for pid in real if pid in claims}
    return Leftovers(
        processes=tuple(proven),
        interfaces=tuple(name for name in seen.interfaces or () if name not in claimed),
        extra=max(0, extra),
        records=_stale(seen),
        moving=tuple(moving),
        doubtful=tuple(doubtful),
    )


def _stale(seen: Seen) -> tuple[PppRecord, ...]:
    """Records of pppds that were killed: the interface is gone too, or another's by now."""
    alive = {each.pid for each in seen.running}
    taken = set(seen.claims.values())
    return tuple(
        each
        for each in seen.records or ()
        if each.pid not in alive
        and (
            seen.interfaces is None
            or each.interface not in seen.interfaces
            or each.interface in taken
        )
    )
