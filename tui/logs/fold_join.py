"""Joining what several logs and daemons tell of one attempt.

First what two sources tell of the same thing (the journal and a file, or the audit lines in
auth.log), then pppd with its call by process id or tunnel, then tunnels with IPsec by address and
time. All of it depends on what is in the parts only, never on the order in which they were read.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, cast

from tui.logs.attempts import Rung
from tui.logs.fold_part import Kind, Part

Group = list[Part]
"""Parts of one attempt; of those of one kind the one that tells most is first."""
At = Callable[[float], float]
"""Seconds since the epoch of a part's time."""

_SLACK: Final = 2.0
"""Seconds by which two logs may differ about the same line."""
_TOGETHER: Final = 5.0
"""Of SAs that came up within these seconds the older one gets the first tunnel."""
_UNTIL_TUNNEL: Final = 3600.0
"""Seconds after IPsec is up in which a tunnel may belong to it."""
_UNTIL_PPPD: Final = 120.0
"""Seconds between a call and what its pppd says first."""
_UNTIL_LOGIN: Final = 30.0
"""Seconds between IPsec and pppd where nothing tells of the tunnel."""


def join(parts: Iterable[Part], at: At, rank: Callable[[Part], int]) -> tuple[list[Group], Group]:
    """The attempts that `parts` tell of, and the kills that hit none of them.

    `rank` is low for sources that tell most.
    """
    kinds: dict[Kind, list[Part]] = {"ike": [], "tunnel": [], "ppp": [], "updown": [], "kill": []}
    for part in sorted(parts, key=lambda part: (rank(part), at(part.first))):
        if not part.is_foreign:
            kinds[part.kind].append(part)
    ike = _of_several_sources(kinds["ike"], _ike_keys, at)
    _take_updown(ike, kinds["updown"], at)
    tunnels = _of_several_sources(kinds["tunnel"], _tunnel_keys, at)
    logins = _of_several_sources(kinds["ppp"], _ppp_keys, at)
    alone = _logins_to_tunnels(tunnels, logins, at)
    free = _tunnels_to_ipsec(ike, tunnels, at)
    if not tunnels:
        alone = _logins_to_ipsec(ike, alone, at)
    groups = [*ike, *free, *alone]
    missed = [kill for kill in kinds["kill"] if not _hit(groups, kill, at)]
    return groups, missed


# --- the same thing in two sources

Key = tuple[object, ...]
Keys = Callable[[Part, At], Iterator[Key]]


def _ike_keys(part: Part, at: At) -> Iterator[Key]:
    for spi in part.spis:
        yield ("spi", spi)
    for number in part.ike_sas:
        yield ("sa", part.client, number)
    for moment in part.initiated:
        yield ("initiated", part.client, int(at(moment)))


def _tunnel_keys(part: Part, at: At) -> Iterator[Key]:
    if part.tunnel:
        yield ("tunnel", part.tunnel)
    if part.remote_tunnel:
        yield ("remote", part.remote_tunnel)
    if part.pppd:
        yield ("pppd", part.pppd)
    if part.call:
        yield ("call", part.call)
    if part.remote_call:
        yield ("remote call", part.remote_call)


def _ppp_keys(part: Part, at: At) -> Iterator[Key]:
    yield ("pid", part.pppd)


def _of_several_sources(parts: list[Part], keys: Keys, at: At) -> list[Group]:
    """Groups of parts that tell of the same thing, each of another source."""
    if len({part.source for part in parts}) < 2:
        return [[part] for part in parts]
    groups: list[Group] = []
    known: dict[Key, list[Group]] = defaultdict(list)
    for part in parts:
        group = _same(part, known, keys, at)
        if group is None:
            group = [part]
            groups.append(group)
        else:
            group.append(part)
        for key in keys(part, at):
            if not any(group is other for other in known[key]):
                known[key].append(group)
    return groups


