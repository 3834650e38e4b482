"""What a person chose about the look of the console; the same for all profiles."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from tui.settings.errors import SettingsError
from tui.settings.paths import config_folder
from tui.settings.private_file import locked_folder, read_private, write_private
from tui.settings.schema import read_struct


class Preferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything has a value that works, so an empty file is fine."""

    theme: str = ""
    """Name of a theme of the console; empty: the console's own."""
    times: Literal["local", "utc", "relative"] = "local"
    wrap_logs: bool = False
    plain_rows: bool = False
    """Rows of tables as words, each title before its text, for screen readers."""
    columns: dict[str, tuple[str, ...]] = {}
    """Screen to the columns shown, in order; a screen that is missing shows its usual ones."""


def preferences_file() -> Path:
    """The TOML file of preferences."""
    return config_folder() / "preferences.toml"


def load_preferences(path: Path | None = None) -> Preferences:
    """The preferences of `path` (the user's own file if None); the usual ones without a file."""
    source = path or preferences_file()
    text = read_private(source)
    if text is None:
        return Preferences()
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"is not valid TOML: {error}", path=source) from error
    return read_struct(document, Preferences, "the file", source)


def save_preferences(preferences: Preferences, path: Path | None = None) -> None:
    """Write what differs from the usual preferences, keeping the file's comments."""
    import tomlkit  # only saving needs it, and starting must be quick

    target = path or preferences_file()
    with locked_folder(target.parent):
        document = tomlkit.parse(read_private(target) or "")
        usual = msgspec.to_builtins(Preferences())
        for key, value in msgspec.to_builtins(preferences).items():
            if value == usual[key]:
                document.pop(key, None)
            elif document.get(key) != value:
                document[key] = value
        write_private(target, document.as_string())
