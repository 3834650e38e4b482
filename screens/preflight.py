"""The checks of a preflight as they are shown: the worst first, what passes folded to one line."""

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content

from tui.actions import ACTIONS
from tui.vpn.preflight import alike, by_state
from tui.vpn.preflight_facts import WAITING, Check, State

GLYPHS: Final[dict[State, str]] = {"fail": "✘", "warn": "▲", "unknown": "?", "pass": "✔"}
_STYLES: Final[dict[State, str]] = {
    "fail": "$text-error",
    "warn": "$text-warning",
    "unknown": "$text-muted",
    "pass": "$text-success",
}
_WORDS: Final[dict[State, str]] = {
    "fail": "in the way",
    "warn": "to know",
    "unknown": "open",
}
_NAMED: Final = 3
"""Checks that are left open for one reason are named up to here, and then counted."""

_LABELS: Final = {action.name: action for action in ACTIONS}


def checklist(checks: Sequence[Check], plan: Iterable[str] = (), *, unfolded: bool) -> Content:
    """All checks; `unfolded` with those that pass, and the evidence of each.

    `plan` is what will be used if nothing stands in the way.
    """
    grouped = by_state(checks)
    lines = [Content.assemble(Content.styled("Before anything is sent", "bold"), _counted(grouped))]
    for state in ("fail", "warn"):
        for check in grouped[state]:
            lines += _one(check, unfolded=unfolded)
    lines += _open(grouped["unknown"], unfolded=unfolded)
    lines += [Content.styled(f"✔ {words}", _STYLES["pass"]) for words in plan]
    if unfolded:
        lines += [line for check in grouped["pass"] for line in _one(check, unfolded=True)]
        lines.append(Content.styled("  F3 folds them again", "dim"))
    else:
        number = len(grouped["pass"])
        words = f"✔ {number} checks are fine (F3 shows all, with what says so)"
        lines.append(Content.styled(words, _STYLES["pass"]))
    return Content("\n").join(lines)


def _counted(grouped: dict[State, tuple[Check, ...]]) -> Content:
    """How many there are of each state but `pass`, whose number stands at the end."""
    return Content("").join(
        Content.styled(f"  {GLYPHS[state]} {len(found)} {_WORDS[state]}", _STYLES[state])
        for state, found in grouped.items()
        if found and state in _WORDS
    )


def _one(check: Check, *, unfolded: bool) -> Iterable[Content]:
    glyph, style = GLYPHS[check.state], _STYLES[check.state]
    yield Content.styled(f"{glyph} {check.name}: {check.says}", style)
    if check.remedy:
        yield Content(f"  → {check.remedy}{_by(check.action)}")
    if unfolded:
        for text in check.evidence:
            yield Content.styled(f"  · {text}", "dim")
        if check.server_says:
            yield Content.styled(f"  · the server would say: {check.server_says}", "dim")


def _by(action: str) -> str:
    """How the remedy is done: a key of the console, or a line for the shell."""
    if action == "enable":
        return ""  # the button is on this screen
    known = _LABELS.get(action)
    if known is not None:
        return f" ({known.label}, key {known.key} in the section {known.screens[0]})"
    return f" ({action})" if action else ""


def _open(checks: Sequence[Check], *, unfolded: bool) -> Iterable[Content]:
    """What could not be asked, by reason; what is still on its way is counted only."""
    style = _STYLES["unknown"]
    waiting = [check for check in checks if check.says.endswith(WAITING.why)]
    for says, together in alike([check for check in checks if check not in waiting]):
        names = [check.name for check in together]
        shown = names if unfolded else names[:_NAMED]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        yield Content.styled(f"? {', '.join(shown)}{more}: {says}", style)
    if waiting:
        wait = "checks wait" if len(waiting) > 1 else "check waits"
        yield Content.styled(f"? {len(waiting)} {wait} for an answer …", style)
