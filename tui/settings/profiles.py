"""The file of profiles: TOML in, `Profiles` out, and back without losing a comment.

    default = "prod"

    [profiles.prod]
    url = "https://cloud.example.org/client/api"
    api_key = "…"

    [profiles.prod.zones.dc1]
    via = "kvm"
    jump = [{host = "bastion.example.org", user = "me"}]

A mistake is an error that names the file, the key, what was given and what is allowed; nothing is
ignored or guessed. The file never holds a secret.
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui.settings.errors import SettingsError
from tui.settings.model import (
    LIST_RULE,
    NAME_RULE,
    Hop,
    Profile,
    Profiles,
    SshPath,
    is_list_name,
    is_profile_name,
)
from tui.settings.paths import profiles_file
from tui.settings.private_file import locked_folder, read_private, write_private
from tui.settings.schema import describe, nearest, read_struct, unknown_key
from tui.settings.urls import normalise_url

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

__all__ = [
    "Hop",
    "Profile",
    "Profiles",
    "SettingsError",
    "SshPath",
    "check_way",
    "choose_default",
    "load_profiles",
    "parse_profiles",
    "remove_profile",
    "save_profile",
]

_SECRETS: Final = {"secret_key", "secretkey", "secret", "password", "apisecret", "api_secret"}


def load_profiles(path: Path | None = None) -> Profiles:
    """The profiles of `path` (the user's own file if None); no profiles if there is no file."""
    source = path or profiles_file()
    text = read_private(source)
    return Profiles() if text is None else parse_profiles(text, source)


def save_profile(profile: Profile, path: Path | None = None, *, default: bool = False) -> Profiles:
    """Add `profile` or replace the one of its name, and return what the file then holds.

    The first profile becomes the default; a later one does with `default`.
    """
    target = path or profiles_file()
    profile = _check_profile(profile, target)
    with locked_folder(target.parent):
        known = load_profiles(target)
        makes_default = default or not known.default
        wanted = Profiles(
            default=profile.name if makes_default else known.default,
            profiles={**known.profiles, profile.name: profile},
        )
        return _write(wanted, target)


def remove_profile(name: str, path: Path | None = None) -> Profiles:
    """Take the profile `name` out of the file. If it was the default, the first one left is."""
    target = path or profiles_file()
    with locked_folder(target.parent):
        known = load_profiles(target)
        _known(name, known, target)
        left = {key: profile for key, profile in known.profiles.items() if key != name}
        default = known.default if known.default != name else next(iter(left), "")
        return _write(Profiles(default=default, profiles=left), target)


def choose_default(name: str, path: Path | None = None) -> Profiles:
    """Start with the profile `name` from now on."""
    target = path or profiles_file()
    with locked_folder(target.parent):
        known = load_profiles(target)
        _known(name, known, target)
        return _write(Profiles(default=name, profiles=known.profiles), target)


def parse_profiles(text: str, path: Path) -> Profiles:
    """The profiles that the TOML document `text` describes; `path` is only named in errors."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"is not valid TOML: {error}", path=path) from error
    for key in document:
        if key not in {"default", "profiles"}:
            raise unknown_key(key, ("default", "profiles"), "", path)
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        raise SettingsError(f"profiles is {describe(tables)}", "write [profiles.NAME]", path=path)
    profiles = {name: _read_profile(name, table, path) for name, table in tables.items()}
    default = document.get("default", "")
    if not isinstance(default, str):
        raise SettingsError(f"default is {describe(default)}", "name a profile", path=path)
    found = Profiles(default=default, profiles=profiles)
    if default:
        _known(default, found, path, "default")
    elif len(profiles) == 1:
        return msgspec.structs.replace(found, default=next(iter(profiles)))
    return found


def _read_profile(name: str, table: object, path: Path) -> Profile:
    where = f"profiles.{name}"
    if isinstance(table, dict):
        if "name" in table:
            raise SettingsError(
                f"{where} has a key name", f"the name is that of its table, {name}", path=path
            )
        for key in _SECRETS & table.keys():
            raise SettingsError(
                f"{where} holds a secret under {key!r}",
                "take it out: secrets are kept in the keyring or given by CSVPN_SECRET_KEY or "
                "CSVPN_PASSWORD, never in this file",
                path=path,
            )
        table = {"name": name, **table}
    profile = read_struct(table, Profile, where, path)
    return _check_profile(profile, path)


def _check_profile(profile: Profile, path: Path) -> Profile:
    """What types cannot say: the name's form, the address, the ways to routers."""
    where = f"profiles.{profile.name}"
    if not is_profile_name(profile.name):
        raise SettingsError(f"{profile.name!r} cannot name a profile", NAME_RULE, path=path)
    try:
        url = normalise_url(profile.url)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error.what}", error.remedy, path=path) from error
    for zone, way in profile.zones.items():
        check_way(way, f"{where}.zones.{zone}", path)
    for name, cidrs in profile.sources.items():
        _check_sources(name, cidrs, where, path)
    return msgspec.structs.replace(profile, url=url)


