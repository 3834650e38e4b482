"""The register of kits: what lies here, since when, and what is due."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.operations.kit_files import Written
from tui.operations.kit_register import due_kits, forget, kept_kits, register_file, remember
from tui.settings.errors import SettingsError

THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def kit(folder: Path, user: str) -> Written:
    path = folder / user
    path.mkdir()
    return Written(path, ("README.txt",), user, ("key",))


def test_kits_are_remembered_until_they_are_forgotten(tmp_path: Path) -> None:
    alice, bob = kit(tmp_path, "alice"), kit(tmp_path, "bob")
    remember([bob], network="acme", server="203.0.113.10", now=THEN + timedelta(hours=1))
    remember([alice], network="acme", server="203.0.113.10", keep_days=2, now=THEN)
    first, second = kept_kits()
    assert (first.user, second.user) == ("alice", "bob"), "the oldest first"
    assert first.path == str(alice.path) and first.secrets == ("key",)
    assert first.age(THEN + timedelta(days=1)) == timedelta(days=1)
    assert due_kits(THEN + timedelta(days=1)) == []
    assert [each.user for each in due_kits(THEN + timedelta(days=2))] == ["alice"]
    assert [each.user for each in due_kits(THEN + timedelta(days=8))] == ["alice", "bob"]
    forget([first.path])
    assert [each.user for each in kept_kits()] == ["bob"]


def test_the_file_is_private_and_has_no_secret(tmp_path: Path) -> None:
    remember([kit(tmp_path, "alice")], network="acme", server="203.0.113.10", now=THEN)
    assert stat.S_IMODE(register_file().stat().st_mode) == 0o600


def test_what_was_deleted_by_hand_is_not_listed(tmp_path: Path) -> None:
    alice = kit(tmp_path, "alice")
    remember([alice], network="acme", server="203.0.113.10", now=THEN)
    alice.path.rmdir()
    assert kept_kits() == []
    remember([kit(tmp_path, "bob")], network="acme", server="203.0.113.10", now=THEN)
    assert str(alice.path) not in register_file().read_text()


def test_a_kit_that_is_written_again_stands_there_once(tmp_path: Path) -> None:
    alice = kit(tmp_path, "alice")
    for hours in (0, 5):
        now = THEN + timedelta(hours=hours)
        remember([alice], network="acme", server="203.0.113.10", now=now)
    (only,) = kept_kits()
    assert only.written == THEN + timedelta(hours=5)


@pytest.mark.parametrize("text", ["{", "[]", '{"kits": [{"path": 1}]}'])
def test_a_register_that_cannot_be_read_is_said(text: str) -> None:
    register_file().parent.mkdir(parents=True)
    register_file().write_text(text)
    register_file().chmod(0o600)
    with pytest.raises(SettingsError, match="the register of kits cannot be read"):
        kept_kits()
