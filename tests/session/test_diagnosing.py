"""Gathering the evidence of one router: in portions, with what came kept when a link breaks."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.consoles import lab_session
from tui.cloud.errors import CloudError
from tui.cloud.models import Router
from tui.diagnose import why
from tui.diagnose.bundle import Bundle
from tui.diagnose.verdicts import Verdict
from tui.lab.lab import Lab
from tui.router import captures, slices, surveying
from tui.router.errors import ConnectionDropped, PathUnknown, RouterError
from tui.router.survey import Survey
from tui.session import clues, evidence
from tui.session.diagnosing import CAPTURE_FILE, PORTION, Case, Diagnosis, Question
from tui.session.inventory import Kind
from tui.session.session import Session

OFFICE = "r-47-VM"


class Judge:
    """Stands in place of `why`: remembers what it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bundles: list[Bundle] = []
        self.asked: list[dict[str, str]] = []
        monkeypatch.setattr(why, "why", self.why)

    def why(self, bundle: Bundle, **asked: str) -> tuple[Verdict, ...]:
        self.bundles.append(bundle)
        self.asked.append(asked)
        captured = CAPTURE_FILE in bundle.logs
        return (
            Verdict(
                client="198.51.100.23",
                category="esp_blocked_inbound" if captured else "psk_mismatch",
                outcome="fail",
                certainty=0.9,
                says="It is so.",
                attempts=2,
            ),
        )


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    return Judge(monkeypatch)


async def router_of(session: Session, name: str = OFFICE) -> Router:
    await session.open(["listRouters"])
    await session.inventory.refresh(kind for kind in Kind if session.may_list(kind))
    return next(r for r in session.inventory.routers.rows.values() if r.name == name)


def states(case: Case) -> dict[str, str]:
    return {clue.name: clue.state for clue in case.clues}


def says(case: Case, name: str) -> str:
    return next(clue.says for clue in case.clues if clue.name == name)


async def test_the_checklist_fills_and_the_verdict_is_made(demo_lab: Lab, judge: Judge) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)
    cases: list[Case] = []
    question = Question(routers=(router,), user="alice", client="198.51.100.23")
    diagnosis = Diagnosis(session, router, question, cases.append)
    diagnosis.symptom = "error 789"
    await diagnosis.run()
    last = cases[-1]
    assert last.done and last.error is None and last.bundle is not None
    found = states(last)
    assert found.pop("users") == "bad" and "walter" in says(last, "users"), "a login left over"
    assert set(found.values()) <= {"good", "none", "doubtful"}, last.clues
    assert [verdict.category for verdict in last.verdicts] == ["psk_mismatch"]
    assert says(last, clues.ATTEMPTS) == "2 attempts"
    assert judge.asked == [{"user": "alice", "client": "198.51.100.23", "symptom": "error 789"}]
    (bundle,) = judge.bundles
    assert bundle.cloud is not None and bundle.cloud.has_vpn
    assert len(bundle.survey.answers) > 50 and "vr.log" in bundle.logs
    filled = [sum(state != "waiting" for state in states(case).values()) for case in cases]
    assert filled == sorted(filled) and len(set(filled)) > 4, "it fills bit by bit"
    await session.aclose()


async def test_a_link_that_breaks_leaves_what_came(
    demo_lab: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)
    whole, portions = surveying.survey, 0

    async def breaks(connection: Any, wanted: Sequence[Any], **more: Any) -> Survey:
        nonlocal portions
        portions += 1
        if portions == 3:
            raise ConnectionDropped(router.name)
        return await whole(connection, wanted, **more)

    monkeypatch.setattr(surveying, "survey", breaks)
    cases: list[Case] = []
    await Diagnosis(session, router, Question(routers=(router,)), cases.append).run()
    last = cases[-1]
    assert last.done and isinstance(last.error, ConnectionDropped)
    assert says(last, clues.REACHED).startswith("until the link broke: the connection to r-47-VM")
    assert last.bundle is not None and len(last.bundle.survey.answers) == 2 * PORTION
    assert last.verdicts and "waiting" not in states(last).values()
    await session.aclose()


