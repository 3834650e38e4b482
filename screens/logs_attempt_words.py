"""Connection attempts in words: how far, how long, how it ended."""

from datetime import UTC, datetime, timedelta
from typing import Final

from textual.content import Content

from screens.logs_lines import words_for_span
from tui.logs.attempts import Attempt, AttemptEnd, Rung
from tui.logs.signatures import BY_NAME, signatures_of
from tui.widgets.columns import Cell, Column, Tone

RUNGS: Final[dict[Rung, str]] = {
    Rung.NOTHING: "nothing begun",
    Rung.IKE_STARTED: "IKE begun",
    Rung.IKE_PROPOSAL: "IKE proposal",
    Rung.NAT_SEEN: "NAT seen",
    Rung.KEY_ACCEPTED: "key accepted",
    Rung.IKE_ESTABLISHED: "IKE up",
    Rung.ESP_PROPOSAL: "ESP proposal",
    Rung.CHILD_ESTABLISHED: "IPsec up",
    Rung.TUNNEL: "L2TP tunnel",
    Rung.CALL: "L2TP call",
    Rung.PPP_STARTED: "PPP begun",
    Rung.AUTHENTICATED: "logged in",
    Rung.CONNECTED: "connected",
}
ENDS: Final[dict[AttemptEnd, str]] = {
    "goodbye": "hung up",
    "idle": "idle too long",
    "peer_dead_l2tp": "vanished (L2TP)",
    "peer_dead_lcp": "vanished (PPP)",
    "peer_dead_dpd": "vanished (IKE)",
    "killed": "user removed",
    "terminated": "ended on router",
    "refused": "refused",
    "half_open": "client went silent",
    "replaced": "came again",
    "charon_stopped": "IPsec stopped",
    "xl2tpd_stopped": "xl2tpd stopped",
    "deleted": "client left",
}
FINE: Final = frozenset({"goodbye", "idle", "replaced", "deleted"})
"""Ends of a session that are nobody's fault."""
_NEVER_UP: Final = frozenset({"", "refused", "half_open"})
"""Ends that only an attempt has which never came up."""


def key_of(attempt: Attempt) -> str:
    """What an attempt is known by."""
    return f"{attempt.router} {attempt.number}"


def glyph_of(attempt: Attempt) -> tuple[str, Tone]:
    """How an attempt stands, at a glance."""
    if attempt.is_connected:
        return "✔", "ok"
    if attempt.connected is not None or attempt.rung is Rung.CONNECTED:
        return ("–", "off") if attempt.end in FINE else ("▲", "warn")
    if not attempt.end and not _faults(attempt):
        return "…", ""
    if attempt.started is None and attempt.end not in _NEVER_UP:
        # The lines begin after it did: how far it had come before is not told.
        return ("–", "off") if attempt.end in FINE else ("▲", "warn")
    return "✘", "bad"


def name_of(attempt: Attempt) -> str:
    """Who it is: the user, else the client."""
    return attempt.user or attempt.client or "somebody"


def _reached(attempt: Attempt) -> Cell:
    glyph, tone = glyph_of(attempt)
    return Cell(f"{glyph} {RUNGS[attempt.rung]}", tone)


def took(attempt: Attempt, now: float) -> str:
    """How long it lasted, or has lasted until now."""
    if attempt.started is None:
        return ""
    until = attempt.ended if attempt.ended is not None else now if attempt.is_connected else None
    if until is None and attempt.steps and attempt.steps[-1].time is not None:
        until = attempt.steps[-1].time
    return words_for_span(timedelta(seconds=max(0.0, until - attempt.started))) if until else ""


def present() -> float:
    """Seconds since the epoch: until when a session that goes on has lasted."""
    return datetime.now(UTC).timestamp()


def _began(attempt: Attempt) -> Cell:
    if attempt.started is None:
        return Cell("")
    return Cell(f"{datetime.fromtimestamp(attempt.started, UTC):%H:%M:%S}", "off")


