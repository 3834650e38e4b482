"""Opening sessions: from a profile of the file, from what was just typed, or on the demo's lab.

A profile names the account, the credential store has its secret. Where it has none the person is
asked, and that the secret works is seen before it is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from tui.cloud.endpoint import Identity, Keys, Login
from tui.safety.credential_command import CommandFailed
from tui.safety.credentials import Aside, Credential, CredentialStore, Store, StoreState
from tui.safety.sealing import SealingKey
from tui.safety.secret import Secret
from tui.safety.vault import AskPassphrase
from tui.session.rowcache import clear_rows
from tui.session.session import Session
from tui.settings.cloudmonkey import CloudMonkeyImport, import_cloudmonkey
from tui.settings.model import Profile, Profiles
from tui.settings.paths import cache_folder
from tui.settings.profiles import load_profiles, remove_profile, save_profile

if TYPE_CHECKING:
    import httpx

OpenDemo = Callable[[], Awaitable[Session]]
"""Starts the embedded lab if it does not run yet, and opens a session on it."""

Transport = Callable[[Profile], "httpx.AsyncBaseTransport | None"]
"""What carries the calls of a profile; None for the network."""


class SecretMissing(Exception):
    """No store has the secret of a profile; the person has to give it.

    `str()` says which secret and why it is not known.
    """

    def __init__(self, profile: Profile, why: str) -> None:
        super().__init__(why)
        self.profile = profile


def credential_of(profile: Profile) -> Credential:
    """Which secret the profile signs in with."""
    return Credential.SECRET_KEY if profile.auth == "keys" else Credential.PASSWORD


def secret_words(profile: Profile) -> str:
    """What that secret is called: `secret key` or `password`."""
    return "secret key" if profile.auth == "keys" else "password"


class Launcher:
    """Opens profiles. Nothing is asked of a keyring or a server before a profile is opened."""

    def __init__(
        self,
        credentials: CredentialStore,
        *,
        read_only: bool = False,
        wanted: str = "",
        open_demo: OpenDemo | None = None,
        transport: Transport | None = None,
    ) -> None:
        """`wanted` is the profile to open without being asked; without one there is a choice.
        `read_only` opens every profile for looking only, whatever it says itself."""
        self.read_only = read_only
        self.wanted = wanted
        self._credentials = credentials
        self._open_demo = open_demo
        self._transport = transport

    @property
    def offers_demo(self) -> bool:
        """Whether there is a lab to open."""
        return self._open_demo is not None

    def profiles(self) -> Profiles:
        """The profiles of the user's file. Raises `SettingsError` where it cannot be used."""
        return load_profiles()

    def importable(self) -> CloudMonkeyImport:
        """CloudMonkey's profiles; none without its file, `SettingsError` for one that is broken."""
        return import_cloudmonkey()

    async def store_state(self) -> StoreState:
        """Where a secret that is entered now will be kept. Tries the keyring the first time."""
        return await self._credentials.state()

    def ask_passphrase_with(self, ask: AskPassphrase) -> None:
        """How a person is asked for the passphrase of the encrypted file."""
        self._credentials.ask_passphrase_with(ask)

    def run_commands_within(self, aside: Aside) -> None:
        """What gives the terminal to the `credential_command` of a profile while it runs."""
        self._credentials.run_commands_within(aside)

    async def sealing_key(self) -> SealingKey:
        """The key of the journal; see `CredentialStore.sealing_key`."""
        return await self._credentials.sealing_key()

    async def places(self, profile: Profile, credential: Credential) -> tuple[StoreState, ...]:
        """Everywhere a secret of the profile is, the one that is used first."""
        signs_in = credential is credential_of(profile)
        command = profile.credential_command if signs_in else ""
        return await self._credentials.places(profile.name, credential, command)

    async def move(self, profile: Profile, to: Store) -> StoreState | None:
        """Put the secret of the profile into the keyring or the encrypted file.

        None where nothing is kept for it. Raises `CannotMove`.
        """
        return await self._credentials.move(profile.name, credential_of(profile), to)

    async def forget(self, profile: Profile) -> None:
        """Forget the secrets of the profile, which stays in the file."""
        await self._credentials.forget(profile.name)

    async def secret_of(self, profile: Profile) -> Secret:
        """The secret of a profile. Raises `SecretMissing` where nobody has it.

        May run the program of the profile, and ask for the passphrase of the encrypted file.
        """
        try:
            found = await self._credentials.find(
                profile.name, credential_of(profile), profile.credential_command
            )
        except CommandFailed as error:
            why = str(error)
        else:
            if found is not None:
                return found.secret
            why = await self._credentials.why_missing()
        raise SecretMissing(profile, f"The {secret_words(profile)} is not known: {why}.")

    async def open(self, profile: Profile, secret: Secret | None = None) -> Session:
        """A session that has asked its server nothing yet.

        Raises `SecretMissing` where `secret` is not given and no store has it.
        """
        known = secret if secret is not None else await self.secret_of(profile)
        return Session(
            profile,
            identity_of(profile, known),
            read_only=self.read_only,
            transport=self._transport(profile) if self._transport is not None else None,
            find_passphrase=lambda: self._credentials.given(
                profile.name, Credential.KEY_PASSPHRASE
            ),
            find_sealing_key=self._credentials.sealing_key,
        )

    async def try_out(self, profile: Profile, secret: Secret | None = None) -> Session:
        """A session whose server has answered: address, TLS, clock, credentials are all right.

        Raises `CloudError` where they are not, and leaves nothing open then.
        """
        session = await self.open(profile, secret)
        try:
            await session.open()
        except BaseException:
            await session.aclose()
            raise
        return session

    async def save(self, profile: Profile, secret: Secret | None = None) -> StoreState:
        """Write the profile to the file and keep its secret, and say where that is now.

        The secret never goes to a file. Without one the secret that is known stays. Raises
        `SettingsError` where the file cannot be written; nothing is kept then.
        """
        await asyncio.to_thread(save_profile, profile)
        if secret is None:
            return await self._credentials.state()
        return await self.keep(profile, secret)

    async def keep(self, profile: Profile, secret: Secret) -> StoreState:
        """Keep the secret of a profile that is in the file already."""
        return await self._credentials.keep(profile.name, credential_of(profile), secret)

    async def remove(self, profile: Profile) -> None:
        """Take the profile out of the file, and forget its secrets and the rows kept for it."""
        await asyncio.to_thread(remove_profile, profile.name)
        await self._credentials.forget(profile.name)
        with suppress(OSError):
            await asyncio.to_thread(clear_rows, cache_folder(), profile.name)

    async def open_demo(self) -> Session:
        """A session on the embedded lab; `offers_demo` says whether there is one."""
        if self._open_demo is None:
            raise RuntimeError("this program was started without a lab")
        return await self._open_demo()


def identity_of(profile: Profile, secret: Secret) -> Identity:
    """What the cloud client signs in with."""
    if profile.auth == "keys":
        return Keys(profile.api_key, secret)
    return Login(profile.username, secret, profile.domain)
