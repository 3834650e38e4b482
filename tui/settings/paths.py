"""Where the program keeps its files.

The folders follow the XDG base directory rules (`platformdirs`). `CSVPN_CONFIG_DIR`,
`CSVPN_STATE_DIR`, `CSVPN_DATA_DIR` and `CSVPN_CACHE_DIR` replace them one by one. Naming a folder
does not make it; `private_folder` does, readable by its owner only.
"""

import os
from pathlib import Path
from typing import Final

import platformdirs

from tui.settings.errors import SettingsError

_APPLICATION: Final = "csvpn"


def config_folder() -> Path:
    """Profiles and preferences."""
    return _chosen("CSVPN_CONFIG_DIR", platformdirs.user_config_path(_APPLICATION))


def state_folder() -> Path:
    """Journal, audit and history: what the program remembers about what it did."""
    return _chosen("CSVPN_STATE_DIR", platformdirs.user_state_path(_APPLICATION))


def data_folder() -> Path:
    """Known host keys: what was learnt and must not be lost."""
    return _chosen("CSVPN_DATA_DIR", platformdirs.user_data_path(_APPLICATION))


def cache_folder() -> Path:
    """Rows as they were last seen: what may be deleted at any time and costs nothing but time."""
    return _chosen("CSVPN_CACHE_DIR", platformdirs.user_cache_path(_APPLICATION))


def profiles_file() -> Path:
    """The TOML file with all profiles."""
    return config_folder() / "profiles.toml"


def known_hosts_file() -> Path:
    """Host keys learnt by this program, in OpenSSH's format."""
    return data_folder() / "known_hosts"


def secrets_file() -> Path:
    """The encrypted file of secrets, for machines without a keyring."""
    return data_folder() / "secrets.json"


def audit_file() -> Path:
    """The audit trail; full files of it lie beside it."""
    return state_folder() / "audit.jsonl"


def private_folder(path: Path) -> Path:
    """Make `path`, mode 0700, if it is not there, and return it.

    A folder that exists keeps its mode: it may be one that the user shares on purpose.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot make the folder {str(path)!r}: {error.strerror}",
            "choose another with CSVPN_CONFIG_DIR, CSVPN_STATE_DIR, CSVPN_DATA_DIR or "
            "CSVPN_CACHE_DIR",
        ) from error
    return path


def _chosen(variable: str, usual: Path) -> Path:
    named = os.environ.get(variable, "")
    return Path(named).expanduser().absolute() if named else usual
