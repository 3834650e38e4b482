"""Marked rows: one question, then all of them; and the look of tables that is kept."""

import json
from pathlib import Path

import pytest

from screens.columns import ColumnsDialog
from screens.confirm import ConfirmDialog
from tests.screens.stage import Stage, hurry, stage, users_of
from tests.screens.test_enable import copied
from tui.lab.lab import Lab
from tui.settings.preferences import load_preferences


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hurry(monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


async def mark(on: Stage, *names: str) -> None:
    for name in names:
        await on.row(name)
        await on.press("space")


async def test_marked_users_are_removed_after_one_question(lab: Lab) -> None:
    before = {owner: set(users_of(lab, owner)) for owner in ("acme", "globex")}
    first, second = sorted(before["acme"])[:2]
    other = min(before["globex"])
    async with stage(lab) as on:
        await on.go("users")
        await mark(on, first, second, other)
        await on.says("3 marked")
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.says("Remove 3 VPN users", first, second, other)
        await on.press("escape")
        assert set(users_of(lab, "acme")) == before["acme"], "nothing was sent"
        await on.press("x")
        await on.until(lambda: isinstance(on.app.screen, ConfirmDialog))
        await on.tab_to("#go")
        await on.press("enter")
        await on.until(lambda: set(users_of(lab, "acme")) == before["acme"] - {first, second})
        # Who hung in a state of being removed goes with them.
        await on.until(lambda: other not in users_of(lab, "globex"))
        assert before["globex"] - set(users_of(lab, "globex")) <= {other, "ivan"}
        await on.until(lambda: len(on.session.tray.tasks) == 2 and not on.session.tray.running)


async def test_new_passwords_are_made_for_one_account_at_a_time(lab: Lab) -> None:
    first, second = min(users_of(lab, "acme")), min(users_of(lab, "globex"))
    async with stage(lab) as on:
        await on.go("users")
        await mark(on, first, second)
        await on.press("n")
        assert "Mark those of one account" in on.notices[-1]
        assert not isinstance(on.app.screen, ConfirmDialog)
        await on.press("minus")
        assert "2 marked" not in on.text
        await on.press("minus")
        assert "No row is marked" in on.notices[-1]


async def test_marked_rows_are_copied_in_lines(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.go("users")
        names = sorted(users_of(lab, "acme"))[:2]
        await mark(on, *names)
        await on.press("y")
        await on.until(lambda: set(copied(on).splitlines()) == set(names))
        await on.press("minus", "slash", *"account:acme", "enter", "asterisk", "y")
        await on.until(lambda: set(copied(on).splitlines()) == set(users_of(lab, "acme")))


async def test_columns_and_words_are_kept(lab: Lab) -> None:
    async with stage(lab) as on:
        await on.press("O")
        assert isinstance(on.app.screen, ColumnsDialog)
        await on.press("down", "down", "space", "f10")  # without the second column
        await on.until(lambda: "networks" in load_preferences().columns)
        titles = on.section.table.columns_offered  # type: ignore[attr-defined]
        assert titles == load_preferences().columns["networks"]
        assert "TYPE" not in titles and "NETWORK" in titles
        await on.press("Z")
        await on.says("NETWORK acme-dev, CIDR")
        await on.until(lambda: load_preferences().plain_rows)
        assert json.dumps(load_preferences().columns["networks"]) == json.dumps(titles)
    async with stage(lab) as on:
        await on.says("NETWORK acme-dev, CIDR")
        await on.press("Z", "O", "a")
        await on.until(lambda: not load_preferences().columns)
        assert not load_preferences().plain_rows
