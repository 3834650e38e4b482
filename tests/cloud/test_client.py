"""What the client sends, repeats, limits and refuses."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from email.utils import formatdate
from typing import Any

import httpx
import msgspec
import pytest

from tests.cloud.servers import (
    KEYS,
    URL,
    Answer,
    Bench,
    Form,
    always,
    envelope,
    noted,
    recording,
    refusal,
    replay,
)
from tui.cloud.errors import (
    Credentials,
    Maintenance,
    Network,
    NotCloudStack,
    OutcomeUnknown,
    RateLimited,
    ReadOnly,
    Validation,
)
from tui.cloud.listings import NETWORKS, ROUTERS, VPN_USERS, ZONES
from tui.cloud.models import Capability
from tui.cloud.signing import signature
from tui.safety.secret import MASK, Secret


async def test_every_call_is_a_signed_form_post() -> None:
    bench = Bench(lambda form: replay(recording("01")[0]))
    zones = await bench.client.fetch(ZONES, name="a*b~c d+ü🔑")
    assert [zone.name for zone in zones] == ["dc1"]
    (request,) = bench.server.requests
    (form,) = bench.server.forms
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "cookie" not in request.headers
    assert form["response"] == "json"
    assert form["signatureversion"] == "3"
    assert form["name"] == "a*b~c d+ü🔑"
    assert form["expires"] == "2027-01-15T08:10:00+0000"  # ten minutes ahead
    assert form["signature"] == signature(form, KEYS.secret_key)
    await bench.client.aclose()


async def test_the_server_s_clock_counts_once_it_is_known() -> None:
    bench = Bench(lambda form: replay(recording("01")[0], date=formatdate(1_800_000_000 + 3600)))
    assert bench.client.clock_offset is None
    assert bench.client.round_trip is None
    await bench.client.fetch(ZONES)
    offset = bench.client.clock_offset
    assert offset == pytest.approx(3600.5, abs=1)
    await bench.client.fetch(ZONES)
    assert bench.server.forms[1]["expires"].startswith("2027-01-15T09:10:0")
    assert bench.client.round_trip is not None
    assert bench.client.round_trip >= 0


async def test_nonsense_for_a_date_changes_nothing() -> None:
    dates = iter([formatdate(1_800_000_000), "yesterday", "", "Mon, 99 Foo 99999 00:00:00 GMT"])
    bench = Bench(lambda form: replay(recording("01")[0], date=next(dates)))
    offsets = []
    for _ in range(4):
        await bench.client.fetch(ZONES)
        offsets.append(bench.client.clock_offset)
    assert len(set(offsets)) == 1


async def test_a_wrong_clock_is_named_when_it_is_the_reason() -> None:
    wrong = noted("01", "expired signature")
    bench = Bench(lambda form: replay(wrong, date=formatdate(1_800_000_000 + 20 * 60)))
    with pytest.raises(Credentials) as caught:
        await bench.client.submit("removeVpnUser", username="alice")
    assert "this machine's clock is 20 min behind the server's" in caught.value.text
    assert "Set this machine's clock" in caught.value.remedy
    assert len(bench.server.forms) == 1  # a change is not sent twice, whatever the reason


async def test_a_read_is_signed_again_by_the_server_s_clock() -> None:
    ours = 1_800_000_000.0
    server_now = ours - 3 * 3600

    def script(form: Form) -> Answer:
        good = form["expires"].startswith("2027-01-15T05:10")
        exchange = recording("01")[0] if good else noted("01", "expired signature")
        return replay(exchange, date=formatdate(server_now))

    bench = Bench(script, wall=ours)
    assert len(await bench.client.fetch(ZONES)) == 1
    assert len(bench.server.forms) == 2


async def test_a_wrong_key_is_not_blamed_on_a_clock_that_was_allowed_for() -> None:
    wrong = noted("01", "wrong secret key")
    bench = Bench(lambda form: replay(wrong, date=formatdate(1_800_000_000 + 20 * 60)))
    with pytest.raises(Credentials) as caught:
        await bench.client.fetch(ZONES)
    assert len(bench.server.forms) == 2
    assert "20 min" in caught.value.text
    assert "it is not that" in caught.value.remedy
    good_clock = Bench(lambda form: replay(wrong, date=formatdate(1_800_000_000)))
    with pytest.raises(Credentials) as caught:
        await good_clock.client.fetch(ZONES)
    assert len(good_clock.server.forms) == 1
    assert "clock" not in caught.value.text


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        refusal("listZones", 503, "Maintenance or Shutdown has been initiated"),
        httpx.Response(502, content=b"<html><title>502 Bad Gateway</title></html>"),
        httpx.Response(200, content=b'{"listzonesresponse":{"cou'),
    ],
    ids=str,
)
async def test_reads_are_tried_four_times(failure: Answer) -> None:
    bench = Bench(always(failure))
    with pytest.raises((Network, Maintenance, NotCloudStack)):
        await bench.client.fetch(ZONES)
    assert len(bench.server.forms) == 4
    assert bench.clock.slept == [0.25, 0.5, 1.0]  # half of 0.5, 1, 2: full jitter


async def test_a_read_that_works_the_second_time_works() -> None:
    answers: Iterator[Answer] = iter([httpx.ReadError("cut"), replay(recording("01")[0])])
    bench = Bench(lambda form: next(answers))
    assert len(await bench.client.fetch(ZONES)) == 1
    assert [call.error != "" for call in bench.calls] == [True, False]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.UnsupportedProtocol("no scheme"),
        httpx.ProxyError("407"),
        httpx.Response(302, headers={"location": "https://login.example.org/?token=abc"}),
        httpx.Response(404, content=b"<html>not here</html>"),
        refusal("listZones", 431, "bad value"),
        refusal("listZones", 530, "Internal error"),
    ],
    ids=str,
)
async def test_what_will_not_change_is_asked_once(failure: Answer) -> None:
    bench = Bench(always(failure))
    with pytest.raises((Network, NotCloudStack, Validation, Exception)) as caught:
        await bench.client.fetch(ZONES)
    assert len(bench.server.forms) == 1
    assert "token" not in str(caught.value)


async def test_a_rate_limit_is_waited_out() -> None:
    limited, fine = recording("17")[1:3]
    answers = iter([replay(limited), replay(fine)])
    bench = Bench(lambda form: next(answers))
    assert len(await bench.client.fetch(ZONES)) == 1
    assert bench.clock.slept == [pytest.approx(0.016 + 0.25)]


async def test_trying_again_ends_after_half_a_minute() -> None:
    bench = Bench(always(refusal("listZones", 429, "please retry after [20000] ms.")))
    with pytest.raises(RateLimited) as caught:
        await bench.client.fetch(ZONES)
    assert caught.value.retry_after_ms == 20000
    assert len(bench.server.forms) == 2


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        refusal("updateConfiguration", 429, "please retry after [16] ms."),
        refusal("updateConfiguration", 503, "Maintenance"),
        refusal("updateConfiguration", 401, "unable to verify user credentials"),
    ],
    ids=str,
)
async def test_a_change_is_never_sent_twice(failure: Answer) -> None:
    bench = Bench(always(failure))
    with pytest.raises((Network, RateLimited, Maintenance, Credentials)):
        await bench.client.call("updateConfiguration", name="x", value="y")
    with pytest.raises((Network, RateLimited, Maintenance, Credentials)):
        await bench.client.submit("addVpnUser", username="alice", password=Secret("Winter2026x"))
    assert len(bench.server.forms) == 2


async def test_a_change_without_a_job_whose_reply_is_lost_is_unknown() -> None:
    bench = Bench(always(httpx.ReadTimeout("slow")))
    with pytest.raises(OutcomeUnknown) as caught:
        await bench.client.call("updateConfiguration", name="x", value="y")
    assert caught.value.job_id == ""
    assert len(bench.server.forms) == 1


@pytest.mark.parametrize(
    "command", ["addVpnUser", "createRemoteAccessVpn", "getUploadParamsForIso"]
)
async def test_read_only_refuses_here(command: str) -> None:
    bench = Bench(always(httpx.ReadError("must not be asked")), read_only=True)
    with pytest.raises(ReadOnly, match=command):
        await bench.client.call(command)
    with pytest.raises(ReadOnly):
        await bench.client.submit(command)
    with pytest.raises(ReadOnly):
        await bench.client.run(command)
    assert bench.server.forms == []


async def test_read_only_lets_reads_through() -> None:
    bench = Bench(lambda form: envelope(form["command"], {}), read_only=True)
    assert await bench.client.fetch(NETWORKS) == []
    assert await bench.client.fetch(VPN_USERS) == []


async def test_no_more_calls_at_a_time_than_allowed() -> None:
    running, most = 0, 0
    gate, two_run = asyncio.Event(), asyncio.Event()

    async def script(form: Form) -> Answer:
        nonlocal running, most
        running += 1
        if running == 2:
            two_run.set()
        most = max(most, running)
        await gate.wait()
        running -= 1
        return envelope(form["command"], {})

    bench = Bench(script, max_calls=2)
    tasks = [asyncio.create_task(bench.client.fetch(ZONES)) for _ in range(7)]
    await two_run.wait()
    for _ in range(50):  # all the others have had their chance now
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert most == 2
    assert len(bench.server.forms) == 7


async def test_cancelling_frees_the_place() -> None:
    reached = asyncio.Event()
    held = asyncio.Event()

    async def script(form: Form) -> Answer:
        if form["command"] == "listRouters":
            reached.set()
            await held.wait()
        return envelope(form["command"], {})

    bench = Bench(script, max_calls=1)
    stuck = asyncio.create_task(bench.client.fetch(ROUTERS))
    await reached.wait()
    waiting = asyncio.create_task(bench.client.fetch(ZONES))
    stuck.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck
    assert await waiting == []
    assert [call.error for call in bench.calls] == ["given up", ""]


async def test_leaving_a_listing_early_cancels_what_is_under_way() -> None:
    begun, cancelled = 0, 0
    both, held = asyncio.Event(), asyncio.Event()

    async def script(form: Form) -> Answer:
        nonlocal begun, cancelled
        if form["page"] == "2":
            await both.wait()
        if form["page"] in ("1", "2"):
            rows = [{"id": f"{form['page']}-{n}"} for n in range(10)]
            return envelope("listNetworks", {"count": 100, "network": rows})
        begun += 1
        if begun == 2:
            both.set()
        try:
            await held.wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise
        raise AssertionError("never let go")

    bench = Bench(script, page_size=10)
    seen: list[str] = []
    async with aclosing(bench.client.pages(NETWORKS)) as pages:
        async for page in pages:
            seen += [network.id for network in page.rows]
            if len(seen) == 20:
                break
    assert cancelled == 2
    assert len(seen) == 20
    assert page.total == 100


async def test_the_command_log_has_no_secret() -> None:
    bench = Bench(lambda form: envelope(form["command"], {"jobid": "j", "id": "o"}))
    await bench.client.submit("addVpnUser", username="alice", password=Secret("Winter2026x"))
    (call,) = bench.calls
    assert call.command == "addVpnUser"
    assert call.parameters["username"] == "alice"
    assert call.parameters["password"] == MASK
    assert (call.status, call.job_id, call.error) == (200, "j", "")
    assert not call.is_read
    text = msgspec.json.encode(call).decode()
    for secret in ("Winter2026x", KEYS.api_key, KEYS.secret_key.reveal()):
        assert secret not in text
    assert bench.server.forms[0]["password"] == "Winter2026x"


async def test_nothing_of_a_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    bench = Bench(lambda form: envelope(form["command"], {"jobid": "j"}))
    await bench.client.submit("addVpnUser", username="alice", password=Secret("Winter2026x"))
    assert "Winter2026x" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("http")]


async def test_one_object() -> None:
    exchange = recording("17")[0]
    bench = Bench(always(replay(exchange)))
    capability = await bench.client.single("listCapabilities", "capability", Capability)
    assert capability is not None
    assert capability.version == "4.22.0.0-SNAPSHOT"
    assert (capability.api_limit_max, capability.api_limit_interval) == (25, 1)
    assert await bench.client.single("listCapabilities", "unicorn", Capability) is None


@pytest.mark.parametrize(
    "inner", [{"network": "text"}, {"network": 5}, {"network": [{}], "count": []}]
)
async def test_a_list_that_is_none_is_an_error(inner: dict[str, Any]) -> None:
    bench = Bench(lambda form: envelope("listNetworks", inner))
    with pytest.raises(NotCloudStack):
        await bench.client.fetch(NETWORKS)
    with pytest.raises(NotCloudStack):
        await bench.client.single("listNetworks", "network", Capability)


async def test_a_client_that_was_never_used_closes_quietly() -> None:
    bench = Bench(always(httpx.ReadError("must not be asked")))
    await bench.client.aclose()
    assert bench.server.forms == []
