"""Preferences survive the file, and an empty file is fine."""

from pathlib import Path

import pytest

from tui.settings.errors import SettingsError
from tui.settings.preferences import (
    Preferences,
    load_preferences,
    preferences_file,
    save_preferences,
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CSVPN_CONFIG_DIR", str(tmp_path))
    return preferences_file()


def test_without_a_file_everything_is_as_usual(file: Path) -> None:
    assert load_preferences() == Preferences()
    assert not file.exists()


def test_there_and_back_keeping_comments(file: Path) -> None:
    file.write_text("# mine\nwrap_logs = true # long lines\n")
    file.chmod(0o600)
    chosen = Preferences(
        theme="nord", times="utc", wrap_logs=True, columns={"networks": ("name", "cidr")}
    )
    save_preferences(chosen)
    assert load_preferences() == chosen
    assert "# mine" in file.read_text()
    assert "# long lines" in file.read_text()
    save_preferences(Preferences())
    assert load_preferences() == Preferences()
    assert file.read_text().strip() == "# mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("thme='x'", "did you mean theme?"),
        ("times='gmt'", 'allowed: "local", "relative", "utc"'),
        ("columns={networks='name'}", "allowed: a table of lists"),
        ("x", "is not valid TOML"),
    ],
)
def test_mistakes_are_named(file: Path, text: str, says: str) -> None:
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=r"preferences\.toml") as raised:
        load_preferences()
    assert says in str(raised.value)