def _check_sources(name: str, cidrs: tuple[str, ...], where: str, path: Path) -> None:
    """A list of sources: a name that no CIDR can be, and networks as the server takes them."""
    if not is_list_name(name):
        raise SettingsError(
            f"{where}: {name!r} cannot name a list of sources", LIST_RULE, path=path
        )
    where = f"{where}.sources.{name}"
    if not cidrs:
        raise SettingsError(f"{where} is empty", "name a network, or take it out", path=path)
    from ipaddress import IPv4Network  # most profiles have no lists, and starting must be quick

    for cidr in cidrs:
        try:
            network = str(IPv4Network(cidr, strict=False))
        except ValueError:
            network = ""
        if network != cidr:
            allowed = network or "IPv4 networks in CIDR form, such as 198.51.100.0/24"
            raise SettingsError(f"{where} has {cidr!r}", f"allowed: {allowed}", path=path)


def check_way(way: SshPath, where: str = "", path: Path | None = None) -> None:
    """What types cannot say about a way to routers: a host where one is needed, names that ssh
    can take. `where` is the table's name for the message; raises `SettingsError`."""
    named = f"{where}." if where else ""
    if way.via == "management" and not way.management_host:
        raise SettingsError(
            f'{where or "the way"} says via = "management" without management_host',
            'add management_host = "…"',
            path=path,
        )
    words = [("management_host", way.management_host), ("host_user", way.host_user)]
    for hop in way.jump:
        if not hop.host:
            raise SettingsError(f"{named}jump has a hop without a host", path=path)
        words += [("jump.host", hop.host), ("jump.user", hop.user)]
    for key, value in words:
        # ssh would read a leading dash as an option, and a blank ends a word on the far side.
        if value.startswith("-") or any(not c.isprintable() or c.isspace() for c in value):
            raise SettingsError(
                f"{named}{key} is {value!r}", "allowed: a host or user name", path=path
            )
    for router, address in way.addresses.items():
        host, _, port = address.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
            raise SettingsError(
                f"{named}addresses.{router} is {address!r}", "allowed: host:port", path=path
            )


def _known(name: str, profiles: Profiles, path: Path, key: str = "profile") -> None:
    if name in profiles.profiles:
        return
    near = nearest(name, profiles.profiles)
    names = ", ".join(profiles.profiles) or "none"
    raise SettingsError(
        f"{key} {name!r} is not among the profiles",
        f"did you mean {near}?" if near else f"there are: {names}",
        path=path,
    )


def _write(wanted: Profiles, path: Path) -> Profiles:
    """Change the document on disk into `wanted`, keeping comments and order where it stays."""
    import tomlkit  # only saving needs it, and starting must be quick

    document = tomlkit.parse(read_private(path) or _HEADING)
    if wanted.default:
        document["default"] = wanted.default
    else:
        document.pop("default", None)
    _fill(document, wanted, tomlkit.table)
    text = document.as_string()
    written = parse_profiles(text, path)
    if written.profiles != wanted.profiles:
        raise SettingsError("would not hold what was to be saved", "nothing was changed", path=path)
    write_private(path, text)
    return written


_HEADING: Final = "# Profiles of csvpn. No secrets here: they are kept in the keyring.\n\n"


def _fill(document: "TOMLDocument", wanted: Profiles, new_table: Any) -> None:
    tables: Any = document.setdefault("profiles", new_table(is_super_table=True))
    for name in [name for name in tables if name not in wanted.profiles]:
        del tables[name]
    for name, profile in wanted.profiles.items():
        table = tables.setdefault(name, new_table())
        plain = _without_defaults(profile)
        del plain["name"]
        for key in [key for key in table if key not in plain]:
            del table[key]
        for key, value in plain.items():
            if key not in table or table[key] != value:
                table[key] = value


def _without_defaults(struct: msgspec.Struct) -> dict[str, Any]:
    """What differs from the defaults, as TOML has it; what has no default is always there."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        usual = {} if field.default is msgspec.NODEFAULT else field.default
        if field.required or value != usual:
            found[field.name] = _as_toml(value)
    return found


def _as_toml(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return _without_defaults(value)
    if isinstance(value, tuple):
        return [_as_toml(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_toml(item) for key, item in value.items()}
    return value
