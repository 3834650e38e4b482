"""Bar 9: 10,000 networks from a server that takes 10 ms for each.

The lab's cloud runs in a process of its own and works on three lists at a time, as a real server
does with profit. Ours is the inventory of a session, over real connections, as the console asks it.

- First screenful: until the rows of a screen of 80x24 are there, in turn with one plain call of
  httpx for just those rows. Both open a new connection each time.
- All of them: in turn with plain httpx that asks for the same list in pages of 100, three at a
  time, knows the number of rows beforehand and decodes nothing: what the server itself takes.
- Memory: what the inventory holds of the answers, beside `json.loads` of the same answers.
- A look at what is on the screen: the rows that the server lists for it, each at what the recorded
  server takes (`docs/lists.md`), beside the 10,000 networks at 10 ms.

The calls under way are counted; more than three end the program.
"""

import asyncio
import gc
import itertools
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import httpx
import msgspec

from bench.ratios import Ratio, Samples, run_alone
from tui.cloud.authentication import KeySigning
from tui.cloud.clock import Clock, ServerTime
from tui.cloud.endpoint import Keys
from tui.cloud.listings import NETWORKS
from tui.cloud.reading import answer_of
from tui.safety.secret import Secret
from tui.session.inventory import Inventory, Kind
from tui.session.place_rows import network_rows, things_of
from tui.session.session import Session
from tui.settings.model import Profile

ROWS: Final = 10_000
COST_MS: Final = 10.0
CALLS: Final = 3
PAGE: Final = 100
LINES: Final = 18
"""Rows of a section at 80x24."""
ROUNDS: Final = 5
COSTS: Final = {
    "listNetworks": 0.010, "listVPCs": 0.010, "listPublicIpAddresses": 0.005, "listRouters": 0.003,
    "listRemoteAccessVpns": 0.0007, "listVpnUsers": 0.0007,
}  # fmt: skip
"""Seconds of the recorded server for one row."""
IDLE: Final = 2.0
"""Seconds after which the server has worked off what was given up."""


class Place(msgspec.Struct, frozen=True):
    """Where the cloud is, and who asks."""

    url: str
    keys: Keys

    def session(self, transport: httpx.AsyncBaseTransport) -> Session:
        """A session that has asked nothing."""
        profile = Profile(
            name="bench", url=self.url, api_key=self.keys.api_key, max_calls=CALLS, page_size=PAGE
        )
        session = Session(profile, self.keys, transport=transport)
        session.inventory.lines = LINES
        return session


class CountingWire(httpx.AsyncHTTPTransport):
    """Real connections, on which the calls under way and the rows of the answers are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.running = 0
        self.most = 0
        self.cost: float | None = None
        """Seconds that the recorded server would take for the rows that came; None: not counted."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, and read the answer."""
        form = dict(parse_qsl((await request.aread()).decode()))
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running > CALLS:
            raise AssertionError(f"{self.running} calls at a time")
        try:
            response = await super().handle_async_request(request)
            body = await response.aread()
        finally:
            self.running -= 1
        if self.cost is not None and form["command"] in COSTS:
            (inner,) = json.loads(body).values()
            rows = sum(len(each) for each in inner.values() if isinstance(each, list))
            self.cost += rows * COSTS[form["command"]]
        return response