COLUMNS: Final[tuple[Column[Attempt], ...]] = (
    Column(
        "BEGAN",
        _began,
        widest=8,
        narrowest=8,
        order=lambda each: (each.started or 0.0, each.number),
    ),
    Column("REACHED", _reached, widest=15, narrowest=15),
    Column("USER", lambda each: Cell(each.user or "–"), widest=16, narrowest=5),
    Column("CLIENT", lambda each: Cell(each.client or "–"), widest=15, narrowest=12),
    Column(
        "TOOK",
        lambda each: Cell(took(each, present())),
        widest=7,
        narrowest=4,
        rank=1,
    ),
    Column("ENDED", lambda each: Cell(ENDS.get(each.end, "")), widest=18, narrowest=8, rank=2),
)


def ladder(attempt: Attempt) -> Content:
    """Every rung with when it was reached, what went wrong, and how it ended."""
    glyph, _tone = glyph_of(attempt)
    where = f" from {attempt.client}" if attempt.client and attempt.user else ""
    lines = [Content.styled(f"{glyph} {name_of(attempt)}{where}", "bold")]
    inside = [
        "behind NAT" if attempt.behind_nat else "",
        f"{attempt.inner_ip} inside" if attempt.inner_ip else "",
    ]
    if any(inside):
        lines.append(Content(", ".join(filter(None, inside))))
    lines += [Content.styled(f"{g} {words}", style) for g, words, style in _faults(attempt)]
    if attempt.end:
        lines.append(Content(f"{_clock(attempt.ended)} {ENDS[attempt.end]}".strip()))
    times = _times(attempt)
    lines += [
        _rung_line(rung, rung <= attempt.rung, times.get(rung))
        for rung in reversed(Rung)
        if rung is not Rung.NOTHING and (rung is not Rung.NAT_SEEN or attempt.behind_nat)
    ]
    return Content("\n").join(lines)


def short_ladder(attempt: Attempt) -> Content:
    """The same in a few lines: the rungs that were reached, and what went wrong."""
    glyph, _tone = glyph_of(attempt)
    reached = [
        RUNGS[rung]
        for rung in Rung
        if Rung.NOTHING < rung <= attempt.rung and (rung is not Rung.NAT_SEEN or attempt.behind_nat)
    ]
    parts = [Content.styled(f"{glyph} {name_of(attempt)}: ", "bold")]
    parts.append(Content.styled(" › ".join(reached) or RUNGS[Rung.NOTHING], "$text-success"))
    parts += [Content.styled(f"  {g} {words}", style) for g, words, style in _faults(attempt)]
    if attempt.end:
        parts.append(Content(f"  {ENDS[attempt.end]}"))
    return Content("").join(parts)


def _clock(moment: float | None) -> str:
    return "" if moment is None else f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S}"


def _times(attempt: Attempt) -> dict[Rung, float | None]:
    """When each rung was reached, as far as a line says so."""
    found: dict[Rung, float | None] = {}
    for step in attempt.steps:
        signature = signatures_of(step.text)
        if signature is not None and signature.rung is not None:
            found[signature.rung] = step.time
    return found


def _rung_line(rung: Rung, is_reached: bool, moment: float | None) -> Content:
    if not is_reached:
        return Content.styled(f"·          {RUNGS[rung]}", "dim")
    return Content.styled(f"✔ {_clock(moment):8} {RUNGS[rung]}", "$text-success")


_WEIGHTS: Final = {"error": ("✘", "$text-error"), "warning": ("▲", "$text-warning")}


def _faults(attempt: Attempt) -> list[tuple[str, str, str]]:
    """What went wrong, each kind once: glyph, words, style."""
    found: dict[str, tuple[str, str, str]] = {}
    for mark in attempt.marks:
        signature = BY_NAME.get(mark.signature)
        if signature is not None and signature.level in _WEIGHTS:
            glyph, style = _WEIGHTS[signature.level]
            found[signature.name] = (glyph, signature.says, style)
    return list(found.values())
