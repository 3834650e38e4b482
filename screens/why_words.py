"""How a diagnosis is shown: the checklist, the ladder, the verdict with its proof and its fix."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from textual.content import Content

from screens.fixes import fix_words, reason_against_fix
from tui.diagnose.verdicts import CATEGORIES, Outcome, Verdict
from tui.logs.attempts import Rung
from tui.session.clues import Clue, ClueState
from tui.session.diagnosing import Case
from tui.session.session import Session

_CLUE_GLYPHS: Final[dict[ClueState, str]] = {
    "waiting": "·",
    "running": "●",
    "good": "✔",
    "bad": "✘",
    "doubtful": "▲",
    "unknown": "?",
    "none": "–",
}
_CLUE_STYLES: Final[dict[ClueState, str]] = {
    "waiting": "dim",
    "running": "bold",
    "good": "$text-success",
    "bad": "bold $text-error",
    "doubtful": "$text-warning",
    "unknown": "",
    "none": "dim",
}
_OUTCOMES: Final[dict[Outcome, tuple[str, str, str]]] = {
    "connected": ("✔", "connected", "bold $text-success"),
    "connected_no_traffic": ("✘", "connected, but nothing passes", "bold $text-error"),
    "degraded": ("▲", "connected, but not well", "bold $text-warning"),
    "ipsec_up_only": ("✘", "IPsec is up, but nothing beyond it", "bold $text-error"),
    "fail": ("✘", "not connected", "bold $text-error"),
    "dropped": ("▲", "was connected, then cut off", "bold $text-warning"),
    "disconnected": ("–", "disconnected as wanted", "bold"),
    "drift": ("▲", "the router is not what CloudStack says", "bold $text-warning"),
    "n/a": ("–", "nobody tried", "bold"),
}
_COMING: Final = ("…", "still on its way when the router was asked", "bold")
_RUNGS: Final[tuple[tuple[Rung, str], ...]] = (
    (Rung.IKE_STARTED, "IKE begun"),
    (Rung.IKE_PROPOSAL, "algorithms"),
    (Rung.KEY_ACCEPTED, "key"),
    (Rung.IKE_ESTABLISHED, "IKE up"),
    (Rung.ESP_PROPOSAL, "ESP algorithms"),
    (Rung.CHILD_ESTABLISHED, "IPsec up"),
    (Rung.TUNNEL, "L2TP tunnel"),
    (Rung.CALL, "L2TP call"),
    (Rung.PPP_STARTED, "PPP"),
    (Rung.AUTHENTICATED, "login"),
    (Rung.CONNECTED, "connected"),
)
"""The ladder as it is shown; the rung about NAT is left out, many clients skip it."""
_STANDS: Final[frozenset[Outcome]] = frozenset(
    {"connected", "connected_no_traffic", "degraded", "dropped", "disconnected"}
)
"""Outcomes of attempts that have come all the way up."""


def clue_lines(clues: Iterable[Clue]) -> Content:
    """The checklist, one line a clue."""
    lines = []
    for clue in clues:
        head = Content.styled(f"{_CLUE_GLYPHS[clue.state]} {clue.title}", _CLUE_STYLES[clue.state])
        says = Content.styled(f"  {clue.says}", "dim") if clue.says else Content("")
        lines.append(Content.assemble(head, says))
    return Content("\n").join(lines)


def ladder_lines(verdict: Verdict) -> Content:
    """How far the attempt came: what was reached, where it ended, what was still ahead; IPsec on
    one line, what is within it on the next."""
    if verdict.rung is Rung.NOTHING:
        return Content.styled("✘ not one step: nothing of it was begun", "dim")
    reached = Rung.CONNECTED if verdict.outcome in _STANDS else verdict.rung
    lines: list[list[Content]] = [[]]
    ended = False
    for rung, words in _RUNGS:
        parts = lines[-1]
        if rung <= reached:
            parts.append(Content.styled(f"✔ {words}", "$text-success"))
        elif not ended:
            ended = True
            last = f"… {words}" if verdict.coming else f"✘ {words}"
            parts.append(Content.styled(last, "bold" if verdict.coming else "bold $text-error"))
        else:
            parts.append(Content.styled(f"· {words}", "dim"))
        if rung is Rung.CHILD_ESTABLISHED:
            lines.append([])
    return Content("\n").join([Content("  ").join(parts) for parts in lines])


def certainty_words(certainty: float) -> str:
    """`certain (95 %)`"""
    word = "certain" if certainty >= 0.9 else "likely" if certainty >= 0.7 else "possible"
    return f"{word} ({certainty * 100:.0f} %)"


def outcome_of(verdict: Verdict) -> tuple[str, str, str]:
    """What the user got: glyph, words, style."""
    return _COMING if verdict.coming else _OUTCOMES[verdict.outcome]


def verdict_title(verdict: Verdict) -> str:
    """The category in words."""
    if verdict.coming and verdict.category == "ok":
        return "it may still come up"
    return CATEGORIES.get(verdict.category, verdict.category.replace("_", " "))


def whom_words(verdict: Verdict) -> str:
    """Whom it is about: `alice  198.51.100.23`."""
    inner = f" ({verdict.identity})" if verdict.identity else ""
    names = [verdict.user or "", f"{verdict.client}{inner}" if verdict.client else ""]
    return "  ".join(name for name in names if name) or "the router itself"


def choice_line(verdict: Verdict, router: str) -> str:
    """One verdict in the list of them; `router` where they are of several, else empty."""
    glyph, _, _ = outcome_of(verdict)
    when = f"{datetime.fromtimestamp(verdict.at, UTC):%H:%M:%S}  " if verdict.at else ""
    where = f"  {router}" if router else ""
    return f"{glyph} {when}{whom_words(verdict)}  {verdict_title(verdict)}{where}"


def verdict_text(session: Session, case: Case, verdict: Verdict) -> Content:
    """The whole verdict: what happened, how far it came, proof, words for the user, the fix."""
    glyph, outcome, style = outcome_of(verdict)
    lines = [
        Content.styled(f"{glyph} {verdict_title(verdict)}", style),
        Content(f"{whom_words(verdict)}  {outcome}  {certainty_words(verdict.certainty)}"),
    ]
    if verdict.at is not None:
        lines.append(Content.styled(_when(verdict), "dim"))
    lines += [Content(""), Content(verdict.says)]
    if verdict.client:
        lines += [Content(""), _head("How far it came"), ladder_lines(verdict)]
    lines += _tell_and_fix(session, verdict)
    if verdict.evidence:
        lines += [Content(""), _head("What proves it")]
        for each in verdict.evidence:
            where = f"{each.file}:{each.line}" if each.line else each.file
            lines.append(Content.assemble(Content.styled(f"{where}  ", "dim"), Content(each.text)))
    lines += _other_causes(verdict)
    return Content("\n").join(lines)


def _when(verdict: Verdict) -> str:
    moment = datetime.fromtimestamp(verdict.at or 0.0, UTC)
    often = f", {verdict.attempts} attempts ended so" if verdict.attempts > 1 else ""
    return f"last tried {moment:%Y-%m-%d %H:%M:%S} UTC by the router's clock{often}"


def _head(words: str) -> Content:
    return Content.styled(words, "bold underline")


def _tell_and_fix(session: Session, verdict: Verdict) -> list[Content]:
    lines: list[Content] = []
    if verdict.fix or verdict.action:
        lines += [Content(""), _head("What to do"), Content(verdict.fix)]
    if verdict.action:
        reason = reason_against_fix(session, verdict.action)
        words = fix_words(verdict.action)
        if words and reason is None:
            lines.append(Content.styled(f"f {words}", "bold"))
        elif reason is not None:
            lines.append(Content.styled(f"It cannot be started here: {reason}", "dim"))
    if verdict.tell:
        lines += [Content(""), _head("What to tell the user (y copies it)"), Content(verdict.tell)]
    return lines


def _other_causes(verdict: Verdict) -> list[Content]:
    lines: list[Content] = []
    if verdict.others:
        lines += [Content(""), _head("It may also be")]
        lines += [
            Content(f"? {CATEGORIES.get(each, each.replace('_', ' '))}") for each in verdict.others
        ]
    if verdict.next_look:
        lines += [Content(""), _head("What to look at next"), Content(verdict.next_look)]
    if verdict.others or verdict.next_look:
        lines.append(Content.styled("p looks at the packets on the router for a while", "bold"))
    return lines


def no_verdict_text(cases: Sequence[Case], whom: str) -> Content:
    """What stands there before there is a verdict, or where there is none."""
    if not all(case.done for case in cases):
        return Content.styled("● Gathering the evidence …", "bold")
    lines = [
        Content.styled(f"? Nothing in the logs is about {whom}", "bold"),
        Content(""),
        Content(
            "No attempt was found. Either none has arrived at the router, or it lies further back "
            "than the logs were read."
        ),
        Content(
            "Ask the user to try once more, then press r. p looks at the packets meanwhile: that "
            "tells whether anything arrives."
        ),
    ]
    for case in cases:
        if case.error is not None:
            lines.append(
                Content.styled(f"✘ {case.router.name} could not be asked: {case.error}", "bold")
            )
    return Content("\n").join(lines)


def symptom_text(text: str) -> Content:
    """What the client's own words may mean; empty for none."""
    from tui.diagnose.symptoms import symptom_of  # large

    if not text.strip():
        return Content("")
    symptom = symptom_of(text)
    if symptom is None:
        says = (
            f"? “{text.strip()}” is not known; what the evidence says counts. Known are Windows' "
        )
        return Content.styled(says + "error numbers and the sentences of the usual clients.", "dim")
    lines = [
        Content.styled(f"{symptom.name}: {symptom.means}", "bold"),
        Content.styled("Likely causes, in the order in which to look:", "dim"),
        *(Content(f"  • {CATEGORIES.get(each, each)}") for each in symptom.causes),
        Content.styled(f"Look first at {symptom.look}.", "dim"),
    ]
    return Content("\n").join(lines)
