"""What a client kit is made from, and what it is made of.

A kit is pure text: settings in, artefacts out. Nothing here reads a clock, a disk or a network, so
the same settings give the same bytes.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec

from tui.vpn.kits.choices import ASKED, MTU, SHOWN, Place

SecretName = Literal["key", "password"]


class Hidden(Protocol):
    """A secret, which only `reveal` shows."""

    def reveal(self) -> str:
        """The value itself."""
        ...


class KitImpossible(ValueError):
    """Settings from which no kit can be made; its text is a sentence with what is allowed."""


class KitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a kit may say. Secrets are never shown by `repr`."""

    network: str
    """What the network or VPC is called in CloudStack; may hold anything."""
    server: str
    """Public address of the VPN, or a host name that leads to it."""
    user: str
    key: Hidden | None = None
    """Pre-shared key; needed where `key_place` is `shown`."""
    password: Hidden | None = None
    """Password of the user; needed where `password_place` is `shown`."""
    user_place: Place = SHOWN
    key_place: Place = ASKED
    password_place: Place = ASKED
    split: bool = True
    """Only `routes` go through the tunnel; False: everything does."""
    routes: tuple[str, ...] = ()
    """CIDRs behind the VPN: that of the network, or of the whole VPC."""
    dns: str = ""
    """Address of the name server that the router hands out; "" when it is not known."""
    domain: str = ""
    """Domain of the network's names; "" for none."""
    mtu: int = MTU

    @property
    def label(self) -> str:
        """What the connection is called on the client: see `label_of`."""
        return label_of(self.network, self.server)

    @property
    def user_shown(self) -> str:
        """The user's name where the kit shows it, else ""."""
        return self.user if self.user_place == SHOWN else ""

    @property
    def key_shown(self) -> str:
        """The pre-shared key where the kit shows it, else ""."""
        return self.key.reveal() if self.key is not None and self.key_place == SHOWN else ""

    @property
    def password_shown(self) -> str:
        """The password where the kit shows it, else ""."""
        if self.password is None or self.password_place != SHOWN:
            return ""
        return self.password.reveal()


class Artefact(msgspec.Struct, frozen=True):
    """One file of a kit."""

    name: str
    """Path below the kit's folder, with `/`."""
    what: str
    """What it is for, in half a sentence."""
    content: bytes
    secrets: tuple[SecretName, ...] = ()
    """The secrets that stand in it in clear text."""

    def __repr__(self) -> str:
        return f"Artefact({self.name!r}, {len(self.content)} bytes, secrets={self.secrets!r})"


_LABEL_LIMIT: Final = 48
_NOT_IN_LABELS: Final = re.compile(r"[^A-Za-z0-9 ._-]+")


def label_of(name: str, server: str) -> str:
    """A name for the connection that every client takes: ASCII letters, digits, blank, `.`, `_`
    and `-`, at most 48 of them, beginning with a letter or a digit.

    Windows writes it into a phone book, NetworkManager and xl2tpd into files, the Mac into a menu:
    what each of them chokes on differs, so letters lose their accents and everything else becomes
    a dash. Of a name that has nothing left the address takes the place.
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = _NOT_IN_LABELS.sub("-", plain)
    plain = re.sub(r"([ -])[ -]+", r"\1", plain).strip(" ._-")[:_LABEL_LIMIT].rstrip(" ._-")
    return plain or f"VPN {server}"


def slug_of(text: str) -> str:
    """A label as part of a file name: blanks become dashes."""
    return label_of(text, "kit").replace(" ", "-")


_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")


def _breaks_a_line(text: str) -> bool:
    return any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text)


def checked(settings: KitSettings) -> KitSettings:
    """The settings with their routes in one spelling. Raises `KitImpossible`.

    Values that stand in files one to a line must not hold a line break or another control
    character; CloudStack takes no user and no password with one.
    """
    if not _is_server(settings.server):
        raise KitImpossible(
            f"The server {settings.server!r} is no address; give an IPv4 address or a host name."
        )
    values = (
        ("user name", settings.user),
        ("pre-shared key", settings.key.reveal() if settings.key else ""),
        ("password", settings.password.reveal() if settings.password else ""),
        ("domain", settings.domain),
    )
    for what, value in values:
        if _breaks_a_line(value):
            raise KitImpossible(
                f"The {what} has a control character in it; no client could be told it."
            )
    if settings.user_place == SHOWN and not settings.user:
        raise KitImpossible("The user has no name; name one, or let the kit ask for it.")
    for name, place, secret in (
        ("pre-shared key", settings.key_place, settings.key),
        ("password", settings.password_place, settings.password),
    ):
        if place == SHOWN and not (secret is not None and secret.reveal()):
            raise KitImpossible(
                f"The {name} is to stand in the kit, but it is not known; let the kit ask for it."
            )
    if not 576 <= settings.mtu <= 1500:
        raise KitImpossible(f"The MTU {settings.mtu} cannot be used; allowed are 576 to 1500.")
    if settings.dns and not _is_address(settings.dns):
        raise KitImpossible(f"The name server {settings.dns!r} is no address.")
    if settings.domain and not _HOST.fullmatch(settings.domain):
        raise KitImpossible(f"The domain {settings.domain!r} is no domain name.")
    routes = tuple(dict.fromkeys(_route(each) for each in settings.routes))
    if settings.split and not routes:
        raise KitImpossible(
            "A split tunnel needs the networks that go through it; name them, or send everything "
            "through the tunnel."
        )
    return msgspec.structs.replace(settings, routes=routes)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_server(text: str) -> bool:
    if _is_address(text):
        return True
    # A host name whose last part is a number would be read as a wrong address.
    last = text.rstrip(".").rpartition(".")[2]
    return len(text) <= 253 and bool(_HOST.fullmatch(text)) and not last.isdigit()


def _route(cidr: str) -> str:
    try:
        return str(ipaddress.IPv4Network(cidr.strip(), strict=False))
    except ValueError as error:
        raise KitImpossible(
            f"{cidr!r} is no network; write it like 10.1.1.0/24, IPv4 only."
        ) from error


def secrets_in(artefacts: Iterable[Artefact]) -> tuple[SecretName, ...]:
    """The secrets that stand in clear text in any of them."""
    found = {secret for each in artefacts for secret in each.secrets}
    return tuple(name for name in ("key", "password") if name in found)