async def test_a_router_without_a_way_still_gets_the_word_of_the_cloud(
    demo_lab: Lab, judge: Judge
) -> None:
    session = lab_session(demo_lab, zones={})
    router = await router_of(session)
    cases: list[Case] = []
    await Diagnosis(session, router, Question(routers=(router,)), cases.append).run()
    last = cases[-1]
    assert isinstance(last.error, PathUnknown)
    assert states(last)[clues.CLOUD] == "good" and states(last)[clues.REACHED] == "bad"
    assert judge.bundles[0].cloud is not None and not judge.bundles[0].survey.answers
    await session.aclose()


async def test_a_cloud_that_does_not_answer_is_unknown(
    demo_lab: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)

    async def fails(*asked: Any) -> Any:
        raise CloudError("The server is down.")

    monkeypatch.setattr(evidence, "cloud_side", fails)
    cases: list[Case] = []
    await Diagnosis(session, router, Question(routers=(router,)), cases.append).run()
    assert says(cases[-1], clues.CLOUD) == "The server is down."
    assert states(cases[-1])[clues.CLOUD] == "unknown" and cases[-1].verdicts
    await session.aclose()


async def test_logs_that_cannot_be_read_do_not_end_it(
    demo_lab: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)

    async def fails(*asked: Any, **more: Any) -> Any:
        raise RouterError("the disk is full")

    monkeypatch.setattr(slices, "log_slices", fails)
    cases: list[Case] = []
    await Diagnosis(session, router, Question(routers=(router,)), cases.append).run()
    assert any(says(case, clues.LOGS) == "the disk is full" for case in cases)
    assert says(cases[-1], clues.LOGS).startswith("only their ends: ") and cases[-1].error is None
    assert states(cases[-1])["daemons"] == "good"
    await session.aclose()


async def test_a_capture_is_judged_with_the_rest(
    demo_lab: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)
    wanted: list[dict[str, Any]] = []

    async def packets(connection: Any, **how: Any) -> bytes:
        wanted.append(how)
        return b"one\ntwo\n"

    monkeypatch.setattr(captures, "capture", packets)
    cases: list[Case] = []
    diagnosis = Diagnosis(session, router, Question(routers=(router,)), cases.append)
    await diagnosis.run()
    assert clues.PACKETS not in states(cases[-1])
    await diagnosis.capture(20, "198.51.100.23")
    assert wanted == [{"client": "198.51.100.23", "seconds": 20}]
    last = cases[-1]
    assert says(last, clues.PACKETS) == "2 lines"
    assert [each.category for each in last.verdicts] == ["esp_blocked_inbound"]
    assert last.bundle is not None and last.bundle.logs[CAPTURE_FILE] == b"one\ntwo\n"
    await session.aclose()


async def test_a_capture_that_is_cancelled_says_so(
    demo_lab: Lab, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab)
    router = await router_of(session)
    began = asyncio.Event()

    async def endless(connection: Any, **how: Any) -> bytes:
        began.set()
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(captures, "capture", endless)
    cases: list[Case] = []
    diagnosis = Diagnosis(session, router, Question(routers=(router,)), cases.append)
    await diagnosis.run()
    running = asyncio.create_task(diagnosis.capture(20))
    await began.wait()
    assert says(cases[-1], clues.PACKETS) == "for 20 seconds"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert says(cases[-1], clues.PACKETS) == "it was ended before its time"
    assert cases[-1].verdicts[0].category == "psk_mismatch"
    await session.aclose()


async def test_a_fault_in_judging_is_said_and_the_evidence_stays(
    demo_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = lab_session(demo_lab, zones={})
    router = await router_of(session)

    def broken(bundle: Bundle, **asked: str) -> tuple[Verdict, ...]:
        raise ZeroDivisionError

    monkeypatch.setattr(why, "why", broken)
    cases: list[Case] = []
    with pytest.raises(ZeroDivisionError):
        await Diagnosis(session, router, Question(routers=(router,)), cases.append).run()
    assert says(cases[-1], clues.VERDICT) == "this is a fault of csvpn: ZeroDivisionError"
    assert cases[-1].done and cases[-1].bundle is not None
    await session.aclose()
