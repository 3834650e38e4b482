"""A router for the bench: OpenSSH on loopback, run as whoever runs the bench, and a log file."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.router.openssh import SSHD, openssh_server

NO_SSHD = "no sshd on this machine (apt install openssh-server)"


class Router(msgspec.Struct, frozen=True):
    """How it is reached, and where its log is: in a file, any program can be told."""

    name: str
    uuid: str
    port: int
    user: str
    key_file: str
    known_hosts: str
    log: str


def can_be_had() -> bool:
    """Whether this machine has an SSH server."""
    return SSHD is not None


@contextlib.contextmanager
def router(first_lines: bytes = b"") -> Iterator[tuple[Router, Path]]:
    """A running one whose log has `first_lines`, and the file that describes it."""
    with (
        tempfile.TemporaryDirectory(prefix="csvpn-bench-router-") as place,
        asyncio.Runner() as runner,
    ):
        folder = Path(place)
        # Another HOME, because what somebody has a login shell do is no router's.
        serving = openssh_server(folder, f"SetEnv HOME={folder}")
        server = runner.run(serving.__aenter__())
        try:
            log = folder / "daemon.log"
            log.write_bytes(first_lines)
            known = folder / "known_hosts"
            known.write_text(f"vr:u-42 {server.host_key}\n")
            found = Router(
                socket.gethostname(),
                "u-42",
                server.port,
                server.user,
                str(server.key_file),
                str(known),
                str(log),
            )
            described = folder / "router.json"
            described.write_bytes(msgspec.json.encode(found))
            yield found, described
        finally:
            runner.run(serving.__aexit__(None, None, None))
