"""Killed anywhere, with calls lost on the way: nothing is lost, nothing is done twice.

A small number of what `bench/accidents.py` does a thousand times.
"""

import pytest

from tests.operations.accidents import (
    Make,
    Odds,
    World,
    adding_eight,
    disabling,
    editing,
    enabling,
    enabling_unused,
    repairing,
    resetting,
    rotating,
    rotating_blind,
    run_once,
)

KILLS = Odds(kill=0.05)
LOSSES = Odds(lost_request=0.07, lost_reply=0.15)
EVERYTHING = Odds(kill=0.03, lost_request=0.07, lost_reply=0.15)


@pytest.mark.parametrize("odds", [KILLS, LOSSES, EVERYTHING], ids=["kills", "losses", "both"])
@pytest.mark.parametrize(
    "make",
    [
        enabling,
        enabling_unused,
        adding_eight,
        rotating,
        rotating_blind,
        disabling,
        editing,
        repairing,
        resetting,
    ],
)
async def test_the_same_end_whatever_happens(make: Make, odds: Odds) -> None:
    wanted: World = (await run_once(make, 0, Odds())).world
    happened = 0
    for seed in range(4):
        run = await run_once(make, seed, odds)
        assert run.world == wanted, f"seed {seed}"
        happened += run.kills + run.losses
    assert happened > 3, "nothing has happened to them"
