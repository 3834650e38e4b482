"""The bar of the preflight: no more calls than facts, in the time of its slowest chain of calls.

On the lab, whose `listNetworks` takes 10 ms per network as a real server does, and whose router is
asked over SSH. The peer are the chains of calls that depend on one another, each asked alone
in the same run: the networks; the address, then its rules; the routers, then the router.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import httpx

from bench.ratios import Ratio, Samples, run_alone
from tests.consoles import lab_session
from tui.lab.lab import Lab, open_lab
from tui.session.enabling import Wish, learn, prepare
from tui.session.inventory import Kind
from tui.session.preflight import Gathering
from tui.session.session import Session
from tui.session.views import network_row, network_rows

NETWORKS: Final = 70
COST_MS: Final = 10.0
PLACE: Final = "acme-prod"
ROUNDS: Final = 3
PLUMBING: Final = frozenset({"apikey", "signature", "signatureversion", "expires", "response"})

Question = frozenset[tuple[str, str]]


class CountingWire(httpx.AsyncBaseTransport):
    """Passes every call on and remembers what was asked."""

    def __init__(self, lab: Lab) -> None:
        self._cloud = httpx.ASGITransport(app=lab.app)
        self.asked: list[Question] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the question, without what signs it."""
        form = dict(parse_qsl((await request.aread()).decode(), keep_blank_values=True))
        self.asked.append(frozenset((k, v) for k, v in form.items() if k not in PLUMBING))
        return await self._cloud.handle_async_request(request)


async def timed(action: Callable[[], Awaitable[object]]) -> float:
    """Seconds that `action` takes."""
    before = time.perf_counter()
    await action()
    return time.perf_counter() - before


def key_of(session: Session) -> str:
    """The id of the network that is looked at."""
    return next(row.key for row in network_rows(session.inventory) if row.name == PLACE)


async def opened(lab: Lab) -> tuple[Session, CountingWire, str]:
    """A session that knows what is listed, and has asked nothing of a preflight."""
    wire = CountingWire(lab)
    session = lab_session(lab, transport=wire)
    await session.open()
    await session.inventory.refresh([Kind.NETWORKS])
    key = key_of(session)
    session.inventory.networks.rows.clear()
    wire.asked.clear()
    return session, wire, key


async def chains(lab: Lab) -> dict[str, float]:
    """Seconds of each chain of calls that depend on one another, asked with nothing beside."""
    session, _, key = await opened(lab)

    async def address() -> None:
        await session.inventory.refresh([Kind.ADDRESSES])
        rows = session.inventory.addresses.rows.values()
        found = next(each for each in rows if each.is_source_nat and each.network_id == key)
        await session.inventory.refresh_rules(found.id)

    async def router() -> None:
        await session.inventory.refresh([Kind.ROUTERS])
        await Gathering(session, key).ask_routers()

    times = {
        "networks": await timed(lambda: session.inventory.refresh([Kind.NETWORKS])),
        "address": await timed(address),
        "router": await timed(router),
    }
    await session.aclose()
    return times


async def whole(lab: Lab) -> tuple[float, list[Question]]:
    """Seconds of a preflight of a session that has asked none, and what it asked."""
    session, wire, key = await opened(lab)
    seconds = await timed(lambda: learn(session, key))
    row = network_row(session.inventory, key)
    if row is None or any(
        check.state == "unknown" for check in prepare(session.inventory, row, Wish()).checks
    ):
        raise AssertionError("a preflight with open questions measures nothing")
    await session.aclose()
    return seconds, wire.asked


async def in_turn() -> list[Ratio]:
    """Both lines of the bar."""
    with tempfile.TemporaryDirectory(prefix="csvpn-bench-") as folder:
        async with open_lab("demo", Path(folder), networks=NETWORKS, cost_ms=COST_MS) as lab:
            slowest = [max((await chains(lab)).values()) for _ in range(ROUNDS)]
            preflights = [await whole(lab) for _ in range(ROUNDS)]
    asked = preflights[0][1]
    return [
        Ratio(
            bar=None,
            name="preflight: calls by facts",
            ours=Samples((len(asked),)),
            peer=Samples((len(set(asked)),)),
            unit="calls",
            limit=1,
            at_least=False,
        ),
        Ratio(
            bar=None,
            name="preflight: all of it by the slowest chain of calls",
            ours=Samples(tuple(seconds for seconds, _ in preflights)),
            peer=Samples(tuple(slowest)),
            unit="s",
            limit=1.2,
            at_least=False,
        ),
    ]


def measure() -> list[Ratio]:
    """Both lines of the bar."""
    return asyncio.run(in_turn())


if __name__ == "__main__":
    run_alone(measure)
