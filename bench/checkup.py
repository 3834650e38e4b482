"""The bar of the checkup: what it asks one router, beside one shell that runs the same in a row.

Against a real OpenSSH server on loopback. Commands that this machine has are run as they are; those
that it lacks (`conntrack`, `ethtool`, …) are small scripts on the server's PATH that print what a
router printed. Both sides run the same ones. What is unfair: nothing here waits for an answer, as
`ntpq` does on a router, so what is asked side by side gains less than it would there.

The peer is one command over the same sort of connection, whose script has all commands one after
the other; its output is read to the end and thrown away. Neither side's time has the connecting.
"""

import asyncio
import contextlib
import re
import shlex
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from unittest import mock

import asyncssh

from bench.ratios import Ratio, Samples, run_alone
from tests.router.openssh import OpenSsh, connection_to, openssh_server, plan_as
from tests.router.recorded import recording
from tui.router import connection as connection_module
from tui.router.commands import Command
from tui.router.surveying import SURVEYED, survey

ROUNDS: Final = 7
STATE: Final = "two_sessions"


def programs_of(command: Command[Any]) -> set[str]:
    """The programs that a command starts: the first word of each part of a script."""
    if command.argv[:2] != ("sh", "-c"):
        return {command.argv[0]}
    return set(re.findall(r"(?:^|[|;&(] *)([a-z0-9-]+)", command.argv[2]))


def write_stand_ins(folder: Path) -> None:
    """A script for each program that this machine lacks. It prints what was recorded of the
    command that it is called for, and nothing as a part of a script."""
    folder.mkdir()
    branches: dict[str, list[str]] = {}
    for command in SURVEYED:
        for program in programs_of(command):
            if shutil.which(program) is None:
                branches.setdefault(program, [])
        if command.argv[0] in branches:
            answer = recording(STATE)["answers"][command.name]
            printed = folder / f"{command.name}.txt"
            printed.write_text(answer["stdout"])
            words = shlex.quote(" ".join(command.argv[1:]))
            branches[command.argv[0]].append(f"{words}) cat {printed}; exit {answer['rc']} ;;")
    for program, lines in branches.items():
        path = folder / program
        path.write_text("\n".join(["#!/bin/sh", 'case "$*" in', *lines, "esac", ""]))
        path.chmod(0o755)


async def in_a_row(server: OpenSsh) -> float:
    """Seconds that one shell takes for all commands."""
    script = "\n".join(command.line for command in SURVEYED)
    async with asyncssh.connect(
        "127.0.0.1",
        server.port,
        username=server.user,
        client_keys=[str(server.key_file)],
        known_hosts=None,
        config=None,
    ) as link:
        before = time.perf_counter()
        done = await link.run(script, encoding=None, stdin=asyncssh.DEVNULL)
        seconds = time.perf_counter() - before
    if not done.stdout:
        raise AssertionError("a shell that prints nothing measures nothing")
    return seconds


async def surveyed(server: OpenSsh, folder: Path) -> float:
    """Seconds that a survey takes."""
    async with connection_to(server, folder) as router:
        before = time.perf_counter()
        found = await survey(router)
        seconds = time.perf_counter() - before
    if found.failures or len(found.answers) < len(SURVEYED):
        raise AssertionError(f"a survey with failures measures nothing: {found.failures}")
    return seconds


async def in_turn() -> list[Ratio]:
    """The bar; both sides' rounds take turns."""
    ours, peer = [], []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="csvpn-bench-")))
        stand_ins = folder / "stand-ins"
        write_stand_ins(stand_ins)
        path = f"{stand_ins}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        # Another HOME, because what somebody has a login shell do is no router's.
        settings = f"SetEnv PATH={path} HOME={folder}"
        async with openssh_server(folder, settings) as server:
            stack.enter_context(mock.patch.object(connection_module, "plan", plan_as(server.user)))
            for _ in range(ROUNDS):
                peer.append(await in_a_row(server))
                ours.append(await surveyed(server, folder))
    return [
        Ratio(
            bar=None,
            name=f"checkup over SSH, {len(SURVEYED)} commands (peer: one shell, in a row)",
            ours=Samples(tuple(ours)),
            peer=Samples(tuple(peer)),
            unit="s",
            limit=1.5,
            at_least=False,
        )
    ]


def measure() -> list[Ratio]:
    """The bar of the checkup."""
    return asyncio.run(in_turn())


if __name__ == "__main__":
    run_alone(measure)
