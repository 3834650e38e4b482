"""What a form says about each text of a profile while it is typed; the rules are the settings' own.

Nothing here knows a widget or asks a server: a text goes in, a remark or a fact comes out.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

import msgspec

from tui.safety.text import clean
from tui.settings.errors import SettingsError
from tui.settings.model import NAME_RULE, Hop, SshPath, is_profile_name
from tui.settings.profiles import check_way
from tui.settings.urls import is_unprotected, normalise_url

LARGEST_PORT: Final = 65535
MOST_DAYS: Final = 3650
"""The most that `psk_days` of a profile may be."""


class Remark(msgspec.Struct, frozen=True):
    """One sentence under a field."""

    tone: Literal["error", "warning", "note"]
    """An error stands in the way of saving."""
    says: str


def _error(error: SettingsError) -> Remark:
    text = f"{error.what}: {error.remedy}" if error.remedy else error.what
    return Remark("error", clean(text, 300))


def needed(text: str) -> Remark | None:
    """A text that cannot be left out."""
    return None if text.strip() else Remark("error", "This is needed.")


def check_name(text: str, taken: Collection[str]) -> Remark | None:
    """A new profile's name."""
    if not is_profile_name(text):
        return Remark("error", f"A name is {NAME_RULE}.")
    if text in taken:
        return Remark("error", f"There is a profile {text} already; choose another name.")
    return None


def check_url(text: str) -> Remark | None:
    """The address of the API: an error, a warning, or the full address that it stands for."""
    try:
        url = normalise_url(text)
    except SettingsError as error:
        return _error(error)
    if is_unprotected(url):
        return Remark("warning", f"{url}: without TLS, keys and passwords can be read on the way.")
    return None if url == text.strip() else Remark("note", url)


def check_days(text: str) -> Remark | None:
    """How many days a pre-shared key is good for: a whole number, or nothing for the usual."""
    if not text or (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_DAYS):
        return None
    return Remark("error", f"“{text}” is not allowed; write a whole number from 1 to {MOST_DAYS}.")


def check_file(text: str) -> Remark | None:
    """A local file that has to be there; empty is fine."""
    if not text.strip():
        return None
    path = Path(text.strip()).expanduser()
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return Remark("error", f"This file cannot be read: {error.strerror}.")
    return None


def check_port(text: str) -> Remark | None:
    """A port number; empty is the usual one."""
    if not text.strip():
        return None
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and 1 <= int(digits) <= LARGEST_PORT:
        return None
    return Remark("error", f"A port is a number from 1 to {LARGEST_PORT}.")


def check_host(text: str) -> Remark | None:
    """A host name or address to log in to."""
    return needed(text) or _check_way(SshPath(via="management", management_host=text.strip()))


def check_user(text: str) -> Remark | None:
    """A login name; empty is root."""
    return _check_way(SshPath(host_user=text.strip())) if text.strip() else None


def check_hops(text: str) -> Remark | None:
    """Jump hosts as `parse_hops` takes them."""
    try:
        return _check_way(SshPath(jump=parse_hops(text)))
    except SettingsError as error:
        return _error(error)


def check_addresses(text: str) -> Remark | None:
    """Forwarded ports as `parse_addresses` takes them."""
    try:
        return _check_way(SshPath(addresses=parse_addresses(text)))
    except SettingsError as error:
        return _error(error)


def _check_way(way: SshPath) -> Remark | None:
    try:
        check_way(way)
    except SettingsError as error:
        return _error(error)
    return None


def parse_hops(text: str) -> tuple[Hop, ...]:
    """`me@bastion.example.org, root@10.0.0.5:2222`: user and port may be left out."""
    return tuple(_hop(part.strip()) for part in text.split(",") if part.strip())


def _hop(text: str) -> Hop:
    user, _, place = text.rpartition("@")
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise SettingsError(f"{text!r} is not a jump host", "write IPv6 as [2001:db8::1]:22")
        port = port[1:]
    elif place.count(":") > 1:
        raise SettingsError(f"{text!r} is not a jump host", "write IPv6 as [2001:db8::1]:22")
    else:
        host, _, port = place.partition(":")
    if not host or check_port(port) is not None:
        raise SettingsError(f"{text!r} is not a jump host", "write user@host:port, with commas")
    return Hop(host=host, port=int(port) if port else 22, user=user or "root")


def spell_hops(hops: Collection[Hop]) -> str:
    """Jump hosts as `parse_hops` reads them."""
    return ", ".join(_spell_hop(hop) for hop in hops)


def _spell_hop(hop: Hop) -> str:
    host = f"[{hop.host}]" if ":" in hop.host else hop.host
    port = f":{hop.port}" if hop.port != 22 else ""
    return f"{hop.user}@{host}{port}"


def parse_addresses(text: str) -> dict[str, str]:
    """`r-4-VM=127.0.0.1:2222, r-5-VM=127.0.0.1:2223` as a mapping."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, mark, address = part.strip().partition("=")
        if not part.strip():
            continue
        if not mark or not name.strip():
            raise SettingsError(f"{part.strip()!r} names no router", "write r-4-VM=host:port")
        found[name.strip()] = address.strip()
    return found


def spell_addresses(addresses: dict[str, str]) -> str:
    """Forwarded ports as `parse_addresses` reads them."""
    return ", ".join(f"{name}={address}" for name, address in addresses.items())


def spell_way(zone: str, way: SshPath) -> str:
    """A way to routers in one line."""
    whose = "every other zone" if zone == "*" else f"zone {zone}"
    words = {
        "direct": "straight to the router",
        "kvm": f"through its KVM host as {way.host_user}",
        "management": f"through {way.host_user}@{way.management_host}",
    }[way.via]
    over = f", over {spell_hops(way.jump)}" if way.jump else ""
    key = f", key {way.key_file}" if way.key_file else ", keys of the SSH agent"
    return clean(f"{whose}: {words}{over}{key}")
