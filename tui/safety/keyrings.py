"""Which keyring of this machine may hold a secret, and whether it really does.

`keyring` answers with whatever is installed: a backend that fails, one that forgets (`null`, often
set to quieten Poetry), one that writes plain text, one that asks for a passphrase on the terminal.
Only those of the desktop and the operating system are used, and only after one value went in, came
back the same and was deleted.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from tui.safety.text import clean

ALLOWED: Final = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "libsecret",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
}
"""Modules of the backends that may be used, and what people call them."""

_REFUSED: Final = {
    "keyring.backends.fail": "no keyring service is running",
    "keyring.backends.null": "the null keyring forgets what it is given",
}


class Keyring(Protocol):
    """What is used of a `keyring` backend. Every call may block or raise anything."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


@runtime_checkable
class _Chain(Protocol):
    """keyring's own chain of backends, best first."""

    @property
    def backends(self) -> Sequence[Keyring]: ...


class KeyringUnusable(Exception):
    """No keyring can be used; `str()` says why in printable words."""


def system_keyring() -> Keyring:
    """The backend that `keyring` chooses here. Blocking: it may talk to D-Bus."""
    import keyring  # a quarter of the start-up time for something used after it

    return keyring.get_keyring()


def open_keyring(choose: Callable[[], Keyring]) -> tuple[Keyring, str]:
    """A keyring that works, and its name. Blocking; raises `KeyringUnusable`."""
    try:
        chosen = choose()
    except Exception as error:
        raise KeyringUnusable(f"no keyring can be loaded: {_words(error)}") from error
    backend = _first_allowed(chosen)
    name = ALLOWED[_known_module(backend) or ""]
    try:
        _test(backend)
    except KeyringUnusable as error:
        raise KeyringUnusable(f"{name}: {error}") from error
    except Exception as error:
        raise KeyringUnusable(f"{name}: {_words(error)}") from error
    return backend, name


def _first_allowed(chosen: Keyring) -> Keyring:
    candidates = list(chosen.backends) if isinstance(chosen, _Chain) else [chosen]
    for backend in candidates:
        if _known_module(backend) is not None:
            return backend
    modules = {type(backend).__module__ for backend in candidates} or {type(chosen).__module__}
    for module, reason in _REFUSED.items():
        if module in modules:
            raise KeyringUnusable(reason)
    names = ", ".join(sorted(modules))
    raise KeyringUnusable(clean(f"the keyring backend {names} is not one that keeps secrets safe"))


def _known_module(backend: Keyring) -> str | None:
    module = type(backend).__module__
    return next((name for name in ALLOWED if f"{module}.".startswith(f"{name}.")), None)


def _test(backend: Keyring) -> None:
    service, user, value = "csvpn self-test", secrets.token_hex(8), secrets.token_hex(16)
    backend.set_password(service, user, value)
    try:
        kept = backend.get_password(service, user)
    finally:
        backend.delete_password(service, user)
    if kept != value:
        raise KeyringUnusable("it did not give back what it was given")


def _words(error: Exception) -> str:
    """The error without anything that came in from elsewhere unprintably, shortened."""
    text = clean(str(error).strip().splitlines()[0] if str(error).strip() else "", 200)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
