"""The kits that lie on this machine, so that nobody forgets to delete them.

A file of its own in the state folder, mode 0600: where each kit lies, for whom, when it was written
and when it is to be deleted. Never a secret.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tui.operations.kit_files import Written
from tui.settings.errors import SettingsError
from tui.settings.paths import state_folder
from tui.settings.private_file import locked_folder, read_private, write_private
from tui.vpn.kits.choices import KEEP_DAYS


class KeptKit(msgspec.Struct, frozen=True, kw_only=True):
    """A kit that was written on this machine."""

    path: str
    """Its folder or its zip, absolute."""
    files: tuple[str, ...]
    """Its files below `path`; none for a zip."""
    user: str
    network: str
    server: str
    written: datetime
    delete_after: datetime
    secrets: tuple[str, ...] = ()
    """The secrets that stand in it in clear text: `key`, `password`."""

    def age(self, now: datetime) -> timedelta:
        """How long it has been lying there."""
        return now - self.written

    def is_due(self, now: datetime) -> bool:
        """Whether it should have been deleted by now."""
        return now >= self.delete_after

    @property
    def is_there(self) -> bool:
        """Whether anything lies at its path."""
        return os.path.lexists(self.path)


class _File(msgspec.Struct, frozen=True):
    kits: tuple[KeptKit, ...] = ()


def register_file(state: Path | None = None) -> Path:
    """Where the register is: in the folder `state`, or in the usual one."""
    return (state or state_folder()) / "kits.json"


def kept_kits(state: Path | None = None) -> list[KeptKit]:
    """The kits that were written and not deleted yet, the oldest first. Raises `SettingsError`.

    A kit whose folder somebody has deleted by hand is not among them.
    """
    return sorted((kit for kit in _read(state) if kit.is_there), key=lambda kit: kit.written)


def due_kits(now: datetime | None = None, state: Path | None = None) -> list[KeptKit]:
    """Those of them that should have been deleted by now. Raises `SettingsError`."""
    at = now or datetime.now(UTC)
    return [kit for kit in kept_kits(state) if kit.is_due(at)]


def remember(
    written: Iterable[Written],
    *,
    network: str,
    server: str,
    keep_days: int = KEEP_DAYS,
    now: datetime | None = None,
    state: Path | None = None,
) -> list[KeptKit]:
    """Note kits that were just written. Raises `SettingsError`."""
    at = (now or datetime.now(UTC)).replace(microsecond=0)
    new = [
        KeptKit(
            path=str(each.path),
            files=each.files,
            user=each.user,
            network=network,
            server=server,
            written=at,
            delete_after=at + timedelta(days=keep_days),
            secrets=each.secrets,
        )
        for each in written
    ]
    paths = {kit.path for kit in new}
    with locked_folder(state or state_folder()):
        kept = [kit for kit in _read(state) if kit.is_there and kit.path not in paths]
        _write([*kept, *new], state)
    return new


def forget(paths: Iterable[str]) -> None:
    """Take kits out of the register. Raises `SettingsError`."""
    gone = set(paths)
    with locked_folder(state_folder()):
        _write([kit for kit in _read() if kit.path not in gone])


def _read(state: Path | None = None) -> Sequence[KeptKit]:
    path = register_file(state)
    text = read_private(path)
    if text is None:
        return ()
    try:
        return msgspec.json.decode(text, type=_File).kits
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"the register of kits cannot be read: {error}",
            "look after the kits that you know of, then delete the file",
            path=path,
        ) from error


def _write(kits: Sequence[KeptKit], state: Path | None = None) -> None:
    text = msgspec.json.format(msgspec.json.encode(_File(tuple(kits))), indent=1).decode()
    write_private(register_file(state), text + "\n")
