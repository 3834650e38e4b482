"""Lanes: never more calls than allowed, urgent ones first, fewer while the server suffers."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.servers import Answer, Bench, FakeClock, Form, envelope, refusal
from tui.cloud.errors import Maintenance
from tui.cloud.lanes import LONGEST_PAUSE, Lanes
from tui.cloud.listings import NETWORKS, VPN_USERS, ZONES
from tui.cloud.replies import seconds_to_wait


class Server:
    """Pages of networks on a clock that is not real; it counts who asks at the same time."""

    def __init__(self, rows: int = 2000, at_once: int = 99) -> None:
        self.rows = rows
        self.at_once = at_once
        """How many calls it works on at a time; the others wait."""
        self.per_row = 0.01
        self.now = 0.0
        self.running = 0
        self.most = 0
        self.script: Callable[[Form], Answer | None] = lambda form: None

    async def __call__(self, form: Form) -> Answer:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            page, size = int(form.get("page", 1)), int(form.get("pagesize", 1))
            first = (page - 1) * size
            shown = range(first, min(first + size, self.rows))
            told = self.script(form)
            if told is not None:
                await asyncio.sleep(0)
                return told
            crowd = max(1.0, self.running / self.at_once)
            await asyncio.sleep(self.per_row * len(shown) * crowd)
            rows = [{"id": f"n{number}"} for number in shown]
            return envelope(form["command"], {"count": self.rows, "network": rows})
        finally:
            self.running -= 1


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.booleans()), max_size=40),
    st.integers(0, 2**32),
)
def test_never_more_than_allowed_whatever_happens(
    most: int, calls: list[tuple[bool, int, bool]], seed: int
) -> None:
    chance = random.Random(seed)

    async def run() -> None:
        lanes = Lanes(most, FakeClock())
        running = 0
        done = 0

        async def call(urgent: bool, turns: int, bad: bool) -> None:
            nonlocal running, done
            async with lanes.lane(urgent=urgent):
                running += 1
                try:
                    assert running <= lanes.running <= most
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    if bad:
                        lanes.refused(0.01)
                    else:
                        lanes.learn("listNetworks", chance.random() * 3, 100)
                    assert 1 <= lanes.open <= most
                finally:
                    running -= 1
            done += 1

        tasks = [asyncio.create_task(call(*each)) for each in calls]
        for task in tasks:
            if chance.random() < 0.3:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
                task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        assert running == lanes.running == 0
        assert done == sum(not task.cancelled() for task in tasks)

    asyncio.run(run())


async def test_urgent_calls_go_first() -> None:
    lanes = Lanes(1, FakeClock())
    order: list[str] = []

    async def call(name: str, urgent: bool) -> None:
        async with lanes.lane(urgent=urgent):
            order.append(name)
            await asyncio.sleep(0)

    async with lanes.lane():
        waiting = [
            asyncio.create_task(call(name, urgent))
            for name, urgent in (("p1", False), ("u1", True), ("p2", False), ("u2", True))
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["u1", "u2", "p1", "p2"]


async def test_a_patient_list_lets_everything_else_go_before_its_next_page() -> None:
    order: list[str] = []

    async def script(form: Form) -> Answer:
        order.append(form["command"] + form.get("page", ""))
        await asyncio.sleep(0.002)
        if form["command"] == "listNetworks":
            first = (int(form["page"]) - 1) * 10
            rows = [{"id": str(n)} for n in range(first, first + 10)]
            return envelope("listNetworks", {"count": 100, "network": rows})
        return envelope(form["command"], {})

    bench = Bench(script, page_size=10, max_calls=1)
    seen = 0
    asked = None
    async for page in bench.client.pages(NETWORKS, patient=True):
        seen += len(page.rows)
        if page.number == 3:
            asked = asyncio.gather(bench.client.fetch(ZONES), bench.client.fetch(VPN_USERS))
            await asyncio.sleep(0)
    assert asked is not None
    await asked
    assert seen == 100
    # The page that was on its way already, then those that somebody waits for.
    assert {"listZones1", "listVpnUsers1"} <= set(order[:7])


def test_lanes_close_when_answers_take_longer_and_open_slowly() -> None:
    lanes = Lanes(4, FakeClock())
    for _ in range(5):
        lanes.learn("listNetworks", 1.0, 100)
    assert lanes.open == 4
    lanes.learn("listNetworks", 4.0, 100)
    for _ in range(9):
        lanes.learn("listNetworks", 1.9, 100)
    assert lanes.open == 4, "less than twice as long is no reason, nor is one that is an accident"
    for _ in range(9):
        lanes.learn("listNetworks", 8.0, 100)
    assert lanes.open < 4
    closed = lanes.open
    lanes.learn("listNetworks", 1.0, 100)
    assert lanes.open == closed, "one good answer opens nothing yet"
    for _ in range(60):
        lanes.learn("listNetworks", 1.0, 100)
    assert lanes.open == 4


def test_a_server_that_stays_slow_is_what_it_is() -> None:
    lanes = Lanes(3, FakeClock())
    lanes.learn("listNetworks", 0.5, 100)
    for _ in range(400):
        lanes.learn("listNetworks", 2.0, 100)
    assert lanes.open == 3


@pytest.mark.parametrize(("seconds", "rows"), [(5.0, 3), (0.2, 100)], ids=["few rows", "a moment"])
def test_what_says_nothing_about_the_server_closes_nothing(seconds: float, rows: int) -> None:
    lanes = Lanes(3, FakeClock())
    lanes.learn("listNetworks", 0.01, 100)
    for _ in range(20):
        lanes.learn("listNetworks", seconds, rows)
    assert lanes.open == 3


async def test_refusals_of_one_moment_close_half_of_the_lanes_once() -> None:
    lanes = Lanes(8, FakeClock())
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(lanes.lane())
        for _ in range(8):
            lanes.refused(0)
        assert lanes.open == 4
    lanes.refused(0)
    assert lanes.open == 2


async def test_everybody_waits_when_the_server_asks_for_it() -> None:
    clock = FakeClock()
    lanes = Lanes(2, clock)
    lanes.refused(7.0)
    for _ in range(3):
        async with lanes.lane():
            assert clock.monotonic() == pytest.approx(7.0)
    lanes.refused(86400.0)
    async with lanes.lane():
        assert clock.monotonic() == pytest.approx(7.0 + LONGEST_PAUSE)


def test_what_a_header_asks_for() -> None:
    now = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
    date = format_datetime(now, usegmt=True)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert seconds_to_wait("12", date) == 12
    assert seconds_to_wait(later, date) == 90
    assert seconds_to_wait(date, later) == 0
    for nothing in ("", "soon", "-3", "1.5", later[:-9]):
        assert seconds_to_wait(nothing, date) == 0
    assert seconds_to_wait(later, "") == 0


WAIT = {"Retry-After": "5"}


@pytest.mark.parametrize(
    "answer",
    [
        refusal("listZones", 429, "too many", **WAIT),
        refusal("listZones", 503, "Maintenance", **WAIT),
        httpx.Response(503, text="<html>busy</html>", headers=WAIT),
        httpx.Response(429, text="<html>slow</html>", headers=WAIT),
    ],
    ids=["429", "503", "503 of a proxy", "429 of a proxy"],
)
async def test_a_pause_that_is_asked_for_holds_for_every_call(answer: Answer) -> None:
    answers = iter([answer])
    bench = Bench(lambda form: next(answers, envelope(form["command"], {})))
    at: list[float] = []
    script = bench.server._script

    def timed(form: Form) -> Answer | Awaitable[Answer]:
        at.append(bench.clock.monotonic())
        return script(form)

    bench.server._script = timed
    await bench.client.fetch(ZONES)
    await bench.client.fetch(VPN_USERS)
    assert at[0] == 0
    assert min(at[1:]) >= 5


async def test_the_answer_says_how_long_to_wait() -> None:
    bench = Bench(lambda form: refusal(form["command"], 503, "x", **{"Retry-After": "99"}))
    with pytest.raises(Maintenance) as caught:
        await bench.client.fetch(ZONES)
    assert caught.value.retry_after == 99
    assert len(bench.server.forms) == 1


@pytest.mark.parametrize("max_calls", [1, 2, 3])
async def test_all_pages_come_and_never_more_at_a_time_than_configured(max_calls: int) -> None:
    server = Server(rows=700)
    server.per_row = 0.00002
    bench = Bench(server, max_calls=max_calls, page_size=20)
    lists = await asyncio.gather(*(bench.client.fetch(NETWORKS) for _ in range(4)))
    assert [len(each) for each in lists] == [700] * 4
    assert server.most == max_calls


async def test_a_list_survives_a_server_that_says_429_now_and_then() -> None:
    server = Server(rows=500)
    server.per_row = 0.00002
    asked = 0

    def now_and_then(form: Form) -> Answer | None:
        nonlocal asked
        asked += 1
        if asked % 7 == 3:
            return refusal(form["command"], 429, "please retry after [40] ms.")
        return None

    server.script = now_and_then
    bench = Bench(server, max_calls=3, page_size=20)
    assert len(await bench.client.fetch(NETWORKS)) == 500
    assert server.most <= 3
    assert 1 <= bench.client._lanes.open < 3
