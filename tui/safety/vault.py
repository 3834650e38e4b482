"""The encrypted file and the person who knows its passphrase, who is asked once in a run."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from tui.safety.encrypted_file import EncryptedFile, FileUnusable, WrongPassphrase
from tui.safety.secret import Secret
from tui.safety.text import clean

TRIES: Final = 5
"""How often a wrong passphrase may be given before the file stays locked for this run."""


class PassphraseWanted(msgspec.Struct, frozen=True):
    """What a person is asked."""

    path: Path
    is_new: bool
    """Whether a passphrase is to be chosen (and typed twice) or the known one given."""
    purpose: str
    """`the secret key of prod is in it`."""
    complaint: str = ""
    """What was wrong with the one that was given before."""


AskPassphrase = Callable[[PassphraseWanted], Awaitable[Secret | None]]
"""Asks a person; None where they would rather not. Raises `NobodyToAsk`."""


class NobodyToAsk(Exception):
    """There is no terminal to ask on."""


class NotOpened(Exception):
    """The file stays locked; `str()` says why."""


class Vault:
    """The encrypted file, opened when a secret of it is first needed."""

    def __init__(self, file: EncryptedFile) -> None:
        self._file = file
        self.ask: AskPassphrase | None = None
        """How a person is asked; without it the file can be opened by nobody."""
        self._declined = ""
        """Why nobody is asked again by themselves in this run."""
        self._opening = asyncio.Lock()

    @property
    def name(self) -> str:
        """What it is called: with its path, for people."""
        return f"the encrypted file {clean(str(self._file.path))}"

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        return self._file.path

    def standing(self) -> Literal["none", "locked", "open"]:
        """Whether there is a file, and whether it can be read now. Raises `FileUnusable`."""
        if not self._file.exists():
            return "none"
        return "open" if self._file.is_unlocked else "locked"

    def why_not(self) -> str:
        """Why nothing can be kept in it now, empty where it can (after a question, maybe)."""
        try:
            standing = self.standing()
        except FileUnusable as error:
            return str(error)
        if standing == "open":
            return ""
        if self.ask is None:
            return f"nobody can be asked for the passphrase of {self.name}"
        return self._declined

    def has(self, profile: str, kind: str) -> bool:
        """Whether a secret is in it; needs no passphrase. Raises `FileUnusable`."""
        return (profile, kind) in self._file.kinds()

    async def get(self, profile: str, kind: str, purpose: str) -> Secret | None:
        """A secret, after asking for the passphrase where that was not done yet.

        Raises `NotOpened`, `FileUnusable`.
        """
        if not self.has(profile, kind):
            return None
        await self.open(purpose)
        return self._file.get(profile, kind)

    async def put(self, profile: str, kind: str, secret: Secret, purpose: str) -> None:
        """Keep a secret; makes the file where there is none. Raises `NotOpened`, `FileUnusable`."""
        await self.open(purpose, create=True)
        await asyncio.to_thread(self._file.put, profile, kind, secret)

    async def drop(self, profile: str, kinds: tuple[str, ...]) -> None:
        """Take secrets out. Raises `FileUnusable`."""
        await asyncio.to_thread(self._file.drop, profile, kinds)

    async def open(self, purpose: str, *, create: bool = False) -> None:
        """Have the file unlocked. A person who said no is asked again only to `create` or keep.

        Raises `NotOpened`, `FileUnusable`.
        """
        async with self._opening:
            standing = self.standing()
            if standing == "open":
                return
            if standing == "none" and not create:
                raise NotOpened("there is no encrypted file")
            if self._declined and not create:
                raise NotOpened(self._declined)
            self._declined = ""
            try:
                await self._ask_until_right(purpose, is_new=standing == "none")
            except NotOpened as error:
                self._declined = str(error)
                raise

    async def _ask_until_right(self, purpose: str, *, is_new: bool) -> None:
        if self.ask is None:
            raise NotOpened(f"nobody can be asked for the passphrase of {self.name}")
        complaint = ""
        for _ in range(TRIES):
            wanted = PassphraseWanted(self.path, is_new, purpose, complaint)
            try:
                passphrase = await self.ask(wanted)
            except NobodyToAsk as error:
                raise NotOpened(
                    f"{self.name} is locked, and {error}" if not is_new else str(error)
                ) from error
            if passphrase is None:
                raise NotOpened(f"the passphrase of {self.name} was not given")
            work = self._file.create if is_new else self._file.unlock
            try:
                await asyncio.to_thread(work, passphrase)
            except WrongPassphrase:
                complaint = "This is not its passphrase."
            else:
                return
        raise NotOpened(f"the passphrase of {self.name} was wrong {TRIES} times")
