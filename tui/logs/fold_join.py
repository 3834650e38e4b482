"""Joining what several logs and daemons tell of one attempt.

First what two sources tell of the same thing (the journal and a file, or the audit lines in
auth.log), then pppd with its call by process id or tunnel, then tunnels with IPsec by address and
time. All of it depends on what is in the parts only, never on the order in which they were read.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, cast

from tui.logs.fold_part import Kind, Part
from tui.logs.rungs import IKE_ESTABLISHED

Group = list[Part]
"""Parts of one attempt; of those of one kind the one that tells most is first."""

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


def join(parts: Iterable[Part], rank: Callable[[Part], int]) -> tuple[list[Group], Group]:
    """The attempts that `parts` tell of, and the kills that hit none of them.

    `rank` is low for sources that tell most.
    """
    kinds: dict[Kind, list[Part]] = {"ike": [], "tunnel": [], "ppp": [], "updown": [], "kill": []}
    for part in parts:
        if not part.is_foreign:
            kinds[part.kind].append(part)
    for kind in kinds.values():
        kind.sort(key=_first)
        kind.sort(key=rank)
    ike = _of_several_sources(kinds["ike"], _ike_keys)
    _take_updown(ike, kinds["updown"])
    tunnels = _of_several_sources(kinds["tunnel"], _tunnel_keys)
    logins = _of_several_sources(kinds["ppp"], _ppp_keys)
    alone = _logins_to_tunnels(tunnels, logins)
    free = _tunnels_to_ipsec(ike, tunnels)
    if not tunnels:
        alone = _logins_to_ipsec(ike, alone)
    groups = [*ike, *free, *alone]
    return groups, _missing(groups, kinds["kill"])


def _first(part: Part) -> float:
    return part.first


# --- the same thing in two sources

Key = tuple[object, ...]
Keys = Callable[[Part], Iterator[Key]]


def _ike_keys(part: Part) -> Iterator[Key]:
    for inbound in part.spis[::2]:
        yield ("spi", inbound)
    for number in part.ike_sas:
        yield ("sa", part.client, number)
    for moment in part.initiated:
        yield ("initiated", part.client, int(moment))


def _tunnel_keys(part: Part) -> Iterator[Key]:
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


def _ppp_keys(part: Part) -> Iterator[Key]:
    yield ("pid", part.pppd)


def _of_several_sources(parts: list[Part], keys: Keys) -> list[Group]:
    """Groups of parts that tell of the same thing, each of another source."""
    sources = {part.source for part in parts}
    if len(sources) < 2:
        return [[part] for part in parts]
    groups: list[Group] = []
    known: dict[Key, list[Group]] = {}
    first = parts[0].source
    for part in parts:
        # Parts of the first source differ from each other already.
        group = None if part.source == first else _same(part, known, keys)
        if group is not None:
            group.append(part)
            continue
        group = [part]
        groups.append(group)
        for key in keys(part):
            known.setdefault(key, []).append(group)
    return groups


def _same(part: Part, known: dict[Key, list[Group]], keys: Keys) -> Group | None:
    first, last = part.first - _SLACK, part.last + _SLACK
    taken: Group | None = None
    for key in keys(part):
        near = known.get(key, ())
        if key[0] == "initiated":
            near = [*near, *known.get(_beside(key, -1), ()), *known.get(_beside(key, 1), ())]
        for group in near:
            lead = group[0]
            if lead.first > last or lead.last < first or _differ(lead, part):
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


def _take_updown(ike: list[Group], updown: list[Part]) -> None:
    """updown's lines belong to the IPsec that came up at that time."""
    if not updown:
        return
    by_client: dict[bytes, list[Group]] = defaultdict(list)
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
                gap = abs(part.child_up - lead.child_up)
            elif part.child_up is None and part.ends and lead.child_sas:
                gap = abs(part.ends[0][0] - lead.last)
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


def _logins_to_tunnels(tunnels: list[Group], logins: list[Group]) -> list[Group]:
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
        found = _nearest(login, by_pppd.get(login[0].pppd, ()), taken)
        if found is None:
            number = next((part.tunnel for part in login if part.tunnel), 0)
            found = _nearest(login, by_tunnel.get(number, ()), taken) if number else None
        if found is None:
            alone.append(login)
        else:
            taken.add(id(found))
            found.extend(login)
    older = [group for group in tunnels if id(group) not in taken]
    return [login for login in alone if not _ended_together(login, older, alone)]


def _ended_together(login: Group, tunnels: list[Group], logins: list[Group]) -> bool:
    """Put pppd's part of a session older than the log to the call that ended with it, if only one
    did, and no other session."""
    if not _is_older(login):
        return False
    end = login[0].last
    fits = [
        group
        for group in tunnels
        if group[0].call_up is None
        and not any(part.pppd or part.kind == "ppp" for part in group)
        and abs(group[0].last - end) <= _TOGETHER
    ]
    rivals = [each for each in logins if _is_older(each) and abs(each[0].last - end) <= _TOGETHER]
    if len(fits) != 1 or len(rivals) != 1:
        return False
    fits[0].extend(login)
    return True


