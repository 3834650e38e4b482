"""Who the credentials are, what they may do, and whether the server answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.consoles import lab_profile, lab_session
from tests.session.clouds import HeldCloud, refusal, turns
from tests.session.operations import FIRST, Scripted, done, failed
from tui.actions import action, needed_commands
from tui.cloud.endpoint import Keys
from tui.cloud.errors import Credentials, Network
from tui.lab.lab import Lab, open_lab
from tui.safety.secret import Secret
from tui.session.inventory import Kind
from tui.session.session import Session
from tui.session.tray import Task, TaskState
from tui.settings.model import Profile


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab("demo", tmp_path, routers=False, speed=100) as opened:
        yield opened


async def test_everything_may_be_done_by_root(lab: Lab) -> None:
    session = lab_session(lab, "root")
    assert session.zone_name == ""
    await session.open(needed_commands())
    assert session.identity.who == "admin@ROOT"
    assert session.identity.role == "Root Admin" and session.inventory.sees_all
    assert session.zone_name == "dc1"
    assert session.reason_against(action("enable")) is None
    assert session.may_list(Kind.ROUTERS)
    await session.aclose()


async def test_a_user_may_not_list_routers(lab: Lab) -> None:
    session = lab_session(lab, "user")
    await session.open(needed_commands())
    assert session.identity.who == "acme@customers"
    assert session.reason_against(action("enable")) is None
    assert not session.may_list(Kind.ROUTERS)
    assert session.may_list(Kind.NETWORKS)
    await session.aclose()


async def test_an_action_whose_command_is_missing_says_which() -> None:
    cloud = HeldCloud()
    cloud.rows["listApis"] = []
    session = cloud.session()
    await session.open(needed_commands())
    reason = session.reason_against(action("enable"))
    assert reason is not None
    assert "createRemoteAccessVpn" in reason
    assert session.reason_against(action("refresh")) is None
    await session.aclose()


async def test_before_anything_is_known_nothing_is_forbidden() -> None:
    session = HeldCloud().session()
    assert session.reason_against(action("enable")) is None
    assert session.may_call("anything")
    await session.aclose()


@pytest.mark.parametrize("of_profile", [True, False])
async def test_read_only_forbids_what_writes(lab: Lab, of_profile: bool) -> None:
    session = lab_session(lab, "root", read_only=not of_profile)
    if of_profile:
        await session.aclose()
        session = _of_profile(lab, msgspec.structs.replace(session.profile, read_only=True))
    for name in ("enable", "disable", "add_users", "remove_user", "release", "delete_rule"):
        reason = session.reason_against(action(name))
        assert reason is not None
        assert "read-only" in reason
        assert "demo" in reason
    assert session.reason_against(action("verify")) is None
    assert session.client.endpoint.read_only
    await session.aclose()


async def test_a_server_that_knows_no_capabilities_can_be_used() -> None:
    cloud = HeldCloud()
    cloud.fails["listCapabilities"] = refusal(432, "not for your role")
    cloud.fails["listUsers"] = refusal(432, "not for your role")
    cloud.fails["listProjects"] = refusal(432, "not for your role")
    session = cloud.session()
    await session.open()
    assert (session.identity.who, session.identity.server_version) == ("", "")
    assert not session.inventory.has_projects
    await session.aclose()


async def test_who_one_is_among_the_users_of_an_account() -> None:
    cloud = HeldCloud()
    cloud.rows["listUsers"] = [
        {"id": "1", "username": "other", "apikey": "another", "account": "a", "domain": "d"},
        {"id": "2", "username": "me", "apikey": "mine", "account": "acme", "domain": "customers",
         "rolename": "Operator"},
    ]  # fmt: skip
    session = cloud.session(api_key="mine")
    await session.open()
    assert (session.identity.who, session.identity.role) == ("acme@customers", "Operator")
    assert not session.inventory.sees_all
    await session.aclose()
    session = cloud.session(auth="password", username="nobody-of-them")
    await session.open()
    assert session.identity.who == ""
    await session.aclose()


async def test_several_zones() -> None:
    cloud = HeldCloud()
    cloud.rows["listZones"] = [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]
    session = cloud.session()
    await session.open()
    assert session.zone_name == "2 zones"
    await session.aclose()


async def test_whether_the_server_answers_is_known_at_every_moment() -> None:
    cloud = HeldCloud()
    cloud.fails["listZones"] = httpx.UnsupportedProtocol("nothing is tried again")
    session = cloud.session()
    with pytest.raises(Network):
        await session.open()
    assert session.trouble is not None
    del cloud.fails["listZones"]
    await session.open()
    assert session.trouble is None
    cloud.fails["listNetworks"] = httpx.UnsupportedProtocol("nothing is tried again")
    await session.inventory.refresh([Kind.NETWORKS])
    assert session.trouble is not None
    cloud.fails["listNetworks"] = refusal(432, "an answer, if not the one that was wanted")
    await session.inventory.refresh([Kind.NETWORKS])
    assert session.trouble is None
    await session.aclose()


async def test_giving_up_a_question_is_no_trouble() -> None:
    cloud = HeldCloud()
    cloud.hold("listNetworks")
    session = cloud.session()
    asking = asyncio.create_task(session.inventory.refresh([Kind.NETWORKS]))
    await turns(lambda: bool(cloud.asked))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert session.trouble is None
    await session.aclose()


async def test_wrong_keys_are_named(lab: Lab) -> None:
    who = lab.actors["root"]
    session = Session(
        lab_profile(lab),
        Keys(who.api_key, Secret("not-the-secret-key")),
        transport=httpx.ASGITransport(app=lab.app),
    )
    with pytest.raises(Credentials):
        await session.open()
    assert session.trouble is None  # it does answer
    await session.aclose()


def _of_profile(lab: Lab, profile: Profile) -> Session:
    secret = Secret(lab.actors["root"].secret_key)
    return Session(
        profile, Keys(profile.api_key, secret), transport=httpx.ASGITransport(app=lab.app)
    )


async def test_an_operation_is_followed_by_the_lists_that_it_changes() -> None:
    cloud = HeldCloud()
    cloud.rows["listVpnUsers"] = [{"id": "u", "username": "alice"}]
    session = cloud.session()
    ended: list[TaskState] = []
    told: list[str] = []
    session.inventory.listen(told.append)

    def after(task: Task) -> None:
        assert not session.inventory.users.rows
        ended.append(task.state)

    session.start(Scripted(done(FIRST)), [Kind.USERS], "address-1", after)
    await turns(lambda: "rules" in told)
    await turns(lambda: session.inventory.knows_rules_of("address-1"))
    assert ended == [TaskState.DONE]
    assert list(session.inventory.users.rows) == ["u"]
    session.start(Scripted(failed(FIRST, "no")), [Kind.USERS], after=None)
    await turns(lambda: len(cloud.questions("listVpnUsers")) == 2)
    await session.aclose()


async def test_closing_while_an_operation_runs() -> None:
    cloud = HeldCloud()
    session = cloud.session()
    task = session.start(Scripted(asyncio.Event()), [Kind.USERS])
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await session.aclose()
    assert task.state is TaskState.CANCELLED
    assert cloud.questions("listVpnUsers") == []
