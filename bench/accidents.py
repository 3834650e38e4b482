"""Killed a thousand times and on a bad link: is anything lost, is anything done twice?

    python -m bench.accidents [RUNS]

Each run begins an operation against the embedded cloud and goes on with it after each kill until
it is over. Kills come at random between any two records and exchanges, at most three a run, so that
RUNS * 0.4 runs have about RUNS kills; on the bad link 15 % of the replies are lost after their
effect and 7 % of the requests. What is in the cloud at the end is compared with a run to which
nothing happens.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from bench.ratios import Ratio, Samples, run_alone
from tests.operations.accidents import (
    Make,
    Odds,
    Run,
    World,
    adding_eight,
    disabling,
    editing,
    enabling,
    enabling_unused,
    resetting,
    rotating,
    run_once,
)

SHORT: Final = 50
"""Runs on the bad link; a number as the argument takes another, such as 1000."""
AT_A_TIME: Final = 8
KILLS: Final = Odds(kill=0.08)
BAD_LINK: Final = Odds(lost_request=0.07, lost_reply=0.15)
BOTH: Final = Odds(kill=0.04, lost_request=0.07, lost_reply=0.15)


class Tally(msgspec.Struct, frozen=True):
    """What came of many runs."""

    name: str
    runs: int
    kills: int
    calls_lost: int
    missing: int
    """Things that should be there at the end and are not."""
    twice: int
    """Things that are there and should not be."""
    stuck: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, nothing done twice, and every run has ended."""
        return not (self.missing or self.twice or self.stuck)


def things(world: World) -> Counter[str]:
    """Everything in a world, counted."""
    return Counter(f"{name} {each}" for name, kind in _kinds(world) for each in kind)


def _kinds(world: World) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "vpn", world.vpns
    yield "user", world.users
    yield "rule", world.rules
    yield "address", world.addresses


async def tally(name: str, makes: tuple[Make, ...], odds: Odds, runs: int) -> Tally:
    """Run `runs` times, the operations in turn."""
    ends = {make: things((await run_once(make, 0, Odds())).world) for make in makes}
    places = asyncio.Semaphore(AT_A_TIME)
    began = time.perf_counter()

    async def one(seed: int) -> tuple[Run | None, int, int]:
        make = makes[seed % len(makes)]
        async with places:
            try:
                run = await run_once(make, seed, odds)
            except AssertionError:
                return None, 0, 0
        found = things(run.world)
        return run, (ends[make] - found).total(), (found - ends[make]).total()

    results = await asyncio.gather(*(one(seed) for seed in range(runs)))
    done = [run for run, _, _ in results if run is not None]
    return Tally(
        name,
        runs,
        sum(run.kills for run in done),
        sum(run.losses for run in done),
        sum(missing for _, missing, _ in results),
        sum(twice for _, _, twice in results),
        runs - len(done),
        time.perf_counter() - began,
    )


async def tallies(runs: int) -> list[Tally]:
    """Print a line for each kind of accident."""
    columns = ("accident", "runs", "kills", "calls lost", "missing", "twice", "stuck", "")
    widths = (34, 6, 7, 11, 8, 6, 6, 6)
    print("".join(head.ljust(width) for head, width in zip(columns, widths, strict=True)))
    found: list[Tally] = []
    others = (rotating, disabling, editing, resetting)
    every = (enabling, enabling_unused, adding_eight)
    for name, makes, odds, share in (
        ("killed while enabling", (enabling, enabling_unused), KILLS, 0.4),
        ("killed while adding eight users", (adding_eight,), KILLS, 0.4),
        ("killed within other operations", others, KILLS, 0.2),
        ("15 % of replies, 7 % of requests", every, BAD_LINK, 1.0),
        ("both", (*every, *others), BOTH, 0.25),
    ):
        line = await tally(name, makes, odds, max(len(makes), round(runs * share)))
        found.append(line)
        cells = (
            line.name,
            line.runs,
            line.kills,
            line.calls_lost,
            line.missing,
            line.twice,
            line.stuck,
            "ok" if line.holds else "short",
        )
        print("".join(str(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)))
        print(f"  {line.seconds:.0f} s", flush=True)
    return found


def measure() -> list[Ratio]:
    """The short form, as one line for each kind of accident."""
    return [
        Ratio(
            bar=None,
            name=f"{line.name}, {line.runs} runs: missing, twice or stuck",
            ours=Samples((line.missing + line.twice + line.stuck,)),
            peer=None,
            unit="things",
            limit=0,
            at_least=False,
            absolute=True,
            note=f"{line.kills} kills, {line.calls_lost} calls lost",
        )
        for line in asyncio.run(tallies(SHORT))
    ]


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        sys.exit(not all(line.holds for line in asyncio.run(tallies(int(sys.argv[1])))))
    run_alone(measure)
