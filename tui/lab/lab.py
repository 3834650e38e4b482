"""A lab: an embedded cloud and its routers, for the demo, the tests, training and the benches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.lab.cloud.application import Application
from tui.lab.cloud.engine import Cloud, Pace
from tui.lab.cloud.world import World
from tui.lab.worlds.contract import contract_world
from tui.lab.worlds.crowd import add_networks
from tui.lab.worlds.demo import demo_world
from tui.lab.worlds.snapshot import Snapshot, WorldUnreadable, load_file

if TYPE_CHECKING:
    from tui.lab.router.server import LabRouters

BUILT_IN = ("contract", "demo")


@dataclass(slots=True, frozen=True)
class Actor:
    """Somebody whose credentials the lab hands out. They open nothing but this lab."""

    api_key: str
    secret_key: str
    username: str
    password: str
    domain: str
    """Path as the login wants it: `/` or `/customers`."""


@dataclass(slots=True)
class Lab:
    """A running lab."""

    cloud: Cloud
    app: Application
    """The ASGI callable; the API is at `/client/api`."""
    actors: Mapping[str, Actor]
    """`root`, `domain-admin`, `user`, `other-user` and what else the world has."""
    routers: LabRouters | None

    @property
    def world(self) -> World:
        return self.cloud.world


def read_world(world: str | Path) -> Snapshot:
    """The snapshot of a built-in world or of a file. Raises `WorldUnreadable`."""
    if world == "contract":
        return contract_world()
    if world == "demo":
        return demo_world()
    path = Path(world)
    if not path.exists():
        known = " and ".join(BUILT_IN)
        raise WorldUnreadable(
            f"there is no world {world!s}: {known} are built in, else name a file"
        )
    return load_file(path)


def actors_of(world: World) -> dict[str, Actor]:
    """The actors of a world by the name that the lab gives them."""
    found: dict[str, Actor] = {}
    for person in world.people.values():
        if person.actor:
            domain = world.domains[world.accounts[person.account].domain]
            path = domain.path.removeprefix("ROOT") or "/"
            found[person.actor] = Actor(
                person.api_key, person.secret_key, person.username, person.password, path
            )
    return found


def pace_of(world: str | Path, *, speed: float, cost_ms: float) -> Pace:
    """How long things take. In the demo progress is to be seen; `speed` divides the times."""
    seen = str(world) == "demo"
    return Pace(
        job=(0.45 if seen else 0.02) / speed,
        router=(0.15 if seen else 0.01) / speed,
        transaction=0.005,
        network=cost_ms / 1000,
    )


@asynccontextmanager
async def open_lab(
    world: str | Path,
    folder: Path,
    *,
    networks: int = 0,
    cost_ms: float = 0,
    speed: float = 1.0,
    routers: bool = True,
    story: bool | None = None,
) -> AsyncIterator[Lab]:
    """Open a lab for as long as the context lasts.

    `world` is `contract`, `demo` or a JSON file; `folder` gets keys and log files; `networks` more
    networks are added; `listNetworks` takes `cost_ms` milliseconds per network; `speed` divides
    all life-like times. With `routers` the SSH servers run on loopback; people come and go there in
    the demo, or as `story` says. Raises `WorldUnreadable`.
    """
    snapshot = read_world(world)
    if networks:
        add_networks(snapshot, networks)
    cloud = Cloud(World(snapshot), pace_of(world, speed=speed, cost_ms=cost_ms))
    servers: LabRouters | None = None
    if routers:
        from tui.lab.router.server import LabRouters

        told = str(world) == "demo" if story is None else story
        states = list(cloud.routers.states.values())
        servers = LabRouters(states, folder, speed=speed, story=told)
    try:
        if servers is not None:
            await servers.start()
        yield Lab(cloud, Application(cloud), actors_of(cloud.world), servers)
    finally:
        await cloud.aclose()
        if servers is not None:
            await servers.aclose()
