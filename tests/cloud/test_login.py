"""User name and password: sessions as they were recorded."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.cloud.servers import Answer, Bench, Form, envelope, noted, recording, refusal, replay
from tui.cloud.endpoint import Login
from tui.cloud.errors import LoginRefused, SessionExpired, TwoFactor
from tui.cloud.listings import ZONES
from tui.safety.secret import Secret

LOGIN = Login("acme", Secret("Passw0rd!x"), "customers")


class Sessions:
    """A server that knows sessions: key as parameter and as cookie, both, or it ends them."""

    def __init__(self, **login_reply: Any) -> None:
        self.logins = 0
        self.valid = ""
        self.login_reply = login_reply
        self.bench = Bench(self.answer, identity=LOGIN)

    def answer(self, form: Form) -> Answer:
        request = self.bench.server.requests[-1]
        if form["command"] == "login":
            assert request.method == "POST"
            self.logins += 1
            self.valid = f"key{self.logins}+/="
            inner = {**noted("12", "login")["body"]["loginresponse"], "sessionkey": self.valid}
            return httpx.Response(
                200,
                json={"loginresponse": {**inner, **self.login_reply}},
                headers=[
                    ("Set-Cookie", f"JSESSIONID=node{self.logins}; Path=/client"),
                    ("Set-Cookie", f"sessionkey={self.valid};HttpOnly;SameSite=Lax"),
                    ("Set-Cookie", "balancer=ms1; Path=/"),
                ],
            )
        cookies = set(request.headers.get("cookie", "").split("; "))
        wanted = {f"JSESSIONID=node{self.logins}", f"sessionkey={self.valid}", "balancer=ms1"}
        if form.get("sessionkey") != self.valid or cookies != wanted:
            return replay(noted("12", "sessionkey left out"))
        assert "signature" not in form
        assert "apikey" not in form
        if form["command"] == "logout":
            self.valid = ""
            return replay(noted("12", "logout"))
        if form["command"] == "listZones":
            return replay(noted("12", "with cookie and sessionkey"))
        return envelope(form["command"], {"jobid": "j"})


async def test_one_login_serves_many_calls_and_ends_with_a_logout() -> None:
    server = Sessions()
    client = server.bench.client
    results = await asyncio.gather(*(client.fetch(ZONES) for _ in range(5)))
    assert [len(zones) for zones in results] == [1] * 5
    assert server.logins == 1
    login = server.bench.server.forms[0]
    assert login == {
        "command": "login",
        "response": "json",
        "username": "acme",
        "password": "Passw0rd!x",
        "domain": "/customers",
    }
    await client.aclose()
    assert server.bench.server.commands[-1] == "logout"
    assert server.valid == ""
    assert all(call.parameters.get("password") is None for call in server.bench.calls)


async def test_a_session_that_is_over_is_renewed_for_a_read() -> None:
    server = Sessions()
    await server.bench.client.fetch(ZONES)
    server.valid = "somebody logged us out"
    assert len(await server.bench.client.fetch(ZONES)) == 1
    assert server.logins == 2


async def test_a_change_is_not_sent_again_but_the_next_call_logs_in() -> None:
    server = Sessions()
    await server.bench.client.fetch(ZONES)
    server.valid = "somebody logged us out"
    with pytest.raises(SessionExpired) as caught:
        await server.bench.client.submit("removeVpnUser", username="alice")
    assert server.bench.server.commands.count("removeVpnUser") == 1
    assert caught.value.code == 401
    assert (await server.bench.client.submit("removeVpnUser", username="alice")).job_id == "j"
    assert server.logins == 2


async def test_an_idle_session_is_renewed_before_a_change_goes_out() -> None:
    server = Sessions()
    await server.bench.client.fetch(ZONES)
    server.valid = "timed out"
    server.bench.clock.pass_by(1750)
    await server.bench.client.submit("removeVpnUser", username="alice")
    assert server.logins == 2


async def test_a_server_that_refuses_every_session_is_not_asked_for_ever() -> None:
    server = Sessions()

    def answer(form: Form) -> Answer:
        if form["command"] == "login":
            return server.answer(form)
        return replay(noted("12", "after that"))

    bench = Bench(answer, identity=LOGIN)
    server.bench = bench
    with pytest.raises(SessionExpired):
        await bench.client.fetch(ZONES)
    assert bench.server.commands == ["login", "listZones"] * 2


@pytest.mark.parametrize("note", ["wrong password", "unknown user", "unknown domain"])
async def test_a_refused_login(note: str) -> None:
    exchange = noted("12", note)
    bench = Bench(lambda form: replay(exchange), identity=LOGIN)
    with pytest.raises(LoginRefused) as caught:
        await bench.client.fetch(ZONES)
    assert caught.value.text == exchange["body"]["loginresponse"]["errortext"]
    assert bench.server.commands == ["login"]
    assert "domain" in caught.value.remedy


async def test_a_login_that_wants_a_second_factor_is_explained() -> None:
    server = Sessions(is2faenabled="true", is2faverified="false")
    with pytest.raises(TwoFactor) as caught:
        await server.bench.client.fetch(ZONES)
    assert "API keys" in caught.value.remedy
    assert server.bench.server.commands == ["login"]


async def test_a_second_factor_that_the_server_asks_for_later_is_explained() -> None:
    server = Sessions()
    bench = Bench(
        lambda form: (
            server.answer(form)
            if form["command"] == "login"
            else refusal(form["command"], 511, "Two factor authentication is needed")
        ),
        identity=LOGIN,
    )
    server.bench = bench
    with pytest.raises(TwoFactor):
        await bench.client.fetch(ZONES)
    with pytest.raises(TwoFactor):
        await bench.client.fetch(ZONES)
    assert server.logins == 2  # the server has destroyed the first session


async def test_root_is_meant_where_the_domain_is_the_slash() -> None:
    bench = Bench(
        lambda form: replay(recording("12")[0]), identity=Login("admin", Secret("password"), "/")
    )
    await bench.client.call("listZones")
    assert "domain" not in bench.server.forms[0]


async def test_api_keys_never_take_or_send_a_cookie() -> None:
    bench = Bench(
        lambda form: httpx.Response(
            200,
            json={"listzonesresponse": {}},
            headers=[("Set-Cookie", "JSESSIONID=x; Path=/"), ("Set-Cookie", "sessionkey=y")],
        )
    )
    for _ in range(3):
        await bench.client.fetch(ZONES)
    assert all("cookie" not in request.headers for request in bench.server.requests)
    await bench.client.aclose()
    assert bench.server.commands == ["listZones"] * 3


async def test_leaving_is_not_held_up_by_a_server_that_is_gone() -> None:
    server = Sessions()
    await server.bench.client.fetch(ZONES)

    def gone(form: Form) -> Answer:
        return httpx.ConnectError("gone")

    server.bench.server._script = gone
    await server.bench.client.aclose()
    assert server.bench.server.commands[-1] == "logout"
