"""Where secrets are kept between two starts, and where they come from.

The order is fixed and never silently weaker: the environment of this start, the program that the
profile names, a keyring that passed its test, an encrypted file whose passphrase somebody knows,
and otherwise the memory of this run. Nothing is ever written in the clear. The API can give neither
secret key nor password back, so what is not kept is asked for again.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext, suppress
from enum import StrEnum
from os import environ as process_environment
from pathlib import Path
from typing import Final, Literal

import msgspec

from tui.safety.credential_command import secret_from
from tui.safety.encrypted_file import EncryptedFile, FileUnusable
from tui.safety.keyrings import Keyring, PatientKeyring, system_keyring
from tui.safety.process import wipe_variable
from tui.safety.sealing import SealingKey
from tui.safety.secret import Secret
from tui.safety.text import clean
from tui.safety.vault import AskPassphrase, NotOpened, Vault

DEADLINE: Final = 5.0
"""Seconds that a keyring may take for one call; one that waits for a prompt nobody sees would
take for ever."""

_LARGEST_FILE: Final = 64 * 1024

JOURNAL: Final = "journal"
"""What the sealing key is filed under. A profile may have this name: kinds are told apart."""

Aside = Callable[[], AbstractContextManager[None]]
"""Gives the terminal to another program for a while."""


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
    COMMAND = "command"
    KEYRING = "keyring"
    FILE = "encrypted file"
    SESSION = "this session only"


class StoreState(msgspec.Struct, frozen=True):
    """Where secrets that are entered now will be kept."""

    store: Store
    name: str
    """For people: `Secret Service`, `this session only`."""
    reason: str = ""
    """Why no keyring is used; empty where one is."""
    standing: Literal["", "none", "locked", "open"] = ""
    """Of the encrypted file: whether it has to be made, or its passphrase given, first."""


class Found(msgspec.Struct, frozen=True):
    """A secret and where it came from."""

    secret: Secret
    store: Store


class CredentialError(Exception):
    """A secret was promised by the environment and is not there; `str()` says what to do."""


class CannotMove(Exception):
    """A secret stays where it is; `str()` says why."""


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
        file: EncryptedFile | None = None,
    ) -> None:
        """`file` is for machines without a keyring; see `ask_passphrase_with`."""
        self._given = _take(environment)
        self._given_to: str | None = None
        self._printed: dict[tuple[str, Credential, str], Secret] = {}
        self._session: dict[tuple[str, Credential], Secret] = {}
        self._keyring = PatientKeyring(choose_keyring, deadline)
        self._vault = Vault(file) if file is not None else None
        self._aside: Aside = nullcontext
        self._missing = ""
        """Why the encrypted file did not give what was last looked for."""
        self._sealing_key: SealingKey | None = None
        self._sealing = asyncio.Lock()

    def ask_passphrase_with(self, ask: AskPassphrase) -> None:
        """How a person is asked for the passphrase of the encrypted file."""
        if self._vault is not None:
            self._vault.ask = ask

    def run_commands_within(self, aside: Aside) -> None:
        """What gives the terminal to a program of a profile while it runs."""
        self._aside = aside

    async def state(self, *, again: bool = False) -> StoreState:
        """Where secrets that are entered now will be kept.

        The first call (or `again`) tries the keyring, at most 5 s.
        """
        if await self._keyring.works(again=again):
            return StoreState(Store.KEYRING, self._keyring.name)
        reason, vault = self._keyring.reason, self._vault
        if vault is None:
            return StoreState(Store.SESSION, str(Store.SESSION), reason)
        why_not = vault.why_not()
        if why_not:
            return StoreState(Store.SESSION, str(Store.SESSION), f"{reason}; {why_not}")
        return StoreState(Store.FILE, vault.name, reason, vault.standing())

    def given(self, profile: str, credential: Credential) -> Secret | None:
        """What the environment of this start has for `profile`; asks no keyring."""
        given = self._given.get(credential)
        if given is None or self._given_to not in {None, profile}:
            return None
        self._given_to = profile
        return given

    async def find(self, profile: str, credential: Credential, command: str = "") -> Found | None:
        """The secret of `profile`, or None where it has to be asked for (`why_missing`).

        `command` is the profile's own; it runs once. May ask for the passphrase of the encrypted
        file. Raises `CommandFailed`.
        """
        given = self.given(profile, credential)
        if given is not None:
            return Found(given, Store.ENVIRONMENT)
        if command:
            return Found(self._from_command(profile, credential, command), Store.COMMAND)
        held = self._session.get((profile, credential))
        if held is not None:
            return Found(held, Store.SESSION)
        if await self._keyring.works():
            kept = await self._keyring.get(service_name(profile), credential)
            if kept:
                return Found(Secret(kept), Store.KEYRING)
        secret = await self._from_file(profile, credential)
        return Found(secret, Store.FILE) if secret is not None else None

    def _from_command(self, profile: str, credential: Credential, command: str) -> Secret:
        key = profile, credential, command
        if key not in self._printed:
            with self._aside():
                self._printed[key] = secret_from(command)
        return self._printed[key]

    async def _from_file(self, profile: str, credential: Credential) -> Secret | None:
        self._missing = ""
        if self._vault is None:
            return None
        try:
            purpose = f"{_words(profile, credential)} is in it"
            return await self._vault.get(profile, credential, purpose)
        except (NotOpened, FileUnusable) as error:
            self._missing = str(error)
            return None

    async def why_missing(self) -> str:
        """Why `find` has just found nothing."""
        state = await self.state()
        if self._missing:
            return self._missing
        if state.store is Store.FILE:
            if state.standing == "none":
                return f"{state.reason}, and there is no encrypted file yet"
            return f"{state.reason}, and {state.name} does not have it"
        return state.reason or f"{state.name} does not have it"

    async def keep(self, profile: str, credential: Credential, secret: Secret) -> StoreState:
        """Keep `secret` as safely as this machine can, and say where it is now.

        May ask for the passphrase of the encrypted file, or for a new one.
        """
        self._session[profile, credential] = secret
        if await self._keyring.works():
            kept = await self._keyring.put(service_name(profile), credential, secret.reveal())
            if kept:
                await self._drop_from_file(profile, credential)
                return await self.state()
        vault = self._vault
        if vault is None or (vault.ask is None and vault.why_not()):
            return await self.state()
        try:
            await vault.put(profile, credential, secret, f"to keep {_words(profile, credential)}")
        except (NotOpened, FileUnusable) as error:
            reason = f"{self._keyring.reason}; {error}"
            return StoreState(Store.SESSION, str(Store.SESSION), reason)
        return await self.state()

    async def forget(self, profile: str) -> None:
        """Delete every secret of `profile` that this program kept."""
        for credential in OF_PROFILES:
            self._session.pop((profile, credential), None)
        if await self._keyring.works():
            await self._keyring.drop(service_name(profile), OF_PROFILES)
        await self._drop_from_file(profile, *OF_PROFILES)

    async def _drop_from_file(self, profile: str, *credentials: Credential) -> None:
        """Take secrets out of the encrypted file; one that cannot be used keeps what it has."""
        if self._vault is not None:
            with suppress(FileUnusable):
                await self._vault.drop(profile, credentials)

    async def places(
        self, profile: str, credential: Credential, command: str = ""
    ) -> tuple[StoreState, ...]:
        """Everywhere a secret is now, the one that is used first; asks for no passphrase."""
        found: list[StoreState] = []
        if self._given_to in {None, profile} and credential in self._given:
            name = f"{VARIABLES[credential]} of the environment"
            found.append(StoreState(Store.ENVIRONMENT, name))
        if command:
            found.append(StoreState(Store.COMMAND, f"the command {clean(command, 200)}"))
        if await self._keyring.works():
            name = self._keyring.name
            if await self._keyring.get(service_name(profile), credential):
                found.append(StoreState(Store.KEYRING, name))
        if self._vault is not None:
            with suppress(FileUnusable):
                if self._vault.has(profile, credential):
                    found.append(StoreState(Store.FILE, self._vault.name))
        if not found and (profile, credential) in self._session:
            found.append(StoreState(Store.SESSION, str(Store.SESSION)))
        return tuple(found)

    async def move(self, profile: str, credential: Credential, to: Store) -> StoreState | None:
        """Put a kept secret into the keyring or the encrypted file, and take it out of the other.

        Returns where it is now, None where nothing is kept. Raises `CannotMove`.
        """
        if to is Store.KEYRING and not await self._keyring.works():
            raise CannotMove(f"no keyring can be used: {self._keyring.reason}")
        found = await self._kept(profile, credential)
        if found is None:
            return None
        service = service_name(profile)
        if to is Store.KEYRING:
            if not await self._keyring.put(service, credential, found.reveal()):
                raise CannotMove(f"no keyring can be used: {self._keyring.reason}")
            await self._drop_from_file(profile, credential)
            return StoreState(Store.KEYRING, self._keyring.name)
        if self._vault is None:
            raise CannotMove("this program was started without an encrypted file")
        try:
            purpose = f"to keep {_words(profile, credential)}"
            await self._vault.put(profile, credential, found, purpose)
        except (NotOpened, FileUnusable) as error:
            raise CannotMove(str(error)) from error
        await self._keyring.drop(service, (credential,))
        return StoreState(Store.FILE, self._vault.name)

    async def _kept(self, profile: str, credential: Credential) -> Secret | None:
        if await self._keyring.works():
            kept = await self._keyring.get(service_name(profile), credential)
            if kept:
                return Secret(kept)
        secret = await self._from_file(profile, credential)
        if secret is None and self._missing:
            raise CannotMove(self._missing)
        return secret

    async def sealing_key(self) -> SealingKey:
        """The key with which this person's journal is sealed, made when it is first wanted.

        Nobody is asked to choose a passphrase for it: where neither a keyring nor an encrypted file
        keeps secrets already, it is one for this run (`persistent` is False).
        """
        async with self._sealing:
            if self._sealing_key is None:
                self._sealing_key = await self._find_sealing_key()
            return self._sealing_key

    async def _find_sealing_key(self) -> SealingKey:
        found = await self.find(JOURNAL, Credential.SEALING_KEY)
        if found is not None:
            return SealingKey(found.secret, persistent=True)
        state = await self.state()
        if state.store is Store.SESSION or state.standing == "none" or self._missing:
            return SealingKey.new(persistent=False)
        key = SealingKey.new(persistent=True)
        state = await self.keep(JOURNAL, Credential.SEALING_KEY, key.secret)
        return msgspec.structs.replace(key, persistent=state.store is not Store.SESSION)


def service_name(profile: str) -> str:
    """The service under which a keyring lists the secrets of `profile`."""
    return f"csvpn/{profile}"


def _words(profile: str, credential: Credential) -> str:
    """A secret in words: `the secret key of prod`."""
    if credential is Credential.SEALING_KEY:
        return "the key of the journal"
    return f"the {credential.replace('-', ' ')} of {clean(profile)}"


def _take(environment: MutableMapping[str, str]) -> dict[Credential, Secret]:
    """Take the secrets out of `environment`; a variable with a value wins over its `_FILE`."""
    taken: dict[Credential, Secret] = {}
    problem: CredentialError | None = None
    for credential, variable in VARIABLES.items():
        if environment is process_environment and environment.get(variable):
            value = environment[variable]
            wipe_variable(variable)
            del environment[variable]
        else:
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