def _is_older(login: Group) -> bool:
    return any(part.ends for part in login) and not any(part.steps for part in login)


def _nearest(login: Group, groups: Iterable[Group], taken: set[int]) -> Group | None:
    """Of several calls with one process id (the ids come round) the one of that time."""
    begin = min(part.first for part in login)
    end = max(part.last for part in login)
    best: Group | None = None
    best_gap = _UNTIL_PPPD
    for group in groups:
        if id(group) in taken:
            continue
        lead = group[0]
        if lead.call_up is None:  # its begin lies before the log
            gap = 0.0 if begin - _SLACK <= lead.last <= end + _UNTIL_PPPD else _UNTIL_PPPD
        elif lead.call_up - _SLACK <= begin:
            gap = begin - lead.call_up
            if lead.last + _SLACK >= begin and end <= lead.last + _UNTIL_PPPD:
                gap = min(gap, _UNTIL_PPPD / 2)
        else:
            gap = _UNTIL_PPPD
        if gap < best_gap:
            best, best_gap = group, gap
    return best


# --- tunnels and IPsec


def _tunnels_to_ipsec(ike: list[Group], tunnels: list[Group]) -> list[Group]:
    """Put tunnels to the IPsec of their clients; returns those that have none."""
    waiting: dict[bytes, list[tuple[float, int, Group]]] = defaultdict(list)
    for number, group in enumerate(ike):
        child_up = next((part.child_up for part in group if part.child_up is not None), None)
        if child_up is not None:
            insort(waiting[group[0].client], (child_up, number, group), key=_when)
    free: list[Group] = []
    for group in sorted(tunnels, key=lambda group: group[0].first):
        lead = group[0]
        client = next((part.client for part in group if part.client), b"")
        candidates = waiting.get(client, [])
        place = _place(lead, candidates)
        if place is None:
            ended = _ended_with(lead, client, ike) if lead.started is None else None
            if ended is None:
                free.append(group)
            else:
                ended.extend(group)
        else:
            candidates.pop(place)[2].extend(group)
    return free


def _when(entry: tuple[float, int, Group]) -> float:
    return entry[0]


def _place(tunnel: Part, candidates: list[tuple[float, int, Group]]) -> int | None:
    """Which of the SAs without a tunnel it is: the latest one that was up by then, or the oldest
    of those that came up together with that."""
    moment = tunnel.first
    if tunnel.started is None:
        return None
    last = bisect_left(candidates, moment + 1.001, key=_when) - 1
    while last >= 0 and _was_gone(candidates[last][2], moment):
        last -= 1
    if last < 0 or moment - candidates[last][0] > _UNTIL_TUNNEL:
        return None
    best = last
    for place in range(last - 1, -1, -1):
        if candidates[last][0] - candidates[place][0] > _TOGETHER:
            break
        if not _was_gone(candidates[place][2], moment):
            best = place
    return best


def _was_gone(group: Group, moment: float) -> bool:
    return any(when < moment - _SLACK for part in group for when, _ in part.ends)


def _ended_with(tunnel: Part, client: bytes, ike: list[Group]) -> Group | None:
    """The IPsec whose end the log has, as it has that of the tunnel, but not the begin."""
    moment = tunnel.last
    for group in ike:
        lead = group[0]
        if (
            lead.client == client
            and client
            and lead.child_up is None
            and lead.rung >= IKE_ESTABLISHED
            and all(part.kind in ("ike", "updown") for part in group)
            and abs(lead.last - moment) <= _UNTIL_LOGIN
        ):
            return group
    return None


def _logins_to_ipsec(ike: list[Group], logins: list[Group]) -> list[Group]:
    """Where no log tells of tunnels: pppd begins soon after IPsec, if only one can be meant."""
    free: list[Group] = []
    taken: set[int] = set()
    for login in sorted(logins, key=lambda login: login[0].first):
        begin = login[0].first
        fits = []
        for group in ike:
            child_up = next((part.child_up for part in group if part.child_up is not None), None)
            if (
                child_up is not None
                and id(group) not in taken
                and -_SLACK <= begin - child_up <= _UNTIL_LOGIN
                and not _was_gone(group, begin)
            ):
                fits.append(group)
        if len(fits) == 1:
            taken.add(id(fits[0]))
            fits[0].extend(login)
        else:
            free.append(login)
    return free


def _missing(groups: list[Group], kills: list[Part]) -> Group:
    """Put kills to the sessions whose processes were killed; returns those that hit none."""
    if not kills:
        return []
    by_pppd: dict[int, list[Group]] = defaultdict(list)
    for group in groups:
        for number in {part.pppd for part in group if part.pppd}:
            by_pppd[number].append(group)
    missed: Group = []
    for kill in kills:
        hit: Group | None = None
        for group in by_pppd.get(kill.pppd, ()):
            begin = min(part.first for part in group if part.pppd == kill.pppd)
            is_open = not any(part.ends for part in group if part.kind == "ppp")
            known = max(part.last for part in group)
            if begin <= kill.first + _SLACK and (is_open or known >= kill.first - _SLACK):
                hit = group
        if hit is None:
            missed.append(kill)
        else:
            hit.append(kill)
    return missed