def _same(part: Part, known: dict[Key, list[Group]], keys: Keys, at: At) -> Group | None:
    first, last = at(part.first) - _SLACK, at(part.last) + _SLACK
    taken: Group | None = None
    for key in keys(part, at):
        near = known.get(key, [])
        if key[0] == "initiated":
            near = [*near, *known.get(_beside(key, -1), ()), *known.get(_beside(key, 1), ())]
        for group in near:
            lead = group[0]
            if at(lead.first) > last or at(lead.last) < first or _differ(lead, part):
                continue
            if all(other.source != part.source for other in group):
                return group
            taken = taken or group
    return taken


def _beside(key: Key, seconds: int) -> Key:
    return (*key[:2], cast(int, key[2]) + seconds)


def _differ(one: Part, other: Part) -> bool:
    """Whether two parts have numbers that cannot belong to one thing."""
    if one.ike_sas and other.ike_sas and not set(one.ike_sas) & set(other.ike_sas):
        return True
    if one.port and other.port and one.port != other.port and not one.behind_nat:
        return True
    return bool(one.tunnel and other.tunnel and one.tunnel != other.tunnel)


def _take_updown(ike: list[Group], updown: list[Part], at: At) -> None:
    """updown's lines belong to the IPsec that came up at that time."""
    if not updown:
        return
    by_client: dict[str, list[Group]] = defaultdict(list)
    for group in ike:
        by_client[group[0].client].append(group)
    for part in updown:
        best: Group | None = None
        best_gap = _SLACK + 1
        for group in by_client.get(part.client, ()):
            lead = group[0]
            if lead.identity and part.identity and lead.identity != part.identity:
                continue
            if part.child_up is not None and lead.child_up is not None:
                gap = abs(at(part.child_up) - at(lead.child_up))
            elif part.child_up is None and part.ends and lead.child_sas:
                gap = abs(at(part.ends[0][0]) - at(lead.last))
            else:
                continue
            if gap < best_gap and all(other.kind != "updown" for other in group):
                best, best_gap = group, gap
        if best is None:
            group = [part]
            ike.append(group)
            by_client[part.client].append(group)
        else:
            best.append(part)


# --- pppd and its call


def _logins_to_tunnels(tunnels: list[Group], logins: list[Group], at: At) -> list[Group]:
    """Put pppd's parts to their calls; returns those that have none."""
    by_pppd: dict[int, list[Group]] = defaultdict(list)
    by_tunnel: dict[int, list[Group]] = defaultdict(list)
    for group in tunnels:
        for part in group:
            if part.pppd and not any(group is other for other in by_pppd[part.pppd]):
                by_pppd[part.pppd].append(group)
            if part.tunnel and not any(group is other for other in by_tunnel[part.tunnel]):
                by_tunnel[part.tunnel].append(group)
    alone: list[Group] = []
    taken: set[int] = set()
    for login in logins:
        found = _nearest(login, by_pppd.get(login[0].pppd, ()), taken, at)
        if found is None:
            number = next((part.tunnel for part in login if part.tunnel), 0)
            found = _nearest(login, by_tunnel.get(number, ()), taken, at) if number else None
        if found is None:
            alone.append(login)
        else:
            taken.add(id(found))
            found.extend(login)
    return alone


def _nearest(login: Group, groups: Iterable[Group], taken: set[int], at: At) -> Group | None:
    """Of several calls with one process id (the ids come round) the one of that time."""
    begin = min(at(part.first) for part in login)
    end = max(at(part.last) for part in login)
    best: Group | None = None
    best_gap = _UNTIL_PPPD
    for group in groups:
        if id(group) in taken:
            continue
        lead = group[0]
        if lead.call_up is None:  # its begin lies before the log
            gap = 0.0 if begin - _SLACK <= at(lead.last) <= end + _UNTIL_PPPD else _UNTIL_PPPD
        elif at(lead.call_up) - _SLACK <= begin:
            gap = begin - at(lead.call_up)
            if at(lead.last) + _SLACK >= begin and end <= at(lead.last) + _UNTIL_PPPD:
                gap = min(gap, _UNTIL_PPPD / 2)
        else:
            gap = _UNTIL_PPPD
        if gap < best_gap:
            best, best_gap = group, gap
    return best


