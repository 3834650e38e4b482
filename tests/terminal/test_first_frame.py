"""The first frame: what it shows, and what is not loaded for it."""

import sys
import time
from pathlib import Path
from typing import Final

import pytest

from tests.terminal.glass import Glass
from tui.session.glimpse import GlimpsedNetwork, save_glimpse
from tui.settings.model import Profile
from tui.settings.profiles import save_profile

PROFILE: Final = Profile(name="prod", url="http://127.0.0.1:9/client/api", api_key="its-key")

NOT_YET: Final = (
    "argparse", "asyncssh", "ahocorasick_rs", "cryptography", "httpx", "keyring",
    "pyperclip", "segno", "sqlite3", "tomlkit", "uvicorn",
    "tui.cloud", "tui.commands.arguments", "tui.commands.output", "tui.demo", "tui.diagnose",
    "tui.lab", "tui.logs", "tui.operations", "tui.router", "tui.safety.credentials",
    "tui.safety.redact", "tui.session.inventory", "tui.session.launch", "tui.session.session",
    "tui.session.views", "tui.vpn.kits",
    "screens.frame", "screens.tables", "screens.confirm", "screens.welcome", "screens.palette",
    "screens.help", "screens.secret", "screens.journal_watch",
    "screens.networks", "screens.addresses", "screens.vpns", "screens.users", "screens.firewall",
    "screens.logs", "screens.checkup", "screens.sessions",
)  # fmt: skip
"""What the first frame does without; whatever lies within a package is meant too."""

OURS: Final = 76
"""Modules of `tui` and `screens` that may be loaded: each one takes its share of a millisecond."""


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Profile:
    """A profile whose server does not answer, and no secret for it anywhere."""
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"CSVPN_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    save_profile(PROFILE)
    return PROFILE


def keep_networks(count: int) -> None:
    """Networks that an earlier run has seen, two hours ago."""
    rows = [
        GlimpsedNetwork(
            f"id-{n}", f"net-{n:05}", "isolated", "10.1.1.0/24", "✔ running", "ok", 6, 5,
            "r-42-VM ✔ running", "ok", "acme", "dc1",
        )
        for n in range(count)
    ]  # fmt: skip
    save_glimpse(PROFILE, rows, time.time() - 7300)


def test_nothing_is_loaded_that_the_first_frame_does_not_show(tmp_path: Path) -> None:
    keep_networks(100)
    noted = tmp_path / "modules"
    with Glass((sys.executable, "-m", "tests.terminal.firstframe", str(noted))) as glass:
        glass.see("net-00001", "age 2h", "100 of 100")
        assert glass.finish() == 0
    loaded = set(noted.read_text("utf-8").split())
    assert "screens.first" in loaded and "textual.app" in loaded
    early = {n for n in loaded for name in NOT_YET if n == name or n.startswith(f"{name}.")}
    assert early == set()
    ours = sorted(name for name in loaded if name.split(".")[0] in ("tui", "screens"))
    assert len(ours) <= OURS, ours
