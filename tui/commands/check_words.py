"""A checkup in words and as a JSON document."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tui.commands.output import Exit
from tui.diagnose.checks import Check
from tui.diagnose.summaries import DECISIVE, of_places, remedies, summary, worst_first

GLYPHS: Final = {"fail": "✘", "warn": "▲", "unknown": "?", "pass": "✔", "n/a": "–"}
_WORDS: Final = {
    "fail": "failed",
    "warn": "to look at",
    "unknown": "not known",
    "pass": "fine",
    "n/a": "does not apply",
}


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The checkup of one router."""

    router: str
    belongs_to: str = ""
    """The network or VPC that it serves."""
    zone: str = ""
    checks: tuple[Check, ...] = ()
    error: str = ""
    """Why it could not be checked; empty where it was."""
    refused: bool = False
    """Whether that was for want of credentials or of a known host key."""
    folder: str = ""
    """The bundle that it was read from, where that tells several of one name apart."""


def code_of_checks(checked: Iterable[Checked]) -> Exit:
    """1 where anything failed or is to be looked at; else 4 where a router refused us, 2 where one
    was not reached or a decisive check is unknown; else 0."""
    found = list(checked)
    states = [check.state for each in found for check in each.checks]
    if "fail" in states or "warn" in states:
        return Exit.FINDINGS
    blind = any(
        check.state == "unknown" and check.name in DECISIVE
        for each in found
        for check in each.checks
    )
    if any(each.refused for each in found):
        return Exit.REFUSED
    if blind or any(each.error for each in found):
        return Exit.CANNOT_TELL
    return Exit.FINE


def check_document(check: Check) -> dict[str, object]:
    """One check as `--json` shows it."""
    return {
        "name": check.name,
        "group": check.group,
        "state": check.state,
        "says": check.says,
        "evidence": [{"source": each.source, "text": each.text} for each in check.evidence],
        "fix": check.fix,
        "action": check.action or None,
    }


def document(checked: Sequence[Checked]) -> dict[str, object]:
    """The whole answer: `checks` of the one router; of several, each under `routers`.

    With several routers `checks` is empty, because a name would stand there several times.
    """
    alone = checked[0] if len(checked) == 1 else None
    answer: dict[str, object] = {
        "checks": [check_document(check) for check in alone.checks] if alone else [],
    }
    if alone is not None:
        return {**answer, **_about(alone)}
    return {
        **answer,
        "summary": summary(check for each in checked for check in each.checks).says,
        "networks": _counted((each.belongs_to, each.checks) for each in checked),
        "zones": _counted((each.zone, each.checks) for each in checked),
        "routers": [
            {**_about(each), "checks": [check_document(check) for check in each.checks]}
            for each in checked
        ],
    }


def _counted(places: Iterable[tuple[str, Sequence[Check]]]) -> dict[str, object]:
    """Networks or zones with what the checks of all their routers come to."""
    found = of_places([(name, checks) for name, checks in places if name])
    return {name: {"state": each.state, "says": each.says} for name, each in found.items()}


def _about(checked: Checked) -> dict[str, object]:
    return {
        "router": checked.router,
        "folder": checked.folder or None,
        "network": checked.belongs_to or None,
        "zone": checked.zone or None,
        "summary": summary(checked.checks).says,
        "remedies": list(remedies(checked.checks)),
        "error": checked.error or None,
    }


def lines(checked: Checked, *, evidence: bool = False, everything: bool = False) -> list[str]:
    """A router's checkup in words: what is wrong first, then what to do in its order."""
    head = f"{checked.folder}: {checked.router}" if checked.folder else checked.router
    if checked.belongs_to:
        head += f" ({checked.belongs_to})"
    if checked.error:
        return [f"{head}: ? {checked.error}"]
    told = [f"{head}: {summary(checked.checks).says}"]
    shown: set[str] = {"fail", "warn", "unknown", *(("pass", "n/a") if everything else ())}
    state = ""
    for check in together(worst_first(checked.checks)):
        if check.state not in shown:
            continue
        if check.state != state:
            state = check.state
            told.append(f" {_WORDS[check.state]}")
        told += _check_lines(check, evidence)
    steps = remedies(checked.checks)
    if len(steps) > 1:
        told.append(" In this order:")
        told += [f"  {number}. {words}" for number, words in enumerate(steps, 1)]
    return told


def together(checks: Sequence[Check]) -> list[Check]:
    """Checks that are unknown for the same reason as one, so that it is said once."""
    found: dict[tuple[str, str], Check] = {}
    for check in checks:
        key = (check.state, check.says if check.state == "unknown" else check.name)
        known = found.get(key)
        found[key] = (
            check
            if known is None
            else msgspec.structs.replace(known, name=f"{known.name}, {check.name}")
        )
    return list(found.values())


def _check_lines(check: Check, evidence: bool) -> list[str]:
    told = [f"  {GLYPHS[check.state]} {check.name}: {check.says}"]
    if evidence:
        told += [f"      {each.source}: {each.text}" for each in check.evidence]
    if check.fix:
        told.append(f"    → {check.fix}")
    return told


def zone_lines(checked: Sequence[Checked]) -> list[str]:
    """Several routers in one line each, and what they come to together."""
    zones = of_places([(each.zone, each.checks) for each in checked if each.zone])
    told = [f"zone {name}: {each.says}" for name, each in zones.items()] if len(zones) > 1 else []
    total = summary(check for each in checked for check in each.checks)
    silent = sum(bool(each.error) for each in checked)
    says = f"{len(checked)} routers: {total.says}"
    return [*told, says + (f", {silent} could not be asked" if silent else "")]
