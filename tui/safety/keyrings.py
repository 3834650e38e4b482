"""Which keyring of this machine may hold a secret, and whether it really does.

`keyring` answers with whatever is installed: a backend that fails, one that forgets (`null`, often
set to quieten Poetry), one that writes plain text, one that asks for a passphrase on the terminal.
Only those of the desktop and the operating system are used, and only after one value went in, came
back the same and was deleted.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar, runtime_checkable

from tui.safety.deadline import call_within
from tui.safety.text import clean

R = TypeVar("R")

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


class PatientKeyring:
    """The keyring of this machine, tried when first needed, and given up when it stops working."""

    def __init__(self, choose: Callable[[], Keyring], deadline: float) -> None:
        """`deadline` is what one call may take, in seconds."""
        self._choose = choose
        self._deadline = deadline
        self._backend: Keyring | None = None
        self._tried = False
        self._opening = asyncio.Lock()
        self.name = ""
        """`Secret Service`; empty while there is none."""
        self.reason = ""
        """Why none is used; empty while one is."""

    async def works(self, *, again: bool = False) -> bool:
        """Whether there is one. The first call (or `again`) tries it."""
        async with self._opening:
            if again or not self._tried:
                self._tried = True
                await self._open()
            return self._backend is not None

    async def get(self, service: str, username: str) -> str | None:
        """A value; None where it is not there or the keyring failed (see `works`)."""
        backend = self._backend
        if backend is None:
            return None
        return await self._ask(lambda: backend.get_password(service, username))

    async def put(self, service: str, username: str, value: str) -> bool:
        """Keep a value; whether it came back the same."""
        backend = self._backend
        if backend is None:
            return False

        def set_and_compare() -> bool:
            backend.set_password(service, username, value)
            return backend.get_password(service, username) == value

        kept = await self._ask(set_and_compare)
        if kept is False:
            self._give_up(f"{self.name} did not give back what it was given")
        return bool(kept)

    async def drop(self, service: str, usernames: Sequence[str]) -> None:
        """Delete values, as far as they are there."""
        backend = self._backend
        if backend is None:
            return

        def delete_all() -> None:
            for username in usernames:
                if backend.get_password(service, username) is not None:
                    backend.delete_password(service, username)

        await self._ask(delete_all)

    async def _open(self) -> None:
        self._give_up("")
        try:
            self._backend, self.name = await call_within(
                self._deadline, lambda: open_keyring(self._choose)
            )
        except KeyringUnusable as error:
            self._give_up(str(error))
        except TimeoutError:
            self._give_up(f"the keyring did not answer within {self._deadline:g} s")

    async def _ask(self, question: Callable[[], R]) -> R | None:
        """The keyring's answer, or None and no keyring from now on."""
        try:
            return await call_within(self._deadline, question)
        except TimeoutError:
            self._give_up(f"the keyring did not answer within {self._deadline:g} s")
        except Exception as error:
            # Backends raise their own types, those of D-Bus and plain RuntimeErrors.
            self._give_up(f"the keyring failed: {type(error).__name__}: {clean(str(error), 200)}")
        return None

    def _give_up(self, reason: str) -> None:
        self._backend = None
        self.name, self.reason = "", reason
