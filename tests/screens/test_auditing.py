"""Secrets that were shown or copied in the console are in the audit trail."""

import pytest

from screens.handover import HandoverDialog
from tests.screens.stage import Stage, hurry, stage
from tests.screens.test_enable import copied, open_form, run_it
from tui.lab.lab import Lab
from tui.safety.audit_check import read_trail
from tui.settings.paths import audit_file, state_folder


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def uses() -> list[tuple[str, str, str]]:
    """Which secrets were given to somebody: how, what, and of what."""
    records = [r for r in read_trail(audit_file()) if r.action.startswith("secret.")]
    return [(r.action, r.target.type, r.target.name) for r in records]


async def recorded(on: Stage, *wanted: tuple[str, str, str]) -> None:
    """Wait until the trail says exactly `wanted` of secrets."""
    await on.until(lambda: len(uses()) >= len(wanted))
    assert uses() == list(wanted)


async def test_showing_and_copying_a_key(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("vpns")
        await on.row("acme-office")
        await on.press("p", "escape")
        await recorded(on, ("secret.reveal", "pre-shared key", "acme-office"))
        await on.press("y")
        await on.until(lambda: bool(copied(on)))
        await recorded(
            on,
            ("secret.reveal", "pre-shared key", "acme-office"),
            ("secret.copy", "Pre-shared key of acme-office", ""),
        )
        assert copied(on) not in audit_file().read_text()


async def test_showing_and_copying_the_passwords_of_new_users(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        await on.row("bob")
        await on.press("a")
        await on.type("zoe")
        await on.press("enter")
        assert isinstance(on.app.screen, HandoverDialog)
        await on.settled()
        await on.press("p", "y")
        await on.until(lambda: bool(copied(on)))
        await recorded(
            on,
            ("secret.reveal", "passwords", "zoe"),
            ("secret.copy", "1 user(s) with passwords", ""),
        )
        await on.press("p")
        await on.press("escape")


async def test_showing_what_was_enabled(lab: Lab) -> None:
    async with stage(lab) as on:
        await open_form(on, "acme-prod")
        await on.press("f6", "f6")
        await run_it(on)
        await on.settled()
        await on.press("p")
        what = "pre-shared key and passwords"
        await recorded(
            on,
            ("secret.reveal", what, "what will be made"),
            ("secret.reveal", what, "Enable the VPN of acme-prod"),
        )


async def test_what_cannot_be_recorded_is_told_and_shown_all_the_same(lab: Lab) -> None:
    state_folder().write_text("in the way")
    async with stage(lab) as on:
        await on.go("vpns")
        await on.row("acme-office")
        await on.press("y")
        await on.says("Not recorded: the audit trail")
        await on.until(lambda: bool(copied(on)))
