"""Checkups of several routers: which, in which order, and what stays when one falls away."""

from pathlib import Path

import pytest

from tests.consoles import lab_session
from tui.cloud.models import Router
from tui.diagnose.bundle import Bundle
from tui.diagnose.checks import Check, State
from tui.lab.lab import Lab
from tui.router.errors import ConnectTimeout
from tui.router.survey import Survey
from tui.session.checking import (
    Checked,
    Checkups,
    Result,
    bundle_folder,
    checks_of,
    counts_of,
)
from tui.session.inventory import Kind
from tui.session.session import Session


async def ready(session: Session) -> Checkups:
    await session.open(["listRouters"])
    await session.inventory.refresh(kind for kind in Kind if session.may_list(kind))
    return Checkups(session)


def check(name: str, state: State, group: str = "service") -> Check:
    return Check(name=name, state=state, says=f"{name} is {state}", group=group)


def result(router: Router, *checks: Check) -> Result:
    said = Checked(checks=checks, bundle=Bundle(survey=Survey(router.name, {})))
    return Result(router=router, said=said, taken=1.0)


async def test_what_can_be_looked_at(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    checkups = await ready(session)
    everything, *single = checkups.scopes()
    assert everything.key == "all" and "Every router with a VPN" in everything.words
    names = {router.name for router in everything.routers}
    assert "r-47-VM" in names and "r-46-VM" not in names, "acme-prod has no VPN"
    assert {scope.words for scope in single} >= names
    assert all(router.state == "Running" for scope in single for router in scope.routers)
    scope = checkups.scope(everything.routers[0].id)
    assert scope is not None and scope.routers == everything.routers[:1]
    assert checkups.scope("gone") is None
    await session.aclose()


async def test_a_router_is_looked_at(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    checkups = await ready(session)
    scope = next(each for each in checkups.scopes() if each.words == "r-50-VM")
    told: list[tuple[str, str]] = []
    await checkups.check(
        scope.routers, lambda router, name: told.append((router.name, name)), checkups.take
    )
    assert len(told) > 50 and {name for name, _ in told} == {"r-50-VM"}
    (found,) = checkups.results.values()
    assert found.error is None and found.said is not None
    flags = {check.name for check in found.said.checks if check.state in ("warn", "fail")}
    assert "range_loaded" in flags, "the story of acme-grown"
    cloud = found.said.bundle.cloud
    assert cloud is not None and cloud.has_vpn and "vr.log" in found.said.bundle.logs
    await session.aclose()


async def test_the_worst_comes_first_and_findings_can_stand_alone(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    checkups = await ready(session)
    one, two = checkups.scopes()[0].routers[:2]
    checkups.take(result(one, check("a", "pass"), check("b", "warn"), check("c", "n/a")))
    checkups.take(result(two, check("a", "fail"), check("b", "unknown")))
    states = [row.check.state for row in checkups.rows((one, two))]
    assert states == ["fail", "warn", "unknown", "pass", "n/a"]
    findings = checkups.rows((one, two), findings_only=True)
    assert [row.check.state for row in findings] == ["fail", "warn", "unknown"]
    assert [row.router for row in checkups.rows((two,))] == [two, two]
    await session.aclose()


async def test_a_router_that_falls_away_keeps_what_was_found(demo_lab: Lab) -> None:
    session = lab_session(demo_lab)
    checkups = await ready(session)
    router = checkups.scopes()[0].routers[0]
    error = ConnectTimeout("it does not answer", "look at it")
    checkups.take(Result(router=router, error=error, taken=1.0))
    (alone,) = checks_of(checkups.results[router.id])
    assert (alone.name, alone.state) == ("reachable", "unknown")
    assert alone.says == "It could not be asked: it does not answer." and alone.fix == "look at it"
    checkups.take(result(router, check("a", "pass")))
    checkups.take(Result(router=router, error=error, taken=2.0))
    kept = checkups.results[router.id]
    assert [each.name for each in checks_of(kept)] == ["reachable", "a"] and kept.taken == 1.0
    assert checkups.failed((router,)) == [kept]
    await session.aclose()


def test_counts_leave_out_what_is_not_there() -> None:
    checks = [check("a", "pass"), check("b", "fail"), check("c", "pass")]
    assert list(counts_of(checks).items()) == [("fail", 1), ("pass", 2)]
    assert counts_of([]) == {}


@pytest.mark.parametrize("name", ["r-47-VM", "../../etc/passwd", "a b\n"])
def test_a_bundle_has_a_folder_of_its_own(name: str, tmp_path: Path) -> None:
    folder = bundle_folder(Router(name=name), "check", tmp_path)
    assert folder.parent == tmp_path and folder.name.startswith("csvpn-check-")
    assert "/" not in folder.name and "\n" not in folder.name
