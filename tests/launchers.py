"""Launchers on the embedded lab, for tests of what opens profiles."""

from collections.abc import Callable
from typing import Final

import httpx

from tests.consoles import lab_profile
from tui.lab.lab import Lab
from tui.safety.credentials import CredentialStore
from tui.safety.encrypted_file import EncryptedFile
from tui.safety.keyrings import Keyring
from tui.session.launch import Launcher, OpenDemo
from tui.settings.model import Profile
from tui.settings.profiles import save_profile

URL: Final = "https://cloud.example.org/client/api"


class MemoryKeyring:
    """A keyring of a backend that may be used, whose values a test can look at."""

    __module__ = "keyring.backends.SecretService"

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


def lab_launcher(
    lab: Lab,
    environment: dict[str, str] | None = None,
    *,
    keyring: Keyring | None = None,
    read_only: bool = False,
    wanted: str = "",
    open_demo: OpenDemo | None = None,
    file: EncryptedFile | None = None,
) -> Launcher:
    """A launcher whose every profile reaches the lab's cloud, whatever its URL says.

    Without `keyring` no keyring works, as in the tests' own environment; without `file` there is
    no encrypted file either.
    """
    choose: dict[str, Callable[[], Keyring]] = {}
    if keyring is not None:
        choose["choose_keyring"] = lambda: keyring
    return Launcher(
        CredentialStore(environment or {}, file=file, **choose),  # type: ignore[arg-type]
        read_only=read_only,
        wanted=wanted,
        open_demo=open_demo,
        transport=lambda _profile: httpx.ASGITransport(app=lab.app),
    )


def saved_profile(lab: Lab, name: str = "prod", actor: str = "root", **fields: object) -> Profile:
    """A profile of one of the lab's actors, written to the test's own file of profiles."""
    profile = lab_profile(lab, actor, **{"name": name, "url": URL, "zones": {}, **fields})
    return save_profile(profile).profiles[name]


def secret_of(lab: Lab, actor: str = "root") -> dict[str, str]:
    """The environment that gives the secret key of an actor."""
    return {"CSVPN_SECRET_KEY": lab.actors[actor].secret_key}
