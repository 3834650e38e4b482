"""Surveys of recorded states, with answers changed as a fault would change them."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tests.router.recorded import recording
from tui.diagnose.checks import Check
from tui.diagnose.checkup import NAMED, checkup
from tui.diagnose.cloud_json import read_cloud
from tui.diagnose.cloud_side import CloudSide
from tui.router.survey import Answer, Survey

NAMED_CHECKS = frozenset(look.name for look in NAMED)
PUBLIC_IP = "203.0.113.10"
LAB_KEY_DIGEST = "ba65b18a1cbf8dd0c887ec25bfdcd4d27fceaa5a8e52c5aa594e12aa3a4b208a"

Change = str | Answer | Callable[[str], str]


def survey_of(
    state: str, changed: Mapping[str, Change] | None = None, without: Iterable[str] = ()
) -> Survey:
    """The answers of `state`; `changed` has another text of an answer, or what makes it of the
    recorded one; `without` are answers that were not given."""
    answers = {
        name: msgspec.convert({"name": name, **each}, Answer)
        for name, each in recording(state)["answers"].items()
    }
    for name, change in (changed or {}).items():
        if isinstance(change, Answer):
            answers[name] = change
            continue
        was = answers.get(name, Answer(name=name))
        text = change if isinstance(change, str) else change(was.stdout)
        answers[name] = msgspec.structs.replace(was, stdout=text, status=0)
    for name in without:
        del answers[name]
    return Survey("r-42-VM", answers)


def nothing(name: str, status: int = 1) -> Answer:
    """An answer without a word, as `pgrep` has it for no process."""
    return Answer(name=name, status=status)


def lines_without(*needles: str) -> Callable[[str], str]:
    """A change that takes out the lines with one of `needles`."""

    def change(text: str) -> str:
        kept = [line for line in text.split("\n") if not any(n in line for n in needles)]
        assert len(kept) < len(text.split("\n")), f"nothing has {needles}"
        return "\n".join(kept)

    return change


def replaced(old: str, new: str) -> Callable[[str], str]:
    """A change of words."""

    def change(text: str) -> str:
        assert old in text, f"nothing has {old!r}"
        return text.replace(old, new)

    return change


def cloud_answers(state: str) -> dict[str, Any]:
    """What the API said in `state`, to be changed."""
    copied: dict[str, Any] = json.loads(json.dumps(recording(state)["cloud"]))
    return copied


def cloud_of(state: str, **changes: Any) -> CloudSide:
    """The API's word in `state`, with fields of it changed."""
    told = read_cloud(json.dumps(recording(state)["cloud"]).encode())
    return msgspec.structs.replace(told, **changes) if changes else told


def checks_of(
    state: str,
    changed: Mapping[str, Change] | None = None,
    *,
    without: Iterable[str] = (),
    cloud: CloudSide | str | None = "as recorded",
    now: float | None = None,
) -> dict[str, Check]:
    """The checkup of a state with changes, by name."""
    told = cloud_of(state) if isinstance(cloud, str) else cloud
    found = checkup(survey_of(state, changed, without), told, now=now)
    return {check.name: check for check in found}


def flagged(checks: Mapping[str, Check]) -> set[str]:
    """The checks of the named list that warn or fail."""
    return {
        name
        for name, check in checks.items()
        if name in NAMED_CHECKS and check.state in ("warn", "fail")
    }
