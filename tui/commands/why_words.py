"""Verdicts as people read them at night: the verdict on top, then proof, then what to do."""

from collections.abc import Sequence

from tui.actions import action
from tui.commands.output import Exit, print_line
from tui.diagnose.verdicts import CATEGORIES, Evidence, Verdict
from tui.logs.attempts import Rung
from tui.safety.text import clean

CERTAIN = 0.5
"""Below this a verdict is a guess: the evidence cannot tell."""

FINE = frozenset({"ok", "normal_disconnect"})
"""Categories in which nothing is wrong."""

RUNGS: dict[Rung, str] = {
    Rung.NOTHING: "nothing was begun",
    Rung.IKE_STARTED: "the negotiation was begun",
    Rung.IKE_PROPOSAL: "algorithms for IKE were agreed",
    Rung.NAT_SEEN: "NAT was noticed",
    Rung.KEY_ACCEPTED: "the pre-shared key was accepted",
    Rung.IKE_ESTABLISHED: "IKE was established",
    Rung.ESP_PROPOSAL: "algorithms for the traffic were agreed",
    Rung.CHILD_ESTABLISHED: "IPsec was up",
    Rung.TUNNEL: "the L2TP tunnel was up",
    Rung.CALL: "the L2TP call was up",
    Rung.PPP_STARTED: "PPP was begun",
    Rung.AUTHENTICATED: "name and password were accepted",
    Rung.CONNECTED: "connected",
}
"""How far an attempt came, in words."""

OUTCOMES = {
    "connected": "connected",
    "connected_no_traffic": "connected, no traffic",
    "degraded": "works badly",
    "ipsec_up_only": "IPsec only",
    "fail": "cannot connect",
    "dropped": "was dropped",
    "disconnected": "disconnected",
    "drift": "the router is not what CloudStack says",
    "n/a": "nobody tried",
}


def exit_of(verdicts: tuple[Verdict, ...]) -> Exit:
    """Findings before doubts: one certain trouble is a finding whatever the rest is."""
    sure = [each for each in verdicts if each.certainty >= CERTAIN and not each.coming]
    if any(each.category not in FINE for each in sure):
        return Exit.FINDINGS
    if len(sure) < len(verdicts):
        return Exit.CANNOT_TELL
    return Exit.FINE


def print_verdicts(told: Sequence[tuple[str, Verdict]]) -> None:
    """All of them, one after the other, each with its router's name (empty: only one)."""
    for number, (router, verdict) in enumerate(told):
        if number:
            print_line()
        _print_one(verdict, router)


def _print_one(verdict: Verdict, router: str) -> None:
    identity = f"({verdict.identity} behind NAT)" if verdict.identity else ""
    who = [each for each in (verdict.client, identity, verdict.user) if each]
    who = who or [router or "the router"]
    guess = verdict.certainty < CERTAIN
    glyph = "?" if guess else "✔" if verdict.category in FINE else "✘"
    meaning = CATEGORIES[verdict.category]
    if verdict.coming:
        glyph = "…"
        otherwise = "" if verdict.category in FINE else f"; if it does not: {meaning}"
        meaning = f"it may still come up{otherwise}"
    elif guess:
        meaning = f"it cannot be told; the first guess: {meaning}"
    _line(f"{glyph} {' '.join(who)}: {meaning}")
    _line(
        f"  {verdict.category} · {OUTCOMES[verdict.outcome]} · {verdict.certainty:.0%} certain"
        f" · reached: {RUNGS[verdict.rung]}"
        + (f" · {verdict.attempts} times" if verdict.attempts > 1 else "")
    )
    _line(f"  {verdict.says}")
    for each in verdict.evidence:
        _line(f"    {_place(each)}  {each.text}")
    if verdict.tell:
        _line(f"  Tell the user: {verdict.tell}")
    if verdict.fix:
        _line(f"  What to do: {verdict.fix}")
    if verdict.action:
        _line(f"  In the console: {_action(verdict.action)}")
    if verdict.others:
        names = "; ".join(CATEGORIES[each] for each in verdict.others)
        _line(f"  It may also be: {names}")
    if verdict.next_look:
        _line(f"  To tell: {verdict.next_look}")


def _action(name: str) -> str:
    """Label and key of an action, and the sections that have it."""
    found = action(name)
    return f"{found.label} ({found.key}) in {', '.join(found.screens)}"


def _place(evidence: Evidence) -> str:
    return f"{evidence.file}:{evidence.line}" if evidence.line else evidence.file


def _line(text: str) -> None:
    print_line(clean(text))


def verdict_document(verdict: Verdict, router: str) -> dict[str, object]:
    """A verdict for `--json`; the names are those of `Verdict`."""
    return {
        "router": router,
        "client": verdict.client,
        "identity": verdict.identity,
        "user": verdict.user,
        "category": verdict.category,
        "outcome": verdict.outcome,
        "certainty": verdict.certainty,
        "rung": int(verdict.rung),
        "reached": RUNGS[verdict.rung],
        "says": verdict.says,
        "tell": verdict.tell,
        "fix": verdict.fix,
        "action": verdict.action,
        "others": verdict.others,
        "next_look": verdict.next_look,
        "at": verdict.at,
        "attempts": verdict.attempts,
        "coming": verdict.coming,
        "evidence": [
            {"file": each.file, "line": each.line, "text": each.text} for each in verdict.evidence
        ],
    }