@contextmanager
def served() -> Iterator[Place]:
    """The lab's cloud in a process of its own."""
    words = ["lab", "serve", "--world", "demo", "--networks", str(ROWS), "--cost", str(COST_MS)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *words, "--no-routers", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        root = told["actors"]["root"]
        yield Place(told["api"], Keys(root["apikey"], Secret(root["secretkey"])))
    finally:
        process.terminate()
        process.wait()


class Plain:
    """httpx and nothing else."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._signing = KeySigning(place.keys, ServerTime(Clock()))
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_connections=CALLS))

    async def page(self, number: int, size: int) -> bytes:
        """The answer to one page of networks."""
        form = {
            "command": "listNetworks", "response": "json", "listall": "true",
            "page": str(number), "pagesize": str(size),
        }  # fmt: skip
        dressed = await self._signing.dress(form, _nobody)
        answer = await self._http.post(
            self._place.url,
            content=urlencode(dressed.form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **dressed.headers},
            timeout=120,
        )
        answer.raise_for_status()
        return answer.content

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


async def _nobody(*_: object) -> msgspec.Raw:
    raise AssertionError("signing with keys asks nobody")


@asynccontextmanager
async def plain_client(place: Place) -> AsyncGenerator[Plain, None]:
    """A new one, closed in the end."""
    plain = Plain(place)
    try:
        yield plain
    finally:
        await plain.aclose()


# First screenful.


async def our_screenful(place: Place) -> float:
    """Seconds until the rows of the screen are there; what follows them is given up."""
    session = place.session(CountingWire())
    shelf = session.inventory.networks
    there = asyncio.Event()

    def count(_: str) -> None:
        if len(shelf.rows) >= LINES:
            there.set()

    session.inventory.listen(count)
    began = time.perf_counter()
    listing = asyncio.create_task(session.inventory.refresh([Kind.NETWORKS]))
    await there.wait()
    seconds = time.perf_counter() - began
    listing.cancel()
    await asyncio.gather(listing, return_exceptions=True)
    await session.aclose()
    await asyncio.sleep(IDLE)
    return seconds


async def their_screenful(place: Place) -> float:
    """Seconds for one call that asks for just those rows."""
    async with plain_client(place) as plain:
        began = time.perf_counter()
        body = await plain.page(1, LINES)
        seconds = time.perf_counter() - began
    assert len(json.loads(body)["listnetworksresponse"]["network"]) == LINES
    return seconds


# All of them.


async def our_list(place: Place) -> tuple[float, Session, CountingWire]:
    """Seconds until the inventory has all networks, and the session."""
    wire = CountingWire()
    session = place.session(wire)
    began = time.perf_counter()
    await session.inventory.refresh([Kind.NETWORKS])
    seconds = time.perf_counter() - began
    if len(session.inventory.networks.rows) < ROWS or wire.most != CALLS:
        raise AssertionError(f"{len(session.inventory.networks.rows)} rows, {wire.most} calls")
    return seconds, session, wire


async def their_list(place: Place, rows: int) -> tuple[float, list[bytes]]:
    """Seconds until plain httpx has the same pages, and the answers."""
    numbers = itertools.count(1)
    bodies: list[bytes] = []
    async with plain_client(place) as plain:

        async def lane() -> None:
            while (number := next(numbers)) <= -(-rows // PAGE):
                bodies.append(await plain.page(number, PAGE))

        began = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(CALLS)))
        return time.perf_counter() - began, bodies


# Memory.


def held(bodies: Sequence[bytes]) -> tuple[int, int]:
    """Bytes that the rows of an inventory take, and that plain dicts of the same answers take."""

    def ours() -> Any:
        rows: dict[str, object] = {}
        for body in bodies:
            inner = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["listnetworksresponse"]
            rows |= {row.id: row for row in answer_of(inner, NETWORKS).rows}
        return rows

    def theirs() -> Any:
        return [json.loads(body)["listnetworksresponse"]["network"] for body in bodies]

    return _size_of(ours), _size_of(theirs)


def _size_of(make: Any) -> int:
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept
    return size


# A look.


async def look(inventory: Inventory, wire: CountingWire) -> float:
    """Seconds of the server that a look at the rows of a screen costs."""
    rows = sorted(network_rows(inventory), key=lambda row: row.name)[:LINES]
    things = [thing for row in rows for thing in things_of(row)]
    if not {Kind.NETWORKS, Kind.VPNS, Kind.ROUTERS} <= {kind for kind, _ in things}:
        raise AssertionError("a screen without VPNs and routers costs too little")
    wire.cost = 0.0
    await inventory.look_at(things)
    cost, wire.cost = wire.cost, None
    return cost


async def compared() -> list[Ratio]:
    """The lines of bar 9."""
    with served() as place:
        first = [(await our_screenful(place), await their_screenful(place)) for _ in range(ROUNDS)]
        seconds, session, wire = await our_list(place)
        others = (Kind.VPCS, Kind.ADDRESSES, Kind.VPNS, Kind.USERS, Kind.ROUTERS)
        await session.inventory.refresh(others)
        looks = [await look(session.inventory, wire) for _ in range(ROUNDS)]
        rows = len(session.inventory.networks.rows)
        await session.aclose()
        limit, bodies = await their_list(place, rows)
    ours, theirs = held(bodies)
    return [
        Ratio(
            bar=9,
            name=f"first {LINES} of {rows:,} networks (peer: asking for just those)",
            ours=Samples(tuple(each for each, _ in first)),
            peer=Samples(tuple(each for _, each in first)),
            unit="s",
            limit=2,
            at_least=False,
        ),
        Ratio(
            bar=9,
            name="all of them (peer: plain httpx, three pages at a time)",
            ours=Samples((seconds,)),
            peer=Samples((limit,)),
            unit="s",
            limit=1.15,
            at_least=False,
            note=f"{rows:,} × {COST_MS:g} ms / {CALLS} are {rows * COST_MS / CALLS / 1000:.1f} s",
        ),
        Ratio(
            bar=9,
            name="memory of all rows (peer: dicts of the JSON)",
            ours=Samples((ours,)),
            peer=Samples((theirs,)),
            unit="B",
            limit=0.2,
            at_least=False,
        ),
        Ratio(
            bar=9,
            name="a look at the screen, the server's time (peer: the whole list)",
            ours=Samples(tuple(looks)),
            peer=Samples((rows * COST_MS / 1000,)),
            unit="s",
            limit=0.01,
            at_least=False,
        ),
    ]


def measure() -> list[Ratio]:
    """The lines of bar 9."""
    return asyncio.run(compared())


if __name__ == "__main__":
    run_alone(measure)