# --- tunnels and IPsec


def _tunnels_to_ipsec(ike: list[Group], tunnels: list[Group], at: At) -> list[Group]:
    """Put tunnels to the IPsec of their clients; returns those that have none."""
    waiting: dict[str, list[tuple[float, int, Group]]] = defaultdict(list)
    for number, group in enumerate(ike):
        child_up = next((part.child_up for part in group if part.child_up is not None), None)
        if child_up is not None:
            insort(waiting[group[0].client], (at(child_up), number, group), key=_when)
    free: list[Group] = []
    for group in sorted(tunnels, key=lambda group: at(group[0].first)):
        lead = group[0]
        client = next((part.client for part in group if part.client), "")
        candidates = waiting.get(client, [])
        place = _place(lead, candidates, at)
        if place is None:
            ended = _ended_with(lead, client, ike, at) if lead.started is None else None
            if ended is None:
                free.append(group)
            else:
                ended.extend(group)
        else:
            candidates.pop(place)[2].extend(group)
    return free


def _when(entry: tuple[float, int, Group]) -> float:
    return entry[0]


def _place(tunnel: Part, candidates: list[tuple[float, int, Group]], at: At) -> int | None:
    """Which of the SAs without a tunnel it is: the latest one that was up by then, or the oldest
    of those that came up together with that."""
    moment = at(tunnel.first)
    if tunnel.started is None:
        return None
    last = bisect_left(candidates, moment + 1.001, key=_when) - 1
    while last >= 0 and _was_gone(candidates[last][2], moment, at):
        last -= 1
    if last < 0 or moment - candidates[last][0] > _UNTIL_TUNNEL:
        return None
    best = last
    for place in range(last - 1, -1, -1):
        if candidates[last][0] - candidates[place][0] > _TOGETHER:
            break
        if not _was_gone(candidates[place][2], moment, at):
            best = place
    return best


def _was_gone(group: Group, moment: float, at: At) -> bool:
    return any(at(when) < moment - _SLACK for part in group for when, _ in part.ends)


def _ended_with(tunnel: Part, client: str, ike: list[Group], at: At) -> Group | None:
    """The IPsec whose end the log has, as it has that of the tunnel, but not the begin."""
    moment = at(tunnel.last)
    for group in ike:
        lead = group[0]
        if (
            lead.client == client
            and client
            and lead.child_up is None
            and lead.rung >= Rung.IKE_ESTABLISHED
            and all(part.kind == "ike" for part in group)
            and abs(at(lead.last) - moment) <= _UNTIL_LOGIN
        ):
            return group
    return None


def _logins_to_ipsec(ike: list[Group], logins: list[Group], at: At) -> list[Group]:
    """Where no log tells of tunnels: pppd begins soon after IPsec, if only one can be meant."""
    free: list[Group] = []
    taken: set[int] = set()
    for login in sorted(logins, key=lambda login: at(login[0].first)):
        begin = at(login[0].first)
        fits = []
        for group in ike:
            child_up = next((part.child_up for part in group if part.child_up is not None), None)
            if (
                child_up is not None
                and id(group) not in taken
                and -_SLACK <= begin - at(child_up) <= _UNTIL_LOGIN
                and not _was_gone(group, begin, at)
            ):
                fits.append(group)
        if len(fits) == 1:
            taken.add(id(fits[0]))
            fits[0].extend(login)
        else:
            free.append(login)
    return free


def _hit(groups: list[Group], kill: Part, at: At) -> bool:
    """Whether a process that was killed is one of `groups`."""
    moment = at(kill.first)
    hit: Group | None = None
    for group in groups:
        for part in group:
            if part.pppd == kill.pppd and at(part.first) <= moment + _SLACK:
                known = max(at(other.last) for other in group)
                is_open = not any(other.ends for other in group if other.kind == "ppp")
                if is_open or known >= moment - _SLACK:
                    hit = group
    if hit is None:
        return False
    hit.append(kill)
    return True
