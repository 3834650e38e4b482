"""Where a cloud is and who we are there."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tui.safety.secret import Secret
from tui.settings.model import Profile

Parameter = str | int | bool | Secret | Sequence[str | Mapping[str, str]] | None
"""A parameter of a command. None is left out, booleans become `true` and `false`, strings of a
sequence are joined with commas, and mappings of a sequence become `name[0].key=…`."""

BODY_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a reply, unpacked, that are read at most."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One API address and how to treat it. Times are seconds."""

    url: str
    """The full address of the API, for example `https://cloud.example.org:8443/client/api`."""
    ca_file: str = ""
    """PEM file with the authorities to trust; "" = those of the system."""
    tls_verify: bool = True
    connect_timeout: float = 10
    read_timeout: float = 30
    """Longest silence while a reply is awaited or read."""
    total_timeout: float = 60
    """Longest time for one call as a whole, however steadily its reply drips in."""
    max_calls: int = 3
    """Calls at a time."""
    page_size: int = 100
    """Rows per page, at most 500."""
    read_only: bool = False
    """Refuse every command but `list…`, `get…` and `query…`."""
    body_limit: int = BODY_LIMIT

    @classmethod
    def of_profile(cls, profile: Profile, *, read_only: bool = False) -> "Endpoint":
        """The endpoint that a profile describes; `read_only` makes it read-only in any case."""
        return cls(
            url=profile.url,
            ca_file=profile.ca_file,
            tls_verify=profile.tls_verify,
            connect_timeout=profile.connect_timeout,
            read_timeout=profile.read_timeout,
            total_timeout=profile.total_timeout,
            max_calls=profile.max_calls,
            page_size=profile.page_size,
            read_only=profile.read_only or read_only,
        )


class Keys(msgspec.Struct, frozen=True):
    """API key and secret key of a user."""

    api_key: str
    secret_key: Secret


class Login(msgspec.Struct, frozen=True):
    """User name and password, as for the CloudStack UI."""

    username: str
    password: Secret
    domain: str = "/"
    """Path of the domain, with or without the leading slash and `ROOT`; `/` is ROOT itself."""

    @property
    def wire_domain(self) -> str:
        """The path as `login` takes it; "" for ROOT, which is what leaving it out means."""
        path = self.domain.strip().strip("/")
        if path.upper() == "ROOT":
            return ""
        if path[:5].upper() == "ROOT/":
            path = path[5:]
        return f"/{path}" if path else ""


Identity = Keys | Login
"""Who we are."""


def wire_parameters(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """Return `parameters` as the strings that go over the wire, secrets revealed."""
    wire: dict[str, str] = {}
    for name, value in parameters.items():
        if value is None:
            continue
        if isinstance(value, bool):
            wire[name] = "true" if value else "false"
        elif isinstance(value, Secret):
            wire[name] = value.reveal()
        elif isinstance(value, str | int):
            wire[name] = str(value)
        else:
            wire.update(_wire_sequence(name, value))
    return wire


def _wire_sequence(name: str, items: Sequence[str | Mapping[str, str]]) -> dict[str, str]:
    wire: dict[str, str] = {}
    words: list[str] = []
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            wire.update({f"{name}[{index}].{key}": text for key, text in item.items()})
        else:
            words.append(item)
    if words or not wire:
        wire[name] = ",".join(words)
    return wire
