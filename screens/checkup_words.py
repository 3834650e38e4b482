"""How results of a checkup are shown: glyph, word and colour; evidence and fix in sentences."""

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from screens.fixes import fix_words
from tui.diagnose.checks import Check, State
from tui.session.checking import CheckRow, counts_of
from tui.session.router_rounds import place_of
from tui.widgets.columns import Tone

GLYPHS: Final[dict[State, str]] = {
    "fail": "✘",
    "warn": "▲",
    "unknown": "?",
    "pass": "✔",
    "n/a": "–",
}
STATE_TONES: Final[dict[State, Tone]] = {
    "fail": "bad",
    "warn": "warn",
    "unknown": "off",
    "pass": "ok",
    "n/a": "off",
}
_STYLES: Final[dict[State, str]] = {
    "fail": "bold $text-error",
    "warn": "bold $text-warning",
    "unknown": "bold",
    "pass": "$text-success",
    "n/a": "dim",
}
GROUP_WIDTH: Final = 11


def state_words(state: State) -> str:
    """`✘ fail`"""
    return f"{GLYPHS[state]} {state}"


def counts_line(checks: Sequence[Check]) -> Content:
    """`✘ 2 fail  ▲ 1 warn  ✔ 38 pass`; empty without checks."""
    parts = [
        Content.styled(f"{GLYPHS[state]} {number} {state}", _STYLES[state])
        for state, number in counts_of(checks).items()
        if state != "n/a"
    ]
    return Content("  ").join(parts)


def check_text(row: CheckRow) -> Content:
    """What was found, the lines that prove it, and what to do."""
    check = row.check
    lines = [
        Content.styled(f"{state_words(check.state)}  {check.says}", _STYLES[check.state]),
        Content.styled(f"{check.group}  {row.router.name}  {place_of(row.router)}", "dim"),
    ]
    if check.evidence:
        lines += [Content(""), Content.styled("Evidence", "bold")]
        for proof in check.evidence:
            lines.append(
                Content.assemble(Content.styled(f"{proof.source}: ", "dim"), Content(proof.text))
            )
    if check.fix:
        lines += [Content(""), Content.styled("What to do", "bold"), Content(check.fix)]
    if check.action and fix_words(check.action):
        lines += [Content(""), Content.styled(f"f {fix_words(check.action)}", "bold")]
    return Content("\n").join(lines)


def remedies_text(checks: Sequence[Check]) -> Content:
    """What to do about a router, step by step: one step must not spoil another."""
    from tui.diagnose.summaries import remedies  # large

    steps = remedies(checks)
    if not steps and any(check.state in ("fail", "warn") for check in checks):
        return Content("No step depends on another: each check says what to do.")
    if not steps:
        return Content("Nothing has to be done.")
    return Content("\n\n").join(
        [Content(f"{number}. {step}") for number, step in enumerate(steps, 1)]
    )
