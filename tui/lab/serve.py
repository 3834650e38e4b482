"""`csvpn lab serve`: the lab for any other program, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tui.lab.lab import Lab, open_lab

HOST = "127.0.0.1"
LAST_ANSWERS = 2
"""Seconds that calls have to end when the lab is told to: a client may never send the rest."""


class UvicornMissing(Exception):
    """The server that `csvpn lab serve` needs is not installed; the text says how to get it."""


def _print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def announcement(lab: Lab, port: int) -> dict[str, object]:
    """What a client has to know: API, keys of the actors, where the routers listen."""
    known: dict[str, object] = {
        "api": f"http://{HOST}:{port}/client/api",
        "actors": {
            name: {
                "apikey": actor.api_key,
                "secretkey": actor.secret_key,
                "username": actor.username,
                "password": actor.password,
                "domain": actor.domain,
            }
            for name, actor in lab.actors.items()
        },
        "routers": [],
    }
    if lab.routers is not None:
        known["routers"] = [
            {"name": r.name, "network": r.network, "host": r.host, "port": r.port}
            for r in lab.routers.endpoints
        ]
        known["ssh_key"] = str(lab.routers.key_file)
        known["known_hosts"] = str(lab.routers.known_hosts)
    return known


def _configuration(lab: Lab) -> Any:
    try:
        import uvicorn
    except ImportError as error:
        raise UvicornMissing(
            "csvpn lab serve needs uvicorn, which is not installed; "
            "install it with: pip install 'csvpn[lab]'"
        ) from error
    return uvicorn.Config(
        lab.app,
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )


@contextlib.asynccontextmanager
async def _folder(folder: Path | None) -> AsyncIterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="csvpn-lab-") as name:
        yield Path(name)


async def serve(
    world: str | Path,
    *,
    port: int = 0,
    networks: int = 0,
    cost_ms: float = 0,
    speed: float = 1.0,
    routers: bool = True,
    folder: Path | None = None,
    announce: Callable[[str], None] = _print_line,
) -> None:
    """Serve a world until SIGTERM or SIGINT; `announce` gets one line of JSON when it answers.

    `port` 0 takes a free one; without `folder` keys and logs live in a temporary one. Raises
    `UvicornMissing`, `WorldUnreadable`, OSError if the port is taken.
    """
    if folder is not None:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with (
        _folder(folder) as place,
        open_lab(
            world, place, networks=networks, cost_ms=cost_ms, speed=speed, routers=routers
        ) as lab,
    ):
        configuration = _configuration(lab)
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with listening:
            listening.bind((HOST, port))
            await _run(configuration, listening, lab, announce)


async def _run(
    configuration: Any, listening: socket.socket, lab: Lab, announce: Callable[[str], None]
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Announces itself when it answers; signals are handled by us, so that all is closed."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            known = announcement(lab, listening.getsockname()[1])
            announce(msgspec.json.encode(known).decode())

    server = Server(configuration)
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT) if os.name == "posix" else ()

    def stop() -> None:
        # Calls that are cut off now are no mistakes, and need no traceback.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.should_exit = True

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        await server.serve(sockets=[listening])
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
