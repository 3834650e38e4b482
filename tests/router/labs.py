"""A lab router with a running VPN, and a connection to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tui.lab.router.server import LabRouters
from tui.lab.state import OpenPort, PushedVpn, RouterState
from tui.router.connection import RouterConnection
from tui.router.hops import RouterTarget
from tui.settings.model import SshPath

UUID = "5d4e0d5c-0000-4000-8000-000000000042"
KEY = "presharedkeyofthelab1234"


def router_state(name: str = "r-42-VM", *, vpn: bool = True) -> RouterState:
    """A router of an isolated network; with a VPN, three open ports and two users if `vpn`."""
    state = RouterState(
        name, UUID, "acme-prod", False, "10.1.1.0/24", "10.1.1.1", "203.0.113.12", "169.254.7.42"
    )
    if vpn:
        state.vpn = PushedVpn("203.0.113.12", "10.1.2.1", "10.1.2.2-10.1.2.8", KEY, "10.1.1.0/24")
        state.users = {"alice": "secret-1", "bob": "secret-2"}
        state.ports = [
            OpenPort("203.0.113.12", "udp", port, port, ("0.0.0.0/0",))
            for port in (500, 1701, 4500)
        ]
        state.charon_running = state.xl2tpd_running = True
        state.loaded_pool, state.loaded_local_ip = state.vpn.pool, state.vpn.local_ip
    return state


@contextlib.asynccontextmanager
async def lab_of(
    folder: Path, *states: RouterState, speed: float = 1.0, story: bool = False
) -> AsyncIterator[LabRouters]:
    """A lab of `states`, closed at the end."""
    lab = LabRouters(states, folder, speed=speed, story=story)
    await lab.start()
    try:
        yield lab
    finally:
        await lab.aclose()


def path_to(lab: LabRouters, **changes: object) -> SshPath:
    """The SSH path to every router of `lab`."""
    values = {
        "key_file": str(lab.key_file),
        "known_hosts": str(lab.known_hosts),
        "addresses": {end.name: f"{end.host}:{end.port}" for end in lab.endpoints},
        **changes,
    }
    return SshPath(**values)  # type: ignore[arg-type]


def target(name: str = "r-42-VM") -> RouterTarget:
    """What the cloud says of the router."""
    return RouterTarget(name=name, uuid=UUID, control_ip="169.254.7.42")


def connection_to(lab: LabRouters, **changes: object) -> RouterConnection:
    """A connection that is not open yet."""
    return RouterConnection(target(), path_to(lab, **changes))


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that happens in files and states; `TimeoutError` if it does not."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (nothing rings when a file has been written)
            await asyncio.sleep(0.01)
