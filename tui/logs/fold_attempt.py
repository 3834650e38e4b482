"""An attempt, made of its parts."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tui.logs.attempts import MOST_MARKS, Attempt, AttemptEnd, LogRef, Rung
from tui.logs.fold_choice import port_of
from tui.logs.fold_part import Mention, Part
from tui.logs.rungs import CALL, CONNECTED
from tui.safety.redact import redact
from tui.safety.text import clean_bytes

_LONGEST: Final = 1200
"""Characters of a line that are shown."""
_LONGEST_VALUE: Final = 256
"""Likewise of a name or a proposal."""
_SECRET_HINTS: Final = ("chap", "psk ", "assw", "preshared", "secret", " * ")
_SAME_MOMENT: Final = 5.0
"""Seconds in which several ends are of one cause."""
_CAUSES: Final[tuple[AttemptEnd, ...]] = (
    "killed",
    "charon_stopped",
    "xl2tpd_stopped",
    "idle",
    "peer_dead_lcp",
    "peer_dead_l2tp",
    "peer_dead_dpd",
    "replaced",
    "refused",
    "goodbye",
    "half_open",
    "terminated",
    "deleted",
)
"""Of ends at the same moment the earlier one here is the cause of the others."""
_RANK: Final = {end: number for number, end in enumerate(_CAUSES)}


class Sources(msgspec.Struct, frozen=True):
    """What mentions are of, by the numbers of the sources."""

    names: tuple[str, ...]
    ranks: tuple[int, ...]
    """Low for a source that tells much."""


def reference(mention: Mention, sources: Sources) -> LogRef:
    """The line as it is shown."""
    moment, source, line, raw, signature, _ = mention
    text = _clean(raw, _LONGEST)
    folded = text.lower()
    if any(hint in folded for hint in _SECRET_HINTS):
        text = redact(text)
    return LogRef(sources.names[source], line, text, signature, moment)


def _clean(raw: bytes, limit: int) -> str:
    """Text that no terminal acts on; what is plain already is so at once."""
    if len(raw) <= limit and raw.isascii():
        text = raw.decode("ascii")
        if text.isprintable():
            return text
    return clean_bytes(raw, limit)


def begin_of(group: list[Part]) -> tuple[float, int, bytes, int]:
    """What attempts are ordered by."""
    begin = min(part.first for part in group)
    lead = group[0]
    number = min((n for part in group for n in part.ike_sas), default=0)
    return (begin, number, lead.client, lead.port)


def attempt_of(group: list[Part], number: int, router: str, sources: Sources) -> Attempt:
    """The attempt that the parts of `group` tell of."""
    has_login = any(part.kind == "ppp" for part in group)
    rungs = [
        min(part.rung, CALL) if has_login and part.kind == "tunnel" else part.rung for part in group
    ]
    rung = Rung(max(rungs))
    steps = _steps(group, has_login)
    connected = next((m[0] for m in steps if m[5] == CONNECTED), None)
    begins = [part.started for part in group if part.started is not None]
    started = min(begins, default=None)
    end, ended = _end_of(group, connected, rung)
    login_first = sorted(group, key=lambda part: part.kind != "ppp")
    return Attempt(
        number=number,
        router=router,
        client=_first(group, "client"),
        port=_first_number(group, "port"),
        nat_port=_nat_port(group),
        identity=_first(group, "identity"),
        behind_nat=any(part.behind_nat for part in group),
        ike_version=_first_number(group, "ike_version"),
        ike_sas=_all(group, "ike_sas"),
        child_sas=_all(group, "child_sas"),
        spis=tuple(spi.decode("ascii", "replace") for spi in _all(group, "spis")),
        ike_proposal=_first(group, "ike_proposal"),
        esp_proposal=_first(group, "esp_proposal"),
        tunnel=_first_number(group, "tunnel"),
        call=_first_number(group, "call"),
        pppd=_first_number([part for part in group if part.kind != "kill"], "pppd"),
        interface=_first(login_first, "interface"),
        inner_ip=_first(login_first, "inner_ip"),
        user=_first(group, "user"),
        rung=rung,
        started=started,
        connected=connected,
        ended=ended,
        end=end,
        steps=[reference(mention, sources) for mention in steps],
        marks=[reference(mention, sources) for mention in _marks(group, sources)],
        retries=max(part.retries for part in group),
    )


def _steps(group: list[Part], has_login: bool) -> list[Mention]:
    """One line for each rung: pppd's own before what charon sees of it."""
    found: dict[int, Mention] = {}
    for part in group:
        for mention in part.steps:
            if has_login and part.kind == "tunnel" and mention[5] > CALL:
                continue
            known = found.get(mention[5])
            if known is None:
                found[mention[5]] = mention
    return [found[rung] for rung in sorted(found)]


def _marks(group: list[Part], sources: Sources) -> list[Mention]:
    """The lines with a signature, in order."""
    return once((mark for part in group for mark in part.marks), sources)[:MOST_MARKS]


def once(mentions: Iterable[Mention], sources: Sources) -> list[Mention]:
    """`mentions` in order of time, a line that two sources have once; the one of the
    source that tells most."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (int(m[0]), sources.ranks[m[1]], m[0], m[2])):
        if not any(_same_line(mention, other) for other in kept[-12:]):
            kept.append(mention)
    return kept


def _same_line(one: Mention, other: Mention) -> bool:
    return (
        one[1] != other[1]
        and one[4] == other[4]
        and abs(one[0] - other[0]) < 2
        and one[3][-24:].rstrip() == other[3][-24:].rstrip()
    )


def _knows_less(part: Part, lead: Part) -> bool:
    """Whether `part`, of another log, does not know of an IKE SA that took over the session."""
    return (
        part.kind == lead.kind == "ike"
        and part.source != lead.source
        and bool(set(lead.ike_sas) - set(lead.gone_sas))
    )


def _end_of(
    group: list[Part], connected: float | None, rung: Rung
) -> tuple[AttemptEnd, float | None]:
    """Why and when it ended: the first end is the cause, unless others came at that moment."""
    ends = sorted(
        (moment, end)
        for part in group
        for moment, end in part.ends
        if not (end == "refused" and rung >= CONNECTED)
        and not (end == "deleted" and _knows_less(part, group[0]))
    )
    if not ends:
        return "", None
    if connected is not None:
        ends = [entry for entry in ends if entry[0] >= connected - 2] or ends
    first = ends[0][0]
    together = [entry for entry in ends if entry[0] - first <= _SAME_MOMENT]
    ended, end = min(together, key=lambda entry: (_RANK[entry[1]], entry[0]))
    return end, ended


def _first(group: list[Part], name: str) -> str:
    raw: bytes = next((value for part in group if (value := getattr(part, name))), b"")
    return _clean(raw, _LONGEST_VALUE)


def _first_number(group: list[Part], name: str) -> int:
    return next((int(value) for part in group if (value := getattr(part, name))), 0)


def _nat_port(group: list[Part]) -> int:
    floated = next((part.floated_to for part in group if part.floated_to), b"")
    return port_of(floated.partition(b"[")[2])


def _all(group: list[Part], name: str) -> tuple[Any, ...]:
    found: list[Any] = []
    for part in group:
        found.extend(value for value in getattr(part, name) if value not in found)
    return tuple(found)
