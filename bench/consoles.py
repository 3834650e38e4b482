"""The console itself, on a cloud where nothing happens: the lab's world of the recordings.

The lab is another process (`csvpn lab serve`), as a server is; its routers answer over SSH. Nobody
connects to a VPN there: what the console writes is of its own doing.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec

from bench.terminals import SMALL, Size, Terminal
from tui.settings.model import Profile, SshPath
from tui.settings.profiles import save_profile

ROOT: Final = Path(__file__).parent.parent
NETWORKS: Final = 40
"""More than those of the recordings: a screenful at 200x50."""
PLAIN: Final = "--plain-output"
"""What makes the console write as stock Textual does."""

Environment = dict[str, str]


@contextlib.contextmanager
def quiet_lab() -> Iterator[Environment]:
    """A running lab, and the environment in which the console knows it as the profile `lab`."""
    argv = [sys.executable, "-m", "tui", "lab", "serve", "--networks", str(NETWORKS)]
    with tempfile.TemporaryDirectory(prefix="csvpn-quiet-") as place:
        lab = subprocess.Popen(
            [*argv, "--world", "contract"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert lab.stdout is not None
            known = msgspec.json.decode(lab.stdout.readline())
            environment = {"CSVPN_CONFIG_DIR": place}
            with mock.patch.dict(os.environ, environment):
                save_profile(_profile(known))
            yield environment | {"CSVPN_SECRET_KEY": known["actors"]["root"]["secretkey"]}
        finally:
            lab.terminate()
            lab.wait()


def _profile(known: dict[str, Any]) -> Profile:
    way = SshPath(
        key_file=known["ssh_key"],
        known_hosts=known["known_hosts"],
        addresses={each["name"]: f"{each['host']}:{each['port']}" for each in known["routers"]},
    )
    return Profile(
        name="lab",
        url=known["api"],
        api_key=known["actors"]["root"]["apikey"],
        zones={"*": way},
    )


@contextlib.contextmanager
def console(environment: Environment, *arguments: str, size: Size = SMALL) -> Iterator[Terminal]:
    """The console with its first section filled."""
    argv = (sys.executable, "-m", "tui", "--profile", "lab", *arguments)
    with Terminal(argv, size=size, environment=environment, cwd=ROOT) as terminal:
        terminal.wait_for(b"acme-prod")
        terminal.quiet(1)
        yield terminal
