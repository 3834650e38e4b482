"""An attempt that goes on while the router is asked is not judged by how far it has come."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from tests.diagnose.bundles import bundle_of
from tests.diagnose.retold import at_once, retold
from tui.diagnose.bundle import Bundle
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why
from tui.router.survey import Answer, Survey
from tui.session.diagnosing import in_order

APART = 60.0


def bundle(*names: str, cut: bytes, seconds: float | None) -> Bundle:
    """The cases one after the other, of one client; no line is later than the last one with `cut`,
    and the router was asked `seconds` after that."""
    files = at_once(
        [retold(name, number=number) for number, name in enumerate(names)],
        APART,
    )
    lines = [line for text in files.values() for line in text.splitlines() if cut in line]
    last = max(map(moment_of, lines))
    kept = {
        name: b"".join(line for line in text.splitlines(keepends=True) if moment_of(line) <= last)
        for name, text in files.items()
    }
    made = bundle_of(kept)
    answers = dict(made.survey.answers)
    if seconds is not None:
        answers["date"] = Answer(name="date", stdout=f"{last.timestamp() + seconds:.3f}\n")
    return msgspec.structs.replace(made, survey=Survey("r-42-VM", answers))


def moment_of(line: bytes) -> datetime:
    found = re.match(rb"\w{3} [ \d]\d \d\d:\d\d:\d\d", line)
    assert found is not None
    return datetime.strptime(f"2026 {found[0].decode()}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)


def only(made: Bundle) -> Verdict:
    (verdict,) = why(made)
    return verdict


@pytest.mark.parametrize("seconds", [0.0, 4.0, 14.0, -3.0])
def test_what_came_of_the_attempt_before_counts(seconds: float) -> None:
    verdict = only(
        bundle("mschapv2_wrong_password", "ok_baseline", cut=b"Call established", seconds=seconds)
    )
    assert verdict.category == "ppp_bad_password"
    assert verdict.certainty >= 0.9
    assert verdict.attempts == 1
    assert "Another attempt began" in verdict.says and "look again" in verdict.says
    assert not verdict.coming


@pytest.mark.parametrize("seconds", [16.0, 120.0, 3 * 3600.0, None])
def test_one_that_has_not_moved_for_long_is_stuck(seconds: float | None) -> None:
    verdict = only(
        bundle("mschapv2_wrong_password", "ok_baseline", cut=b"Call established", seconds=seconds)
    )
    assert verdict.category != "ppp_bad_password"
    assert "look again" not in verdict.says


def test_one_without_another_before_is_said_to_go_on() -> None:
    verdict = only(bundle("ok_baseline", cut=b"Call established", seconds=3.0))
    assert verdict.outcome == "fail" and verdict.certainty <= 0.6
    assert "This attempt began" in verdict.says and "look again" in verdict.says
    assert verdict.coming
    failed = only(bundle("psk_wrong", cut=b"IKE_SA", seconds=None))
    later = msgspec.structs.replace(verdict, at=(failed.at or 0.0) + 60)
    assert in_order([later, failed]) == [failed, later]


def test_one_that_was_refused_is_over() -> None:
    verdict = only(
        bundle("ok_baseline", "mschapv2_wrong_password", cut=b"failed CHAP", seconds=1.0)
    )
    assert verdict.category == "ppp_bad_password"
    assert "look again" not in verdict.says


def test_a_session_that_stands_is_not_going_on() -> None:
    verdict = only(bundle("ok_baseline", cut=b"remote IP address", seconds=1.0))
    assert (verdict.category, verdict.outcome) == ("ok", "connected")
    assert "look again" not in verdict.says
