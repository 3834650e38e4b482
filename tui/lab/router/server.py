"""The SSH servers of a lab: one per router, on loopback, key only, without a shell."""

import os
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from tui.lab.router.lab_router import LabRouter, RouterEndpoint
from tui.lab.router.logfiles import RouterLogs
from tui.lab.router.machine import Machine
from tui.lab.state import RouterState

MOST_ROUTERS = 200
"""Routers that get a server: each holds a socket. A bigger world has the others without one."""


class LabRouters:
    """All routers of one lab.

    `folder` gets the client key (`id_lab`), `known_hosts` and one folder of logs per router.
    `speed` is how many seconds of the story pass in one; `story` plays people who connect.
    """

    def __init__(
        self,
        states: Sequence[RouterState],
        folder: Path,
        *,
        speed: float = 1.0,
        story: bool = False,
    ) -> None:
        self.key_file = folder / "id_lab"
        self.known_hosts = folder / "known_hosts"
        self._folder = folder
        self._routers = [
            LabRouter(Machine(state), folder / state.name, speed=speed, story=story)
            for state in states[:MOST_ROUTERS]
        ]

    @property
    def endpoints(self) -> tuple[RouterEndpoint, ...]:
        """Where each router listens; a router that is stopped refuses at its address."""
        return tuple(router.endpoint for router in self._routers)

    async def start(self) -> None:
        """Make keys, open the ports of running routers, begin the story."""
        self._folder.mkdir(parents=True, exist_ok=True)
        client_key = asyncssh.generate_private_key("ssh-ed25519", "csvpn lab")
        _write_private(self.key_file, client_key.export_private_key())
        _write_private(self.key_file.with_suffix(".pub"), client_key.export_public_key())
        trusted = asyncssh.import_authorized_keys(client_key.export_public_key().decode())
        lines = []
        for router in self._routers:
            await router.start(trusted)
            lines.append(router.known_hosts_line)
        _write_private(self.known_hosts, "".join(f"{line}\n" for line in lines).encode())

    async def aclose(self) -> None:
        """End the story and close every port."""
        for router in self._routers:
            await router.aclose()

    def router(self, name: str) -> LabRouter:
        """The router `name`. Raises `KeyError`."""
        for router in self._routers:
            if router.endpoint.name == name:
                return router
        raise KeyError(name)

    def logs(self, name: str) -> RouterLogs:
        """The logs of router `name`. Raises `KeyError`."""
        return self.router(name).logs

    def drop_connections(self, name: str) -> int:
        """Break every connection to router `name`, as a failing link does; how many there were."""
        return sum(
            router.drop_connections() for router in self._routers if router.endpoint.name == name
        )


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
