"""Bars 1 and 2: from starting the program to its first frame, with 10,000 rows of an earlier run.

Each program is started in a terminal of 80x24, in turn, in rounds; the time is that from starting
it to the arrival of what is looked for. Everything has been started once before, so that no disk
and no compiling to bytecode is measured, as with an installed package.

- ours: `csvpn` with one profile. An earlier run, here a session on the embedded cloud, has kept
  its 10,000 networks; painted is the last of them that fits on the screen. Neither credential
  store nor server is asked before the first frame, so there is none of either here, as on a jump
  host without a keyring where nobody has given the secret yet; `csvpn` asks for it afterwards.
- a minimal Textual app: `bench/apps/minimal.py`, one word, no rows.
- toolong, a log viewer on an older Textual, opening a file of twenty lines.

Bar 2: the first frame where httpx, asyncssh and keyring can be imported, beside the same program in
which importing any of them fails: what they take is the difference, in seconds of the processor,
for importing is nothing else. The last line is a program that imports them first; it has no bar.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest import mock

import httpx
import msgspec

from bench.consoles import ROOT, Environment
from bench.peers import Peer, toolong
from bench.ratios import Ratio, Samples, run_alone
from bench.terminals import Terminal
from tests.consoles import lab_profile
from tui.lab.lab import open_lab
from tui.safety.secret import Secret
from tui.session.glimpse import load_glimpse
from tui.session.inventory import Kind
from tui.session.launch import identity_of
from tui.session.session import Session
from tui.settings.profiles import save_profile

ROUNDS: Final = 15
NETWORKS: Final = 10_000
ROWS_ON_SCREEN: Final = 24 - 5
"""Of 80x24: header, sections, filter, titles and hints take a line each."""

THREE: Final = ("httpx", "asyncssh", "keyring")
_RUN: Final = "from tui.__main__ import main; main([])"
WITHOUT: Final = f"import sys; sys.modules.update(dict.fromkeys({THREE!r})); {_RUN}"
"""An entry of None makes Python refuse the import."""
FIRST: Final = f"import {', '.join(THREE)}; {_RUN}"


@contextmanager
def kept_networks() -> Iterator[tuple[Environment, bytes]]:
    """The environment of a profile whose networks were seen before, and what is painted last."""
    with tempfile.TemporaryDirectory(prefix="csvpn-start-") as place:
        folder = Path(place)
        environment = {
            **{f"CSVPN_{name}_DIR": f"{place}/{name}" for name in ("CONFIG", "STATE", "CACHE")},
            "CSVPN_DATA_DIR": f"{place}/DATA",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        with mock.patch.dict(os.environ, environment):
            last = asyncio.run(_look_at_networks(folder))
        yield environment, last.encode()


async def _look_at_networks(folder: Path) -> str:
    """See all networks of an embedded cloud once; the name of the last that fits on a screen."""
    async with open_lab("contract", folder / "lab", networks=NETWORKS) as lab:
        profile = msgspec.structs.replace(lab_profile(lab), name="lab", zones={})
        save_profile(profile)
        session = Session(
            profile,
            identity_of(profile, Secret(lab.actors["root"].secret_key)),
            transport=httpx.ASGITransport(app=lab.app),
        )
        session.keeping_rows.begin()
        await session.inventory.refresh(Kind)
        await session.aclose()
    glimpse = load_glimpse(profile)
    if glimpse is None or len(glimpse) < NETWORKS:
        raise AssertionError("the networks were not kept")
    return glimpse[ROWS_ON_SCREEN - 1].name


def painted(argv: Sequence[str], wanted: bytes, environment: Environment) -> tuple[float, float]:
    """Seconds from starting a program to `wanted` on its terminal, and those of the processor."""
    with Terminal(argv, environment=environment, cwd=ROOT) as terminal:
        seconds = terminal.wait_for(wanted) - terminal.began
        busy = terminal.cpu_seconds()
        terminal.require(wanted.decode())
        return seconds, busy


def measure() -> list[Ratio]:
    """The first frame beside those of others, and what three libraries take of it."""
    csvpn = str(Path(sys.executable).with_name("csvpn"))
    python = sys.executable
    peer = toolong()
    with kept_networks() as (environment, last), tempfile.TemporaryDirectory() as place:
        log = Path(place, "small.log")
        log.write_bytes(b"".join(b"Nov 23 10:00:%02d r-42-VM line\n" % n for n in range(20)))
        programs: dict[str, tuple[Sequence[str], bytes, Environment]] = {
            "ours": ((csvpn,), last, environment),
            "minimal": ((python, "bench/apps/minimal.py"), b"minimal-app-is-here", {}),
            "as it is": ((python, "-c", _RUN), last, environment),
            "without": ((python, "-c", WITHOUT), last, environment),
            "first": ((python, "-c", FIRST), last, environment),
        }
        if peer.argv:
            programs["toolong"] = ((*peer.argv, str(log)), b"10:00:19", peer.environment)
        taken: dict[str, list[float]] = {name: [] for name in programs}
        busy: dict[str, list[float]] = {name: [] for name in programs}
        names = list(programs)
        for number in range(ROUNDS + 1):
            # What runs just after another program may find the machine busy with its end.
            names.append(names.pop(0))
            for name in names:
                argv, wanted, needed = programs[name]
                seconds, processor = painted(argv, wanted, needed)
                if number:
                    taken[name].append(seconds)
                    busy[name].append(processor)
    for name in ("as it is", "without", "first"):
        taken[name] = busy[name]
    return _ratios({name: Samples(tuple(each)) for name, each in taken.items()}, peer)


def _ratios(taken: dict[str, Samples], peer: Peer) -> list[Ratio]:
    def row(bar: int | None, name: str, ours: str, theirs: str, limit: float | None) -> Ratio:
        return Ratio(
            bar=bar,
            name=name,
            ours=taken[ours],
            peer=taken.get(theirs),
            unit="s",
            limit=limit,
            at_least=False,
            note=peer.missing if theirs not in taken else "",
        )

    start = "start to 10,000 kept rows painted"
    return [
        row(1, f"{start} (peer: a minimal Textual app)", "ours", "minimal", 1.25),
        row(1, f"{start} (peer: toolong, a small file)", "ours", "toolong", 0.55),
        row(2, f"the same (peer: without {', '.join(THREE)})", "as it is", "without", 1.05),
        row(None, f"the same, {', '.join(THREE)} imported first", "first", "without", None),
    ]


if __name__ == "__main__":
    run_alone(measure)
