"""What a role may do, as the server told a role without the VPN commands."""

import asyncio

import httpx
import pytest

from tests.cloud.servers import Answer, Bench, Form, always, noted, recording, refusal, replay
from tui.cloud.errors import Credentials, Internal
from tui.cloud.permissions import USED_COMMANDS

VIEWER = {
    exchange["request"]["name"]: exchange
    for exchange in recording("13")
    if exchange["request"]["command"] == "listApis" and "name" in exchange["request"]
}


def viewer(form: Form) -> Answer:
    return replay(VIEWER.get(form["name"], VIEWER["createRemoteAccessVpn"]))


async def test_a_viewer_may_list_but_not_create() -> None:
    bench = Bench(viewer)
    assert await bench.client.allowed("listRemoteAccessVpns")
    assert not await bench.client.allowed("createRemoteAccessVpn")
    refused = await bench.client.permissions.allowance("createRemoteAccessVpn")
    assert "createRemoteAccessVpn" in refused.reason
    granted = await bench.client.permissions.allowance("listRemoteAccessVpns")
    assert granted.reason == ""
    assert {"publicipid", "networkid", "page"} <= granted.parameters
    assert len(bench.server.forms) == 2  # asked once each


async def test_answers_are_remembered_for_a_quarter_of_an_hour() -> None:
    bench = Bench(viewer)
    assert bench.client.permissions.remembered("createRemoteAccessVpn") is None
    await bench.client.allowed("createRemoteAccessVpn")
    bench.clock.pass_by(14 * 60)
    await bench.client.allowed("createRemoteAccessVpn")
    assert len(bench.server.forms) == 1
    assert bench.client.permissions.remembered("createRemoteAccessVpn") is not None
    bench.clock.pass_by(2 * 60)
    assert bench.client.permissions.remembered("createRemoteAccessVpn") is None
    await bench.client.allowed("createRemoteAccessVpn")
    assert len(bench.server.forms) == 2
    bench.client.permissions.forget()
    await bench.client.allowed("createRemoteAccessVpn")
    assert len(bench.server.forms) == 3


async def test_many_askers_are_one_question() -> None:
    bench = Bench(viewer)
    answers = await asyncio.gather(*(bench.client.allowed("addVpnUser") for _ in range(9)))
    assert answers == [False] * 9
    assert len(bench.server.forms) == 1


async def test_everything_that_is_used_at_once() -> None:
    bench = Bench(viewer)
    learnt = await bench.client.permissions.learn()
    assert set(learnt) == set(USED_COMMANDS)
    assert {name for name, found in learnt.items() if found.allowed} == {"listRemoteAccessVpns"}
    assert len(bench.server.forms) == len(USED_COMMANDS)


async def test_what_cannot_be_asked_for_is_left_out() -> None:
    def script(form: Form) -> Answer:
        if form["name"] == "addVpnUser":
            return httpx.ReadError("cut")
        return viewer(form)

    bench = Bench(script)
    learnt = await bench.client.permissions.learn(["addVpnUser", "listRemoteAccessVpns"])
    assert set(learnt) == {"listRemoteAccessVpns"}


async def test_a_role_without_listapis_may_try() -> None:
    denied = refusal("error", 432, "The API [listApis] does not exist or is not available")
    bench = Bench(always(denied))
    assert await bench.client.allowed("addVpnUser")


async def test_other_failures_are_not_taken_for_an_answer() -> None:
    broken = Bench(always(refusal("listApis", 530, "Something else is broken")))
    with pytest.raises(Internal):
        await broken.client.allowed("addVpnUser")
    refused = Bench(always(replay(noted("01", "wrong secret key"))))
    with pytest.raises(Credentials):
        await refused.client.allowed("addVpnUser")


async def test_another_command_in_the_answer_is_no_permission() -> None:
    bench = Bench(always(replay(VIEWER["listRemoteAccessVpns"])))
    assert not await bench.client.allowed("createRemoteAccessVpn")
