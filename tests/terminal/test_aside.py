"""The terminal is lent to the program of a profile, and comes back however that ends."""

import os
from pathlib import Path

import pytest

from tests.terminal.glass import CONSOLE, CTRL_Q, ENTER, Glass
from tests.terminal.sequences import left_behind
from tui.app import Console
from tui.safety.clipboard import Clipboard
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher
from tui.settings.model import Profile
from tui.settings.profiles import save_profile
from tui.terminal.aside import aside_of

ASKS = """#!/bin/sh
printf 'Type yes: ' > /dev/tty
read answer < /dev/tty
[ "$answer" = yes ] || { echo "no key" >&2; exit 7; }
echo the-secret-of-asks
"""


@pytest.fixture
def asks(tmp_path: Path) -> None:
    """A profile whose program asks on the terminal; nothing answers at its address."""
    program = tmp_path / "asks"
    program.write_text(ASKS)
    program.chmod(0o700)
    url = "http://127.0.0.1:9/client/api"
    save_profile(
        Profile(name="asks", url=url, api_key="a-key", credential_command=str(program)),
        Path(os.environ["CSVPN_CONFIG_DIR"]) / "profiles.toml",
    )


def in_one_line(text: str) -> str:
    """The words on the screen, however a dialog broke them into lines."""
    return " ".join(text.replace("│", " ").split())


def asked(glass: Glass, times: int) -> None:
    """Wait until the program has asked so often."""
    glass.wait_for(lambda _: glass.output.count(b"Type yes:") == times, f"question {times}")


@pytest.mark.terminal
@pytest.mark.usefixtures("asks", "temporary")
def test_before_the_console_and_within_it() -> None:
    with Glass(CONSOLE, columns=100, rows=40) as glass:
        glass.see("Type yes:")
        assert b"\x1b[?1049h" not in glass.output, "the console has the terminal already"
        glass.press("no", ENTER)
        asked(glass, 2)  # again where the profile is opened
        glass.press("no again", ENTER)
        glass.see("Secret key of asks")
        glass.wait_for(lambda text: "ended with 7 (no key)" in in_one_line(text), "the reason")
        glass.press("\x1b")
        glass.see("New profile", without="Secret key of asks")
        glass.press(ENTER)
        asked(glass, 3)
        glass.press("yes", ENTER)
        glass.see("Networks", "Firewall")
        glass.press(CTRL_Q)
        assert glass.finish() == 0
        assert left_behind(glass.output.decode()) == []
        assert "the-secret-of-asks" not in glass.output.decode()


async def test_where_it_cannot_be_lent_errors_pass_through() -> None:
    console = Console(Launcher(CredentialStore({})), clipboard=Clipboard(print, {}))
    with pytest.raises(ValueError, match="broken"), aside_of(console)():
        raise ValueError("broken")
    async with console.run_test():
        with aside_of(console)():
            assert console.is_running
        with pytest.raises(ValueError, match="broken"), aside_of(console)():
            raise ValueError("broken")
