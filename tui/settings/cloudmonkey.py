"""Profiles of CloudMonkey (`~/.cmk/config`), so that nobody types a key twice.

CloudMonkey keeps an INI file: its own options first, without a heading, then one section per
profile with `url`, `username`, `password`, `domain`, `apikey`, `secretkey`. Comments never share a
line with a value (it reads with `IgnoreInlineComment`), and values may stand in back-quotes.
"""

import configparser
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tui.settings.errors import SettingsError
from tui.settings.model import Profile, is_profile_name
from tui.settings.urls import is_unprotected, normalise_url

_TOP: Final = "\x00top"
"""Stands for the part of the file above the first section; no section can have this name."""
_OPTION_SECTIONS: Final = {"core", "default", "server", "ui", "user"}
"""Sections of options, not profiles, that older CloudMonkeys wrote."""


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """One profile as CloudMonkey has it."""

    profile: Profile
    secret: str = field(repr=False)
    """The secret key for `auth="keys"`, the password for `auth="password"`; may be empty."""
    notes: tuple[str, ...] = ()
    """What differs from CloudMonkey, in sentences for the user."""


@dataclass(frozen=True, slots=True)
class CloudMonkeyImport:
    """What one configuration file gave."""

    profiles: tuple[ImportedProfile, ...] = ()
    default: str = ""
    """Name of the profile that CloudMonkey uses now, if it could be imported."""
    notes: tuple[str, ...] = ()
    """Warnings about the file and the sections that could not be used."""


def cloudmonkey_file() -> Path:
    """Where CloudMonkey keeps its profiles."""
    return Path.home() / ".cmk" / "config"


def import_cloudmonkey(path: Path | None = None) -> CloudMonkeyImport:
    """Read the profiles of CloudMonkey's file `path`; nothing is changed or saved.

    A missing file gives an empty import; one that cannot be read raises `SettingsError`.
    """
    source = path or cloudmonkey_file()
    try:
        text = source.read_text(encoding="utf-8")
        mode = stat.S_IMODE(source.stat().st_mode)
    except FileNotFoundError:
        return CloudMonkeyImport()
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8", path=source) from error
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", path=source) from error
    file = _parse(text, source)
    notes = []
    if mode & 0o077:
        notes.append(
            f"{source} holds secrets and others may read it (mode {mode:04o}): "
            f"chmod 600 {source}, and consider new keys"
        )
    unverified = _value(file[_TOP], "verifycert").lower() == "false"
    found: list[ImportedProfile] = []
    for title in file.sections():
        if title == _TOP or title.lower() in _OPTION_SECTIONS:
            continue
        try:
            imported = _read_section(title, file[title], unverified)
        except SettingsError as error:
            notes.append(f"profile {title!r} was left out: {error}")
            continue
        if any(other.profile.name == imported.profile.name for other in found):
            notes.append(f"profile {title!r} was left out: {imported.profile.name} is there twice")
            continue
        found.append(imported)
    wanted = _profile_name(_value(file[_TOP], "profile"))
    names = {imported.profile.name for imported in found}
    return CloudMonkeyImport(
        profiles=tuple(found),
        default=wanted if wanted in names else "",
        notes=tuple(notes),
    )


def _parse(text: str, path: Path) -> configparser.ConfigParser:
    file = configparser.ConfigParser(
        interpolation=None, strict=False, default_section="\x00none", delimiters=("=", ":")
    )
    try:
        file.read_string(f"[{_TOP}]\n{text}")
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        where = f" in line {line - 1}" if isinstance(line, int) else ""
        raise SettingsError(
            f"is not a CloudMonkey configuration: {type(error).__name__}{where}", path=path
        ) from error
    return file


def _read_section(
    title: str, section: configparser.SectionProxy, unverified: bool
) -> ImportedProfile:
    name = _profile_name(title)
    if not is_profile_name(name):
        raise SettingsError("its name has no letter or digit")
    notes = [] if name == title else [f"called {name} here, because {title!r} cannot be a name"]
    address = _value(section, "url")
    if not address:
        raise SettingsError("it has no url")
    url = normalise_url(address)
    if is_unprotected(url):
        notes.append("HTTP without TLS: keys and passwords cross the network readable")
    if unverified or _value(section, "verifycert").lower() == "false":
        notes.append(
            "CloudMonkey does not verify the server's certificate; this profile does. "
            "If the connection fails, name the CA file"
        )
    api_key = _value(section, "apikey")
    secret = _value(section, "secretkey" if api_key else "password")
    username = _value(section, "username")
    if not api_key and not username:
        raise SettingsError("it has neither an apikey nor a username")
    if not secret:
        notes.append(f"it has no {'secretkey' if api_key else 'password'}; you will be asked")
    profile = Profile(
        name=name,
        url=url,
        auth="keys" if api_key else "password",
        api_key=api_key,
        username=username,
        domain=_value(section, "domain") or "/",
    )
    return ImportedProfile(profile=profile, secret=secret, notes=tuple(notes))


def _value(section: configparser.SectionProxy, key: str) -> str:
    value = (section.get(key) or "").strip()
    for quote in ('"""', "`", '"', "'"):
        if len(value) >= 2 * len(quote) and value.startswith(quote) and value.endswith(quote):
            return value[len(quote) : -len(quote)]
    return value


def _profile_name(title: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-._")[:64]
