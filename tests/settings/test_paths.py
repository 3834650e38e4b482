"""Folders follow XDG and the four variables, and are private when made."""

import stat
from pathlib import Path

import pytest

from tui.settings import paths
from tui.settings.errors import SettingsError


@pytest.mark.parametrize(
    ("variable", "xdg", "folder"),
    [
        ("CSVPN_CONFIG_DIR", "XDG_CONFIG_HOME", paths.config_folder),
        ("CSVPN_STATE_DIR", "XDG_STATE_HOME", paths.state_folder),
        ("CSVPN_DATA_DIR", "XDG_DATA_HOME", paths.data_folder),
        ("CSVPN_CACHE_DIR", "XDG_CACHE_HOME", paths.cache_folder),
    ],
)
def test_the_variable_wins_over_xdg(
    variable: str, xdg: str, folder: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert callable(folder)
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(xdg, str(tmp_path))
    assert folder() == tmp_path / "csvpn"
    monkeypatch.setenv(variable, str(tmp_path / "own"))
    assert folder() == tmp_path / "own"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, "~/mine")
    assert folder() == tmp_path / "mine"
    assert not (tmp_path / "mine").exists()


def test_files_in_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CSVPN_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("CSVPN_DATA_DIR", str(tmp_path))
    assert paths.profiles_file() == tmp_path / "profiles.toml"
    assert paths.known_hosts_file() == tmp_path / "known_hosts"


def test_a_new_folder_is_private_and_an_old_one_is_left(tmp_path: Path) -> None:
    made = paths.private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    tmp_path.chmod(0o755)
    assert stat.S_IMODE(paths.private_folder(tmp_path).stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="choose another with CSVPN_CONFIG_DIR"):
        paths.private_folder(tmp_path / "file" / "x")
    with pytest.raises(SettingsError, match="cannot make the folder"):
        paths.private_folder(tmp_path / "file")
