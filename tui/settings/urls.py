"""The address of a CloudStack API, from what people type."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tui.settings.errors import SettingsError

API_PATH: Final = "/client/api"
_FORMS: Final = "give a host, host:port or https://host[:port][/client/api]"
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?", re.IGNORECASE)


def normalise_url(text: str) -> str:
    """The full API address for `text`, such as `https://cloud.example.org/client/api`.

    A bare host means HTTPS, except for this machine itself (`localhost:8080`), where a management
    server speaks plain HTTP. An address copied from the browser (`…/client/#/dashboard`) is
    understood; any other path is kept. A user, a password or a query in it is refused.
    """
    typed = text.strip()
    if not typed or any(not character.isprintable() or character == " " for character in typed):
        raise SettingsError(f"url {text!r} is not an address", _FORMS)
    scheme, mark, _rest = typed.partition("://")
    # Both may hold secrets, so these errors do not repeat the text, and come before those that do.
    before_fragment = typed.partition("#")[0]
    if "@" in before_fragment:
        raise SettingsError("url holds a user or password", "leave out everything up to the @")
    if "?" in before_fragment:
        raise SettingsError("url holds a query", "leave out everything from the ?")
    if mark and scheme.lower() not in {"http", "https"}:
        raise SettingsError(f"url {text!r} has the scheme {scheme!r}", "use https://")
    parts = _split(typed if mark else f"//{typed}", text)
    host = _host(parts, text)
    chosen = scheme.lower() if mark else ("http" if is_loopback(host) else "https")
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[chosen]:
        shown = f"{shown}:{port}"
    path = parts.path.rstrip("/")
    return f"{chosen}://{shown}{API_PATH if path in {'', '/client'} else path}"


def is_loopback(host: str) -> bool:
    """True if `host` (a name or an address without brackets) is this machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    import ipaddress  # few addresses need it, and starting must be quick

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_unprotected(url: str) -> bool:
    """True if keys and passwords would cross a network in clear: HTTP to another machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _split(address: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"url {text!r} cannot be read: {error}", _FORMS) from error
    if port == 0:
        raise SettingsError(f"url {text!r} has the port 0", "a port is 1 to 65535")
    return parts


def _host(parts: SplitResult, text: str) -> str:
    host = parts.hostname or ""
    if ":" in host:
        import ipaddress

        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError as error:
            raise SettingsError(f"url {text!r} has no valid IPv6 address", _FORMS) from error
    if _HOST.fullmatch(host) is None:
        raise SettingsError(f"url {text!r} has no valid host name", _FORMS)
    return host
