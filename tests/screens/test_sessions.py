"""The Sessions section: who is connected, and ending exactly one session."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from screens.confirm import ConfirmDialog
from screens.logs import LogsScreen
from screens.sessions import SessionsScreen
from screens.unreached import UnreachedDialog
from tests.consoles import lab_path
from tests.screens.stage import LARGE, SMALL, Stage, hurry, quick_lab, quiet_routers, stage
from tui.lab.lab import Lab
from tui.lab.state import LabSession, RouterState
from tui.session.questions import either
from tui.session.router_rounds import AT_A_TIME
from tui.session.tray import TaskState

OFFICE = "r-47-VM"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    quiet_routers(monkeypatch)


@pytest.fixture
async def lab_with_routers(tmp_path: Path) -> AsyncIterator[Lab]:
    async with quick_lab(tmp_path, routers=True) as lab:
        yield lab


def state_of(lab: Lab, router: str) -> RouterState:
    return next(each for each in lab.cloud.routers.states.values() if each.name == router)


def users_on(lab: Lab, router: str) -> list[str]:
    return sorted(each.user for each in state_of(lab, router).sessions)


def connect(lab: Lab, router: str, user: str, number: int) -> LabSession:
    """Somebody more is connected, as if his like were."""
    state = state_of(lab, router)
    more = replace(
        state.sessions[0],
        user=user,
        client_ip=f"198.51.100.{number}",
        inner_ip=f"10.1.2.{number}",
        interface=f"ppp{number}",
        pid=20_000 + number,
        association=0,
    )
    state.sessions.append(more)
    return more


async def to_sessions(on: Stage) -> SessionsScreen:
    await on.go("sessions")
    section = on.on(SessionsScreen)
    await on.until(lambda: bool(section.watch_of_sessions.looks) and not section._looking)
    return section


async def go_to(on: Stage, session: LabSession) -> None:
    section = on.on(SessionsScreen)
    wanted = session.pid, session.inner_ip
    (key,) = [
        row.key for row in section.rows() if (row.session.pid, row.session.inner_ip) == wanted
    ]
    assert section.table.go_to(key)
    await on.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_everybody_who_is_connected_is_shown(
    lab_with_routers: Lab, size: tuple[int, int]
) -> None:
    lab = lab_with_routers
    async with stage(lab, size) as on:
        section = await to_sessions(on)
        shown = sorted((row.router.name, row.session.user) for row in section.rows())
        there = sorted(
            (state.name, each.user)
            for state in lab.cloud.routers.states.values()
            if state.running
            for each in state.sessions
        )
        assert shown == there and len(shown) > 10
        row = section.row
        assert row is not None
        await on.says(row.session.client_ip, row.session.inner_ip, "✔ connected")
        await on.press("enter")
        await on.says(f"{row.session.pid}", row.session.interface)


def reach_all(lab: Lab) -> None:
    """Mend the one router of the demo that nobody gets to."""
    assert lab.routers is not None
    lab.routers.router("r-46-VM").fault("mend")


async def test_the_routers_are_asked_ten_at_a_time(lab_with_routers: Lab) -> None:
    assert AT_A_TIME == 10
    reach_all(lab_with_routers)
    async with stage(lab_with_routers) as on:
        section = await to_sessions(on)
        states = lab_with_routers.cloud.routers.states.values()
        running = {each.name for each in states if each.running}
        assert {look.router.name for look in section.watch_of_sessions.looks.values()} == running
        assert section.watch_of_sessions.failed == []


async def test_disconnecting_bob_leaves_bobby_alone(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    connect(lab, OFFICE, "bobby", 201)
    bob = next((s for s in state_of(lab, OFFICE).sessions if s.user == "bob"), None)
    bob = bob or connect(lab, OFFICE, "bob", 202)
    before = users_on(lab, OFFICE)
    async with stage(lab) as on:
        await to_sessions(on)
        await go_to(on, bob)
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.says(f"The session of bob (pppd {bob.pid}) on {OFFICE} ends now.", "bobby")
        assert on.app.focused is on.app.screen.query_one("#cancel"), "the safe answer"
        await on.press("escape")
        assert users_on(lab, OFFICE) == before
        await on.press("x")
        await on.tab_to("#go")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.DONE and task.outcome == "The session of bob has ended."
        expected = list(before)
        expected.remove("bob")
        assert users_on(lab, OFFICE) == expected and "bobby" in expected
        section = on.on(SessionsScreen)
        await on.until(lambda: bob.pid not in [row.session.pid for row in section.rows()])
        trail = (on.session.state / "audit.jsonl").read_text()
        assert "router.end_session" in trail and f'"{bob.pid}"' in trail


async def test_a_process_that_serves_somebody_else_by_now_is_left_alone(
    lab_with_routers: Lab,
) -> None:
    lab = lab_with_routers
    bob = connect(lab, OFFICE, "bob", 203)
    async with stage(lab) as on:
        await to_sessions(on)
        await go_to(on, bob)
        bob.user = "bobby"
        await on.press("x")
        await on.tab_to("#go")
        await on.press("enter")
        task = await on.settled()
        assert task.state is TaskState.FAILED
        assert "that pppd serves somebody else by now, so nothing was ended" in task.outcome
        assert bob in state_of(lab, OFFICE).sessions


async def test_a_read_only_console_ends_no_session(lab_with_routers: Lab) -> None:
    async with stage(lab_with_routers, read_only=True) as on:
        section = await to_sessions(on)
        assert section.row is not None
        await on.press("x")
        assert "read-only" in on.notices[-1]
        assert isinstance(on.app.screen, SessionsScreen)


async def test_a_user_that_cloudstack_does_not_have_is_marked(lab_with_routers: Lab) -> None:
    stranger = state_of(lab_with_routers, OFFICE).sessions[0]
    stranger.user = "zed"
    async with stage(lab_with_routers) as on:
        await to_sessions(on)
        await go_to(on, stranger)
        await on.says("▲ not in cloud")
        await on.press("enter")
        await on.says("CloudStack has no such VPN user any more, yet the session goes on.")


async def test_the_log_lines_of_a_session(lab_with_routers: Lab) -> None:
    bob = connect(lab_with_routers, OFFICE, "bob", 205)
    async with stage(lab_with_routers) as on:
        await to_sessions(on)
        await go_to(on, bob)
        await on.press("l")
        await on.until(lambda: isinstance(on.app.screen, LogsScreen))
        await on.says("/bob|198\\.51\\.100\\.205|10\\.1\\.2\\.205/", OFFICE)
    assert either(("", "a/b", "a/b")) == r"/a\/b/" and either(("",)) == ""


async def test_a_router_that_falls_away_keeps_its_rows(lab_with_routers: Lab) -> None:
    lab = lab_with_routers
    bob = connect(lab, OFFICE, "bob", 206)
    reach_all(lab)
    assert lab.routers is not None
    async with stage(lab) as on:
        section = await to_sessions(on)
        await go_to(on, bob)
        (router,) = [r for r in lab.routers._routers if r.endpoint.name == OFFICE]
        await router.aclose()
        await on.press("r")
        await on.until(lambda: bool(section.watch_of_sessions.failed))
        await on.says("? not asked", f"{OFFICE} could not be asked")
        await on.press("u")
        await on.until(lambda: isinstance(on.app.screen, UnreachedDialog))
        await on.says(f"✘ {OFFICE}")


async def test_an_unknown_host_key_is_accepted_from_the_list(
    lab_with_routers: Lab, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    reach_all(lab_with_routers)
    assert lab_with_routers.routers is not None
    lines = lab_with_routers.routers.known_hosts.read_text().splitlines()
    (state,) = [s for s in lab_with_routers.cloud.routers.states.values() if s.name == OFFICE]
    known.write_text("\n".join(line for line in lines if state.uuid not in line) + "\n")
    async with stage(lab_with_routers, zones={"*": lab_path(lab_with_routers, str(known))}) as on:
        section = await to_sessions(on)
        assert [look.router.name for look in section.watch_of_sessions.failed] == [OFFICE]
        await on.press("u")
        await on.press("k")
        await on.says("Unknown host key", "SHA256:")
        await on.tab_to("#go")
        await on.press("enter")
        await on.says("Every router could be asked.")
        await on.press("escape")
        await on.until(lambda: not section.watch_of_sessions.failed)
        assert any(row.router.name == OFFICE for row in section.rows())


async def test_without_a_way_to_the_routers_it_says_what_to_do(lab: Lab) -> None:
    async with stage(lab) as on:
        await to_sessions(on)
        await on.says(
            "No router was asked: the profile demo does not say how to reach routers",
            "add the SSH path of the zone to the profile",
        )


async def test_a_role_that_may_not_see_routers(lab: Lab) -> None:
    async with stage(lab, actor="user") as on:
        await on.go("sessions")
        await on.says("Your role may not see routers, so they cannot be asked who is connected.")
        assert "listRouters" not in on.wire.commands
