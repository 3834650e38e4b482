"""The bar of SSH: the first line from a router that is not connected yet, and the next command.

Against a real OpenSSH server on loopback, which is asked by us and by the OpenSSH client: the same
key, the same command (`date +%z`, the zone of a router's log), host key known to both, key exchange
curve25519 on both sides. A round has each variant once.

- first line: from nothing to the first line of output. Ours: a `RouterConnection` is made, logs in,
  asks the router for its name, as it does with every router, and reads the line. Theirs: `ssh` is
  started and its first line read.
- next command: ours over the connection that is kept, to the end of its output; theirs `ssh` over a
  `ControlMaster` that is kept, to its end.

What is unfair: `ssh` is started anew each time, which is what using it from a program means, while
our program runs already and has loaded asyncssh (some 170 ms, behind the first frame, see
`bench.start`). And nothing is far away here: over a link with a delay both sides wait for it in the
same places, but for the name that we ask for.
"""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest import mock

from bench.ratios import Ratio, Samples, run_alone
from tests.router.openssh import OpenSsh, connection_to, openssh_server, plan_as
from tui.router import connection as connection_module
from tui.router.connection import RouterConnection
from tui.router.log_commands import LOG_ZONE

ROUNDS: Final = 25
LINE: Final = LOG_ZONE.line()

QUIET_SHELL: Final = "SetEnv SHLVL=2"
"""Keeps the shell of the server from reading what this machine has in its own start-up files, which
may take longer than everything that is measured: bash reads them in the first shell only."""


class OpenSshClient:
    """The `ssh` program, with nothing of this user's own configuration."""

    def __init__(self, server: OpenSsh, folder: Path) -> None:
        known = folder / "known_by_ssh"
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        options = (
            "BatchMode=yes",
            "KexAlgorithms=curve25519-sha256",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={known}",
            "GlobalKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            f"ControlPath={folder}/master",
        )
        self._argv = [
            "ssh", "-F", "/dev/null", *[word for each in options for word in ("-o", each)],
            "-i", str(server.key_file), "-p", str(server.port), f"{server.user}@127.0.0.1",
        ]  # fmt: skip

    def first_line(self) -> float:
        """Seconds from starting `ssh` to its first line."""
        before = time.perf_counter()
        with self._start("-S", "none") as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds = time.perf_counter() - before
            if not line.endswith(b"\n") or process.wait() != 0:
                raise AssertionError(f"ssh says nothing: {line!r}")
        return seconds

    def next_command(self) -> float:
        """Seconds from starting `ssh` to its end, over the connection of the master."""
        before = time.perf_counter()
        with self._start() as process:
            out, _ = process.communicate()
            seconds = time.perf_counter() - before
        if not out.endswith(b"\n") or process.returncode != 0:
            raise AssertionError(f"ssh says nothing: {out!r}")
        return seconds

    @contextmanager
    def master(self) -> Iterator[None]:
        """A connection that stays, for `next_command`."""
        subprocess.run([*self._argv[:1], "-M", "-f", "-N", *self._argv[1:]], check=True)
        try:
            yield
        finally:
            subprocess.run(
                [*self._argv[:1], "-O", "exit", *self._argv[1:]],
                check=True,
                stderr=subprocess.DEVNULL,
            )

    def _start(self, *options: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*self._argv[:1], *options, *self._argv[1:], LINE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )


async def first_line(server: OpenSsh, folder: Path) -> float:
    """Seconds from nothing to the first line that a new router prints."""
    router = connection_to(server, folder)
    before = time.perf_counter()
    async with router.stream(LOG_ZONE) as stream:
        line = await stream.read()
        seconds = time.perf_counter() - before
    await router.aclose()
    if not line.endswith(b"\n"):
        raise AssertionError(f"the router says nothing: {line!r}")
    return seconds


async def next_command(router: RouterConnection) -> float:
    """Seconds of one command over the connection that is there, to its end."""
    before = time.perf_counter()
    async with router.stream(LOG_ZONE) as stream:
        line = await stream.read()
        ended = await stream.end()
    seconds = time.perf_counter() - before
    if not line.endswith(b"\n") or ended.status != 0:
        raise AssertionError(f"the router says nothing: {line!r}")
    return seconds


async def in_turn(folder: Path) -> list[Ratio]:
    """Every variant once in each round."""
    new: list[float] = []
    new_ssh: list[float] = []
    later: list[float] = []
    later_ssh: list[float] = []
    async with openssh_server(folder, QUIET_SHELL) as server:
        ssh = OpenSshClient(server, folder)
        with (
            mock.patch.object(connection_module, "plan", plan_as(server.user)),
            ssh.master(),
        ):
            async with connection_to(server, folder) as kept:
                for number in range(ROUNDS + 1):
                    taken = (
                        await first_line(server, folder),
                        await asyncio.to_thread(ssh.first_line),
                        await next_command(kept),
                        await asyncio.to_thread(ssh.next_command),
                    )
                    # The first round loads what is loaded only once, on both sides.
                    if number:
                        for samples, seconds in zip(
                            (new, new_ssh, later, later_ssh), taken, strict=True
                        ):
                            samples.append(seconds)
    return [
        Ratio(
            bar=11,
            name="first line from a new router (peer: ssh)",
            ours=Samples(tuple(new)),
            peer=Samples(tuple(new_ssh)),
            unit="s",
            limit=0.75,
            at_least=False,
            note="curve25519; asyncssh is loaded, ours asks for the router's name too",
        ),
        Ratio(
            bar=11,
            name="the next command (peer: ssh with ControlMaster)",
            ours=Samples(tuple(later)),
            peer=Samples(tuple(later_ssh)),
            unit="s",
            limit=1.0,
            at_least=False,
        ),
    ]


def measure() -> list[Ratio]:
    """The first line from a new router, and the next command, beside OpenSSH."""
    with tempfile.TemporaryDirectory(prefix="csvpn-bench-") as folder:
        return asyncio.run(in_turn(Path(folder)))


if __name__ == "__main__":
    run_alone(measure)
