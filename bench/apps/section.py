"""The console itself, whose Logs section follows the router of the bench.

The cloud is the lab's, in this process; its router with a VPN is given the name and the address of
the bench's OpenSSH server, whose log stands for the router's cloud.log.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final
from unittest import mock

import msgspec

from bench.apps.intake import source_of_arguments
from bench.routers import Router
from tests.consoles import lab_session
from tests.router.openssh import plan_as
from tui.app import Console
from tui.lab.lab import Lab, open_lab
from tui.router import connection as connection_module
from tui.router.log_commands import SOURCES, LogSource
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher
from tui.session.session import Session
from tui.settings.model import SshPath
from tui.terminal.capabilities import read_capabilities
from tui.terminal.driver import TerminalWriter

FOLLOWED: Final = "r-14-VM"


def session_on(lab: Lab, router: Router, folder: Path) -> Session:
    """A session that takes `FOLLOWED` for the router of the bench."""
    [followed] = [each for each in lab.world.routers.values() if each.name == FOLLOWED]
    followed.name = router.name
    known = folder / "known_hosts"
    known.write_text(Path(router.known_hosts).read_text().replace(router.uuid, followed.id))
    way = SshPath(
        key_file=router.key_file,
        known_hosts=str(known),
        addresses={router.name: f"127.0.0.1:{router.port}"},
    )
    return lab_session(lab, zones={"*": way})


async def run(router: Router) -> None:
    """The console, until it is killed."""
    SOURCES["cloud"] = LogSource("cloud", router.log)
    with tempfile.TemporaryDirectory(prefix="csvpn-section-") as place:
        folder = Path(place)
        async with open_lab("contract", folder, routers=False) as lab:
            session = session_on(lab, router, folder)
            writer = TerminalWriter(read_capabilities())
            console = Console(
                Launcher(CredentialStore({})),
                session,
                clipboard=Clipboard(writer),
                writer=writer,
            )
            await console.run_async()


if __name__ == "__main__":
    described = source_of_arguments().router
    assert described is not None
    bench_router = msgspec.json.decode(described.read_bytes(), type=Router)
    planned = plan_as(bench_router.user)
    with mock.patch.object(connection_module, "plan", planned):
        asyncio.run(run(bench_router))
