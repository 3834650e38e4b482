"""Jobs: started, waited for, found again, and what their failures mean."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.servers import (
    Answer,
    Bench,
    FakeClock,
    Form,
    always,
    envelope,
    noted,
    recording,
    recordings,
    refusal,
    replay,
)
from tui.cloud import errors
from tui.cloud.exchange import Reply
from tui.cloud.jobs import check_job_id, command_of, ended, new_job_id, poll_delays
from tui.cloud.models import FirewallRule, Job, JobStatus, RemoteAccessVpn, VpnUser
from tui.cloud.replies import inner_object
from tui.cloud.wire import decode
from tui.safety.secret import Secret

LOWER_CASE_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
OURS = "0504a483-2425-49f4-833f-07ea2ba1dff5"
PENDING = noted("11", "queued")
DONE = next(
    x
    for x in recording("11")
    if x["status"] == 200
    and x["body"].get("queryasyncjobresultresponse", {}).get("jobid") == OURS
    and x["body"]["queryasyncjobresultresponse"]["jobstatus"] == 1
)
UNKNOWN = noted("11", "unknown job")


def _job(exchange: dict[str, Any]) -> Job:
    reply = Reply(200, replay(exchange).content, "", "", (), 0.0)
    return decode(inner_object(reply, "queryAsyncJobResult"), Job)


JOBS = [
    _job(x)
    for x in recordings()
    if x["request"].get("command") == "queryAsyncJobResult" and x["status"] == 200
]


class Server:
    """Takes one change and then answers for its job what it is told to, the last for ever."""

    def __init__(self, first: Answer, *later: Answer) -> None:
        self._first = first
        self._later = list(later)
        self.bench = Bench(self.answer)

    def answer(self, form: Form) -> Answer:
        if form["command"] != "queryAsyncJobResult":
            return self._first
        return self._later.pop(0) if len(self._later) > 1 else self._later[0]

    @property
    def asked(self) -> int:
        return self.bench.server.commands.count("queryAsyncJobResult")


async def _add(server: Server) -> Job:
    return await server.bench.client.run(
        "addVpnUser", job_id=OURS, username="mallory", password=Secret("Winter2026x")
    )


async def test_a_command_gets_a_job_id_of_ours() -> None:
    bench = Bench(always(replay(noted("11", "while it runs"))))
    submitted = await bench.client.submit("addVpnUser", username="mallory")
    chosen = bench.server.forms[0]["customjobid"]
    assert LOWER_CASE_UUID.fullmatch(chosen)
    assert submitted.job_id == OURS
    assert submitted.object_id == "cf8ce3eb-981b-4e52-b73f-602f797b2e3a"
    assert not submitted.recovered
    await bench.client.submit("addVpnUser", job_id=OURS)
    assert bench.server.forms[1]["customjobid"] == OURS


@pytest.mark.parametrize("job_id", ["mine-1", OURS.upper(), "", OURS.replace("-", ""), OURS + "\n"])
async def test_a_job_id_that_the_server_would_refuse_too_late_is_refused_here(job_id: str) -> None:
    bench = Bench(always(httpx.ReadError("must not be asked")))
    with pytest.raises(ValueError, match="UUID"):
        await bench.client.submit("addVpnUser", job_id=job_id)
    assert bench.server.forms == []


def test_our_job_ids_pass_our_own_check() -> None:
    assert check_job_id(new_job_id()) != new_job_id()


async def test_waiting_polls_faster_at_first() -> None:
    server = Server(replay(noted("11", "while it runs")), *[replay(PENDING)] * 12, replay(DONE))
    polls: list[Job] = []
    submitted = await server.bench.client.submit("addVpnUser", job_id=OURS)
    job = await server.bench.client.wait(submitted.job_id, polls.append)
    assert job.status is JobStatus.SUCCEEDED
    assert [poll.status for poll in polls] == [JobStatus.PENDING] * 12 + [JobStatus.SUCCEEDED]
    slept = server.bench.clock.slept
    assert slept[0] == pytest.approx(0.2)
    assert slept == sorted(slept)
    assert slept[-1] == pytest.approx(3.0)
    user = job.outcome("vpnuser", VpnUser)
    assert user is not None
    assert (user.user_name, user.state) == ("mallory", "Active")


@given(st.randoms(use_true_random=False))
def test_polls_are_spread_around_their_time(random: Any) -> None:
    class Chance(FakeClock):
        def between(self, low: float, high: float) -> float:
            return float(random.uniform(low, high))

    delays = poll_delays(Chance())
    for plain in (0.2, 0.3, 0.45, 0.675, 1.0125, 1.51875, 2.278125, 3.0, 3.0, 3.0):
        delay = next(delays)
        assert plain * 0.799 <= delay <= plain * 1.201


async def test_a_job_of_another_process_is_asked_for_by_its_id() -> None:
    server = Server(httpx.ReadError("no change"), replay(DONE))
    assert (await server.bench.client.job(OURS)).done
    assert (await server.bench.client.wait(OURS)).job_id == OURS
    assert {form["jobid"] for form in server.bench.server.forms} == {OURS}


async def test_an_unknown_job_and_somebody_else_s() -> None:
    unknown = Server(httpx.ReadError("no change"), replay(UNKNOWN))
    with pytest.raises(errors.JobUnknown):
        await unknown.bench.client.wait(OURS)
    foreign = Server(httpx.ReadError(""), replay(noted("11", "another account’s job")))
    with pytest.raises(errors.Permission):
        await foreign.bench.client.job(OURS)


def test_every_recorded_failure_of_a_job_has_its_class() -> None:
    kinds = set()
    for job in JOBS:
        if job.status is not JobStatus.FAILED:
            continue
        with pytest.raises(errors.JobFailed) as caught:
            ended(job)
        error = caught.value
        assert error.code == job.result_code
        assert error.job_id == job.job_id
        assert error.text
        assert error.remedy == error.reason.remedy
        kinds.add((error.code, type(error.reason)))
    assert kinds >= {
        (534, errors.RouterUnreachable),
        (530, errors.Internal),
        (431, errors.Validation),
    }


def test_every_recorded_success_of_a_job_has_its_object() -> None:
    objects = 0
    for job in JOBS:
        if job.status is not JobStatus.SUCCEEDED:
            continue
        assert ended(job) is job
        vpn = job.outcome("remoteaccessvpn", RemoteAccessVpn)
        if vpn is not None:
            assert vpn.preshared_key
            assert vpn.preshared_key.reveal() not in repr(job)
            assert vpn.preshared_key.reveal() not in repr(job.__rich_repr__())
        found = [
            vpn,
            job.outcome("vpnuser", VpnUser),
            job.outcome("firewallrule", FirewallRule),
            job.success,
        ]
        objects += any(thing is not None for thing in found)
    assert objects >= 30


def test_what_a_job_was_is_read_from_its_class_name() -> None:
    names = {command_of(job) for job in JOBS}
    assert {"createRemoteAccessVpn", "addVpnUser", "removeVpnUser"} <= names
    assert command_of(Job()) == ""


@pytest.mark.parametrize(
    ("result", "code", "text"),
    [
        (b'"it went wrong"', 530, "The job failed with error 530 and without a reason"),
        (b"null", 534, "The job failed with error 534 and without a reason"),
        (b'{"errorcode":530,"errortext":""}', 0, "The job failed with error 530"),
        (b'{"errortext":"Because"}', 534, "Because"),
        (b"[1]", 0, "The job failed with error 530"),
    ],
)
def test_a_job_that_fails_without_saying_why(result: bytes, code: int, text: str) -> None:
    job = decode(
        b'{"jobid":"j","jobstatus":2,"jobresultcode":%d,"jobresult":%s}' % (code, result), Job
    )
    with pytest.raises(errors.JobFailed) as caught:
        ended(job)
    assert caught.value.text.startswith(text)


def test_a_cancelled_job() -> None:
    with pytest.raises(errors.JobCancelled) as caught:
        ended(decode(b'{"jobid":"j","jobstatus":3}', Job))
    assert caught.value.job_id == "j"


def test_a_status_of_the_future_is_pending() -> None:
    job = decode(b'{"jobid":"j","jobstatus":7}', Job)
    assert not job.done
    assert job.success is None


async def test_a_failed_job_says_what_a_failed_call_would() -> None:
    failed = next(
        x
        for x in recording("10")
        if x["body"].get("queryasyncjobresultresponse", {}).get("jobresultcode") == 534
    )
    server = Server(envelope("createRemoteAccessVpn", {"jobid": "j", "id": "v"}), replay(failed))
    with pytest.raises(errors.JobFailed) as caught:
        await server.bench.client.run("createRemoteAccessVpn", publicipid="x")
    assert isinstance(caught.value.reason, errors.RouterUnreachable)
    assert caught.value.command == "createRemoteAccessVpn"
    assert "Unable to send commands to virtual router" in caught.value.text


# -- replies that get lost -------------------------------------------------------------------------

LOST: list[Answer] = [
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
    httpx.WriteError("cut"),
    httpx.Response(504, content=b"<html><title>Gateway Time-out</title></html>"),
    httpx.Response(200, content=b'{"addvpnuserresponse":{"job'),
]


@pytest.mark.parametrize("loss", LOST, ids=str)
async def test_a_lost_reply_is_found_again_by_our_job_id(loss: Answer) -> None:
    server = Server(loss, replay(UNKNOWN), httpx.ReadError("again"), replay(PENDING), replay(DONE))
    submitted = await server.bench.client.submit("addVpnUser", job_id=OURS, username="mallory")
    assert (submitted.job_id, submitted.recovered) == (OURS, True)
    assert server.asked == 3
    job = await server.bench.client.wait(submitted.job_id)
    assert job.done
    assert server.bench.server.commands.count("addVpnUser") == 1


async def test_a_job_that_never_turns_up_leaves_the_outcome_open() -> None:
    server = Server(httpx.ReadTimeout("slow"), replay(UNKNOWN))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await _add(server)
    assert caught.value.job_id == OURS
    assert caught.value.command == "addVpnUser"
    assert "does not know its job" in caught.value.text
    assert 60 <= sum(server.bench.clock.slept) <= 70
    assert server.bench.server.commands.count("addVpnUser") == 1


async def test_looking_for_it_ends_where_asking_is_of_no_use() -> None:
    server = Server(httpx.ReadTimeout("slow"), refusal("queryAsyncJobResult", 531, "not yours"))
    with pytest.raises(errors.OutcomeUnknown, match="not yours"):
        await _add(server)
    assert server.asked == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ProxyError("no"),
        httpx.Response(302, headers={"location": "/login"}),
        httpx.Response(404, content=b"<html></html>"),
    ],
    ids=str,
)
async def test_what_was_not_sent_is_not_looked_for(failure: Answer) -> None:
    server = Server(failure, replay(UNKNOWN))
    with pytest.raises((errors.Network, errors.NotCloudStack)) as caught:
        await _add(server)
    assert not isinstance(caught.value, errors.OutcomeUnknown)
    assert server.asked == 0


async def test_a_refusal_is_final() -> None:
    server = Server(replay(noted("11", "the same job id again")), replay(DONE))
    with pytest.raises(errors.InternalMasked):
        await _add(server)
    assert server.asked == 0


async def test_a_link_that_drops_while_waiting_is_put_up_with() -> None:
    drops = [httpx.ReadError("cut"), httpx.ConnectError("down"), httpx.ReadTimeout("slow")]
    server = Server(
        replay(noted("11", "while it runs")),
        replay(PENDING),
        *drops,
        refusal("queryAsyncJobResult", 429, "retry after [20] ms"),
        replay(DONE),
    )
    assert (await _add(server)).done


async def test_a_link_that_stays_down_leaves_the_outcome_open() -> None:
    server = Server(
        replay(noted("11", "while it runs")), replay(PENDING), httpx.ConnectError("down")
    )
    with pytest.raises(errors.OutcomeUnknown, match="was started") as caught:
        await _add(server)
    assert caught.value.job_id == OURS
    assert 120 <= sum(server.bench.clock.slept) <= 130


async def test_credentials_that_end_while_waiting_are_said_at_once() -> None:
    server = Server(
        replay(noted("11", "while it runs")),
        refusal("queryAsyncJobResult", 401, "unable to verify user credentials"),
    )
    with pytest.raises(errors.Credentials):
        await _add(server)


async def test_a_command_that_starts_no_job_is_the_caller_s_mistake() -> None:
    bench = Bench(always(envelope("updateConfiguration", {"configuration": {}})))
    with pytest.raises(ValueError, match="starts no job"):
        await bench.client.submit("updateConfiguration")


async def test_a_wait_can_be_cancelled_and_taken_up_again() -> None:
    answers: list[Answer] = [replay(PENDING)]
    polled = asyncio.Event()
    bench = Bench(lambda form: answers[0])
    waiting = asyncio.create_task(bench.client.wait(OURS, lambda job: polled.set()))
    await polled.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    answers[0] = replay(DONE)
    assert (await bench.client.wait(OURS)).done
