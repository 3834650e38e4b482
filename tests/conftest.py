"""What every test stands on: no real keyring, agent or profile, and a console on the lab."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from tests.consoles import DemoConsole
from tui.lab.lab import Lab, open_lab
from tui.safety import redact, secret

# No example is given a time limit: machines are slow at times. Where the result decides about a
# merge, every run tries the same examples, so that a red one is not somebody else's luck.
settings.register_profile("here", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# `keyring` chooses its backend once in a process, so this cannot wait for a fixture.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

# Tests that are run in the background have SIGINT ignored, and the programs that they start would
# inherit that: none would end by ctrl+c.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FOLDERS: Final = (
    "CSVPN_CONFIG_DIR",
    "CSVPN_STATE_DIR",
    "CSVPN_DATA_DIR",
    "CSVPN_CACHE_DIR",
)
INHERITED: Final = (
    "SSH_AUTH_SOCK",
    "CSVPN_SECRET_KEY",
    "CSVPN_SECRET_KEY_FILE",
    "CSVPN_PASSWORD",
    "CSVPN_PASSWORD_FILE",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)
"""What the person who runs the tests may have set, and what would change their outcome."""


@pytest.fixture(autouse=True)
def own_surroundings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Files go to folders of this test; nothing of the person who runs it is used."""
    folder = tmp_path_factory.mktemp("home")
    for variable in FOLDERS:
        monkeypatch.setenv(variable, str(folder / variable.lower()))
    for variable in INHERITED:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def own_live_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets made up by one test must not be redacted from the texts of another."""
    monkeypatch.setattr(secret, "_live_values", set())
    monkeypatch.setattr(redact, "_built", (0, str))


@pytest.fixture
async def demo_lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The lab's world `demo`, its cloud and its routers, eight times as fast as life."""
    async with open_lab("demo", tmp_path, speed=8) as lab:
        yield lab


@pytest.fixture
async def contract_lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """The world of the recordings, without routers."""
    async with open_lab("contract", tmp_path, routers=False) as lab:
        yield lab


@pytest.fixture
def demo_console(demo_lab: Lab) -> DemoConsole:
    """A console on the demo's lab: `async with demo_console.run() as pilot`."""
    return DemoConsole(demo_lab)
