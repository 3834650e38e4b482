"""Surveys of the routers of the demo: a pair, one that nobody reaches, and every way to fail."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.consoles import lab_path, lab_session
from tests.router.recorded import STATES, recording
from tui.cloud.models import Router
from tui.lab.lab import Lab, open_lab
from tui.router import commands, errors
from tui.router.errors import RouterError
from tui.router.survey import Answer, Survey
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.surveying import (
    NotRunning,
    primaries_of,
    reason_of,
    role_of,
    routers_of_place,
    routers_of_zone,
    survey_each,
)

FEW = (commands.HOSTNAME, commands.CHECKROUTER, commands.BAG_CMDLINE, commands.CMDLINE)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab("demo", tmp_path) as opened:
        yield opened


@pytest.fixture
async def session(lab: Lab) -> AsyncIterator[Session]:
    opened = lab_session(lab)
    await opened.open()
    await opened.inventory.refresh([Kind.ROUTERS, Kind.NETWORKS])
    yield opened
    await opened.aclose()


async def test_all_routers_of_a_zone_give_an_answer(session: Session) -> None:
    routers = routers_of_zone(session)
    found = {router.name: said async for router, said in survey_each(session, routers, FEW)}
    assert set(found) == {router.name for router in routers} and len(found) > 10
    failed = {name: said for name, said in found.items() if isinstance(said, RouterError)}
    assert failed and len(failed) < 5
    for name, said in found.items():
        if isinstance(said, Survey):
            assert said.router == name and said.fact(commands.HOSTNAME) == name
    zone = routers[0].zone_id
    assert {r.zone_id for r in routers_of_zone(session, zone)} == {zone}
    assert routers_of_zone(session, "elsewhere") == []


async def test_a_router_that_does_not_run_is_not_tried(session: Session) -> None:
    stopped = msgspec.structs.replace(routers_of_zone(session)[0], state="Stopped")
    found = [each async for each in survey_each(session, [stopped], FEW)]
    assert len(found) == 1 and isinstance(found[0][1], NotRunning)
    assert "Stopped" in found[0][1].what and reason_of(found[0][1]) == "not running"


async def test_of_a_pair_the_primary_is_found(session: Session) -> None:
    network = next(
        row for row in session.inventory.networks.rows.values() if row.name == "umbrella-ha"
    )
    pair = routers_of_place(session, network.id)
    assert [router.redundant_state for router in pair] == ["PRIMARY", "BACKUP"]
    found = [each async for each in survey_each(session, pair)]
    assert {role_of(router, said) for router, said in found} == {"PRIMARY", "BACKUP"}
    assert [router.id for router in primaries_of(found)] == [pair[0].id]


async def test_closing_it_ends_what_is_under_way(session: Session) -> None:
    before = asyncio.all_tasks()
    surveys = survey_each(session, routers_of_zone(session), FEW)
    async with contextlib.aclosing(surveys):
        async for _ in surveys:
            break
    left = [t for t in asyncio.all_tasks() - before if "ask_each" in repr(t.get_coro())]
    assert left == []


async def test_a_profile_without_a_way_says_so_for_each(lab: Lab) -> None:
    session = lab_session(lab, zones={})
    await session.open()
    await session.inventory.refresh([Kind.ROUTERS])
    running = [r for r in routers_of_zone(session) if r.state == "Running"]
    found = [each async for each in survey_each(session, running, FEW)]
    await session.aclose()
    assert len(found) == len(running)
    assert all(isinstance(said, RouterError) and reason_of(said) == "no path" for _, said in found)


async def test_a_host_key_that_nobody_knows_is_named(lab: Lab, tmp_path: Path) -> None:
    path = lab_path(lab, known_hosts=str(tmp_path / "nobody"))
    session = lab_session(lab, zones={"*": path})
    await session.open()
    await session.inventory.refresh([Kind.ROUTERS])
    two = [r for r in routers_of_zone(session) if r.state == "Running"][:2]
    found = [said async for _, said in survey_each(session, two, FEW)]
    await session.aclose()
    assert all(isinstance(said, RouterError) and reason_of(said) == "host key" for said in found)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.PathUnknown("x"), "no path"),
        (errors.Unreachable("x"), "no route"),
        (errors.Refused("x"), "refused"),
        (errors.connect_timeout("x"), "no answer"),
        (errors.LoginRefused("x"), "key"),
        (errors.KeyFileProblem("x"), "key"),
        (errors.HostKeyUnknown("a", "b", "c", "d"), "host key"),
        (errors.HostKeyChanged("a", "b", "c", "d", ()), "host key"),
        (errors.HopFailed("a", errors.Refused("x")), "jump"),
        (errors.WrongRouter("a", "b"), "other machine"),
        (errors.ConnectionDropped("a"), "link"),
    ],
)
def test_every_reason_has_its_word(error: RouterError, reason: str) -> None:
    assert reason_of(error) == reason


def said(own: str = "", pushed: str = "") -> Survey:
    config = {"redundant_router": "true", "redundant_state": pushed}
    answers = {"bag_cmdline": json.dumps({"config": config})}
    if own:
        answers["checkrouter"] = f"Status: {own}\n"
    return Survey("r", {n: Answer(name=n, stdout=text) for n, text in answers.items()})


@pytest.mark.parametrize(
    ("api", "survey", "role"),
    [
        ("BACKUP", said("PRIMARY", "BACKUP"), "PRIMARY"),
        ("PRIMARY", said("FAULT", "PRIMARY"), "FAULT"),
        ("BACKUP", said("UNKNOWN", "PRIMARY"), "PRIMARY"),
        ("BACKUP", said("", "MASTER"), "PRIMARY"),
        ("MASTER", said("", ""), "PRIMARY"),
        ("", said("", ""), "UNKNOWN"),
        ("BACKUP", errors.Refused("x"), "BACKUP"),
    ],
)
def test_its_own_word_comes_before_what_others_say(
    api: str, survey: Survey | RouterError, role: str
) -> None:
    router = Router(name="r-1-VM", is_redundant=True, redundant_state=api)
    assert role_of(router, survey) == role


@pytest.mark.parametrize("state", STATES)
def test_fault_is_nothing_on_a_router_that_is_alone(state: str) -> None:
    answers = {
        name: Answer(name=name, status=each["rc"], stdout=each["stdout"])
        for name, each in recording(state)["answers"].items()
    }
    router = Router(name="r-42-VM", redundant_state="UNKNOWN")
    assert role_of(router, Survey("r-42-VM", answers)) == "alone"
    assert role_of(router, errors.Refused("x")) == "alone"


def test_a_pair_whose_routers_do_not_see_each_other_has_two_primaries() -> None:
    one, two = (Router(name=n, is_redundant=True) for n in ("r-1-VM", "r-2-VM"))
    assert primaries_of([(one, said("PRIMARY")), (two, said("PRIMARY"))]) == (one, two)
    assert primaries_of([(one, said("BACKUP")), (two, said("FAULT"))]) == ()
