"""Encrypted files whose passphrase costs next to nothing, and people who are asked for it."""

from pathlib import Path
from typing import Final

from tests.safety.test_credentials import Working, placed
from tui.safety.credentials import CredentialStore
from tui.safety.encrypted_file import Cost, EncryptedFile
from tui.safety.secret import Secret
from tui.safety.vault import NobodyToAsk, PassphraseWanted

CHEAP: Final = Cost(n=2, r=1, p=1)
PASSPHRASE: Final = "four words by heart"


class Person:
    """Answers the question for a passphrase with what was prepared, the last answer for ever."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[PassphraseWanted] = []

    async def __call__(self, wanted: PassphraseWanted) -> Secret | None:
        self.asked.append(wanted)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return None if answer is None else Secret(answer)


async def nobody(wanted: PassphraseWanted) -> Secret | None:
    raise NobodyToAsk("there is no terminal to ask for its passphrase on")


def file_in(folder: Path) -> EncryptedFile:
    return EncryptedFile(folder / "csvpn" / "secrets.json", cost=CHEAP)


def store_in(
    folder: Path, *answers: str | None, keyring: Working | None = None
) -> tuple[CredentialStore, Person]:
    """A store as after a new start, and the person in front of it; without answers nobody is."""
    chosen = keyring or placed(Working(), "keyring.backends.fail")
    store = CredentialStore({}, choose_keyring=lambda: chosen, file=file_in(folder))
    person = Person(*answers or (None,))
    if answers:
        store.ask_passphrase_with(person)
    return store, person
