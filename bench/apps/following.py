"""The lines of a router's log over the console's own connection, for any program."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from unittest import mock

import msgspec

from bench.routers import Router
from tests.router.openssh import plan_as
from tui.router import connection as connection_module
from tui.router.connection import RouterConnection
from tui.router.follow import follow
from tui.router.hops import RouterTarget
from tui.router.hostkeys import HostKeys
from tui.router.log_commands import SOURCES, LogSource
from tui.router.log_events import LogChunk
from tui.settings.model import SshPath


def connection_to(router: Router) -> RouterConnection:
    """The console's connection to a router of the bench."""
    # The server runs as whoever runs the bench, where a router has root.
    mock.patch.object(connection_module, "plan", plan_as(router.user)).start()
    path = SshPath(key_file=router.key_file, router_port=router.port)
    target = RouterTarget(name=router.name, uuid=router.uuid, control_ip="127.0.0.1")
    return RouterConnection(target, path, HostKeys(Path(router.known_hosts)))


def _read(described: Path) -> Router:
    return msgspec.json.decode(described.read_bytes(), type=Router)


async def router_blocks(described: Path) -> AsyncIterator[bytes]:
    """All of the log that is there, and all that comes."""
    router = _read(described)
    SOURCES["daemon"] = LogSource("daemon", router.log)
    connection = connection_to(router)
    try:
        events = follow(connection, ["daemon"], backlog_bytes=1 << 40)
        async with contextlib.aclosing(events):
            async for event in events:
                if isinstance(event, LogChunk):
                    yield event.text
    finally:
        await connection.aclose()
