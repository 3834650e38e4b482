"""Where secrets are kept between two starts, and where they come from.

The order is fixed and never silently weaker: the environment of this start, then a keyring that
passed its test, then the memory of this session. Nothing is ever written to a file. The
API can give neither secret key nor password back, so what is not kept is asked for again.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from enum import StrEnum
from os import environ as process_environment
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from tui.safety.deadline import call_within
from tui.safety.keyrings import Keyring, KeyringUnusable, open_keyring, system_keyring
from tui.safety.sealing import SealingKey
from tui.safety.secret import Secret
from tui.safety.text import clean

DEADLINE: Final = 5.0
"""Seconds that a keyring may take for one call; one that waits for a prompt nobody sees would
take for ever."""

_LARGEST_FILE: Final = 64 * 1024

JOURNAL: Final = "journal"
"""What the sealing key is filed under. A profile may have this name: kinds are told apart."""

R = TypeVar("R")


class Credential(StrEnum):
    """What can be kept for a profile."""

    SECRET_KEY = "secret-key"  # noqa: S105 - the name of a kind of secret
    PASSWORD = "password"  # noqa: S105 - the name of a kind of secret
    KEY_PASSPHRASE = "ssh-key-passphrase"  # noqa: S105 - the name of a kind of secret
    SEALING_KEY = "sealing-key"
    """Of no profile but of the program: see `sealing_key`."""


OF_PROFILES: Final = (Credential.SECRET_KEY, Credential.PASSWORD, Credential.KEY_PASSPHRASE)
"""What is kept for a profile, and forgotten with it."""

VARIABLES: Final[Mapping[Credential, str]] = {
    Credential.SECRET_KEY: "CSVPN_SECRET_KEY",
    Credential.PASSWORD: "CSVPN_PASSWORD",
    Credential.KEY_PASSPHRASE: "CSVPN_KEY_PASSPHRASE",
}
"""Environment variables read at the start; with `_FILE` appended, the name of a file to read."""


class Store(StrEnum):
    """Where a secret lies."""

    ENVIRONMENT = "environment"
    KEYRING = "keyring"
    SESSION = "this session only"


class StoreState(msgspec.Struct, frozen=True):
    """Where secrets that are entered now will be kept."""

    store: Store
    name: str
    """For people: `Secret Service`, `this session only`."""
    reason: str = ""
    """Why no keyring is used; empty where one is."""


class Found(msgspec.Struct, frozen=True):
    """A secret and where it came from."""

    secret: Secret
    store: Store


class CredentialError(Exception):
    """A secret was promised by the environment and is not there; `str()` says what to do."""


class CredentialStore:
    """The secrets of all profiles. Made once, before other code sees the environment.

    Secrets in `environment` are taken out of it at once, so no child process inherits them, and
    belong to the first profile that asks: a password meant for one cloud is not sent to another.
    """

    def __init__(
        self,
        environment: MutableMapping[str, str] = process_environment,
        *,
        choose_keyring: Callable[[], Keyring] = system_keyring,
        deadline: float = DEADLINE,
    ) -> None:
        self._choose_keyring = choose_keyring
        self._deadline = deadline
        self._given = _take(environment)
        self._given_to: str | None = None
        self._session: dict[tuple[str, Credential], Secret] = {}
        self._keyring: Keyring | None = None
        self._state: StoreState | None = None
        self._opening = asyncio.Lock()
        self._sealing_key: SealingKey | None = None
        self._sealing = asyncio.Lock()

    async def state(self, *, again: bool = False) -> StoreState:
        """Where secrets are kept. The first call (or `again`) tries the keyring, at most 5 s."""
        async with self._opening:
            if self._state is None or again:
                self._keyring = None
                self._state = await self._open()
            return self._state

    def given(self, profile: str, credential: Credential) -> Secret | None:
        """What the environment of this start has for `profile`; asks no keyring."""
        given = self._given.get(credential)
        if given is None or self._given_to not in {None, profile}:
            return None
        self._given_to = profile
        return given

    async def find(self, profile: str, credential: Credential) -> Found | None:
        """The secret of `profile`, or None where it has to be asked for."""
        given = self.given(profile, credential)
        if given is not None:
            return Found(given, Store.ENVIRONMENT)
        held = self._session.get((profile, credential))
        if held is not None:
            return Found(held, Store.SESSION)
        await self.state()
        keyring = self._keyring
        if keyring is None:
            return None
        service = service_name(profile)
        kept = await self._ask(lambda: keyring.get_password(service, credential))
        return Found(Secret(kept), Store.KEYRING) if kept else None

    async def keep(self, profile: str, credential: Credential, secret: Secret) -> StoreState:
        """Keep `secret` as safely as this machine can, and say where it is now."""
        self._session[profile, credential] = secret
        state = await self.state()
        keyring = self._keyring
        if keyring is None:
            return state
        service = service_name(profile)

        def set_and_compare() -> bool:
            keyring.set_password(service, credential, secret.reveal())
            return keyring.get_password(service, credential) == secret.reveal()

        kept = await self._ask(set_and_compare)
        if kept is False:
            self._give_up(f"{state.name} did not give back what it was given")
        return await self.state()

    async def forget(self, profile: str) -> None:
        """Delete every secret of `profile` that this program kept."""
        for credential in OF_PROFILES:
            self._session.pop((profile, credential), None)
        await self.state()
        keyring = self._keyring
        if keyring is None:
            return
        service = service_name(profile)

        def delete_all() -> None:
            for credential in OF_PROFILES:
                if keyring.get_password(service, credential) is not None:
                    keyring.delete_password(service, credential)

        await self._ask(delete_all)

    async def sealing_key(self) -> SealingKey:
        """The key with which this person's journal is sealed, made when it is first wanted.

        Where no store keeps secrets it is one for this run (`persistent` is False).
        """
        async with self._sealing:
            if self._sealing_key is None:
                self._sealing_key = await self._find_sealing_key()
            return self._sealing_key

    async def _find_sealing_key(self) -> SealingKey:
        found = await self.find(JOURNAL, Credential.SEALING_KEY)
        if found is not None:
            return SealingKey(found.secret, found.store is not Store.SESSION)
        if (await self.state()).store is Store.SESSION:
            return SealingKey.new(persistent=False)
        key = SealingKey.new(persistent=True)
        state = await self.keep(JOURNAL, Credential.SEALING_KEY, key.secret)
        return msgspec.structs.replace(key, persistent=state.store is not Store.SESSION)

    async def _open(self) -> StoreState:
        try:
            self._keyring, name = await call_within(
                self._deadline, lambda: open_keyring(self._choose_keyring)
            )
        except KeyringUnusable as error:
            return _session_only(str(error))
        except TimeoutError:
            return _session_only(f"the keyring did not answer within {self._deadline:g} s")
        return StoreState(Store.KEYRING, name)

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
        self._keyring = None
        self._state = _session_only(reason)


def service_name(profile: str) -> str:
    """The service under which a keyring lists the secrets of `profile`."""
    return f"csvpn/{profile}"


def _session_only(reason: str) -> StoreState:
    return StoreState(Store.SESSION, str(Store.SESSION), reason)


def _take(environment: MutableMapping[str, str]) -> dict[Credential, Secret]:
    """Take the secrets out of `environment`; a variable with a value wins over its `_FILE`."""
    taken: dict[Credential, Secret] = {}
    problem: CredentialError | None = None
    for credential, variable in VARIABLES.items():
        value = environment.pop(variable, "")
        file = environment.pop(f"{variable}_FILE", "")
        if not value and file:
            try:
                value = _read(Path(file), variable)
            except CredentialError as error:
                problem = error
        if value:
            taken[credential] = Secret(value)
    if problem is not None:
        raise problem
    return taken


def _read(path: Path, variable: str) -> str:
    """The first line of `path`, as a secrets manager or systemd leaves it."""
    name = clean(str(path))
    try:
        with path.expanduser().open("rb") as file:
            raw = file.read(_LARGEST_FILE)
        lines = raw.decode().splitlines()
    except OSError as error:
        raise CredentialError(
            f"{variable}_FILE names {name}, which cannot be read ({error.strerror}); "
            "correct the variable or unset it"
        ) from error
    except UnicodeDecodeError as error:
        raise CredentialError(f"{variable}_FILE names {name}, which is not text") from error
    if not lines or not lines[0]:
        raise CredentialError(f"{variable}_FILE names {name}, which has no first line")
    return lines[0]
